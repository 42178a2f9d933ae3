"""Score maps beside frames: those of the tracking that was scored, and where they lie."""

import base64
import json

import numpy as np
import pytest
import torch

from chromatrack.checkpoints import save_checkpoint
from chromatrack.cli.main import main
from chromatrack.data import otb
from chromatrack.errors import InputError
from chromatrack.evaluation import sets
from chromatrack.files import read_json
from chromatrack.models.build import build_fused, build_siamfc
from chromatrack.models.inputs import InputScaling
from chromatrack.plan import viewer
from chromatrack.plan.layout import selection
from chromatrack.plan.places import Places
from chromatrack.plan.trackers import of_benchmark
from chromatrack.settings import ComputeSettings, from_mapping
from chromatrack.stages.evaluation.evaluate import evaluate
from chromatrack.stages.evaluation.openers import of_spec
from chromatrack.stages.evaluation.run import track
from chromatrack.stages.report import score_maps
from chromatrack.stages.report.score_maps import make_score_maps, track_with_maps
from chromatrack.stages.report.strips import make_strips
from chromatrack.tracking.single import track_sequence
from chromatrack.tracking.tracker import SiameseTracker

CPU = ComputeSettings(device="cpu", threads=1, tracking="serial")
COUNT = 6
NAMES = ("A", "B", "C", "D")
SMALL = {"width": 0.1, "channels": "as_run"}


def configured(folder, **more):
    return from_mapping({
        "run": "r", "seeds": [0], "alphas": [0.0, 0.4, 1.0], "baselines": [],
        "data": {"title": "t"}, "siamfc": {"checkpoint": str(folder / "siamfc.pt")},
        "experiments": {**dict.fromkeys("1245"), "3": {"weights": "random", "train": False}},
        "benchmarks": {"otb": {"root": str(folder / "otb")}}, **more,
    })  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Four sequences of noise in which a square moves, and small untrained networks."""
    folder, rng = tmp_path_factory.mktemp("maps"), np.random.default_rng(0)
    for name in NAMES:
        still = rng.integers(0, 255, (90, 120, 3), dtype=np.uint8)
        boxes = np.array([[30.0 + 3 * i, 25 + 2 * i, 24, 18] for i in range(COUNT)])
        frames = [still.copy() for _ in range(COUNT)]
        for frame, (left, top, width, height) in zip(frames, boxes.astype(int), strict=True):
            frame[top : top + height, left : left + width] = (250, 40, 10)
        otb.write_sequence(folder / "otb", name, frames, [boxes])
    torch.manual_seed(0)
    fused = {
        "siamfc": SMALL, "alpha": 0.4, "normalize": True,
        "auxiliary": {"kind": "colorization", "network": {"trunk": "resnet18", "width": 0.1}},
        "statistics": ((0.5, 2.0), (3.0, 8.0)),
    }  # fmt: skip
    place = Places("r").composed("3", 0)
    for path, kind, network, build in (
        ("siamfc.pt", "siamfc", SMALL, build_siamfc), (place, "fused", fused, build_fused)
    ):  # fmt: skip
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        save_checkpoint(
            folder / path, kind=kind, network=network, scaling=InputScaling(),
            module=build(**network), made_by={},
        )  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def finished(folder):
    """The run: tracked, scored, its strips made."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        settings, benchmark = configured(folder), sets.get("otb")
        places, chosen = Places("r"), selection(settings, "otb")
        for spec in of_benchmark(settings, benchmark, "ope"):
            run = folder / places.run_file("otb", "ope", spec.name)
            track(benchmark, chosen, of_spec(settings, spec), run, protocol="ope", compute=CPU)
            evaluate(benchmark, chosen, run.parent / "boxes", run.parent / "scores.json")
        make_strips(settings, folder / "strips.json")
    return settings


@pytest.fixture
def made(folder, finished, monkeypatch, tmp_path):
    monkeypatch.chdir(folder)
    return make_score_maps(
        finished, folder / "strips.json", tmp_path / "maps.json", compute=CPU
    ), tmp_path / "maps.json"  # fmt: skip


