"""Promises of the label cache: whole, exact, streamed; and of the samples drawn from it."""

import itertools
import json
import multiprocessing
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import cv2
import h5py
import numpy as np
import pandas as pd
import pytest

from chromatrack.data.kinetics import ClipRow
from chromatrack.errors import InputError
from chromatrack.fetch.ledger import COLUMNS
from chromatrack.files import digest_file
from chromatrack.labels import samples as samples_module
from chromatrack.labels.cache import LabelShard
from chromatrack.labels.clip import cluster_colours, decode_clip, lab_frames, label_clip
from chromatrack.labels.samples import LabelSamples, is_held_out
from chromatrack.settings import LabelSettings, to_json
from chromatrack.stages.labels import labels as stage
from chromatrack.stages.labels.lab_statistics import lab_statistics
from tests.videos import moving_colours, write_video

SMALL = LabelSettings(size=64, label_size=8, frame_stride=2, restarts=3)


def write_ledger(path, clips):
    """A ledger in which these clip files are done."""
    rows = [
        dict.fromkeys(COLUMNS, 0)
        | {"clip_id": clip.stem, "status": "done", "permanent": False, "sha256": digest_file(clip)}
        for clip in clips
    ]
    pd.DataFrame(rows, columns=COLUMNS).to_csv(path, index=False)
    return path


@pytest.fixture
def shard(tmp_path):
    """A folder of four clips of 20, 20, 8 and 20 frames, and their ledger."""
    clips = tmp_path / "clips"
    clips.mkdir()
    for index, frames in enumerate((20, 20, 8, 20)):
        write_video(clips / f"-clip{index}_000000_000010.mp4", moving_colours(frames, shift=index))
    return write_ledger(tmp_path / "ledger.csv", sorted(clips.iterdir())), clips


def label(shard, output, settings=SMALL):
    stage.label_shard(*shard, output, settings=settings)
    return LabelShard(output)


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


# Samples


@pytest.fixture
def cache(shard, tmp_path):
    label(shard, tmp_path / "s.h5")
    return tmp_path / "s.h5"


OPTIONS = {"frames": 4, "batch_size": 16, "colours": 8}


@pytest.mark.parametrize("change", [{"equalization": "none"}, {"cluster_on": "label_grid"}])
def test_caches_of_two_recipes_are_not_trained_on_together(shard, tmp_path, change):
    label(shard, tmp_path / "s.h5")
    label(shard, tmp_path / "t.h5", replace(SMALL, **change))
    ((key, value),) = change.items()
    with pytest.raises(
        InputError, match=rf"t\.h5: was made with {key} {value}, and .*s\.h5 was not"
    ):
        LabelSamples([tmp_path / "s.h5", tmp_path / "t.h5"], **OPTIONS)


@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_windows_of_one_video_are_held_out_together(shift):
    """Whole seconds and parts of them are named in two ways."""
    sides = set()
    for number in range(300):
        video = f"vid{number:08d}"
        windows = [ClipRow("", video, at + shift, at + 10 + shift, "") for at in (1, 21)]
        first, second = (is_held_out(row.clip_id, 0.3) for row in windows)
        assert first == second
        sides.add(first)
    assert sides == {True, False}


def test_samples_span_one_clip_and_follow_from_the_step(cache):
    samples = LabelSamples([cache], seed=1, **OPTIONS)
    assert len(samples) == 7 + 7 + 1 + 7
    places = [samples.place(index)[1] for index in range(len(samples))]
    assert places == [*range(7), *range(10, 17), 20, *range(24, 31)]
    luma, labels = samples.batch(5)
    assert luma.shape == (16, 4, 64, 64) and labels.shape == (16, 4, 8, 8)
    again = LabelSamples([cache], seed=1, **OPTIONS)
    again.batch(0)
    np.testing.assert_array_equal(again.batch(5)[1], labels)
    other = LabelSamples([cache], seed=2, **OPTIONS).batch(5)[1]
    assert not np.array_equal(other, labels)
    ordered = LabelSamples([cache], sampling="sequential", **OPTIONS)
    assert [ordered.place(i)[1] for i in range(len(ordered))] == [0, 4, 10, 14, 20, 24, 28]


def test_a_sample_is_its_frames_in_each_form(cache):
    shard = LabelShard(cache)
    samples = LabelSamples([cache], **OPTIONS)
    luma, labels = samples.sample(9)
    jpegs, same_labels = samples.encoded(9)
    np.testing.assert_array_equal(labels, shard.frames.labels(12, 4))
    np.testing.assert_array_equal(labels, same_labels)
    for image, jpeg in zip(luma, jpegs, strict=True):
        np.testing.assert_array_equal(image, cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE))


