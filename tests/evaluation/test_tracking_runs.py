"""Tracking many sequences: the ways to do it agree, and what was done is known by what made it."""

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from chromatrack.checkpoints import save_checkpoint
from chromatrack.cli.main import main
from chromatrack.data import otb
from chromatrack.errors import InputError, WorkError
from chromatrack.evaluation import sets
from chromatrack.evaluation.benchmark import Selection
from chromatrack.files import digest_file, read_json
from chromatrack.models.build import build_fused, build_siamfc
from chromatrack.models.inputs import InputScaling
from chromatrack.settings import ComputeSettings, TrackerSettings
from chromatrack.stages.evaluation import ways
from chromatrack.stages.evaluation.evaluate import evaluate
from chromatrack.stages.evaluation.openers import FromClass, FromOpenCV
from chromatrack.stages.evaluation.run import track
from chromatrack.stages.evaluation.sequences import Run, run_sequences, run_together
from chromatrack.tracking.batch import track_together
from chromatrack.tracking.load import load_tracker
from chromatrack.tracking.pool import in_pool
from chromatrack.tracking.single import track_sequence
from chromatrack.tracking.sweep import sweep
from chromatrack.versions import VERSIONS

CPU = torch.device("cpu")
SETTINGS = TrackerSettings()
SEQUENCES = {"A": 6, "B": 4, "C": 1, "D": 5}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Four sequences of noise in which a square moves, one of them of one frame."""
    folder = tmp_path_factory.mktemp("otb")
    generator = np.random.default_rng(0)
    for name, count in SEQUENCES.items():
        still = generator.integers(0, 255, (90, 120, 3)).astype(np.uint8)
        boxes = np.array([[30.0 + 3 * i, 25 + 2 * i, 24, 18] for i in range(count)])
        frames = []
        for left, top, width, height in boxes.astype(int):
            frame = still.copy()
            frame[top : top + height, left : left + width] = (250, 40, 10)
            frames.append(frame)
        otb.write_sequence(folder, name, frames, [boxes])
    return folder


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory):
    """Small untrained networks: SiamFC alone, and both branches."""
    folder = tmp_path_factory.mktemp("checkpoints")
    torch.manual_seed(0)
    small = {"width": 0.1, "channels": "as_run"}
    fused = {
        "siamfc": small, "alpha": 0.5, "normalize": True,
        "auxiliary": {"kind": "colorization", "network": {"trunk": "resnet18", "width": 0.1}},
        "statistics": ((0.0, 1.0), (0.0, 8.0)),
    }  # fmt: skip
    made = {"siamfc": (small, build_siamfc(**small)), "fused": (fused, build_fused(**fused))}
    for backbone in (made["siamfc"][1].backbone, made["fused"][1].siamfc.backbone):
        measure_batch_norm(backbone)
    for kind, (network, module) in made.items():
        save_checkpoint(
            folder / f"{kind}.pt", kind=kind, network=network, scaling=InputScaling(),
            module=module, made_by={},
        )  # fmt: skip
    return folder


def measure_batch_norm(backbone):
    """Statistics as training leaves them: score maps that are next to flat have their peaks where
    an order of additions puts them."""
    with torch.no_grad():
        for _ in range(20):
            backbone.train()(torch.rand(4, 3, 127, 127) * 2 - 1)
    backbone.eval()


def opener(checkpoints, **options):
    options = {"settings": SETTINGS, "device": CPU, **options}
    return partial(load_tracker, checkpoints / "siamfc.pt", **options)


class Standing:
    """A tracker that leaves the box where it is, and fails where it is told to."""

    def __init__(self, at=None, error=None):
        self.at, self.error = at, error

    def init(self, image, box_ltwh):
        self.box, self.frame = np.array(box_ltwh), 0

    def update(self, image):
        self.frame += 1
        if self.frame == self.at:
            if self.error is None:
                os.kill(os.getpid(), signal.SIGKILL)
            raise self.error
        return self.box


def boxes(folder):
    return {name: otb.read_boxes(folder / "boxes" / f"{name}.txt") for name in SEQUENCES}


def test_boxes_of_two_trackers_in_one_folder_are_not_scored_as_one(root, tmp_path):
    sequences = otb.read_sequences(root)
    folder, chosen = tmp_path / "boxes", tmp_path / "names.txt"
    chosen.write_text("C\nD\n")

    def targets(folder, names=None):
        selection = Selection(root=root, names=names)
        return evaluate(sets.get("otb"), selection, folder)["targets"]

    run_sequences(Standing, sequences, tmp_path, source={"tracker": "a"})
    assert targets(folder) == len(SEQUENCES)
    run_sequences(Standing, sequences[:2], tmp_path, source={"tracker": "b"})
    with pytest.raises(InputError, match="A and C were tracked with other weights or settings"):
        targets(folder)
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(InputError, match="other weights"):
        targets(tmp_path / "link")
    assert targets(folder, str(chosen)) == 2
    (tmp_path / "done" / "C.json").write_text("[]")  # nothing is known of it then
    assert targets(folder, str(chosen)) == 2


def test_a_new_version_of_tracking_tracks_again(root, tmp_path, monkeypatch):
    sequences = otb.read_sequences(root)[:1]
    opened = []

    def run():
        run_sequences(
            lambda: opened.append(1) or Standing(), sequences, tmp_path,
            source={"stage": "track"},
        )  # fmt: skip
        return len(opened)

    assert run() == run() == 1
    monkeypatch.setitem(VERSIONS, "track", VERSIONS["track"] + 1)
    assert run() == 2


@pytest.mark.parametrize("template_rate", [0.0, 0.01])
def test_all_ways_give_the_same_boxes(root, checkpoints, tmp_path, template_rate):
    settings = replace(SETTINGS, template_rate=template_rate)
    sequences = otb.read_sequences(root)
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
    root, checkpoints, tmp_path, several_batches
):
    sequences = otb.read_sequences(root)
    opened = opener(checkpoints)
    for name, compute in (("several", several_batches), ("serial", None)):
        run_sequences(opened, sequences, tmp_path / name, source={}, compute=compute)
    several, serial = boxes(tmp_path / "several"), boxes(tmp_path / "serial")
    for name in SEQUENCES:
        np.testing.assert_allclose(several[name], serial[name], atol=1e-2)


def test_what_fails_in_one_of_several_processes_takes_no_other_sequence_with_it(
    root, checkpoints, tmp_path, several_batches
):
    shutil.copytree(root, tmp_path / "otb")
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
def test_a_batch_of_any_size_follows_each_alpha_as_one_by_one(root, checkpoints, targets):
    sequences, alphas = otb.read_sequences(root), (0.0, 0.4, 1.0)
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


def test_alphas_in_one_go_are_those_of_each_alone_bit_by_bit(root, checkpoints):
    """Decoded once, and embedded once where trackers are at the same place."""
    alphas = (0.0, 0.001, 0.4, 1.0)
    open_fused = partial(load_tracker, checkpoints / "fused.pt", settings=SETTINGS, device=CPU)
    tracker, embedded = open_fused(alphas=alphas), []
    search = tracker.network._rgb.search
    tracker.network._rgb.search = lambda patches: embedded.append(len(patches)) or search(patches)
    for sequence in otb.read_sequences(root):
        embedded.clear()
        together = sweep(tracker, sequence, [0, 1, 2, 3])
        for alpha, (boxes_ltwh, seconds) in zip(alphas, together, strict=True):
            alone, _ = track_sequence(open_fused(alpha=alpha), sequence)
            np.testing.assert_array_equal(boxes_ltwh, alone)
            assert len(seconds) == len(sequence)
        # Three alphas need this branch; those of 0 and 0.001 stay together all the way.
        assert sum(embedded) <= 3 * 2 * (len(sequence) - 1)


@pytest.mark.parametrize("way", ["serial", "batched"])
def test_what_was_done_is_redone_only_when_something_changed(root, tmp_path, way):
    """One by one: the source, the first box, the bytes of a frame (size and name kept), a file."""
    sequences = otb.read_sequences(root)
    compute = ComputeSettings(device="cpu", tracking=way)
    run = partial(run_sequences, Standing, folder=tmp_path, compute=compute)
    files = {name: tmp_path / "done" / f"{name}.json" for name in SEQUENCES}

    def made_again(sequences, source):
        before = {name: path.stat().st_mtime_ns for name, path in files.items()}
        run(sequences=sequences, source=source)
        return {n for n, path in files.items() if path.stat().st_mtime_ns != before[n]}

    run(sequences=sequences, source={"alpha": 0})
    assert made_again(sequences, {"alpha": 0}) == set()
    assert made_again(sequences, {"alpha": 1}) == set(SEQUENCES)
    moved = sequences[1].boxes_ltwh + np.array([1, 0, 0, 0])
    sequences[1] = replace(sequences[1], boxes_ltwh=moved)
    assert made_again(sequences, {"alpha": 1}) == {"B"}
    frame = sequences[3].frames[2]
    whole = frame.read_bytes()
    stat = frame.stat()
    try:
        frame.write_bytes(whole[:-40] + bytes([whole[-40] ^ 1]) + whole[-39:])
        os.utime(frame, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        assert made_again(sequences, {"alpha": 1}) == {"D"}
    finally:
        frame.write_bytes(whole)
    (tmp_path / "times" / "A.txt").unlink()
    (tmp_path / "boxes" / "C.txt").write_text("1,1,1,1\n")
    assert made_again(sequences, {"alpha": 1}) == {"A", "C", "D"}  # D: as it was at first


@pytest.mark.parametrize("way", ["serial", "processes"])
def test_a_failure_names_sequence_and_frame_and_keeps_the_others(root, tmp_path, way):
    """Frame 5 exists in A and D alone."""
    fails = partial(Standing, at=4, error=WorkError("no more"))
    compute = ComputeSettings(device="cpu", threads=2, tracking=way)
    sequences = otb.read_sequences(root, names=["B", "C", "D"])
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
def test_networks_go_on_with_the_other_sequences(root, checkpoints, tmp_path, way, lost):
    """And give the boxes that they give without the one that fails."""
    sequences = otb.read_sequences(root)
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


def test_alphas_in_one_go_say_a_failure_once(root, checkpoints, tmp_path):
    sequences = otb.read_sequences(root)[:2]
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


def test_a_score_map_that_is_not_finite_names_sequence_and_frame(root, checkpoints, tmp_path):
    content = torch.load(checkpoints / "siamfc.pt", weights_only=True)
    # Finite weights, as a training that runs away leaves them; their products are not.
    content["state"]["backbone.conv5.0.bias"][0] = 3e38
    torch.save(content, tmp_path / "large.pt")
    sequences = otb.read_sequences(root, names=["A"])
    for way in ("serial", "batched"):
        with pytest.raises(WorkError, match=r"^A, frame 2 \(0002.jpg\): .*not finite"):
            run_sequences(
                partial(load_tracker, tmp_path / "large.pt", settings=SETTINGS, device=CPU),
                sequences, tmp_path, source={},
                compute=ComputeSettings(device="cpu", tracking=way),
            )  # fmt: skip
    assert not (tmp_path / "boxes").exists()


def test_a_process_that_dies_is_told_with_its_sequence(root, tmp_path):
    sequences = otb.read_sequences(root, names=["A", "D"])
    with pytest.raises(WorkError, match=r"^(A|D): its process died.*\(2 of 2 sequences failed"):
        run_sequences(
            partial(Standing, at=3), sequences, tmp_path, source={},
            compute=ComputeSettings(device="cpu", threads=2, tracking="processes"),
        )  # fmt: skip


def test_a_process_that_dies_is_replaced(root, tmp_path):
    """Frame 5 exists in A and D alone, which are begun first."""
    with pytest.raises(
        WorkError, match=r"^(A|D): its process died.*\(2 of 4 sequences failed; the"
    ):
        run_sequences(
            partial(Standing, at=4), otb.read_sequences(root), tmp_path, source={},
            compute=ComputeSettings(device="cpu", threads=2, tracking="processes"),
        )  # fmt: skip
    assert {path.stem for path in (tmp_path / "done").iterdir()} == {"B", "C"}


def test_a_frame_that_is_no_image_is_named(root, checkpoints, tmp_path):
    sequence = otb.read_sequences(root, names=["A"])[0]
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


def test_a_killed_run_leaves_no_process_and_nothing_half_written(root, tmp_path):
    script, seen, out = tmp_path / "slow.py", tmp_path / "seen", tmp_path / "out"
    script.write_text(SLOW)
    seen.mkdir()
    process = subprocess.Popen(
        [sys.executable, script, root, seen, out], env={**os.environ, "SEEN": str(seen)},
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


def test_several_alphas_on_the_command_line(root, checkpoints, tmp_path, capsys):
    call = ["run", "otb", "--root", str(root), "--checkpoint", str(checkpoints / "fused.pt")]
    together = [*call, "--alphas", "0,0.5", "--output", str(tmp_path / "a{alpha}" / "run.json")]
    for way in ("batched", "serial"):  # the second call finds all done
        compute = f'{{"device": "cpu", "tracking": "{way}"}}'
        assert main([*together, "--compute", compute]) == 0
    assert main([*call, "--alpha", "0.5", "--output", str(tmp_path / "one" / "run.json")]) == 0
    one, several = (read_json(tmp_path / name / "run.json") for name in ("one", "a0.5"))
    assert several["made_by"] == one["made_by"] and several["alpha"] == 0.5
    for name, expected in boxes(tmp_path / "one").items():
        np.testing.assert_allclose(boxes(tmp_path / "a0.5")[name], expected, atol=1e-2)
    assert read_json(tmp_path / "a0.0" / "run.json")["alpha"] == 0
    capsys.readouterr()
    assert main([*call, "--alphas", "0,1", "--output", str(tmp_path / "run.json")]) == 2
    assert "expected {alpha} in the folder's name" in capsys.readouterr().err
    alone = [*together[:5], str(checkpoints / "siamfc.pt"), *together[6:]]
    assert main(alone) == 2
    assert "is SiamFC alone" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([*call, "--alphas", "0,0", "--output", str(tmp_path / "a{alpha}" / "run.json")])


def test_alphas_that_were_tracked_together_are_not_tracked_again_one_by_one(
    root, checkpoints, tmp_path
):
    call = ["run", "otb", "--root", str(root), "--checkpoint", str(checkpoints / "fused.pt"),
            "--compute", '{"device": "cpu", "tracking": "serial"}']  # fmt: skip
    together = ["--together", str(tmp_path / "alphas.json")]
    output = ["--output", str(tmp_path / "a{alpha}" / "run.json")]
    assert main([*call, "--alphas", "0,0.5", *output, *together]) == 0
    assert read_json(tmp_path / "alphas.json")["sequences"] == {"0.0": 4, "0.5": 4}
    assert not list(tmp_path.glob("*/run.json"))
    done = sorted((tmp_path / "a0.5" / "done").iterdir())
    before = [path.stat().st_mtime_ns for path in done]
    alone = [*call, "--alpha", "0.5", "--output", str(tmp_path / "a0.5" / "run.json")]
    assert main(alone) == 0
    assert [path.stat().st_mtime_ns for path in done] == before
    assert read_json(tmp_path / "a0.5" / "run.json")["frames"] == sum(SEQUENCES.values())


def test_what_is_run_is_cut_and_chosen(root, tmp_path):
    (tmp_path / "names.txt").write_text("D\nA\n")
    selection = Selection(root=root, names=str(tmp_path / "names.txt"), max_frames=3)
    run = track(
        sets.get("otb"), selection, FromOpenCV("klt"), tmp_path / "run.json", protocol="ope",
        compute=ComputeSettings(device="cpu", threads=1),
    )  # fmt: skip
    assert {name: entry["frames"] for name, entry in run["per_sequence"].items()} == {
        "A": 3, "D": 3,
    }  # fmt: skip
    assert (run["benchmark"], run["protocol"], run["alpha"]) == ("otb", "ope", None)
    assert run == read_json(tmp_path / "run.json")
    with pytest.raises(InputError, match="otb: protocol 'restarted': expected one of ope, tre"):
        track(
            sets.get("otb"), selection, FromOpenCV("klt"), tmp_path / "run.json",
            protocol="restarted", compute=ComputeSettings(device="cpu", threads=1),
        )  # fmt: skip


OWN = """
import numpy as np

