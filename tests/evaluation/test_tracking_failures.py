"""What fails in tracking is named, and takes no other sequence with it."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from chromatrack.data import otb
from chromatrack.errors import InputError, WorkError
from chromatrack.settings import ComputeSettings
from chromatrack.stages.evaluation.sequences import Run, run_sequences, run_together
from chromatrack.tracking.load import load_tracker
from tests.evaluation.tracked import CPU, SEQUENCES, SETTINGS, Standing, opener


@pytest.mark.parametrize("way", ["serial", "processes"])
def test_a_failure_names_sequence_and_frame_and_keeps_the_others(otb_root, tmp_path, way):
    """Frame 5 exists in A and D alone."""
    fails = partial(Standing, at=4, error=WorkError("no more"))
    compute = ComputeSettings(device="cpu", threads=2, tracking=way)
    sequences = otb.read_sequences(otb_root, names=["B", "C", "D"])
    told = r"^D, frame 5 \(0005.jpg\): no more \(1 of 3 sequences failed; the others are kept\)$"
    with pytest.raises(WorkError, match=told):  # the first that processes begin with: the longest
        run_sequences(fails, sequences[::-1], tmp_path, source={}, compute=compute)
    for kind in ("boxes", "times", "done"):
        assert {path.stem for path in (tmp_path / kind).iterdir()} == {"B", "C"}


@pytest.mark.parametrize(
    ("way", "lost"),
    [
        ("serial", "later frame"),
        ("processes", "first box"),
        ("batched", "first box"),
        ("batched", "first frame"),
        ("batched", "later frame"),
    ],
)
def test_networks_go_on_with_the_other_sequences(otb_root, checkpoints, tmp_path, way, lost):
    """And give the boxes that they give without the one that fails."""
    sequences = otb.read_sequences(otb_root)
    compute = ComputeSettings(device="cpu", threads=2, tracking=way)
    run = partial(run_sequences, opener(checkpoints), source={}, compute=compute)
    broken = sequences[1]
    if lost == "first box":
        flat = broken.boxes_ltwh.copy()
        flat[0, 2] = 0
        broken, frame = replace(broken, boxes_ltwh=flat), 1
    else:
        frame = 1 if lost == "first frame" else 3
        (tmp_path / "bad.jpg").write_bytes(b"no image")
        paths = list(broken.frames)
        paths[frame - 1] = tmp_path / "bad.jpg"
        broken = replace(broken, frames=tuple(paths))
    told = (
        rf"^{broken.name}, frame {frame} \(.*\(1 of {len(sequences)} sequences failed; the others"
    )
    with pytest.raises(InputError, match=told):
        run([sequences[0], broken, *sequences[2:]], tmp_path / "out")
    assert broken.name not in {path.stem for path in (tmp_path / "out" / "boxes").iterdir()}
    run([sequences[0], *sequences[2:]], tmp_path / "alone")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "done").iterdir()}
    for path in (tmp_path / "alone" / "boxes").iterdir():
        expected, found = (otb.read_boxes(p) for p in (path, tmp_path / "out/boxes" / path.name))
        np.testing.assert_allclose(found, expected, atol=1e-2 if way == "batched" else 0)
    results = run(sequences, tmp_path / "out")  # the next call does the one that is missing
    assert set(results) == set(SEQUENCES)
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())


def test_alphas_in_one_go_say_a_failure_once(otb_root, checkpoints, tmp_path):
    sequences = otb.read_sequences(otb_root)[:2]
    flat = sequences[0].boxes_ltwh.copy()
    flat[0, 3] = 0
    open_fused = partial(load_tracker, checkpoints / "fused.pt", settings=SETTINGS, device=CPU)
    alphas = (0.0, 1.0)
    runs = [
        Run(tmp_path / str(alpha), {"alpha": alpha}, partial(open_fused, alpha=alpha))
        for alpha in alphas
    ]
    for way in ("processes", "batched"):
        with pytest.raises(InputError, match=r"\(1 of 2 sequences failed; the others are kept\)$"):
            run_together(
                runs, [replace(sequences[0], boxes_ltwh=flat), sequences[1]],
                open_together=partial(open_fused, alphas=alphas),
                compute=ComputeSettings(device="cpu", threads=2, tracking=way),
            )  # fmt: skip
        for run in runs:
            assert [path.stem for path in (run.folder / "boxes").iterdir()] == [sequences[1].name]
            (run.folder / "boxes" / f"{sequences[1].name}.txt").unlink()


def test_a_score_map_that_is_not_finite_names_sequence_and_frame(otb_root, checkpoints, tmp_path):
    content = torch.load(checkpoints / "siamfc.pt", weights_only=True)
    # Finite weights, as a training that runs away leaves them; their products are not.
    content["state"]["backbone.conv5.0.bias"][0] = 3e38
    torch.save(content, tmp_path / "large.pt")
    sequences = otb.read_sequences(otb_root, names=["A"])
    for way in ("serial", "batched"):
        with pytest.raises(WorkError, match=r"^A, frame 2 \(0002.jpg\): .*not finite"):
            run_sequences(
                partial(load_tracker, tmp_path / "large.pt", settings=SETTINGS, device=CPU),
                sequences, tmp_path, source={},
                compute=ComputeSettings(device="cpu", tracking=way),
            )  # fmt: skip
    assert not (tmp_path / "boxes").exists()


def test_a_process_that_dies_is_told_with_its_sequence(otb_root, tmp_path):
    sequences = otb.read_sequences(otb_root, names=["A", "D"])
    with pytest.raises(WorkError, match=r"^(A|D): its process died.*\(2 of 2 sequences failed"):
        run_sequences(
            partial(Standing, at=3), sequences, tmp_path, source={},
            compute=ComputeSettings(device="cpu", threads=2, tracking="processes"),
        )  # fmt: skip


def test_a_process_that_dies_is_replaced(otb_root, tmp_path):
    """Frame 5 exists in A and D alone, which are begun first."""
    with pytest.raises(
        WorkError, match=r"^(A|D): its process died.*\(2 of 4 sequences failed; the"
    ):
        run_sequences(
            partial(Standing, at=4), otb.read_sequences(otb_root), tmp_path, source={},
            compute=ComputeSettings(device="cpu", threads=2, tracking="processes"),
        )  # fmt: skip
    assert {path.stem for path in (tmp_path / "done").iterdir()} == {"B", "C"}


def test_a_frame_that_is_no_image_is_named(otb_root, checkpoints, tmp_path):
    sequence = otb.read_sequences(otb_root, names=["A"])[0]
    bad = tmp_path / "0003.jpg"
    bad.write_bytes(b"no image")
    frames = (*sequence.frames[:2], bad, *sequence.frames[3:])
    for way in ("serial", "batched"):
        with pytest.raises(InputError, match=r"^A, frame 3 \(0003.jpg\): .*cannot be decoded"):
            run_sequences(
                opener(checkpoints), [replace(sequence, frames=frames)], tmp_path / way, source={},
                compute=ComputeSettings(device="cpu", tracking=way),
            )  # fmt: skip


SLOW = """
import os, sys, time
from pathlib import Path
import numpy as np
from chromatrack.data import otb
from chromatrack.settings import ComputeSettings
from chromatrack.stages.evaluation.sequences import run_sequences

class Slow:
    def init(self, image, box):
        self.box = np.array(box)
        Path(sys.argv[2] if len(sys.argv) > 2 else os.environ["SEEN"], str(os.getpid())).touch()
    def update(self, image):
        time.sleep(5)
        return self.box

if __name__ == "__main__":
    run_sequences(Slow, otb.read_sequences(sys.argv[1], names=["A", "D"]), Path(sys.argv[3]),
                  source={}, compute=ComputeSettings(device="cpu", threads=2, tracking="processes"))
"""


def test_a_killed_run_leaves_no_process_and_nothing_half_written(otb_root, tmp_path):
    script, seen, out = tmp_path / "slow.py", tmp_path / "seen", tmp_path / "out"
    script.write_text(SLOW)
    seen.mkdir()
    process = subprocess.Popen(
        [sys.executable, script, otb_root, seen, out], env={**os.environ, "SEEN": str(seen)},
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for(lambda: len(list(seen.iterdir())) == 2)
    finally:
        process.kill()
        process.wait(timeout=60)
    wait_for(lambda: not any(Path("/proc", path.name).exists() for path in seen.iterdir()))
    assert not [path for path in out.rglob("*") if path.is_file()]


def wait_for(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
