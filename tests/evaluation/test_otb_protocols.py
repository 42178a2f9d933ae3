"""TRE and SRE: where runs start, how they are run and kept, and how they are scored."""

import json

import numpy as np
import pytest
import torch

from chromatrack.cli.main import main
from chromatrack.data import otb as otb_data
from chromatrack.data.images import read_image_rgb
from chromatrack.data.otb_starts import hidden_starts
from chromatrack.errors import InputError
from chromatrack.metrics.otb_protocols import sre_boxes, tre_starts
from chromatrack.models.build import build_siamfc
from chromatrack.stages.evaluation.sequences import run_sequences
from chromatrack.stages.evaluation.starts import runs_of
from chromatrack.stages.tools.import_weights import import_siamfc_pytorch
from tests.otb_scoring import evaluate_otb

RNG = np.random.default_rng(0)


class Still:
    """Says that the target stays where it is; remembers what it was started with."""

    def __init__(self):
        self.starts = []

    def init(self, image, box_ltwh):
        self.box = np.array(box_ltwh)
        self.starts.append((int(image[0, 0, 0]), self.box))

    def update(self, image):
        return self.box


def truth_of(frames: int, box=(10.0, 8.0, 20.0, 16.0)) -> np.ndarray:
    return np.tile(box, (frames, 1))


def write_otb(root, frames: int, boxes_ltwh: np.ndarray, name: str = "Ant"):
    """A sequence whose frames show their own number as a grey level."""
    images = [np.full((48, 64, 3), 5 * index, np.uint8) for index in range(frames)]
    otb_data.write_sequence(root, name, images, [boxes_ltwh])
    return root


def in_matlab(count: int) -> list[int]:
    """[floor(1 : count / 19 : count) count], as splitSeqTRE writes it."""
    return [*np.floor(np.arange(1, count + 1e-9, count / 19)).astype(int), count]


@pytest.mark.parametrize("frames", [39, 71, 90, 100, 725, 3872])
def test_tre_starts_are_those_of_matlab(frames):
    starts = tre_starts(truth_of(frames))
    assert starts == [index - 1 for index in dict.fromkeys(in_matlab(frames - 19))]
    assert (starts[0], starts[-1]) == (0, frames - 20)
    if frames >= 71:  # the shortest sequence of OTB
        assert len(starts) == 20


def test_tre_starts_only_where_there_is_a_target():
    truth = truth_of(100)
    truth[0, 0], truth[50:60, 2] = -1, 0  # x of 0 in the file; no width
    starts = tre_starts(truth)
    assert starts[0] == 1
    assert not set(starts) & set(range(50, 60))
    assert len(set(starts)) == 20


def test_a_sequence_too_short_for_tre_starts_once():
    assert tre_starts(truth_of(19)) == [0]
    assert tre_starts(truth_of(21)) == [0, 1]


def test_sre_boxes_are_shifted_scaled_and_rounded_as_in_matlab():
    boxes = np.array(sre_boxes(np.array([100, 50, 40, 25]), (240, 320)))
    np.testing.assert_array_equal(
        boxes + np.array([1, 1, 0, 0]),
        [
            [97, 51, 40, 25], [105, 51, 40, 25], [101, 48, 40, 25], [101, 54, 40, 25],
            [97, 49, 44, 27], [101, 49, 44, 27], [97, 51, 44, 28], [101, 51, 44, 28],
            [105, 54, 32, 20], [103, 52, 36, 23], [99, 50, 44, 28], [97, 49, 48, 30],
        ],
    )  # fmt: skip


def test_sre_boxes_stay_inside_the_image():
    for corner in ([0, 0, 30, 20], [290, 220, 30, 20], [319, 239, 1, 1]):
        for left, top, width, height in sre_boxes(np.array(corner), (240, 320)):
            assert left >= 0 and top >= 0
            assert width >= 1 and height >= 1
    left, top, width, height = sre_boxes(np.array([285, 220, 30, 20]), (240, 320))[1]
    assert (left, top, left + width, top + height) == (288, 220, 318, 240)
    assert sre_boxes(np.array([295, 220, 25, 20]), (240, 320))[1].tolist() == [298, 220, 22, 20]


def test_runs_of_tre_are_suffixes_and_of_sre_other_first_boxes(tmp_path):
    (sequence,) = otb_data.read_sequences(write_otb(tmp_path, 42, truth_of(42)))
    tracker = Still()
    for protocol in ("tre", "sre"):
        runs = list(runs_of(sequence, protocol))
        run_sequences(lambda: tracker, runs, tmp_path / "out", source={})
    frames = tre_starts(sequence.boxes_ltwh)
    first = [read_image_rgb(path)[0, 0, 0] for path in sequence.frames]
    assert [start[0] for start in tracker.starts] == [first[f] for f in frames] + [first[0]] * 12
    expected = sre_boxes(sequence.boxes_ltwh[0], (48, 64))
    np.testing.assert_allclose([start[1] for start in tracker.starts[len(frames) :]], expected)
    for number, start in enumerate(frames):
        file = tmp_path / "out" / "boxes" / "Ant" / f"tre-{number:02d}.txt"
        assert len(otb_data.read_boxes(file)) == 42 - start
    kept = otb_data.read_boxes(tmp_path / "out" / "boxes" / "Ant" / "sre-11.txt")
    np.testing.assert_allclose(kept, np.tile(expected[11], (42, 1)))