class Drift:
    def __init__(self, step=1):
        self.step = step

    def init(self, image, box):
        assert image.dtype == np.uint8 and image.shape == (90, 120, 3)
        self.box = np.array(box)

    def update(self, image):
        self.box = self.box + [self.step, 0, 0, 0]
        return list(self.box)

class NoUpdate:
    def init(self, image, box):
        pass

class Needs(Drift):
    def __init__(self, weights):
        raise FileNotFoundError(weights)
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A working directory with a module of somebody's own; its name."""
    folder = tmp_path / "work"
    folder.mkdir()
    name = f"own_{abs(hash(str(tmp_path)))}"
    (folder / f"{name}.py").write_text(OWN)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return name


@pytest.mark.parametrize("way", ["serial", "processes"])
def test_a_class_in_the_working_directory_is_a_tracker(root, own, tmp_path, way):
    compute = f'{{"device": "cpu", "threads": 2, "tracking": "{way}"}}'
    call = ["run", "otb", "--tracker", f"{own}:Drift", "--root", str(root), "--compute", compute]
    call += ["--output", str(tmp_path / "out" / "run.json")]
    assert main([*call, "--option", "step=2"]) == 0
    for sequence in otb.read_sequences(root):
        expected = sequence.boxes_ltwh[0] + np.outer(np.arange(len(sequence)), [2, 0, 0, 0])
        found = otb.read_boxes(tmp_path / "out" / "boxes" / f"{sequence.name}.txt")
        np.testing.assert_allclose(found, expected, atol=1e-4)
    run = read_json(tmp_path / "out" / "run.json")
    assert run["device"] == "own" and run["frames"] == sum(SEQUENCES.values())
    assert run["made_by"]["settings"]["tracker"] == f"{own}:Drift"
    assert run["made_by"]["settings"]["options"] == {"step": 2}
    if way == "processes":
        return
    assert main([*call, "--option", "step=3"]) == 0  # other options are another tracker
    again = read_json(tmp_path / "out" / "run.json")
    assert again["results"] != run["results"]


