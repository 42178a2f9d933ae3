"""Promises of ready clips, from folders and archives as CVDF names them."""

import io
import json
import os
import subprocess
import sys
import tarfile

import numpy as np
import pytest

from chromatrack.data.kinetics import ClipRow, write_clip_list
from chromatrack.errors import InputError
from chromatrack.fetch.failures import FetchError
from chromatrack.fetch.ledger import read_ledger
from chromatrack.fetch.server import serve_folder
from chromatrack.fetch.sources import open_source
from chromatrack.settings import ClipSettings, SourceSettings
from chromatrack.stages.clips.fetch import fetch_shard
from tests.videos import make_video


def clip_row(number):
    return ClipRow("a label", f"-clip_{number:05d}", 3.0, 13.0, "train")


def clip_name(number):
    return f"-clip_{number:05d}_000003_000013.mp4"


def content(number, size=50_000):
    """Bytes that differ from clip to clip and do not compress, as those of videos."""
    return np.random.default_rng(number).bytes(size + number)


def write_tar(path, members, mode="w:gz"):
    """An archive of (name, bytes)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, mode) as archive:
        for name, data in members:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


def settings(folder, **options):
    return SourceSettings(kind="clips", folder=str(folder), **options)


def got(source, number, target):
    """The bytes of a clip, or the status of why there are none."""
    try:
        return source.get(clip_row(number), target).read_bytes()
    except FetchError as error:
        return error.status


@pytest.fixture
def corpus(tmp_path):
    """Clips 0 to 5 as files, 6 to 9 in a .tar.gz, 10 to 13 in a .tar; target beside it."""
    folder = tmp_path / "kinetics"
    for number in range(6):
        place = folder / ("train" if number < 3 else "train/a label")
        place.mkdir(parents=True, exist_ok=True)
        (place / clip_name(number)).write_bytes(content(number))
    members = [(f"./train/{clip_name(number)}", content(number)) for number in range(6, 10)]
    write_tar(folder / "train" / "k700_train_000.tar.gz", members)
    members = [(clip_name(number), content(number)) for number in range(10, 14)]
    write_tar(folder / "k700_train_001.tar", members, "w")
    (tmp_path / "target").mkdir()
    return folder


def test_clips_are_found_in_folders_and_archives(corpus, tmp_path):
    with open_source(settings(corpus)) as source:
        assert source.ready
        for number in (13, 0, 9, 4, 6, 11, 7):
            assert got(source, number, tmp_path / "target") == content(number)
        # Files stay where they are, and only clips from archives are written.
        assert source.get(clip_row(0), tmp_path / "target").is_relative_to(corpus)
        assert got(source, 14, tmp_path / "target") == "gone"
    assert os.listdir(tmp_path / "target") == ["clip.mp4"]


def test_an_archive_is_read_through_once_and_again_when_it_changes(corpus, tmp_path, monkeypatch):
    with open_source(settings(corpus)) as source:
        before = source.version(clip_row(7))
    listed = []
    real_open = tarfile.open
    monkeypatch.setattr(tarfile, "open", lambda *a, **k: listed.append(a) or real_open(*a, **k))
    with open_source(settings(corpus)) as source:
        assert got(source, 7, tmp_path / "target") == content(7)
        assert source.version(clip_row(7)) == before
    assert listed == []
    archive = corpus / "train" / "k700_train_000.tar.gz"
    monkeypatch.undo()
    write_tar(archive, [(clip_name(7), content(70)), (clip_name(20), content(20))])
    with open_source(settings(corpus)) as source:
        assert got(source, 7, tmp_path / "target") == content(70)
        assert got(source, 20, tmp_path / "target") == content(20)
        assert got(source, 6, tmp_path / "target") == "gone"
        assert source.version(clip_row(7)) != before


def test_seek_points_lead_to_the_right_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr("chromatrack.fetch.archives.SPACING", 1 << 16)
    (tmp_path / "target").mkdir()
    members = [(clip_name(number), content(number)) for number in range(60)]
    write_tar(tmp_path / "clips" / "part.tar.gz", members)
    for _ in range(2):  # with the index just made, and with the one that was kept
        with open_source(settings(tmp_path / "clips")) as source:
            for number in (59, 0, 31, 30, 58):
                assert got(source, number, tmp_path / "target") == content(number)


def test_a_replacement_comes_before_the_clip_it_replaces(corpus, tmp_path):
    replacement = corpus / "replacement" / "replacement_for_corrupted_k400"
    replacement.mkdir(parents=True)
    (replacement / clip_name(1)).write_bytes(b"better 1")
    write_tar(corpus / "replacement_more.tgz", [(clip_name(12), b"better 12")])
    with open_source(settings(corpus)) as source:
        assert got(source, 1, tmp_path / "target") == b"better 1"
        assert got(source, 12, tmp_path / "target") == b"better 12"


def test_names_in_an_archive_are_no_paths_and_links_no_clips(tmp_path):
    target = tmp_path / "target"
    target.mkdir()
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "clips").mkdir()
    with tarfile.open(tmp_path / "clips" / "part.tar", "w") as archive:
        for number, folder in enumerate(("../../", "/etc/", "a/../../../")):
            member = tarfile.TarInfo(folder + clip_name(number))
            member.size = 1000
            archive.addfile(member, io.BytesIO(content(number)))
        for number, kind in ((10, tarfile.SYMTYPE), (11, tarfile.LNKTYPE), (12, tarfile.FIFOTYPE)):
            member = tarfile.TarInfo(clip_name(number))
            member.type, member.linkname = kind, str(tmp_path / "secret")
            archive.addfile(member)
        archive.addfile(tarfile.TarInfo("notes.txt"))
    with open_source(settings(tmp_path / "clips")) as source:
        for number in range(3):
            assert got(source, number, target) == content(number)[:1000]
        for number in (10, 11, 12):
            assert got(source, number, target) == "gone"
    assert os.listdir(target) == ["clip.mp4"]
    assert sorted(os.listdir(tmp_path)) == ["clips", "secret", "target"]


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_an_archive_that_ends_early_costs_its_later_clips_only(tmp_path, capsys, mode):
    members = [(clip_name(number), content(number)) for number in range(20)]
    archive = tmp_path / "clips" / ("part.tar" if mode == "w" else "part.tar.gz")
    write_tar(archive, members, mode)
    whole = archive.read_bytes()
    (tmp_path / "target").mkdir()
    for share in (0.5, 0.97, 0.02):
        archive.write_bytes(whole[: int(len(whole) * share)])
        with open_source(settings(tmp_path / "clips")) as source:
            results = [got(source, number, tmp_path / "target") for number in range(20)]
        earned = [number for number in range(20) if results[number] == content(number)]
        assert earned == list(range(int(20 * share)))
        assert results[len(earned) :] == ["corrupt"] * (20 - len(earned))
        said = [line for line in capsys.readouterr().err.splitlines() if "ends early" in line]
        assert said == [f"{archive}: it is damaged or ends early; {len(earned)} clips can be read"]


def test_damage_within_an_archive_is_no_clip(tmp_path):
    archive = tmp_path / "clips" / "part.tar.gz"
    write_tar(archive, [(clip_name(number), content(number)) for number in range(4)])
    with open_source(settings(tmp_path / "clips")):
        pass
    data, facts = bytearray(archive.read_bytes()), archive.stat()
    data[len(data) // 2 :] = bytes(len(data) - len(data) // 2)
    archive.write_bytes(data)
    os.utime(archive, ns=(facts.st_atime_ns, facts.st_mtime_ns))  # a bad disk tells no time
    (tmp_path / "target").mkdir()
    with open_source(settings(tmp_path / "clips")) as source:
        assert got(source, 0, tmp_path / "target") == content(0)
        assert got(source, 3, tmp_path / "target") == "corrupt"
    archive.write_bytes(b"no archive at all")
    with open_source(settings(tmp_path / "clips")) as source:
        assert got(source, 0, tmp_path / "target") == "corrupt"


def test_the_index_can_lie_elsewhere_and_a_damaged_one_is_made_again(corpus, tmp_path):
    elsewhere = tmp_path / "index"
    with open_source(settings(corpus, index=str(elsewhere))):
        pass
    assert not (corpus / ".index").exists()
    for path in elsewhere.rglob("*.json"):
        path.write_text(path.read_text()[:50])
    with open_source(settings(corpus, index=str(elsewhere))) as source:
        assert got(source, 8, tmp_path / "target") == content(8)
    (tmp_path / "file").touch()
    with (
        pytest.raises(InputError, match=r"source\.index: .*expected .* a folder that can be"),
        open_source(settings(corpus, index=str(tmp_path / "file"))),
    ):
        pass
    with pytest.raises(InputError, match=r"source\.folder"), open_source(settings(tmp_path / "x")):
        pass


OPEN = """
import sys
from chromatrack.data.kinetics import ClipRow, write_clip_list
from chromatrack.fetch.server import serve_folder
from chromatrack.fetch.sources import open_source
from chromatrack.settings import SourceSettings
with open_source(SourceSettings(kind="clips", folder=sys.argv[1])) as source:
    rows = [ClipRow("", f"-clip_{number:05d}", 3.0, 13.0, "") for number in range(200)]
    print(sum(source.version(row) != "" for row in rows))
