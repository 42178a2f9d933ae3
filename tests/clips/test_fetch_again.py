"""Promises of calling again: what is tried again, what stays, and when the stage stops."""

import pytest

from chromatrack.data.kinetics import ClipRow, read_clip_list, write_clip_list
from chromatrack.errors import WorkError
from chromatrack.fetch.failures import FetchError
from chromatrack.fetch.ledger import read_journal, read_ledger
from chromatrack.files import digest_file
from chromatrack.settings import BackOffSettings, ClipSettings, SourceSettings
from chromatrack.stages.clips import fetch
from chromatrack.video.cut import cut_clip
from tests.videos import make_video

AT_ONCE = BackOffSettings(base=0.0, cap=0.0, stop_after=3, cool_down=60.0)


def run(shard, folder, settings, **options):
    fetch.fetch_shard(shard, folder / "clips", folder / "ledger.csv", settings=settings, **options)
    return read_ledger(folder / "ledger.csv").set_index("clip_id")


def options(**changes):
    return ClipSettings(**{"back_off": AT_ONCE} | changes)


def three(tmp_path):
    rows = [ClipRow("label", name, 0.0, 2.0, "train") for name in ("good", "lost", "slow")]
    write_clip_list(tmp_path / "three.csv", rows)
    return tmp_path / "three.csv"


def test_passing_failures_are_tried_again_and_permanent_ones_are_not(scripted, tmp_path):
    shard = three(tmp_path)
    lost = [FetchError("gone", "no") for _ in range(9)]
    source = scripted(lost=lost, slow=[FetchError("network", "cut") for _ in range(4)])
    ledger = run(shard, tmp_path, options(retries=2))
    assert source.asked == ["good", "lost", "slow", "slow", "slow"]
    assert ledger["status"].tolist() == ["done", "gone", "network"]
    assert ledger["attempts"].tolist() == [1, 1, 3]
    source.asked.clear()
    ledger = run(shard, tmp_path, options(retries=2))
    assert source.asked == ["slow", "slow"]
    assert ledger["status"].tolist() == ["done", "gone", "done"]
    assert ledger["attempts"].tolist() == [1, 1, 2]
    source.asked.clear()
    run(shard, tmp_path, options(retries=2))
    assert source.asked == []


def test_retry_failed_tries_all_that_is_not_done(scripted, tmp_path):
    shard, source = three(tmp_path), scripted(lost=[FetchError("gone", "no")])
    assert run(shard, tmp_path, options())["status"].tolist() == ["done", "gone", "done"]
    source.asked.clear()
    run(shard, tmp_path, options())
    assert source.asked == []
    ledger = run(shard, tmp_path, options(), retry_failed=True)
    assert source.asked == ["lost"]
    assert ledger["status"].tolist() == ["done", "done", "done"]


def test_a_corrupt_download_is_tried_again_in_the_same_run(scripted, site, tmp_path):
    shard, source = three(tmp_path), scripted()
    good, broken = source.video, site / "broken.mp4"

    def get(row, _):
        source.asked.append(row.youtube_id)
        return broken if row.youtube_id == "lost" or len(source.asked) == 1 else good

    source.get = get
    ledger = run(shard, tmp_path, options(retries=2))
    assert source.asked == ["good", "good", "lost", "lost", "lost", "slow"]
    assert ledger["status"].tolist() == ["done", "corrupt", "done"]
    assert ledger["attempts"].tolist() == [2, 3, 1]
    assert ledger["permanent"].tolist() == [False] * 3


def test_local_files_are_not_read_again_for_another_answer(site, tmp_path):
    write_clip_list(tmp_path / "one.csv", [ClipRow("label", "broken", 0.0, 2.0, "")])
    settings = options(source=SourceSettings(kind="folder", folder=str(site)))
    ledger = run(tmp_path / "one.csv", tmp_path, settings)
    assert (ledger["status"].item(), ledger["attempts"].item()) == ("corrupt", 1)