def test_a_class_whose_file_was_edited_is_run_again(root, own, tmp_path):
    def source():
        return [digest_file(path) for path in FromClass(f"{own}:Drift").inputs().values()]

    before = source()
    path = Path(f"{own}.py")
    path.write_text(path.read_text() + "# edited\n")
    assert source() != before


@pytest.mark.parametrize(("target", "message"), [
    ("{own}:NoUpdate", "expected init(image, box) and update(image), it has no update"),
    ("{own}:Missing", "has no 'Missing'"),
    ("{own}:Needs", "cannot be made (TypeError: "),
    ("{own}_not_there:Drift", "cannot be imported (ModuleNotFoundError: "),
    ("{own}_broken:Drift", "cannot be imported (ZeroDivisionError: division by zero)"),
    ("drift", "'drift'"),
])  # fmt: skip
def test_a_class_that_is_no_tracker_is_one_sentence(own, tmp_path, capsys, target, message):
    """Before any sequence is read: the root is not there."""
    Path(f"{own}_broken.py").write_text("1 / 0\n")
    call = ["run", "otb", "--tracker", target.format(own=own), "--root", str(tmp_path / "nowhere")]
    assert main([*call, "--output", str(tmp_path / "run.json")]) == 2
    said = capsys.readouterr().err
    assert message in said and said.count("\n") == 1


def test_the_evaluation_that_the_gpu_benchmark_times_runs_on_a_cpu(root, checkpoints):
    from benchmarks.tracking import in_one_batch, otb2015_sized

    large = otb2015_sized(otb.read_sequences(root), frames=120)
    assert len(large) == 100 and 100 <= sum(len(sequence) for sequence in large) <= 200
    for sequence in large:
        assert len(sequence.boxes_ltwh) == len(sequence)
    small = [sequence.first(3) for sequence in large[:6]]
    compute = ComputeSettings(device="cpu", tracking="batched")
    assert in_one_batch(checkpoints / "siamfc.pt", small, settings=SETTINGS, compute=compute) > 0
