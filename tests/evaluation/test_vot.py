"""VOT: our measures against vot-toolkit, its workspace, and runs of it over TraX.

Tests that need the toolkit look for it where `./run vot` puts it, or in CHROMATRACK_VOT_PYTHON.
"""

import configparser
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from chromatrack.checkpoints import save_checkpoint
from chromatrack.cli.main import main
from chromatrack.data import vot, vot_results
from chromatrack.data.vot_workspace import identifier, read_trajectories
from chromatrack.errors import InputError, WorkError
from chromatrack.evaluation import sets
from chromatrack.evaluation.benchmark import Selection
from chromatrack.files import read_json
from chromatrack.metrics.regions import region_overlap
from chromatrack.metrics.vot import EAO_INTERVALS, FAILED, SKIPPED, TRACKED, summarize
from chromatrack.models.build import build_siamfc
from chromatrack.models.inputs import InputScaling
from chromatrack.stages.evaluation import vot_official as official
from chromatrack.stages.evaluation.evaluate import evaluate
from chromatrack.stages.evaluation.vot_official import VotTracker, make_workspace, stack
from chromatrack.tracking.classical import open_classical
from chromatrack.tracking.supervised import supervised_run

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def toolkit() -> Path:
    """Python of an environment with vot-toolkit; the test is skipped where there is none."""
    pytest.importorskip("trax", reason="no vot-trax (pip install 'chromatrack[vot]')")
    python = Path(os.environ.get("CHROMATRACK_VOT_PYTHON", ROOT / ".venv-vot/bin/python"))
    if not python.is_file():
        pytest.skip(f"no vot-toolkit at {python} (./run vot, or set CHROMATRACK_VOT_PYTHON)")
    return python


def in_toolkit(python: Path, code: str, given) -> object:
    """What a few lines print as JSON in the toolkit's Python, given something as JSON in stdin."""
    done = subprocess.run(
        [python, "-c", code], input=json.dumps(given), capture_output=True, text=True, check=True,
        timeout=600,
    )  # fmt: skip
    return json.loads(done.stdout)


def test_region_overlap_of_squares():
    # Vertices are whole pixels and belong to the region: 11x11 pixels, 6x11 of them shared.
    a = np.array([0, 0, 10, 0, 10, 10, 0, 10.0])
    b = a + np.array([5, 0] * 4)
    assert region_overlap(a, a) == 1.0
    assert region_overlap(a, b) == pytest.approx(66 / (2 * 121 - 66))
    # The same as boxes, whose last pixel is left + width - 1.
    assert region_overlap(np.array([0, 0, 11, 11]), b) == pytest.approx(66 / (2 * 121 - 66))


def test_region_overlap_rounds_and_is_bounded():
    a = np.array([0.4, 0.4, 9.6, 0.4, 9.6, 9.6, 0.4, 9.6])
    assert region_overlap(a, np.array([0, 0, 11, 11])) == 1.0
    outside = np.array([-50, 0, 10, 0, 10, 10, -50, 10.0])
    assert region_overlap(outside, np.array([0, 0, 11, 11]), (100, 100)) == 1.0
    assert region_overlap(outside, np.array([0, 0, 11, 11])) == pytest.approx(11 / 61)
    assert region_overlap(np.array([200, 200, 9, 9]), np.array([200, 200, 9, 9]), (9, 9)) == 0
    assert region_overlap(np.array([0, 0, 9, 9]), np.array([50, 50, 9, 9])) == 0
    assert region_overlap(np.full(4, np.nan), np.array([0, 0, 9, 9])) == 0


def test_region_overlap_of_a_diamond():
    # Rows of 1, 3, 5, 3, 1 pixels.
    diamond = np.array([2, 0, 4, 2, 2, 4, 0, 2.0])
    assert region_overlap(diamond, np.array([0, 0, 5, 5])) == pytest.approx(13 / 25)
    far = diamond + np.array([700.2, 299.9] * 4)
    box = np.array([700, 300, 5, 5])
    assert region_overlap(far, box, (480, 854)) == pytest.approx(13 / 25)