def test_raw_luma_is_the_luma_before_the_jpeg(shard, tmp_path):
    raw = label(shard, tmp_path / "raw.h5", LabelSettings(
        size=64, label_size=8, frame_stride=2, luma="raw"))  # fmt: skip
    jpeg = label(shard, tmp_path / "jpeg.h5")
    one, two = raw.frames.luma(3, 2).astype(int), jpeg.frames.luma(3, 2).astype(int)
    assert 0 < np.abs(one - two).mean() < 4


@pytest.mark.parametrize("stored", ["jpeg", "raw"])
def test_a_cache_with_chroma_gives_back_the_colours(shard, tmp_path, stored):
    settings = replace(SMALL, chroma=True, luma=stored, luma_quality=98)
    cache = label(shard, tmp_path / "colour.h5", settings)
    lab = cache.frames.lab(0, 3)
    clip = sorted(shard[1].glob("*.mp4"))[0]
    expected = np.stack(list(itertools.islice(lab_frames(clip, settings), 3)))
    assert lab.shape == expected.shape == (3, 64, 64, 3)
    difference = np.abs(lab.astype(int) - expected)
    assert difference[..., 0].max() <= (0 if stored == "raw" else 8)
    # Half the size blurs a and b at the edges of the squares, and nowhere else.
    assert np.median(difference[..., 1:]) <= 2
    samples = LabelSamples([tmp_path / "colour.h5"], chroma=True, **OPTIONS)
    assert samples.batch(0)[0].shape == (16, 4, 64, 64, 3)


def test_a_cache_without_chroma_is_refused_where_colours_are_asked_for(cache):
    with pytest.raises(
        InputError, match="holds L alone; input lab or rgb, and the loss nll_and_chroma, need"
    ):
        LabelSamples([cache], chroma=True, **OPTIONS)


def _worker(samples, steps, queue):
    queue.put({step: samples.batch(step)[1] for step in steps})


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_samples_are_the_same_in_many_workers(cache, method):
    samples = LabelSamples([cache], **OPTIONS)
    expected = {step: samples.batch(step)[1] for step in range(12)}  # the file is open now
    context = multiprocessing.get_context(method)
    queue = context.Queue()
    workers = [
        context.Process(target=_worker, args=(samples, range(w, 12, 3), queue)) for w in range(3)
    ]
    for worker in workers:
        worker.start()
    found = {}
    for _ in workers:
        found |= queue.get(timeout=60)
    for worker in workers:
        worker.join(timeout=60)
    for step in range(12):
        np.testing.assert_array_equal(found[step], expected[step])
    assert len(pickle.dumps(samples)) < 5000


def test_no_more_files_are_open_than_allowed(cache, monkeypatch):
    monkeypatch.setattr(samples_module, "OPEN_FILES", 2)
    samples = LabelSamples([cache] * 5, **OPTIONS)
    before = len(os.listdir("/proc/self/fd"))
    batches = [samples.batch(step)[1] for step in range(5)]
    assert len(os.listdir("/proc/self/fd")) <= before + 2
    np.testing.assert_array_equal(samples.batch(0)[1], batches[0])


def test_samples_refuse_what_cannot_be_trained_on(cache, tmp_path):
    with pytest.raises(InputError, match=r"s.h5: holds 8 colours, expected 16"):
        LabelSamples([cache], **OPTIONS | {"colours": 16})
    with pytest.raises(InputError, match="the 11 kept frames that a sample spans"):
        LabelSamples([cache], **OPTIONS | {"frames": 11})
    (tmp_path / "broken.h5").write_bytes(b"no HDF5")
    with pytest.raises(InputError, match=r"broken.h5: not a readable label cache"):
        LabelSamples([tmp_path / "broken.h5"], **OPTIONS)


def test_a_file_that_was_cut_off_is_said_to_be_damaged(cache):
    samples = LabelSamples([cache], **OPTIONS)
    os.truncate(cache, 3000)
    with pytest.raises(InputError, match=r"s.h5: damaged"):
        samples.sample(len(samples) - 1)


@pytest.mark.parametrize(
    ("name", "change"),
    [("clip_offsets", 1000), ("luma_offsets", 10**15), ("luma_offsets", -5)],
)
def test_offsets_that_lead_nowhere_are_said_to_be_damaged(cache, name, change):
    with h5py.File(cache, "r+") as file:
        file[name][-1] = file[name][-1] + change
    with pytest.raises(InputError, match=r"s.h5: not a readable label cache"):
        LabelSamples([cache], **OPTIONS)


def test_shards_of_other_frames_are_not_mixed_and_a_missing_file_is_named(shard, cache, tmp_path):
    label(shard, tmp_path / "t.h5", LabelSettings(
        size=64, label_size=16, frame_stride=2, restarts=3))  # fmt: skip
    with pytest.raises(InputError, match=r"t.h5: frames of 64 px, 16 cells, every 2th; expected"):
        LabelSamples([cache, tmp_path / "t.h5"], **OPTIONS)
    samples = LabelSamples([cache], **OPTIONS)
    cache.unlink()
    with pytest.raises(InputError, match=r"s.h5: cannot be read"):
        samples.sample(0)
