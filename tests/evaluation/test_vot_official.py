"""VOT: the workspace of vot-toolkit, and runs of it over TraX."""

import configparser
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest

from chromatrack.checkpoints import save_checkpoint
from chromatrack.cli.main import main
from chromatrack.data import vot
from chromatrack.data.vot_workspace import identifier, read_trajectories
from chromatrack.errors import InputError, WorkError
from chromatrack.evaluation import sets
from chromatrack.evaluation.benchmark import Selection
from chromatrack.files import read_json
from chromatrack.models.build import build_siamfc
from chromatrack.models.inputs import InputScaling
from chromatrack.stages.evaluation import vot_official as official
from chromatrack.stages.evaluation.evaluate import evaluate
from chromatrack.stages.evaluation.vot_official import VotTracker, make_workspace
from tests.evaluation.vot_scenes import run_own, write_scene


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
    call = [
        "vot-official",
        "--root",
        str(root),
        "--output",
        str(output),
        "--toolkit",
        str(toolkit),
    ]
    assert main([*call, *arguments]) == 0
    return read_json(output)


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
