"""got10k's convention is the toolkit's own answer; MATLAB's is its code, written out in loops."""

import csv
import json
import math

import numpy as np
import pytest

from chromatrack.cli.main import main
from chromatrack.data import otb as otb_data
from chromatrack.data.otb_attributes import write_attributes
from chromatrack.data.otb_lists import named_list
from chromatrack.data.otb_names import read_names
from chromatrack.errors import InputError
from chromatrack.evaluation.boxes import score_runs
from chromatrack.metrics import otb
from tests.otb_scoring import evaluate_otb, runs_of

PUBLISHED = {"SRDCF": (0.5980, 0.7890), "Staple": (0.5814, 0.7835), "MEEM": (0.5296, 0.7807)}
"""Success AUC and precision at 20 pixels on OTB2015."""


def boxes(frames: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(5, 100, (frames, 4)).round(2)


def results_near(truth: np.ndarray, seed: int) -> np.ndarray:
    """Boxes around the truth, some of them with overlaps and errors exactly on a threshold."""
    found = truth + np.random.default_rng(seed).normal(0, 6, truth.shape).round(1)
    found[:, 2:] = np.maximum(found[:, 2:], 1)
    truth[::3], found[::3] = np.round(truth[::3]), np.round(found[::3])
    found[1::5] = truth[1::5] * np.array([1, 1, 1, 0.7])
    found[2::5] = truth[2::5] + np.array([12, 16, 0, 0])
    return found


def scores_of(runs, convention="got10k"):
    measured = [otb.measure(run.results, run.annotations, convention) for run in runs]
    return score_runs(runs, measured, convention)[0]


def toolkit_report(tmp_path, truth: dict[str, np.ndarray], results) -> dict:
    """What got10k's own ExperimentOTB reports; only its downloading data set is replaced."""
    module = pytest.importorskip("got10k.experiments.otb", reason="the got10k toolkit is missing")

    class Experiment(module.ExperimentOTB):
        def __init__(self):
            self.dataset = Targets()
            self.result_dir, self.report_dir = str(results.parent), str(tmp_path / "report")
            self.nbins_iou, self.nbins_ce = 21, 51

        def plot_curves(self, tracker_names):
            pass

    class Targets:
        seq_names = tuple(truth)

        def __len__(self):
            return len(truth)

        def __iter__(self):
            return ((None, boxes_ltwh + np.array([1, 1, 0, 0])) for boxes_ltwh in truth.values())

    return Experiment().report([results.name])[results.name]


def assert_equal_to_toolkit(report: dict, scores: dict[str, otb.Score]) -> None:
    assert list(report["seq_wise"]) == list(scores)
    mean = otb.mean_score(scores.values())
    for theirs, ours in [
        (report["overall"], mean),
        *((report["seq_wise"][name], score) for name, score in scores.items()),
    ]:
        np.testing.assert_allclose(ours.success, theirs["success_curve"], rtol=0, atol=1e-9)
        np.testing.assert_allclose(ours.precision, theirs["precision_curve"], rtol=0, atol=1e-9)
        assert ours.success_auc == pytest.approx(theirs["success_score"], abs=1e-9)
        assert ours.precision_20 == pytest.approx(theirs["precision_score"], abs=1e-9)


def test_equal_to_the_got10k_toolkit_on_made_up_boxes(tmp_path):
    for seed, name in enumerate(("Ant", "Bee", "Cat")):
        truth = boxes(200, seed)
        found = results_near(truth, seed + 10)
        otb_data.write_boxes(tmp_path / "anno" / f"{name}.txt", truth)
        otb_data.write_boxes(tmp_path / "results" / f"{name}.txt", found)
    runs = runs_of(tmp_path / "anno", tmp_path / "results")
    truth = {run.target: run.annotations for run in runs}
    report = toolkit_report(tmp_path, truth, tmp_path / "results")
    assert 0.1 < report["overall"]["success_score"] < 0.9
    assert_equal_to_toolkit(report, scores_of(runs))


@pytest.mark.real_data
@pytest.mark.parametrize("tracker", PUBLISHED)
def test_equal_to_the_got10k_toolkit_on_published_results(real_data, tmp_path, tracker):
    results = real_data / "otb_results" / tracker
    runs = runs_of(real_data / "otb_annotations", results)
    assert len(runs) == 100
    truth = {run.target: run.annotations for run in runs}
    assert_equal_to_toolkit(toolkit_report(tmp_path, truth, results), scores_of(runs))


@pytest.mark.real_data
@pytest.mark.parametrize("tracker", PUBLISHED)
def test_published_results_score_what_was_published(real_data, tracker):
    scores = evaluate_otb(real_data / "otb_annotations", real_data / "otb_results" / tracker)
    success, precision = PUBLISHED[tracker]
    assert scores["success_auc"] == pytest.approx(success, abs=5e-5)
    assert scores["precision_20"] == pytest.approx(precision, abs=5e-5)


def matlab_curves(found: np.ndarray, truth: np.ndarray) -> tuple[list[float], list[float]]:
    """calcSeqErrRobust and genPerfMat of the benchmark's toolkit, box by box; boxes 1-based."""
    found = [list(row) for row in found]
    for i in range(1, len(found)):
        if all(math.isnan(v) or found[i][2] <= 0 or found[i][3] <= 0 for v in found[i]):
            found[i] = found[i - 1]
    found[0] = list(truth[0])
    overlaps, errors = [], []
    for (x, y, w, h), (tx, ty, tw, th) in zip(found, truth, strict=True):
        if not min(tx, ty, tw, th) > 0:
            overlaps.append(-1.0)
            errors.append(-1.0)
            continue
        inner_w = max(0, min(x + w - 1, tx + tw - 1) - max(x, tx) + 1)
        inner_h = max(0, min(y + h - 1, ty + th - 1) - max(y, ty) + 1)
        inner = inner_w * inner_h
        overlaps.append(inner / (w * h + tw * th - inner))
        dx, dy = (x + (w - 1) / 2) - (tx + (tw - 1) / 2), (y + (h - 1) / 2) - (ty + (th - 1) / 2)
        errors.append(math.sqrt(dx * dx + dy * dy))
    # 0:0.05:1 is counted from both ends.
    thresholds = [0.05 * k if k <= 10 else 1 - 0.05 * (20 - k) for k in range(21)]
    success = [sum(o > at for o in overlaps) / len(overlaps) for at in thresholds]
    precision = [sum(e <= k for e in errors) / len(errors) for k in range(51)]
    return success, precision


def test_matlab_convention_is_its_code():
    truth = np.random.default_rng(5).integers(2, 90, (120, 4)).astype(float)
    found = truth + np.random.default_rng(6).integers(-9, 10, truth.shape)
    found[:, 2:] = np.maximum(found[:, 2:], 1)
    found[7:10], found[20, 2], found[21, 3], found[40] = np.nan, 0, -3, np.nan
    truth[[3, 30, 31]] = [[0, 5, 9, 9], [5, 5, 0, 9], [-4, 5, 9, 9]]
    truth[40:42] = 0
    shift = np.array([1, 1, 0, 0])
    tracked = otb.as_tracked(found - shift, truth - shift, "matlab")
    score = otb.score_target(tracked, truth - shift, "matlab")
    success, precision = matlab_curves(found, truth)
    np.testing.assert_allclose(score.success, success, rtol=0, atol=1e-12)
    np.testing.assert_allclose(score.precision, precision, rtol=0, atol=1e-12)
    other = otb.score_target(otb.as_tracked(found - shift, truth - shift), truth - shift)
    assert other.success_auc < score.success_auc and other.precision_20 < score.precision_20


@pytest.mark.real_data
@pytest.mark.parametrize("tracker", PUBLISHED)
def test_matlab_convention_is_its_code_on_published_results(real_data, tracker):
    folders = real_data / "otb_annotations", real_data / "otb_results" / tracker
    runs = runs_of(*folders, convention="matlab")
    scores = scores_of(runs, "matlab")
    for run in runs:
        shift = np.array([1, 1, 0, 0])
        raw = otb_data.read_boxes(folders[1] / f"{run.target}.txt", allow_nan=True)
        success, precision = matlab_curves(raw + shift, run.annotations + shift)
        score = scores[run.target]
        np.testing.assert_allclose(score.success, success, rtol=0, atol=1e-12)
        np.testing.assert_allclose(score.precision, precision, rtol=0, atol=1e-12)


def test_matlab_leaves_targets_that_never_hit_out_of_the_mean(tmp_path):
    for name, shift in (("Ant", 0), ("Bee", 900)):
        truth = boxes(10, 1)
        truth[0, 2] = 0 if name == "Bee" else truth[0, 2]  # not even the given frame counts
        otb_data.write_boxes(tmp_path / "anno" / f"{name}.txt", truth)
        otb_data.write_boxes(
            tmp_path / "results" / f"{name}.txt", truth + np.array([shift, 0, 0, 0])
        )
    folders = tmp_path / "anno", tmp_path / "results"
    theirs = evaluate_otb(*folders, convention="matlab")
    assert theirs["success_auc"] == pytest.approx(20 / 21)
    assert theirs["left_out_of_mean"] == {"success": ["Bee"]}
    assert theirs["precision_20"] == pytest.approx((1 + 0.1) / 2)  # frame 1 of Bee is right
    ours = evaluate_otb(*folders)
    assert ours["success_auc"] == pytest.approx(10 / 21)
    assert ours["left_out_of_mean"] == {}


def test_the_first_frame_is_the_truth_whatever_the_file_says(tmp_path):
    truth = boxes(4, 2)
    otb_data.write_boxes(tmp_path / "anno" / "Ant.txt", truth)
    otb_data.write_boxes(tmp_path / "results" / "Ant.txt", truth + np.array([[900, 0, 0, 0]] * 4))
    assert evaluate_otb(tmp_path / "anno", tmp_path / "results")["precision_20"] == 0.25


def test_tiger1_has_354_frames_in_got10k_and_349_in_matlab(tmp_path):
    truth = boxes(354, 1)
    otb_data.write_boxes(tmp_path / "anno" / "Tiger1.txt", truth)
    for rows, counts in ((truth, (354, 349)), (truth[5:], (349, 349))):
        otb_data.write_boxes(tmp_path / "results" / "Tiger1.txt", rows)
        folders = tmp_path / "anno", tmp_path / "results"
        found = [evaluate_otb(*folders, convention=c) for c in ("got10k", "matlab")]
        assert tuple(scores["frames"] for scores in found) == counts
        for scores in found:
            assert scores["success_auc"] == pytest.approx(20 / 21)


def test_published_lists_have_their_numbers_of_folders():
    sizes = {name: len(named_list(name)) for name in ("otb2013", "tb50", "otb2015")}
    assert sizes == {"otb2013": 50, "tb50": 49, "otb2015": 98}
    assert len(set(named_list("OTB2013")) & set(named_list("TB-50"))) == 28
    assert set(named_list("otb2013")) | set(named_list("tb50")) <= set(named_list("tb_100"))
    assert named_list("tb_50.txt") is None


def test_published_lists_are_those_of_the_got10k_toolkit():
    module = pytest.importorskip("got10k.datasets.otb", reason="the got10k toolkit is missing")
    theirs = module.OTB._OTB__version_dict
    for name in ("otb2013", "tb50", "otb2015"):
        assert sorted(named_list(name)) == sorted(theirs[name])


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "file", "targets"),
    [("otb2013", "cvpr13", 51), ("tb50", "tb_50", 50), ("otb2015", "tb_100", 100)],
)
def test_a_named_list_is_its_file(real_data, name, file, targets):
    folders = real_data / "otb_annotations", real_data / "otb_results" / "SRDCF"
    named = runs_of(*folders, names=read_names(name))
    listed = runs_of(*folders, names=read_names(folders[0] / f"{file}.txt"))
    assert [run.target for run in named] == [run.target for run in listed]
    assert len(named) == targets