def test_persistent_refusals_stop_the_stage_and_cost_no_clip(scripted, tmp_path):
    busy = [FetchError("rate-limited", "the site answered HTTP 429") for _ in range(9)]
    shard, source = three(tmp_path), scripted(lost=busy)
    with pytest.raises(WorkError) as caught:
        run(shard, tmp_path, options(retries=9))
    text = str(caught.value)
    parts = ("2 of 3 clips left", "refused 3 times", "HTTP 429", "cookies, proxy", "call again")
    assert all(part in text for part in parts)
    assert source.asked == ["good"] + ["lost"] * AT_ONCE.stop_after
    assert not (tmp_path / "ledger.csv").exists()
    journal = read_journal(tmp_path / "clips/journal-three.jsonl")
    assert [name for name, _ in journal] == ["good_000000_000002"]
    source.asked.clear()
    with pytest.raises(WorkError, match="2 of 3 clips left"):
        run(shard, tmp_path, options(retries=9))
    assert source.asked == []  # within the cool-down nobody knocks
    write_clip_list(shard, read_clip_list(shard)[0][:1])
    assert run(shard, tmp_path, options())["status"].tolist() == ["done"]  # needs no answer
    three(tmp_path)
    (tmp_path / "clips/gate.json").unlink()
    busy.clear()
    assert run(shard, tmp_path, options())["status"].tolist() == ["done"] * 3
    assert source.asked == ["lost", "slow"]


def test_a_bot_wall_stops_the_stage_at_once_and_other_settings_ask_again(scripted, tmp_path):
    wall = [FetchError("rate-limited", "confirm you are not a bot", bot_wall=True)]
    shard, source = three(tmp_path), scripted(lost=wall)
    with pytest.raises(WorkError, match="proof that a person asks"):
        run(shard, tmp_path, options())
    assert source.asked == ["good", "lost"]
    cookies = SourceSettings(cookies=str(tmp_path / "cookies.txt"))
    assert run(shard, tmp_path, options(source=cookies))["status"].tolist() == ["done"] * 3