@pytest.mark.parametrize("a, b, overlap", [
    ([12.782, 17.063, 68.175, 17.063, 68.175, 72.456, 12.782, 72.456],
     [5.325, -6.179, 64.3, 45.839, 12.281, 104.815, -46.694, 52.796], 0.4633874916536835),
    ([57.765, -21.768, 46.002, 46.002],
     [62.727, -5.81, 99.999, -5.81, 99.999, 31.461, 62.727, 31.461], 0.6809815950920245),
    ([8, -4, 69, 11, 54, 72, -7, 57],
     [20.991, -11.995, 65.299, 20.319, 32.986, 64.627, -11.322, 32.313], 0.6927971494018834),
    # A row in which rounding parts the two crossings of a corner: the toolkit fills less of it.
    ([52, 22, -23, 38, -24, 32, 51, 17], [56, -1, 66, 1, 58, 36, 49, 35], 0.005908419497784343),
    ([0.5, 1.5, 2.5, 3.5], [0, 2, 2, 4], 1.0),
    ([10, 10, 1, 5], [10, 30, 1, 5], 1.0),
    ([200, 200, 9, 9], [150, 150, 9, 9], 0.0),
])  # fmt: skip
def test_overlaps_that_vot_toolkit_0_7_4_gives(a, b, overlap):
    """Its `calculate_overlap` in an image of 100 x 80 pixels."""
    assert region_overlap(np.array(a), np.array(b), (80, 100)) == pytest.approx(overlap, abs=1e-12)


OVERLAPS = """
import json, sys
from vot.region.raster import calculate_overlap
from vot.region.shapes import Polygon, Rectangle
def region(r):
    return Rectangle(*r) if len(r) == 4 else Polygon(list(zip(r[::2], r[1::2])))
print(json.dumps([calculate_overlap(region(a), region(b), (100, 80)) for a, b in json.load(sys.stdin)]))
"""  # noqa: E501


def random_region(random) -> list[float]:
    """Boxes and turned rectangles, small ones, level ones and ones of whole pixels among them."""
    width, height = random.uniform(0.2, random.choice([6, 60, 60]), 2)
    center = random.choice([5, 75]) + random.uniform(-12, 12, 2)
    if random.random() < 0.4:
        return [*center, width, height]
    angle = random.choice([0.0, random.uniform(0, 7)])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * (width / 2, height / 2)
    digits = random.choice([0, 3])
    return np.round(corners @ turn.T + center, digits).ravel().tolist()


def test_overlaps_of_random_regions_are_the_toolkits(toolkit):
    random = np.random.default_rng(11)
    pairs = [[random_region(random), random_region(random)] for _ in range(5000)]
    theirs = np.array(in_toolkit(toolkit, OVERLAPS, pairs))
    ours = [region_overlap(np.array(a), np.array(b), (80, 100)) for a, b in pairs]
    assert np.mean(theirs > 0) > 0.1
    np.testing.assert_allclose(ours, theirs, atol=1e-12)


STACKS = """
import json, os, sys, yaml
import vot.stack
folder = os.path.dirname(vot.stack.__file__)
read = lambda name: yaml.safe_load(open(os.path.join(folder, name)))["experiments"]["baseline"]
print(json.dumps({key: read(name) for key, name in json.load(sys.stdin).items()}))
"""


def test_our_experiment_is_that_of_the_toolkits_own_stacks(toolkit):
    files = {
        "vot2015": "vot2015/rgb.yaml", "vot2016": "vot2016/rgb.yaml", "vot2017": "vot2017.yaml",
        "vot2018": "vot2018/shortterm.yaml", "vot2019": "vot2019/shortterm.yaml",
    }  # fmt: skip
    assert set(files) == set(EAO_INTERVALS)
    for challenge, theirs in in_toolkit(toolkit, STACKS, files).items():
        ours = stack(challenge)
        for key in ("type", "repetitions", "skip_initialize"):
            assert ours[key] == theirs[key], challenge
        for analysis in ours["analyses"]:
            (same,) = [one for one in theirs["analyses"] if one["type"] == analysis["type"]]
            assert analysis.items() >= same.items(), challenge