"""


def test_several_workers_make_one_index(corpus):
    stray = corpus / ".index" / "train" / ".k700_train_000.tar.gz.x1y2.part.seek"
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"what a kill left")
    for number in range(4):
        write_tar(corpus / f"more{number}.tar.gz", [(clip_name(100 + number), content(number))])
    workers = [
        subprocess.Popen([sys.executable, "-c", OPEN, str(corpus)], stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    assert [int(worker.communicate(timeout=300)[0]) for worker in workers] == [18] * 3
    assert not list((corpus / ".index").rglob("*.part*"))
    for path in (corpus / ".index").rglob("*.json"):
        assert json.loads(path.read_text())["problem"] == ""


def test_links_to_folders_are_followed_and_circles_end(corpus, tmp_path):
    (corpus / "train" / "again").symlink_to(corpus)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / clip_name(30)).write_bytes(b"30")
    (corpus / "linked").symlink_to(outside)
    with open_source(settings(corpus)) as source:
        assert got(source, 30, tmp_path / "target") == b"30"
        assert got(source, 9, tmp_path / "target") == content(9)


def test_ready_clips_become_a_shard(tmp_path):
    video = make_video(tmp_path / "video.mp4", frames=250)
    write_tar(tmp_path / "clips" / "part.tar.gz", [(clip_name(0), video.read_bytes())])
    (tmp_path / "clips" / clip_name(1)).write_bytes(video.read_bytes())
    (tmp_path / "list.csv").write_text(
        "label,youtube_id,time_start,time_end\n"
        + "".join(f"a,{clip_row(number).youtube_id},3,13\n" for number in range(3))
    )
    fetch_shard(
        tmp_path / "list.csv", tmp_path / "out", tmp_path / "ledger.csv",
        settings=ClipSettings(source=settings(tmp_path / "clips")),
    )  # fmt: skip
    ledger = read_ledger(tmp_path / "ledger.csv")
    assert ledger["status"].tolist() == ["done", "done", "gone"]
    assert ledger["frames"].tolist() == [250, 250, 0]
    assert (tmp_path / "out" / clip_name(0)).read_bytes() == video.read_bytes()


def test_ready_clips_behind_an_address(tmp_path):
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / clip_name(0)).write_bytes(content(0))
    with serve_folder(tmp_path / "clips") as url:
        by_clip = SourceSettings(kind="http", url=url.replace("{id}", "{clip}"))
        with open_source(by_clip) as source:
            assert source.ready
            assert got(source, 0, tmp_path) == content(0)
            assert got(source, 1, tmp_path) == "gone"


def test_a_ready_clip_with_a_few_damaged_bytes_is_corrupt(tmp_path):
    rows = [clip_row(number) for number in range(3)]
    (tmp_path / "corpus").mkdir()
    for number, row in enumerate(rows):
        path = make_video(tmp_path / "corpus" / f"{row.clip_id}.mp4", frames=100, size=(160, 96))
        data = bytearray(path.read_bytes())
        for place in range(len(data) // 4, len(data) // 2, 400) if number else ():
            data[place : place + 8] = np.random.default_rng(place).bytes(8)
        path.write_bytes(data)
    write_clip_list(tmp_path / "shard.csv", rows)
    fetch_shard(tmp_path / "shard.csv", tmp_path / "clips", tmp_path / "ledger.csv",
                settings=ClipSettings(source=settings(tmp_path / "corpus")))  # fmt: skip
    ledger = read_ledger(tmp_path / "ledger.csv")
    assert ledger["status"].tolist() == ["done", "corrupt", "corrupt"]
    assert "do not decode" in ledger["message"].iloc[1]
