"""Results of trackers as people have them: MATLAB files, names of all kinds, short ones, TRE."""

import json

import numpy as np
import pytest
from scipy.io import savemat

from chromatrack.cli.main import main
from chromatrack.data import otb as otb_data
from chromatrack.data.otb_attributes import write_attributes
from chromatrack.data.otb_names import target_name
from chromatrack.data.otb_results import read_results
from chromatrack.data.otb_starts import INIT_OMIT, hidden_starts
from chromatrack.errors import InputError
from chromatrack.metrics import otb
from chromatrack.metrics.otb_protocols import tre_starts
from tests.evaluation.test_otb_conventions import scores_of
from tests.otb_scoring import evaluate_otb, runs_of

NAMES = ("Basketball", "CarScale", "Jogging-1", "Jogging-2", "Human4")


def boxes(frames: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(5, 100, (frames, 4)).round(2)


def write_mat(path, runs, *, kind="rect"):
    """runs: (number of the first frame, boxes_ltwh 0-based) of each."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cell = np.empty((1, len(runs)), dtype=object)
    for index, (start, rows) in enumerate(runs):
        res = rows + np.array([1, 1, 0, 0])
        cell[0, index] = {"res": res, "type": kind, "len": len(rows), "startFrame": start}
    savemat(path, {"results": cell})


@pytest.fixture
def truth(tmp_path):
    """Annotations of five targets of 60 frames; returns them."""
    told = {name: boxes(60, seed) for seed, name in enumerate(NAMES)}
    for name, rows in told.items():
        otb_data.write_boxes(tmp_path / "anno" / f"{name}.txt", rows)
    return told


PERFECT = pytest.approx(20 / 21)


def test_mat_files_of_many_trackers_in_one_folder(truth, tmp_path):
    folder = tmp_path / "OPE"
    files = dict(zip(NAMES, ("Basketball", "carScale", "Jogging_1", "Jogging.2", "Human4_2"),
                     strict=True))  # fmt: skip
    for name, stem in files.items():
        write_mat(folder / f"{stem}_MDNet.mat", [(1, truth[name])])
        write_mat(folder / f"{stem}_cf_1.mat", [(1, truth[name] + 500)])
    scores = evaluate_otb(tmp_path / "anno", folder, of="mdnet")
    assert scores["success_auc"] == PERFECT and scores["targets"] == 5
    assert evaluate_otb(tmp_path / "anno", folder, of="cf_1")["success_auc"] < 0.1
    with pytest.raises(InputError, match=r"holds results of 'MDNet', 'cf_1'; a tracker is to be"):
        evaluate_otb(tmp_path / "anno", folder)
    with pytest.raises(InputError, match="none is of 'SRDCF'"):
        evaluate_otb(tmp_path / "anno", folder, of="SRDCF")


def test_a_folder_for_each_tracker_and_lower_case_names(truth, tmp_path):
    for name, rows in truth.items():
        otb_data.write_boxes(tmp_path / "text" / f"{name.lower().replace('-', '_')}.txt", rows)
        write_mat(tmp_path / "mat" / f"{name}.mat", [(1, rows)])
    for name in ("README", "Basketball_time", "Basketball_all_scores"):
        (tmp_path / "text" / f"{name}.txt").write_text("not boxes\n")
    for folder in ("text", "mat"):
        assert evaluate_otb(tmp_path / "anno", tmp_path / folder)["success_auc"] == PERFECT


def test_two_files_that_differ_in_case_are_told(truth, tmp_path):
    for stem in ("Basketball", "basketball"):
        otb_data.write_boxes(tmp_path / "r" / f"{stem}.txt", truth["Basketball"])
    with pytest.raises(InputError, match="expected one file for each target"):
        read_results(tmp_path / "r", "ope", ["Basketball"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"not a matlab file" * 20, "it has no header of version 5 to 7.2"),
        (b"", "it has no header of version 5 to 7.2"),
        ({"other": 1}, "expected the variable 'results'"),
        ({"results": 3.0}, "expected structures with the field res"),
        ("affine", "expected boxes \\(type rect\\), got type 'affine'"),
        ("short", "expected rows of four numbers"),
    ],
)
def test_a_damaged_mat_file_is_one_sentence(content, message, tmp_path):
    path = tmp_path / "Basketball_A.mat"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif isinstance(content, dict):
        savemat(path, content)
    elif content == "affine":
        write_mat(path, [(1, boxes(5, 0))], kind="affine")
    else:
        savemat(path, {"results": {"res": np.ones((3, 5)), "type": "rect"}})
    with pytest.raises(InputError, match=message) as raised:
        read_results(tmp_path, "ope", ["Basketball"])
    assert "Basketball_A.mat" in str(raised.value) and "\n" not in str(raised.value)


def test_tre_of_a_mat_file_and_its_first_run_as_one_pass(truth, tmp_path):
    for name, rows in truth.items():
        starts = tre_starts(rows)
        write_mat(tmp_path / "m" / f"{name}_A.mat", [(s + 1, rows[s:]) for s in starts])
    scores = evaluate_otb(tmp_path / "anno", tmp_path / "m", protocol="tre")
    assert scores["success_auc"] == PERFECT and scores["frames"] > 5 * 60
    assert evaluate_otb(tmp_path / "anno", tmp_path / "m")["frames"] == 5 * 60
    with pytest.raises(InputError, match="expected 12 runs from one frame, got"):
        evaluate_otb(tmp_path / "anno", tmp_path / "m", protocol="sre")


def test_a_result_one_row_short_is_scored_by_each_conventions_rule(truth, tmp_path, capsys):
    rows = truth["Basketball"]
    otb_data.write_boxes(tmp_path / "anno" / "Ant.txt", rows)
    otb_data.write_boxes(tmp_path / "r" / "Ant.txt", rows[:-1])
    whole = evaluate_otb(tmp_path / "anno", tmp_path / "r", names=["Ant"])
    assert whole["success_auc"] == PERFECT and whole["frames"] == 59
    assert "Ant.txt: warning: 59 boxes for 60 annotated frames" in capsys.readouterr().err
    matlab = evaluate_otb(tmp_path / "anno", tmp_path / "r", names=["Ant"], convention="matlab")
    assert matlab["success_auc"] == pytest.approx(59 / 60 * 20 / 21)
    assert matlab["precision_20"] == pytest.approx(59 / 60)
    # A frame that is not annotated fails overlap and is right in precision, tracked or not.
    rows[-1] = [-1, -1, 0, 0]
    otb_data.write_boxes(tmp_path / "anno" / "Ant.txt", rows)
    matlab = evaluate_otb(tmp_path / "anno", tmp_path / "r", names=["Ant"], convention="matlab")
    assert matlab["success_auc"] == pytest.approx(59 / 60 * 20 / 21)
    assert matlab["precision_20"] == 1.0


def test_a_short_result_does_not_stop_the_table_of_the_others(truth, tmp_path, capsys):
    for tracker, cut in (("whole", None), ("short", -1)):
        for name, rows in truth.items():
            otb_data.write_boxes(tmp_path / tracker / f"{name}.txt", rows[:cut])
    call = ["evaluate", "otb", f"--annotations={tmp_path / 'anno'}", "--results"]
    folders = [str(tmp_path / "whole"), str(tmp_path / "short")]
    assert main([*call, *folders, f"--output={tmp_path / 's.json'}"]) == 0
    assert set(json.loads((tmp_path / "s.json").read_text())["trackers"]) == {"whole", "short"}


def test_frames_of_an_absent_target_leave_the_score(tmp_path):
    truth = {"Ant": boxes(20, 1)}
    truth["Ant"][5:9] = np.nan
    found = np.nan_to_num(truth["Ant"])
    otb_data.write_boxes(tmp_path / "r" / "Ant.txt", found)
    from chromatrack.evaluation.boxes import evaluate_boxes

    told = evaluate_boxes(truth, tmp_path / "r", per_frame=tmp_path / "frames.csv")
    assert told["frames"] == 16 and told["success_auc"] == PERFECT
    frames = [line.split(",")[1] for line in (tmp_path / "frames.csv").read_text().splitlines()]
    assert frames[1:7] == ["0", "1", "2", "3", "4", "9"]


def test_attributes_beside_the_annotations_are_found(truth, tmp_path, capsys):
    for name in NAMES:
        otb_data.write_boxes(tmp_path / "r" / f"{name}.txt", truth[name])
        write_attributes(tmp_path / "anno" / "att", name, ["OCC"])
    assert evaluate_otb(tmp_path / "anno", tmp_path / "r")["per_attribute"]["OCC"]["sequences"] == 5
    (tmp_path / "anno" / "att" / "Human4.txt").unlink()
    assert evaluate_otb(tmp_path / "anno", tmp_path / "r")["per_attribute"] == {}
    assert "no scores per attribute" in capsys.readouterr().err


def test_hidden_starts_are_of_whole_sequences_alone():
    assert len(INIT_OMIT) == 27
    hidden = hidden_starts("Basketball", 725)
    assert hidden[7:27].all() and not hidden[6] and not hidden[27] and hidden.sum() == 51
    assert hidden_starts("Basketball", 40) is None and hidden_starts("Girl2", 1500) is None
    # MATLAB's Tiger1 begins at frame 6: its first five frames are not there.
    assert hidden_starts("Tiger1", 354)[:5].all() and not hidden_starts("Tiger1", 349)[0]


def test_adopted_results_lose_no_digit(truth, tmp_path):
    root = tmp_path / "otb"
    image = np.zeros((8, 8, 3), np.uint8)
    rows = truth["Basketball"] + 1 / 3
    otb_data.write_sequence(root, "Ant", [image] * 60, [truth["Basketball"]])
    write_mat(tmp_path / "m" / "Ant_Some.mat", [(1, rows)])
    call = ["run", "otb", f"--root={root}", f"--results={tmp_path / 'm'}"]
    assert main([*call, f"--output={tmp_path / 'out' / 'run.json'}"]) == 0
    run = json.loads((tmp_path / "out" / "run.json").read_text())
    assert run["frames"] == 60 and run["frames_per_second"] is None
    theirs = evaluate_otb(root, tmp_path / "m")
    ours = evaluate_otb(root, tmp_path / "out" / "boxes")
    assert ours["made_by"]["inputs"] == theirs["made_by"]["inputs"]
    wrong = [*call, "--of=Another", f"--output={tmp_path / 'other' / 'run.json'}"]
    assert main(wrong) == 2 and not (tmp_path / "other").exists()
    assert main(["run", "vot", *call[2:], f"--output={tmp_path / 'v.json'}"]) == 2


def test_runs_of_sre_are_no_single_pass(truth, tmp_path):
    rows = truth["Basketball"]
    write_mat(tmp_path / "m" / "Basketball_A.mat", [(1, rows + shift) for shift in range(12)])
    with pytest.raises(InputError, match="expected one pass or TRE, got 12 runs from one frame"):
        read_results(tmp_path / "m", "ope", ["Basketball"])


def test_a_short_result_may_be_cut(truth, tmp_path):
    otb_data.write_boxes(tmp_path / "r" / "Basketball.txt", truth["Basketball"][:-1])
    folders = tmp_path / "anno", tmp_path / "r"
    scores = evaluate_otb(*folders, names=["Basketball"], frames_limit=20)
    assert scores["frames"] == 20 and scores["success_auc"] == PERFECT


def test_starts_one_frame_off_are_not_taken_for_short_results(truth, tmp_path):
    rows = truth["Basketball"]
    starts = [
        (start + 2 if start else 1, rows[start + 1 if start else 0 :]) for start in tre_starts(rows)
    ]
    write_mat(tmp_path / "m" / "Basketball_A.mat", starts)
    folders = tmp_path / "anno", tmp_path / "m"
    with pytest.raises(InputError, match=r"Basketball/tre-01: expected 58 boxes.*got 57"):
        evaluate_otb(*folders, names=["Basketball"], protocol="tre")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"res": np.ones((4, 60))}, "expected rows of four numbers"),  # the wrong way round
        ({"startFrame": np.inf}, "expected the number of a frame in its field startFrame"),
        ({"startFrame": "one"}, "expected the number of a frame in its field startFrame"),
        ({"res": np.full((60, 4), np.inf)}, "expected finite boxes"),
    ],
)
def test_fields_that_mean_nothing_are_told(change, message, tmp_path):
    run = {"res": np.ones((60, 4)), "type": "rect", "len": 60, "startFrame": 1}
    savemat(tmp_path / "Basketball_A.mat", {"results": run | change})
    with pytest.raises(InputError, match=message):
        read_results(tmp_path, "ope", ["Basketball"])


@pytest.mark.real_data
@pytest.mark.parametrize("tracker", ["SRDCF", "MDNet"])
def test_matlabs_own_curves(real_data, tracker):
    """Every point of every curve of 100 targets; one result is one row short twice."""
    folder = {"SRDCF": "otb_results/SRDCF", "MDNet": "otb_matlab/OPE"}[tracker]
    differences = curve_differences(real_data, real_data / folder, tracker)
    assert max(np.abs(one).max() for one, _ in differences) < 1e-9


@pytest.mark.real_data
@pytest.mark.parametrize("tracker", ["Staple", "MEEM"])
def test_matlabs_curves_of_results_that_were_rounded(real_data, tracker):
    """The texts at hand have two decimals, MATLAB had all of them: a frame may cross a threshold
    that it lies within the rounding of, and no other frame differs."""
    folder = real_data / "otb_results" / tracker
    for difference, near in curve_differences(real_data, folder, tracker):
        assert (np.abs(difference) <= near + 1e-9).all()


def curve_differences(real_data, folder, tracker):
    """Of each curve of each target: ours less MATLAB's, and the share of frames whose value lies
    within 0.01 of a pixel (of overlap: 0.002) of each threshold."""
    curves = np.load(real_data / "otb_matlab" / "curves.npz")
    runs = {run.target: run for run in runs_of(real_data / "otb_annotations", folder, "matlab")}
    scores = scores_of(list(runs.values()), "matlab")
    for index, name in enumerate(curves["targets"]):
        target = target_name(str(name).replace(".", "-"))
        run, score = runs[target], scores[target]
        frames = otb.measure(run.results, run.annotations, "matlab")
        for key, values, at, margin in (
            ("success", frames.overlap, otb.MATLAB_THRESHOLDS, 0.002),
            ("precision", frames.error, otb.PRECISION_THRESHOLDS, 0.01),
        ):
            near = np.mean(np.abs(values[:, None] - at[None, :]) <= margin, axis=0)
            yield getattr(score, key) - curves[f"{tracker}_{key}"][index], near


@pytest.mark.real_data
def test_published_tre_is_scored(real_data):
    """Starts are those of the files, and each run has as many boxes as are left from there."""
    folder = real_data / "otb_matlab" / "cfnet_conv1"
    names = ["Basketball", "David", "Human4", "Jogging", "Skating2", "Tiger1"]
    runs = runs_of(real_data / "otb_annotations", folder, names=names, protocol="tre")
    assert len(runs) == 8 * 20
    scores = evaluate_otb(real_data / "otb_annotations", folder, names=names, protocol="tre")
    assert scores["targets"] == 8 and 0.3 < scores["success_auc"] < 0.7