def write_starts(root, truth: np.ndarray, protocol: str, shifts: list[float], hidden=None):
    otb_data.write_boxes(root / "anno" / "Ant.txt", truth)
    starts = tre_starts(truth, hidden) if protocol == "tre" else [0] * 12
    for number, (start, shift) in enumerate(zip(starts, shifts, strict=True)):
        boxes = truth[start:] + np.array([shift, 0, 0, 0])
        otb_data.write_boxes(root / "results" / "Ant" / f"{protocol}-{number:02d}.txt", boxes)
    return starts


@pytest.mark.parametrize("protocol", ["tre", "sre"])
def test_starts_are_averaged_and_matlab_pools_their_frames(tmp_path, protocol):
    truth = truth_of(60)
    count = len(tre_starts(truth)) if protocol == "tre" else 12
    lost = [0.0] + [500.0] * (count - 1)
    starts = write_starts(tmp_path, truth, protocol, lost)
    lengths = [60 - start for start in starts]
    folders = tmp_path / "anno", tmp_path / "results"
    scores = evaluate_otb(*folders, protocol=protocol)
    # Of a lost run the first frame is right: there the tracker is given the truth.
    assert scores["precision_20"] == pytest.approx(np.mean([1] + [1 / n for n in lengths[1:]]))
    assert (scores["targets"], scores["frames"]) == (1, sum(lengths))
    pooled = evaluate_otb(*folders, protocol=protocol, convention="matlab")
    assert pooled["precision_20"] == pytest.approx((60 + count - 1) / sum(lengths))


def test_a_missing_or_surplus_start_is_named(tmp_path):
    truth = truth_of(60)
    write_starts(tmp_path, truth, "tre", [0.0] * 20)
    folders = tmp_path / "anno", tmp_path / "results"
    assert evaluate_otb(*folders, protocol="tre")["success_auc"] == pytest.approx(20 / 21)
    surplus = tmp_path / "results" / "Ant" / "tre-20.txt"
    surplus.write_text("1,1,1,1\n")
    with pytest.raises(InputError, match="expected 20 starts of Ant, got Ant/tre-20 as well"):
        evaluate_otb(*folders, protocol="tre")
    surplus.unlink()
    (tmp_path / "results" / "Ant" / "tre-07.txt").unlink()
    with pytest.raises(InputError, match="Ant/tre-07 missing, of 20 starts"):
        evaluate_otb(*folders, protocol="tre", subset=True)
    with pytest.raises(InputError, match="sre-00"):
        evaluate_otb(*folders, protocol="sre")


def test_tiger1_of_others_starts_at_frame_6_in_tre_too(tmp_path):
    truth = RNG.uniform(5, 100, (354, 4)).round(2)
    write_starts(tmp_path, truth[5:], "tre", [0.0] * 20, hidden_starts("Tiger1", 349))
    (tmp_path / "results" / "Ant").rename(tmp_path / "results" / "Tiger1")
    (tmp_path / "anno" / "Ant.txt").unlink()
    otb_data.write_boxes(tmp_path / "anno" / "Tiger1.txt", truth)
    scores = evaluate_otb(tmp_path / "anno", tmp_path / "results", protocol="tre")
    assert scores["success_auc"] == pytest.approx(20 / 21)


def test_track_otb_runs_a_protocol_and_its_boxes_are_scored(tmp_path):
    root = write_otb(tmp_path / "otb", 21, truth_of(21))
    torch.manual_seed(0)
    torch.save(build_siamfc().state_dict(), tmp_path / "w.pth")
    import_siamfc_pytorch(tmp_path / "w.pth", tmp_path / "c.pt")
    call = ["run", "otb", f"--checkpoint={tmp_path / 'c.pt'}", f"--root={root}", "--protocol=tre"]
    assert main([*call, f"--output={tmp_path / 'run.json'}"]) == 0
    run = json.loads((tmp_path / "run.json").read_text())
    assert (run["protocol"], run["frames"]) == ("tre", 41)
    assert list(run["per_sequence"]) == ["Ant/tre-00", "Ant/tre-01"]
    # Frames over time, decoding included: the whole of both runs.
    seconds = sum(entry["seconds"] for entry in run["per_sequence"].values())
    assert run["frames_per_second"] == pytest.approx(41 / seconds, rel=0.01)
    scores = ["evaluate", "otb", f"--annotations={root}", f"--results={tmp_path / 'boxes'}"]
    assert main([*scores, "--protocol=tre", f"--output={tmp_path / 's.json'}"]) == 0
    assert json.loads((tmp_path / "s.json").read_text())["frames"] == 41


def test_tre_of_whole_sequences_is_not_scored_on_cut_ones(tmp_path):
    """The starts of a cut sequence are others: its rows would belong to other frames."""
    write_starts(tmp_path, truth_of(60), "tre", [0.0] * 20)
    with pytest.raises(InputError, match="Ant/tre-"):
        evaluate_otb(tmp_path / "anno", tmp_path / "results", protocol="tre", frames_limit=40)