@pytest.fixture
def two_trackers(tmp_path):
    truth = boxes(12, 0)
    for name in ("Girl", "Jogging-1", "Jogging-2"):
        otb_data.write_boxes(tmp_path / "anno" / f"{name}.txt", truth)
        otb_data.write_boxes(tmp_path / "good" / f"{name}.txt", truth)
        otb_data.write_boxes(
            tmp_path / "bad" / "boxes" / f"{name}.txt", truth + np.array([30, 0, 0, 0])
        )
    return tmp_path


def test_trackers_share_plots_sorted_by_score(two_trackers, capsys):
    call = ["evaluate", "otb", f"--annotations={two_trackers / 'anno'}", "--results",
            str(two_trackers / "bad" / "boxes"), str(two_trackers / "good")]  # fmt: skip
    output, plots = two_trackers / "all.json", two_trackers / "plots"
    assert main([*call, f"--output={output}", f"--plot={plots}"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["good", "bad"]
    trackers = json.loads(output.read_text())["trackers"]
    assert trackers["good"] == evaluate_otb(
        two_trackers / "anno", two_trackers / "good", tracker_name="good"
    )
    for measure in ("success", "precision", "normalized_precision"):
        assert (plots / f"{measure}.png").stat().st_size > 5000
        text = (plots / f"{measure}.svg").read_text()
        assert text.index("good [") < text.index("bad [")
    first = (plots / "success.svg").read_bytes()
    assert main([*call, f"--plot={plots}"]) == 0
    assert (plots / "success.svg").read_bytes() == first


def test_trackers_need_names_of_their_own(two_trackers, capsys):
    folder = str(two_trackers / "good")
    call = ["evaluate", "otb", f"--annotations={two_trackers / 'anno'}", "--results", folder]
    assert main(call) == 2
    assert "nothing would be written" in capsys.readouterr().err
    plots = f"--plot={two_trackers / 'plots'}"
    assert main([*call, folder, plots]) == 2
    assert "'good' twice" in capsys.readouterr().err
    assert main([*call, folder, plots, "--tracker", "one"]) == 2
    assert "expected 2 names" in capsys.readouterr().err
    assert main([*call, folder, plots, "--tracker", "one", "two"]) == 0


def test_frames_are_written_on_request(two_trackers):
    path = two_trackers / "frames.csv"
    folders = two_trackers / "anno", two_trackers / "bad" / "boxes"
    scores = evaluate_otb(*folders, per_frame=path)
    with open(path, newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert len(rows) == scores["frames"] == 36
    assert [row["frame"] for row in rows[:12]] == [str(index) for index in range(12)]
    errors = [float(row["center_error"]) for row in rows if row["run"] == "Girl"]
    assert errors == [0] + [30] * 11
    overlaps = np.array([float(row["overlap"]) for row in rows if row["run"] == "Girl"])
    auc = otb.success_curve(overlaps).mean()
    assert auc == pytest.approx(scores["per_sequence"]["Girl"]["success_auc"], abs=1e-6)


def test_scores_per_sequence_and_attribute_have_all_three_measures(two_trackers):
    for target, attributes in {"Girl": ["OCC"], "Jogging-1": [], "Jogging-2": []}.items():
        write_attributes(two_trackers / "att", target, attributes)
    folders = two_trackers / "anno", two_trackers / "bad" / "boxes"
    scores = evaluate_otb(*folders, attributes=two_trackers / "att")
    for entry in (scores, scores["per_sequence"]["Girl"], scores["per_attribute"]["OCC"]):
        assert {"success_auc", "precision_20", "normalized_precision_auc"} <= set(entry)
    assert scores["per_attribute"]["OCC"]["precision_20"] == pytest.approx(1 / 12)


def test_all_missing_sequences_of_a_list_are_named_unless_a_subset_is_wanted(two_trackers):
    folders = two_trackers / "anno", two_trackers / "good"
    names = ["Girl", "Jogging", "Skating2", "Woman"]
    with pytest.raises(InputError, match="no 2 sequences: 'Skating2', 'Woman'"):
        evaluate_otb(*folders, names=names)
    scores = evaluate_otb(*folders, names=names, subset=True)
    assert list(scores["per_sequence"]) == ["Girl", "Jogging-1", "Jogging-2"]
    with pytest.raises(InputError, match="no sequence 'Woman'"):
        evaluate_otb(*folders, names=["Woman"], subset=True)


def test_speed_is_frames_over_time_and_only_where_all_times_are_kept(two_trackers):
    folders = two_trackers / "anno", two_trackers / "good"
    assert evaluate_otb(*folders)["frames_per_second"] is None
    (two_trackers / "good" / "times").mkdir()
    for name in ("Girl", "Jogging-1", "Jogging-2"):
        times = "0.01\n" * 11 + "1.89\n"
        (two_trackers / "good" / "times" / f"{name}_time.txt").write_text(times)
    # The mean of 1/t, which the got10k toolkit reports, would be 92.
    assert evaluate_otb(*folders)["frames_per_second"] == pytest.approx(36 / 6.0)


def test_times_beside_a_folder_are_those_of_its_boxes_alone(two_trackers):
    (two_trackers / "times").mkdir()
    for name in ("Girl", "Jogging-1", "Jogging-2"):
        (two_trackers / "times" / f"{name}.txt").write_text("0.5\n" * 12)
    folders = two_trackers / "anno", two_trackers / "good"
    assert evaluate_otb(*folders)["frames_per_second"] is None
    (two_trackers / "good").rename(two_trackers / "boxes")
    scores = evaluate_otb(two_trackers / "anno", two_trackers / "boxes")
    assert scores["frames_per_second"] == pytest.approx(2.0)