def values(entry, name):
    steps = np.frombuffer(base64.b64decode(entry[name]), np.uint8).reshape(entry["cells"])
    low, high = entry["ranges"][name]
    return low + steps / 255 * (high - low)


def test_maps_mix_as_alpha_says_and_cover_three_sequences(made, folder, finished):
    told, path = made
    assert json.loads(path.read_text()) == told
    assert (told["tracker"], told["experiment"], told["alpha"]) == ("exp3-alpha0.4-seed0", "3", 0.4)
    assert len(told["sequences"]) == 3 and told["left_out"] == {}
    for entries in told["sequences"].values():
        assert [entry["frame"] for entry in entries] == list(range(1, COUNT))
        for entry in entries:
            assert entry["cells"] == [17, 17]
            siamfc, auxiliary, mixed = (
                values(entry, name) for name in ("siamfc", "auxiliary", "mixed")
            )
            step = sum(high - low for low, high in entry["ranges"].values()) / 255
            np.testing.assert_allclose(0.6 * siamfc + 0.4 * auxiliary, mixed, atol=step)
            assert entry["ranges"]["siamfc"] != entry["ranges"]["auxiliary"]
            assert np.std(siamfc) > 0 and np.std(auxiliary) > 0


def test_recording_changes_no_box(made, folder, finished):
    """Bit by bit those of tracking alone, and those of the run to the digits that it writes."""
    spec = next(s for s in viewer.mixed_trackers(finished))
    benchmark = sets.get("otb")
    tracker = of_spec(finished, spec).opener(CPU)()
    boxes = folder / Places("r").evaluation("otb", "ope", spec.name, "boxes")
    for target in benchmark.sequences(selection(finished, "otb")):
        tracked, maps = track_with_maps(tracker, target, {2, 4})
        alone, _ = track_sequence(tracker, target)
        np.testing.assert_array_equal(tracked, alone)
        of_run = otb.read_boxes(boxes / f"{target.name}.txt")
        np.testing.assert_allclose(tracked, of_run, atol=1e-4)
        assert list(maps) == [2, 4]


def test_sequences_are_the_best_a_middling_and_the_worst_gain(made, finished):
    told, _ = made

    def auc(name):
        return read_json(Places("r").scores("otb", "ope", name))["per_sequence"]

    own, other = auc(told["tracker"]), auc("baseline-seed0")
    gain = {name: own[name]["success_auc"] - other[name]["success_auc"] for name in NAMES}
    shown = list(told["sequences"])
    assert gain[shown[0]] == max(gain.values()) and gain[shown[-1]] == min(gain.values())
    assert gain[shown[0]] >= gain[shown[1]] >= gain[shown[2]]


def test_equal_runs_give_equal_bytes_by_the_command(made, folder, finished, tmp_path):
    options = [
        "score-maps", "--settings", viewer.maps_read(finished), '--compute={"device": "cpu"}',
        f"--strips={folder / 'strips.json'}", f"--output={tmp_path / 'two.json'}",
    ]  # fmt: skip
    assert main(options) == 0
    assert (tmp_path / "two.json").read_bytes() == made[1].read_bytes()


def test_of_many_frames_some_are_kept_and_the_one_where_trackers_part(
    folder, finished, monkeypatch, tmp_path
):
    monkeypatch.chdir(folder)
    monkeypatch.setattr(score_maps, "FRAMES", 3)
    strips = read_json(folder / "strips.json")
    for one in strips["sequences"]:
        apart = np.full(COUNT, 200, np.uint8)
        apart[2:] = 0  # the baseline stays, and this one is lost from frame 2 on
        one["overlaps"]["baseline-seed0"] = base64.b64encode(b"\xc8" * COUNT).decode()
        one["overlaps"]["exp3-alpha0.4-seed0"] = base64.b64encode(apart.tobytes()).decode()
    (tmp_path / "strips.json").write_text(json.dumps(strips))
    told = make_score_maps(finished, tmp_path / "strips.json", tmp_path / "m.json", compute=CPU)
    for entries in told["sequences"].values():
        assert [entry["frame"] for entry in entries] == [1, 2, 5]


