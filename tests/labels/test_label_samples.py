"""Promises of the samples that are drawn from label caches."""

import itertools
import multiprocessing
import os
import pickle
from dataclasses import replace

import cv2
import h5py
import numpy as np
import pytest

from chromatrack.data.kinetics import ClipRow
from chromatrack.errors import InputError
from chromatrack.labels import samples as samples_module
from chromatrack.labels.cache import LabelShard
from chromatrack.labels.clip import lab_frames
from chromatrack.labels.samples import LabelSamples, is_held_out
from chromatrack.settings import LabelSettings
from tests.labels.caches import SMALL, label


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
