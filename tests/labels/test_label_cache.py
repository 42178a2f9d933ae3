"""Promises of the label cache: whole, exact, streamed."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import h5py
import numpy as np
import pandas as pd
import pytest

from chromatrack.errors import InputError
from chromatrack.files import digest_file
from chromatrack.labels.cache import LabelShard
from chromatrack.labels.clip import cluster_colours, decode_clip, lab_frames, label_clip
from chromatrack.settings import LabelSettings, to_json
from chromatrack.stages.labels import labels as stage
from chromatrack.stages.labels.lab_statistics import lab_statistics
from tests.labels.caches import SMALL, label, write_ledger


def test_the_cache_holds_what_labelling_gives(shard, tmp_path):
    cache = label(shard, tmp_path / "s.h5")
    assert cache.clip_offsets.tolist() == [0, 10, 20, 24, 34] and cache.left_out == []
    for index, path in enumerate(sorted(shard[1].iterdir())):
        decoded = decode_clip(path, SMALL)
        clusters = cluster_colours([decoded.histogram], SMALL)[0]
        clip = label_clip(path.stem, digest_file(path), decoded, clusters)
        assert (cache.clip_ids[index], cache.clip_sha256[index]) == (clip.clip_id, clip.sha256)
        first, last = cache.clip_offsets[index : index + 2]
        np.testing.assert_array_equal(cache.frames.labels(first, last - first), clip.labels)
        np.testing.assert_array_equal(np.concatenate(cache.frames.encoded(first, last - first)),
                                      clip.luma)  # fmt: skip
        np.testing.assert_array_equal(cache.centroids[index], clip.centroids)


def test_plain_h5py_reads_it_and_finds_what_made_it(shard, tmp_path):
    label(shard, tmp_path / "s.h5", LabelSettings(
        size=64, label_size=8, frame_stride=2, full_resolution=True))  # fmt: skip
    with h5py.File(tmp_path / "s.h5") as file:
        start, stop = file["luma_offsets"][12:14]
        luma = cv2.imdecode(file["luma"][start:stop], cv2.IMREAD_GRAYSCALE)
        assert luma.shape == (64, 64) and file["labels"].shape == (34, 8, 8)
        assert file["full_labels"].shape == (34, 64, 64)
        made_by = json.loads(file.attrs["made_by"])
        assert made_by["settings"]["colours"] == 8 and made_by["version"] >= 2
        assert len(made_by["inputs"]["clips"]) == 64


def test_equal_work_gives_equal_bytes(shard, tmp_path):
    label(shard, tmp_path / "one.h5")
    label(shard, tmp_path / "two.h5")
    assert (tmp_path / "one.h5").read_bytes() == (tmp_path / "two.h5").read_bytes()
    assert not list(tmp_path.glob(".work*"))


def test_a_broken_a_missing_and_a_changed_clip_cost_only_themselves(shard, tmp_path, capsys):
    ledger, clips = shard
    first, second, third, fourth = sorted(clips.iterdir())
    first.write_bytes(b"no video")
    write_ledger(ledger, [first, second, third, fourth])
    second.unlink()
    third.write_bytes(third.read_bytes() + b"changed")
    cache = label(shard, tmp_path / "s.h5")
    assert cache.clip_ids == [fourth.stem]
    reasons = dict(cache.left_out)
    assert "not a video that can be decoded" in reasons[first.stem]
    assert reasons[second.stem] == "no such file"
    assert "not the file that the ledger lists" in reasons[third.stem]
    assert capsys.readouterr().err.count("left out: ") == 3


def test_a_shard_without_a_clip_can_be_written_and_read(tmp_path):
    ledger = write_ledger(tmp_path / "ledger.csv", [])
    cache = label((ledger, tmp_path), tmp_path / "none.h5")
    assert cache.clip_ids == [] and cache.clip_offsets.tolist() == [0]
    with pytest.raises(InputError, match="not one labelled clip"):
        lab_statistics([tmp_path / "none.h5"], tmp_path / "lab.json")


def test_a_ledger_cannot_lead_out_of_the_folder(shard, tmp_path):
    ledger = tmp_path / "evil.csv"
    ledger.write_text(shard[0].read_text().replace("-clip0_000000_000010", "../clip"))
    with pytest.raises(InputError, match=r"evil.csv: clip_id: expected id_start_end, got '../clip"):
        label((ledger, shard[1]), tmp_path / "s.h5")


def test_a_killed_job_continues_after_the_clips_that_it_has_done(shard, tmp_path, monkeypatch):
    ledger, clips = shard
    arguments = ["labels", "--ledger", ledger, "--clips", clips, "--output", tmp_path / "s.h5",
                 "--settings", to_json(SMALL)]  # fmt: skip
    work = tmp_path / ".work-s"
    fourth = sorted(clips.iterdir())[3]
    content = fourth.read_bytes()
    fourth.unlink()
    os.mkfifo(fourth)  # the job waits for ever at the fourth clip
    # A pipe is no file: let the stage see one, and hang in reading it.
    code = (
        "import pathlib, sys; pathlib.Path.is_file = lambda self: True; "
        "from chromatrack.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    process = subprocess.Popen([sys.executable, "-c", code, *map(str, arguments)])
    try:
        deadline = time.monotonic() + 60
        while len(list(work.glob("[!.]*.npz"))) < 3 and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=60)
    assert len(list(work.glob("[!.]*.npz"))) == 3 and not (tmp_path / "s.h5").exists()
    fourth.unlink()
    fourth.write_bytes(content)
    decoded = []
    monkeypatch.setattr(
        stage,
        "decode_clip",
        lambda video, s, **how: decoded.append(video) or decode_clip(video, s, **how),
    )
    resumed = label(shard, tmp_path / "s.h5")
    assert decoded == [fourth] and len(resumed.clip_ids) == 4
    label(shard, tmp_path / "whole.h5")
    assert (tmp_path / "s.h5").read_bytes() == (tmp_path / "whole.h5").read_bytes()


def test_parts_of_other_settings_or_damaged_ones_are_made_again(shard, tmp_path, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(stage, "write_label_shard", stop)
        for equalization in ("none", "per_channel"):
            with pytest.raises(KeyboardInterrupt):
                label(shard, tmp_path / "s.h5", LabelSettings(
                    size=64, label_size=8, frame_stride=2, restarts=3,
                    equalization=equalization))  # fmt: skip
    parts = sorted((tmp_path / ".work-s").glob("*.npz"))
    parts[1].write_bytes(parts[1].read_bytes()[:1000])
    parts[0].unlink()
    parts[0].mkdir()  # where a folder was copied over it
    with np.load(parts[2]) as kept:
        np.savez(parts[2], key=kept["key"], clip=np.zeros((), dtype=[("luma", np.uint8)]))
    label(shard, tmp_path / "s.h5")
    label(shard, tmp_path / "whole.h5")
    assert (tmp_path / "s.h5").read_bytes() == (tmp_path / "whole.h5").read_bytes()


def test_a_damaged_part_is_made_again_whatever_is_damaged_in_it(shard, tmp_path, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(stage, "write_label_shard", stop)
        with pytest.raises(KeyboardInterrupt):
            label(shard, tmp_path / "s.h5")
    part = sorted((tmp_path / ".work-s").glob("*.npz"))[1]
    data = bytearray(part.read_bytes())
    place = data.index(b"\xff\xd8\xff") + 300  # in a JPEG, which its size says nothing about
    data[place : place + 4] = b"xxxx"
    part.write_bytes(data)
    label(shard, tmp_path / "s.h5")
    label(shard, tmp_path / "whole.h5")
    assert (tmp_path / "s.h5").read_bytes() == (tmp_path / "whole.h5").read_bytes()


def test_a_cache_of_the_same_clips_is_put_back(shard, tmp_path, monkeypatch):
    ledger, clips = shard
    label(shard, tmp_path / "s.h5")
    before = (tmp_path / "s.h5").read_bytes()
    decoded = []
    monkeypatch.setattr(
        stage,
        "decode_clip",
        lambda video, s, **how: decoded.append(video) or decode_clip(video, s, **how),
    )
    (tmp_path / "s.h5").unlink()  # as Snakemake does before it runs a job again
    rows = pd.read_csv(ledger, keep_default_na=False)
    rows["time"] = "2026-11-23T12:00:00Z"
    rows.to_csv(ledger, index=False)
    label(shard, tmp_path / "s.h5")
    assert decoded == [] and (tmp_path / "s.h5").read_bytes() == before
    label(shard, tmp_path / "s.h5", LabelSettings(
        size=64, label_size=8, frame_stride=2, restarts=3, colours=4))  # fmt: skip
    assert len(decoded) == 4 and LabelShard(tmp_path / "s.h5").colours == 4
    write_ledger(ledger, sorted(clips.iterdir())[:2])
    assert len(label(shard, tmp_path / "s.h5").clip_ids) == 2


def test_statistics_of_shards_are_those_of_all_pixels(shard, tmp_path):
    label(shard, tmp_path / "s.h5")
    (tmp_path / "again").mkdir()
    twin = shutil.copy(tmp_path / "s.h5", tmp_path / "again" / "s.h5")
    found = lab_statistics([tmp_path / "s.h5", Path(twin)], tmp_path / "lab.json")
    assert len(found["made_by"]["inputs"]) == 2
    lab = np.concatenate([np.stack(list(lab_frames(path, SMALL))).reshape(-1, 3)
                          for path in sorted(shard[1].iterdir())]) / 255  # fmt: skip
    np.testing.assert_allclose(found["mean"], lab.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(found["std"], lab.std(axis=0), atol=1e-6)


def test_clips_that_were_left_out_are_told(shard, tmp_path, capsys):
    _, clips = shard
    first = sorted(clips.iterdir())[0]
    first.unlink()
    label(shard, tmp_path / "s.h5")
    told = f"clips that could not be labelled: 1, the first {first.stem} ("
    assert lab_statistics([tmp_path / "s.h5"], tmp_path / "lab.json")["left_out"] == 1
    assert told in capsys.readouterr().err
    for path in clips.iterdir():
        path.unlink()
    label(shard, tmp_path / "none.h5")
    with pytest.raises(
        InputError, match=r"not one labelled clip .* clips that could not be labelled: 4"
    ):
        lab_statistics([tmp_path / "none.h5"], tmp_path / "lab.json")
    with pytest.raises(InputError, match="expected each label cache once"):
        lab_statistics([tmp_path / "s.h5"] * 2, tmp_path / "lab.json")