def test_boxes_of_another_tracking_have_no_maps(folder, finished, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(folder)
    boxes = folder / Places("r").evaluation("otb", "ope", "exp3-alpha0.4-seed0", "boxes")
    before = {path: path.read_text() for path in boxes.iterdir()}
    for path in before:
        otb.write_boxes(path, otb.read_boxes(path) + np.array([3.0, 0, 0, 0]))
    try:
        told = make_score_maps(
            finished, folder / "strips.json", tmp_path / "maps.json", compute=CPU
        )
    finally:
        for path, text in before.items():
            path.write_text(text)
    reason = "tracked here, its boxes lie up to 3.0 pixels aside"
    assert told["sequences"] == {} and list(told["left_out"].values()) == [reason] * 3
    assert capsys.readouterr().out.count(f"no maps: {reason} of those of the run") == 3


class Peaks:
    """Both branches with one peak, at one of the scales."""

    alphas = (0.5,)

    def __init__(self, scale, row, column):
        self.peak = scale, row, column

    def embed(self, patches, known=None):
        return torch.zeros(len(patches)), torch.zeros(len(patches))

    embed_exemplar = embed

    def respond_in_parts(self, exemplar, search, variants=(0,)):
        maps = torch.zeros(len(search[0]), 17, 17)
        maps[self.peak] = 1.0
        return 2 * maps, maps, 3 * maps


@pytest.mark.parametrize("scale", [0, 1, 2])
@pytest.mark.parametrize(("row", "column"), [(8, 8), (6, 8), (7, 11)])
def test_a_peak_lies_where_the_box_goes(folder, scale, row, column):
    target = otb.read_sequences(folder / "otb", names=["A"])[0].first(2)
    tracker = SiameseTracker(network=Peaks(scale, row, column), window_influence=0)
    boxes, maps = track_with_maps(tracker, target, {1})
    one = maps[1]
    assert np.argmax(one.siamfc) == np.argmax(one.mixed) == row * 17 + column
    assert (one.siamfc.max(), one.auxiliary.max(), one.mixed.max()) == (1, 3, 2)
    left, top, width, height = one.search_ltwh
    assert width == height
    at = left + (column + 0.5) / 17 * width - 0.5, top + (row + 0.5) / 17 * height - 0.5
    center = boxes[1, :2] + (boxes[1, 2:] - 1) / 2
    # The tracker looks for the peak on a grid sixteen times as fine.
    np.testing.assert_allclose(center, at, atol=0.6 * width / 17 / 8)


def test_which_trackers_may_be_shown(folder):
    def names(**experiments):
        given = {**dict.fromkeys("12345"), **experiments}
        settings = configured(folder, experiments=given, alphas=[0.0, 0.3, 0.6, 1.0])
        return [spec.name for spec in viewer.mixed_trackers(settings)]

    free = {"weights": "random", "train": False}
    assert names() == []
    assert names(a=free) == ["expa-alpha0.3-seed0", "expa-alpha0.6-seed0"]
    assert names(a={**free, "alpha": 0.6}) == ["expa-alpha0.6-seed0"]
    both = {"a": {**free, "controls": ["b"], "alpha": 0.3}, "b": {**free, "alpha": 0.6}}
    assert names(**both) == ["expb-alpha0.6-seed0"]  # a control is not what the answer is about
    assert names(b={**free, "claim": False, "alpha": 0.3}) == ["expb-alpha0.3-seed0"]
    assert names(b={**free, "probe": True}) == []


def test_a_run_without_combined_trackers_is_told(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(folder)
    settings = configured(folder, experiments=dict.fromkeys("12345"))
    with pytest.raises(InputError, match="experiments: expected a combined tracker"):
        make_score_maps(settings, folder / "strips.json", tmp_path / "maps.json", compute=CPU)