def test_ready_clips_are_checked_and_placed_and_their_files_are_left_alone(scripted, tmp_path):
    shard, source = three(tmp_path), scripted()
    source.ready = True
    theirs = tmp_path / "theirs.mp4"
    cut_clip(source.video, theirs, start=0, end=2, quality=30)

    def get(row, target):
        if row.youtube_id == "good":
            return theirs
        found = target / "found.mp4"
        data = theirs.read_bytes()
        found.write_bytes(data if row.youtube_id == "slow" else data[: len(data) // 2])
        return found

    source.get = get
    ledger = run(shard, tmp_path, options(retries=0))
    assert ledger["status"].tolist() == ["done", "corrupt", "done"]
    assert ledger["frames"].tolist()[::2] == [50, 50]
    for name in ("good", "slow"):
        clip = tmp_path / "clips" / f"{name}_000000_000002.mp4"
        assert digest_file(clip) == digest_file(theirs) == ledger.loc[clip.stem, "sha256"]
    assert (tmp_path / "clips/good_000000_000002.mp4").samefile(theirs)
    run(shard, tmp_path, options(retries=0, quality=30))  # another recipe: placed again
    assert (tmp_path / "clips/good_000000_000002.mp4").samefile(theirs)
    assert not (tmp_path / "clips/lost_000000_000002.mp4").exists()


def test_a_ready_clip_that_is_longer_than_its_window_is_none(scripted, tmp_path):
    """Such as the whole video, which a site gives that does not know the window."""
    shard, source = three(tmp_path), scripted()
    source.ready = True
    ledger = run(shard, tmp_path, options(retries=0))
    assert ledger["status"].tolist() == ["corrupt"] * 3
    assert ledger["message"].tolist() == ["has 4 s, and its window 2 s"] * 3
    assert not list((tmp_path / "clips").glob("*.mp4"))


def test_what_no_longer_fits_is_made_again(scripted, tmp_path):
    shard, source = three(tmp_path), scripted(lost=[FetchError("gone", "no") for _ in range(9)])
    run(shard, tmp_path, options())
    source.asked.clear()
    (tmp_path / "clips/good_000000_000002.mp4").unlink()
    (tmp_path / "clips/slow_000000_000002.mp4").write_bytes(b"half")
    run(shard, tmp_path, options())
    assert source.asked == ["good", "slow"]
    source.asked.clear()
    run(shard, tmp_path, options(quality=30))
    assert source.asked == ["good", "lost", "slow"]
    source.asked.clear()
    run(shard, tmp_path, options(quality=30, source=SourceSettings(url="http://b/{id}")))
    assert source.asked == ["lost"]  # another site may have it; the clips that are done stay
    source.asked.clear()
    longer = run(shard, tmp_path, options(quality=30, minimum_seconds=5))
    assert longer["status"].tolist() == ["too short", "gone", "too short"]
    assert not list((tmp_path / "clips").glob("*.mp4"))


def test_a_video_that_appears_in_the_folder_is_found(site, tmp_path):
    shard, videos = three(tmp_path), tmp_path / "videos"
    videos.mkdir()
    settings = ClipSettings(source=SourceSettings(kind="folder", folder=str(videos)))
    assert run(shard, tmp_path, settings)["status"].tolist() == ["gone"] * 3
    (videos / "lost.mp4").write_bytes((site / "-clip0.mp4").read_bytes())
    assert run(shard, tmp_path, settings)["status"].tolist() == ["gone", "done", "gone"]
    (videos / "lost.mp4").unlink()
    assert run(shard, tmp_path, settings)["status"].tolist() == ["gone", "done", "gone"]


def test_a_site_that_turns_everything_away_stops_the_stage(scripted, tmp_path):
    rows = [ClipRow("a", f"v{index:03d}", 0.0, 2.0, "train") for index in range(20)]
    write_clip_list(tmp_path / "shard-0000.csv", rows)
    source = scripted(**{
        row.youtube_id: [FetchError("blocked", "HTTP 403", permanent=False)] * 9 for row in rows
    })  # fmt: skip
    rules = BackOffSettings(base=0.0, cap=0.0, give_up_after=6, cool_down=60.0)
    with pytest.raises(WorkError, match=r"6 requests in a row failed \(HTTP 403\)"):
        run(tmp_path / "shard-0000.csv", tmp_path, options(back_off=rules, retries=0))
    assert len(source.asked) == 6 and not (tmp_path / "ledger.csv").exists()


def test_clips_that_moved_to_another_shard_are_not_fetched_again(scripted, tmp_path):
    rows = [ClipRow("a", f"v{index}", 0.0, 2.0, "train") for index in range(6)]
    source = scripted()

    def fetch_all(size):
        for index in range(0, len(rows), size):
            shard = tmp_path / f"shard-{index // size:04d}.csv"
            write_clip_list(shard, rows[index : index + size])
            clips = tmp_path / "files" / shard.stem
            fetch.fetch_shard(shard, clips, tmp_path / f"{shard.stem}-ledger.csv",
                              settings=options())  # fmt: skip
            ledger = read_ledger(tmp_path / f"{shard.stem}-ledger.csv")
            assert (ledger["status"] == "done").all()
            for clip_id, sha256 in zip(ledger["clip_id"], ledger["sha256"], strict=True):
                assert digest_file(clips / f"{clip_id}.mp4") == sha256

    fetch_all(3)
    assert source.asked == [f"v{index}" for index in range(6)]
    source.asked.clear()
    fetch_all(2)
    rows.insert(0, ClipRow("a", "new", 0.0, 2.0, "train"))
    fetch_all(3)
    assert source.asked == ["new"]


def test_a_picture_instead_of_a_video_is_no_short_video(tmp_path, monkeypatch):
    (tmp_path / "site").mkdir()
    make_video(tmp_path / "site" / "picture.mp4", frames=1)
    write_clip_list(tmp_path / "shard.csv", [ClipRow("a", "picture", 0.0, 2.0, "train")])
    source = SourceSettings(serve=str(tmp_path / "site"))
    ledger = run(tmp_path / "shard.csv", tmp_path, options(source=source, retries=0))
    assert ledger[["status", "permanent"]].iloc[0].tolist() == ["corrupt", False]
    assert "a picture" in ledger["message"].iloc[0]