def write_scene(root: Path, *, frames: int = 130, jump: int = 90) -> None:
    """A textured patch that turns and moves, and is elsewhere from one frame on: a failure."""
    random = np.random.default_rng(2)
    ground = random.integers(0, 80, (120, 200, 3)).astype(np.uint8)
    patch = random.integers(120, 255, (30, 36, 3)).astype(np.uint8)
    images, polygons = [], []
    for index in range(frames):
        left, top = (20 + index // 3, 20) if index < jump else (140, 70 + index % 7)
        image = ground.copy()
        image[top : top + 30, left : left + 36] = patch
        images.append(image)
        lean = 3 * np.sin(index / 9)
        polygons.append([left + lean, top, left + 35, top + lean, left + 35 - lean, top + 29,
                         left, top + 29 - lean])  # fmt: skip
    vot.write_sequence(root, "turns", images, np.array(polygons), fps=25)
    vot.write_sequence(root, "short", images[:40], np.array(polygons[:40]), fps=25)
    # Rectangles, as the first challenges had them, stay rectangles.
    text = "".join(f"{p[0]:.3f},{p[1]:.3f},36.4,29.6\n" for p in polygons[:40])
    (root / "short" / "groundtruth.txt").write_text(text)
    vot.write_list(root, ["turns", "short"])


def test_regions_that_are_rectangles_stay_rectangles(tmp_path):
    write_scene(tmp_path)
    turns, short = vot.read_sequences(tmp_path)
    assert turns.polygons.shape == (130, 8) and vot.regions(turns).shape == (130, 8)
    assert short.polygons is None
    np.testing.assert_allclose(vot.regions(short)[3], [*turns.polygons[3, :2], 36.4, 29.6])


def fake(*arguments: str) -> VotTracker:
    return VotTracker("exp2-alpha0.5-seed0", arguments, {"x": 1}, {})


def test_a_workspace_quotes_what_it_is_given(tmp_path):
    write_scene(tmp_path / "vot", frames=25)
    odd = ('--checkpoint=/tmp/a b/it\'s 100% "new" $HOME;ls.pt', '--settings={"a":"%s"}')
    folder = tmp_path / "work space"
    sequences = make_workspace(fake(*odd), tmp_path / "vot", folder, max_frames=20)
    ini = configparser.ConfigParser()
    ini.read(folder / "trackers.ini")
    (name,) = ini.sections()
    assert name == identifier("exp2-alpha0.5-seed0") == "exp2-alpha0_5-seed0"
    assert tuple(shlex.split(ini[name]["command"])[-2:]) == odd
    assert [len(one) for one in sequences] == [20, 20]
    again = vot.read_sequences(folder / "sequences")
    for one, other in zip(again, sequences, strict=True):
        np.testing.assert_allclose(vot.regions(one), vot.regions(other))
        assert [path.read_bytes() for path in one.frames] == [p.read_bytes() for p in other.frames]


def test_a_line_break_cannot_reach_the_list_of_trackers(tmp_path):
    write_scene(tmp_path / "vot", frames=25)
    with pytest.raises(InputError, match="line break"):
        make_workspace(fake("--checkpoint=a\n[other]"), tmp_path / "vot", tmp_path / "w")


def test_a_workspace_of_other_weights_is_made_anew_and_a_foreign_folder_is_left(tmp_path):
    write_scene(tmp_path / "vot", frames=25)
    folder = tmp_path / "w"
    make_workspace(fake(), tmp_path / "vot", folder)
    run = folder / "results" / "run.txt"
    run.parent.mkdir()
    run.write_text("1")
    make_workspace(fake(), tmp_path / "vot", folder)
    assert run.exists()
    make_workspace(fake(), tmp_path / "vot", folder, challenge="vot2016")
    assert not run.exists()
    foreign = tmp_path / "home"
    foreign.mkdir()
    (foreign / "thesis.tex").write_text("years of work")
    with pytest.raises(InputError, match="home"):
        make_workspace(fake(), tmp_path / "vot", foreign)
    assert (foreign / "thesis.tex").exists()


def test_without_the_toolkit_there_is_one_sentence(tmp_path, monkeypatch, capsys):
    write_scene(tmp_path / "vot", frames=25)
    call = ["vot-official", "--tracker", "klt", "--root", str(tmp_path / "vot"), "--output",
            str(tmp_path / "klt.json")]  # fmt: skip
    monkeypatch.setattr(official, "TOOLKIT", tmp_path / "bin" / "python")

    def none(name):
        raise official.importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(official.importlib.metadata, "version", none)
    assert main(call) == 2
    said = capsys.readouterr().err
    assert "./run vot" in said and said.count("\n") == 1
    assert main([*call, "--toolkit", str(tmp_path / "nowhere")]) == 2
    assert "--toolkit" in capsys.readouterr().err


def test_what_is_wrong_with_the_tracker_is_told_before_the_toolkit_starts(tmp_path, capsys):
    write_scene(tmp_path / "vot", frames=25)
    call = ["vot-official", "--root", str(tmp_path / "vot"), "--output", str(tmp_path / "a.json")]
    (tmp_path / "torn.pt").write_bytes(b"PK torn")
    network = {"width": 0.1, "channels": "as_run"}
    save_checkpoint(
        tmp_path / "siamfc.pt", kind="siamfc", network=network, scaling=InputScaling(),
        module=build_siamfc(**network), made_by={},
    )  # fmt: skip
    wrong = {
        "torn.pt": ["--checkpoint", str(tmp_path / "torn.pt")],
        "is SiamFC alone": ["--checkpoint", str(tmp_path / "siamfc.pt"), "--alpha", "0.5"],
        "--alpha: belongs to --checkpoint": ["--tracker", "klt", "--alpha", "0.5"],
        "expected a name with .json": ["--tracker", "klt", "--output", str(tmp_path / "a"),
                                       "--toolkit", sys.executable],
    }  # fmt: skip
    for message, arguments in wrong.items():
        assert main([*call, *arguments]) == 2
        said = capsys.readouterr().err
        assert message in said and said.count("\n") == 1
    assert not (tmp_path / "a").exists()


def test_without_trax_there_is_one_sentence(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "trax", None)
    assert main(["vot-tracker", "--tracker", "klt"]) == 2
    assert "chromatrack[vot]" in capsys.readouterr().err


def run_official(toolkit, root, output, *arguments) -> dict:
    call = ["vot-official", "--root", str(root), "--output", str(output), "--toolkit", str(toolkit)]
    assert main([*call, *arguments]) == 0
    return read_json(output)


def run_own(root: Path, folder: Path, *arguments: str, edition: str | None = None) -> dict:
    """Our own two steps: tracked with restarts, then scored."""
    run = [
        "run",
        "vot",
        "--protocol=restarted",
        f"--root={root}",
        f"--output={folder / 'run.json'}",
    ]
    assert main([*run, *arguments]) == 0
    limit = [a.replace("max-frames", "frames-limit") for a in arguments if "max-frames" in a]
    scored = ["evaluate", "vot", f"--annotations={root}", f"--results={folder / 'boxes'}"]
    scored += [] if edition is None else [f"--edition={edition}"]
    assert main([*scored, *limit, f"--output={folder / 'scores.json'}"]) == 0
    return read_json(folder / "scores.json")


KEYS = ("accuracy", "robustness_toolkit", "eao")


def test_the_toolkit_and_we_score_a_tracker_alike(toolkit, tmp_path):
    """The same tracker, run by the toolkit over TraX and by our own supervised run."""
    write_scene(tmp_path / "vot")
    theirs = run_official(toolkit, tmp_path / "vot", tmp_path / "o" / "klt.json", "--tracker=klt")
    own = run_own(tmp_path / "vot", tmp_path / "own", "--tracker=klt")
    assert theirs["failures"] == own["failures"] >= 1
    assert theirs["frames"] == own["frames"] == 170
    for key in KEYS:
        assert theirs[key] == pytest.approx(theirs["ours"][key], abs=1e-6), key
        assert theirs[key] == pytest.approx(own[key], abs=1e-3), key
    # What the toolkit left is scored by `evaluate` as it is.
    kept = tmp_path / "o/klt/results/klt/baseline"
    scored = evaluate(sets.get("vot"), Selection(root=tmp_path / "vot"), kept)
    assert {key: scored[key] for key in KEYS} == theirs["ours"]
    # A second call finds everything done and comes to the same.
    (trajectory, *_) = (tmp_path / "o/klt/results/klt/baseline/turns").glob("*_001.txt")
    before = trajectory.stat().st_mtime_ns
    again = run_official(toolkit, tmp_path / "vot", tmp_path / "o" / "klt.json", "--tracker=klt")
    assert again == theirs and trajectory.stat().st_mtime_ns == before


def test_sequences_shorter_than_the_interval_have_no_eao(toolkit, tmp_path):
    write_scene(tmp_path / "vot", frames=45)
    output = tmp_path / "o" / "meanshift.json"
    result = run_official(toolkit, tmp_path / "vot", output, "--tracker=meanshift")
    assert result["eao"] is None and result["ours"]["eao"] is None
    assert result["accuracy"] == pytest.approx(result["ours"]["accuracy"], abs=1e-6)


def write_checkpoint(path: Path) -> None:
    network = {"width": 0.125}
    save_checkpoint(
        path, kind="siamfc", network=network, scaling=InputScaling("unit"),
        module=build_siamfc(**network), made_by={},
    )  # fmt: skip


def test_a_checkpoint_speaks_trax_and_its_name_may_hold_anything(toolkit, tmp_path):
    write_scene(tmp_path / "vot", frames=45)
    write_checkpoint(tmp_path / "my model 50%.pt")
    call = [f"--checkpoint={tmp_path / 'my model 50%.pt'}", "--max-frames=24", "--name=exp1-0.5"]
    result = run_official(toolkit, tmp_path / "vot", tmp_path / "o" / "exp1-0.5.json", *call)
    expected = run_own(tmp_path / "vot", tmp_path / "own", *call[:2])
    assert result["frames"] == expected["frames"] == 48
    assert result["failures"] == expected["failures"]
    assert result["accuracy"] == pytest.approx(expected["accuracy"], abs=1e-3)


def test_a_tracker_that_stops_is_an_error_that_names_the_log(toolkit, tmp_path):
    write_scene(tmp_path / "vot", frames=25)
    (tmp_path / "broken.pt").write_text("no checkpoint")
    tracker = VotTracker("broken", (f"--checkpoint={tmp_path / 'broken.pt'}",), {}, {})
    with pytest.raises(WorkError, match=r"turns.*log\.txt"):
        official.vot_official(tracker, tmp_path / "vot", tmp_path / "broken.json", toolkit=toolkit)
    assert not (tmp_path / "broken.json").exists()
    assert "not a file of PyTorch tensors" in (tmp_path / "broken" / "log.txt").read_text()


DRIFT = """
class Drift:
    def __init__(self, step, start):
        self.step, self.start = step, float(open(start).read())
    def init(self, image, box):
        self.box = list(box)
    def update(self, image):
        self.box[0] += self.step + self.start
        return self.box
"""


def test_a_class_of_ones_own_speaks_trax_from_the_folder_it_lies_in(toolkit, tmp_path, monkeypatch):
    write_scene(tmp_path / "vot", frames=45)
    (tmp_path / "votdrift.py").write_text(DRIFT)
    (tmp_path / "start.txt").write_text("0.5")
    monkeypatch.chdir(tmp_path)
    call = ["--tracker=votdrift:Drift", "--option=step=2", "--option=start=start.txt"]
    result = run_official(toolkit, Path("vot"), Path("o") / "drift.json", *call)
    expected = run_own(Path("vot"), Path("own"), *call)
    assert result["failures"] == expected["failures"] > 0
    assert result["accuracy"] == pytest.approx(expected["accuracy"], abs=1e-3)
    made = result["made_by"]
    assert {name.split("-")[1] for name in made["inputs"]} == {"start.txt", "votdrift.py"}


@pytest.mark.real_data
@pytest.mark.parametrize("challenge", ["vot2018", "vot2019"])
def test_real_sequences_score_alike(real_data, toolkit, tmp_path, challenge):
    output = tmp_path / "meanshift.json"
    call = ["--tracker=meanshift", "--challenge", challenge]
    theirs = run_official(toolkit, real_data / "vot", output, *call)
    ours = run_own(real_data / "vot", tmp_path / "own", "--tracker=meanshift", edition=challenge)
    assert ours["challenge"] == challenge
    assert theirs["frames"] == 256 and theirs["eao"] > 0
    assert theirs["failures"] == ours["failures"]
    for key in KEYS:
        assert theirs[key] == pytest.approx(theirs["ours"][key], abs=1e-6), key
        assert theirs[key] == pytest.approx(ours[key], abs=1e-3), key
    assert len(read_trajectories(tmp_path / "meanshift", "meanshift", "bag")) == 3


# Tracked and scored in two steps


class Wanders:
    """Boxes of all kinds of fractions, in single precision; away now and then: failures."""

    def init(self, image, box_ltwh):
        self.box, self.random = np.array(box_ltwh), np.random.default_rng(len(image))

    def update(self, image):
        if self.random.random() < 0.06:
            return np.array([1e-5, 1 / 3, 2.0, 1e-3])
        return (self.box + self.random.normal(0, 4, 4)).astype(np.float32)


@pytest.mark.parametrize("open_tracker", [Wanders, lambda: open_classical("klt")])
def test_overlaps_of_written_boxes_are_those_seen_while_tracking(tmp_path, open_tracker):
    """Bit for bit, so that scores of two steps are those of one."""
    write_scene(tmp_path / "vot")
    runs, boxes = {}, tmp_path / "boxes"
    for sequence in vot.read_sequences(tmp_path / "vot"):
        overlaps, states, boxes_ltwh = supervised_run(open_tracker(), sequence)
        runs[sequence.name] = [(overlaps, states)]
        vot_results.write_trajectory(boxes / f"{sequence.name}.txt", states, boxes_ltwh)
        (trajectory,) = vot_results.read_trajectories(boxes, sequence.name)
        again = vot_results.measure_trajectory(trajectory, sequence, boxes)
        np.testing.assert_array_equal(again[0], overlaps)
        np.testing.assert_array_equal(again[1], states)
        for region, state, box in zip(trajectory, states, boxes_ltwh, strict=True):
            if state == TRACKED:
                np.testing.assert_array_equal(region, box)
            assert (len(region) == 1) == (state != TRACKED)
    seen = np.concatenate([states for ((_, states),) in runs.values()])
    assert {SKIPPED, FAILED} <= set(seen.tolist())
    for edition in EAO_INTERVALS:
        told = summarize(runs, edition)
        scores = evaluate(sets.get("vot"), Selection(root=tmp_path / "vot", edition=edition), boxes)
        for key in ("accuracy", "failures", "robustness", "robustness_toolkit", "eao", "frames",
                    "eao_interval", "eao_until", "challenge", "per_sequence"):  # fmt: skip
            assert scores[key] == told[key], (edition, key)
        low_high, until = told["eao_interval"], told["eao_until"]
        cut = {"eao": f"to {until} of {low_high[1]}"}
        assert scores["remarks"] == (cut if until is not None else {})


def test_two_steps_on_the_command_line_score_what_was_tracked(tmp_path):
    write_scene(tmp_path / "vot")
    runs = {}
    for sequence in vot.read_sequences(tmp_path / "vot"):
        overlaps, states, _ = supervised_run(open_classical("klt"), sequence)
        runs[sequence.name] = [(overlaps, states)]
    told = summarize(runs)
    scores = run_own(tmp_path / "vot", tmp_path / "own", "--tracker=klt")
    for key in ("accuracy", "failures", "robustness", "robustness_toolkit", "eao"):
        assert scores[key] == scores["measures"][key]["value"] == told[key]
    assert (scores["benchmark"], scores["protocol"], scores["targets"]) == ("vot", "restarted", 2)
    run = read_json(tmp_path / "own" / "run.json")
    assert (run["protocol"], run["frames"], run["device"]) == ("restarted", 170, "cpu")
    # An edition is of scoring: nothing is tracked again.
    boxes = sorted((tmp_path / "own" / "boxes").iterdir())
    before = [path.stat().st_mtime_ns for path in boxes]
    again = run_own(
        tmp_path / "vot", tmp_path / "own", "--tracker=klt", "--edition=vot2019", edition="vot2019"
    )
    assert [path.stat().st_mtime_ns for path in boxes] == before
    assert again["eao"] == summarize(runs, "vot2019")["eao"] != scores["eao"]


def test_a_changed_region_starts_a_restarted_run_anew(tmp_path):
    """Unlike one pass, it looks at more of the annotation than the first box."""
    write_scene(tmp_path / "vot", frames=30)
    run_own(tmp_path / "vot", tmp_path / "own", "--tracker=klt")
    files = {name: tmp_path / "own" / "done" / f"{name}.json" for name in ("turns", "short")}
    before = {name: path.stat().st_mtime_ns for name, path in files.items()}
    truth = tmp_path / "vot" / "turns" / "groundtruth.txt"
    lines = truth.read_text().splitlines(keepends=True)
    truth.write_text("".join([*lines[:-1], "1,1,9,1,9,9,1,9\n"]))
    run_own(tmp_path / "vot", tmp_path / "own", "--tracker=klt")
    changed = {n for n, path in files.items() if path.stat().st_mtime_ns != before[n]}
    assert changed == {"turns"}


def test_a_sequence_that_fails_is_named_and_the_others_are_kept(tmp_path, capsys):
    write_scene(tmp_path / "vot", frames=30)
    broken = tmp_path / "vot" / "turns" / "color" / "00000004.jpg"
    whole = broken.read_bytes()
    broken.write_bytes(b"no image")
    run = tmp_path / "own" / "run.json"
    call = ["run", "vot", "--tracker=klt", f"--root={tmp_path / 'vot'}", f"--output={run}"]
    assert main(call) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert "turns, frame 4 (00000004.jpg): " in said and "cannot be decoded" in said
    assert not run.exists()
    kept = run.parent / "boxes" / "short.txt"  # it comes after the one that failed
    assert [path.name for path in kept.parent.iterdir()] == ["short.txt"]
    before = kept.stat().st_mtime_ns
    broken.write_bytes(whole)
    assert main(call) == 0
    assert kept.stat().st_mtime_ns == before and read_json(run)["frames"] == 60


def test_a_restart_on_a_region_without_area_is_named(tmp_path, capsys):
    """The tracker fails where the target has jumped, and starts again five frames later."""
    write_scene(tmp_path / "vot", frames=30)
    truth = tmp_path / "vot" / "turns" / "groundtruth.txt"
    lines = truth.read_text().splitlines(keepends=True)
    away = [f"{x},200,{x + 20},200,{x + 20},220,{x},220\n" for x in range(100, 126)]
    truth.write_text(
        "".join([*lines[:4], *away]).replace(away[5], "105,200,105,200,105,200,105,200\n")
    )
    run = tmp_path / "own" / "run.json"
    call = ["run", "vot", "--tracker=klt", f"--root={tmp_path / 'vot'}"]
    assert main([*call, f"--output={run}"]) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert "turns, frame 10 (00000010.jpg): box [105.0, 200.0, 0.0, 0.0]: expected left,top" in said
    assert said.endswith("(1 of 2 sequences failed; the others are kept)")
    kept = run.parent / "boxes" / "short.txt"
    assert [path.name for path in kept.parent.iterdir()] == ["short.txt"]
    before = kept.stat().st_mtime_ns
    truth.write_text("".join([*lines[:4], *away]))
    assert main([*call, f"--output={run}"]) == 0
    assert kept.stat().st_mtime_ns == before
    rows = (run.parent / "boxes" / "turns.txt").read_text().split()
    assert [rows[index] for index in (0, 4, 9)] == ["1", "2", "1"]


def test_results_that_do_not_fit_are_named(tmp_path):
    write_scene(tmp_path / "vot", frames=30)
    boxes = tmp_path / "boxes"
    boxes.mkdir()

    def score(**options):
        return evaluate(sets.get("vot"), Selection(root=tmp_path / "vot"), boxes, **options)

    (boxes / "turns.txt").write_text("1\n" + "20,20,36,30\n" * 29)
    with pytest.raises(InputError, match=r"1 of 2 sequences are missing \(short\)"):
        score()
    assert score(subset=True)["frames"] == 30
    (boxes / "turns.txt").write_text("1\n" + "20,20,36,30\n" * 28)
    with pytest.raises(InputError, match="turns: expected 30 rows, one per frame, got 29"):
        score(subset=True)
    (boxes / "turns.txt").write_text("1\n7\n" + "20,20,36,30\n" * 28)
    with pytest.raises(InputError, match="turns: frame 2: expected a region, or 0, 1 or 2, got 7"):
        score(subset=True)
    (boxes / "turns.txt").write_text("1\n1.5\n" + "20,20,36,30\n" * 28)
    with pytest.raises(InputError, match=r"turns: frame 2: expected a region, .* got 1\.5"):
        score(subset=True)


# Layouts of the challenges


@pytest.mark.parametrize("place", ["beside", "imgs", "img", "color"])
def test_older_challenges_keep_frames_elsewhere_and_have_no_list(tmp_path, place):
    """VOT2015: frames beside groundtruth.txt, no file `sequence`, no list.txt."""
    write_scene(tmp_path / "new", frames=25)
    write_scene(tmp_path / "old", frames=25)
    for name in ("turns", "short"):
        folder = tmp_path / "old" / name
        (folder / "sequence").unlink()
        if place == "beside":
            for frame in (folder / "color").iterdir():
                frame.rename(folder / frame.name)
            (folder / "color").rmdir()
        else:
            (folder / "color").rename(folder / place)
    (tmp_path / "old" / "list.txt").unlink()
    old, new = (
        {one.name: one for one in vot.read_sequences(tmp_path / which)} for which in ("old", "new")
    )
    assert list(old) == ["short", "turns"] and set(old) == set(new)
    for name, sequence in old.items():
        np.testing.assert_array_equal(vot.regions(sequence), vot.regions(new[name]))
        assert [p.name for p in sequence.frames] == [p.name for p in new[name].frames]
    (tmp_path / "names.txt").write_text("short\n")
    (one,) = vot.read_sequences(tmp_path / "old", names=tmp_path / "names.txt")
    assert one.name == "short"


def test_a_folder_without_sequences_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nowhere: no such folder of VOT sequences"):
        vot.read_sequences(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"expected list\.txt, or folders with groundtruth\.txt"):
        vot.read_sequences(tmp_path / "empty")
