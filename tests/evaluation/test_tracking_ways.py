"""All ways to track many sequences give the same boxes."""

import shutil
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from chromatrack.data import otb
from chromatrack.errors import InputError
from chromatrack.settings import ComputeSettings
from chromatrack.stages.evaluation import ways
from chromatrack.stages.evaluation.sequences import run_sequences
from chromatrack.tracking.batch import track_together
from chromatrack.tracking.load import load_tracker
from chromatrack.tracking.pool import in_pool
from chromatrack.tracking.single import track_sequence
from chromatrack.tracking.sweep import sweep
from tests.evaluation.tracked import CPU, SEQUENCES, SETTINGS, boxes, opener


@pytest.mark.parametrize("template_rate", [0.0, 0.01])
def test_all_ways_give_the_same_boxes(otb_root, checkpoints, tmp_path, template_rate):
    settings = replace(SETTINGS, template_rate=template_rate)
    sequences = otb.read_sequences(otb_root)
    found = {}
    for way in ("serial", "processes", "batched"):
        results = run_sequences(
            opener(checkpoints, settings=settings), sequences, tmp_path / way, source={},
            compute=ComputeSettings(device="cpu", threads=2, tracking=way),
        )  # fmt: skip
        assert list(results) == list(SEQUENCES)
        assert {name: entry["frames"] for name, entry in results.items()} == SEQUENCES
        found[way] = boxes(tmp_path / way)
        for name, count in SEQUENCES.items():
            times = [float(t) for t in (tmp_path / way / f"times/{name}.txt").read_text().split()]
            assert len(times) == count and min(times) >= 0
            assert abs(sum(times) - results[name]["seconds"]) < 2e-3
    for name in SEQUENCES:
        np.testing.assert_array_equal(found["processes"][name], found["serial"][name])
        np.testing.assert_allclose(found["batched"][name], found["serial"][name], atol=1e-2)
    assert np.ptp(found["serial"]["A"], axis=0).max() > 1  # something did move


@pytest.fixture
def several_batches(monkeypatch):
    """Batches are in two processes, however few frames there are."""
    monkeypatch.setattr(ways, "FRAMES_OF_A_BATCH", 5)
    started = []

    def noted(count, *given):
        started.append(count)
        return in_pool(count, *given)

    monkeypatch.setattr(ways, "in_pool", noted)
    yield ComputeSettings(device="cpu", threads=8, tracking="batched")
    assert started == [2]


def test_batches_in_several_processes_give_the_same_boxes(
    otb_root, checkpoints, tmp_path, several_batches
):
    sequences = otb.read_sequences(otb_root)
    opened = opener(checkpoints)
    for name, compute in (("several", several_batches), ("serial", None)):
        run_sequences(opened, sequences, tmp_path / name, source={}, compute=compute)
    several, serial = boxes(tmp_path / "several"), boxes(tmp_path / "serial")
    for name in SEQUENCES:
        np.testing.assert_allclose(several[name], serial[name], atol=1e-2)


def test_what_fails_in_one_of_several_processes_takes_no_other_sequence_with_it(
    otb_root, checkpoints, tmp_path, several_batches
):
    shutil.copytree(otb_root, tmp_path / "otb")
    sequences = otb.read_sequences(tmp_path / "otb")
    broken = sequences[1].frames[2]
    broken.write_bytes(b"no picture")
    with pytest.raises(InputError, match=broken.name):
        run_sequences(
            opener(checkpoints), sequences, tmp_path / "out", source={}, compute=several_batches
        )
    done = {path.stem for path in (tmp_path / "out" / "boxes").iterdir()}
    assert done == {one.name for one in sequences} - {sequences[1].name}


@pytest.mark.parametrize(
    ("said", "exclusive"), [("Default\n", False), ("Exclusive_Process\n", True), (None, False)]
)
def test_a_gpu_for_one_process_is_known_by_its_mode(tmp_path, monkeypatch, said, exclusive):
    if said is not None:
        asked = tmp_path / "nvidia-smi"
        asked.write_text(f"#!/bin/sh\nprintf '{said.strip()}'\n")
        asked.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin" if said else str(tmp_path))
    assert ways._is_exclusive() is exclusive


@pytest.mark.parametrize("targets", [1, 3, 100])
def test_a_batch_of_any_size_follows_each_alpha_as_one_by_one(otb_root, checkpoints, targets):
    sequences, alphas = otb.read_sequences(otb_root), (0.0, 0.4, 1.0)
    open_fused = partial(load_tracker, checkpoints / "fused.pt", settings=SETTINGS, device=CPU)
    wanted = [(sequence, [0, 1, 2]) for sequence in sequences[:3]] + [(sequences[3], [1])]
    tracks = track_together(open_fused(alphas=alphas), wanted, targets=targets, threads=2)
    found = {(track.video.name, track.variant): track.boxes_ltwh for track in tracks}
    assert set(found) == {(s.name, v) for s, variants in wanted for v in variants}
    for variant, alpha in enumerate(alphas):
        tracker = open_fused(alpha=alpha)
        for sequence, variants in wanted:
            if variant in variants:
                expected, _ = track_sequence(tracker, sequence)
                np.testing.assert_allclose(found[sequence.name, variant], expected, atol=1e-2)


def test_alphas_in_one_go_are_those_of_each_alone_bit_by_bit(otb_root, checkpoints):
    """Decoded once, and embedded once where trackers are at the same place."""
    alphas = (0.0, 0.001, 0.4, 1.0)
    open_fused = partial(load_tracker, checkpoints / "fused.pt", settings=SETTINGS, device=CPU)
    tracker, embedded = open_fused(alphas=alphas), []
    search = tracker.network._rgb.search
    tracker.network._rgb.search = lambda patches: embedded.append(len(patches)) or search(patches)
    for sequence in otb.read_sequences(otb_root):
        embedded.clear()
        together = sweep(tracker, sequence, [0, 1, 2, 3])
        for alpha, (boxes_ltwh, seconds) in zip(alphas, together, strict=True):
            alone, _ = track_sequence(open_fused(alpha=alpha), sequence)
            np.testing.assert_array_equal(boxes_ltwh, alone)
            assert len(seconds) == len(sequence)
        # Three alphas need this branch; those of 0 and 0.001 stay together all the way.
        assert sum(embedded) <= 3 * 2 * (len(sequence) - 1)


def test_the_evaluation_that_the_gpu_benchmark_times_runs_on_a_cpu(otb_root, checkpoints):
    from benchmarks.tracking import in_one_batch, otb2015_sized

    large = otb2015_sized(otb.read_sequences(otb_root), frames=120)
    assert len(large) == 100 and 100 <= sum(len(sequence) for sequence in large) <= 200
    for sequence in large:
        assert len(sequence.boxes_ltwh) == len(sequence)
    small = [sequence.first(3) for sequence in large[:6]]
    compute = ComputeSettings(device="cpu", tracking="batched")
    assert in_one_batch(checkpoints / "siamfc.pt", small, settings=SETTINGS, compute=compute) > 0
