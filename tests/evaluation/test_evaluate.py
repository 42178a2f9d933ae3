"""Evaluation of result files: OTB, published numbers, and what is wrong with inputs."""

import json

import numpy as np
import pytest

from chromatrack.cli.main import main
from chromatrack.data import otb as otb_data
from chromatrack.data.otb_attributes import write_attributes
from chromatrack.errors import InputError
from tests.otb_scoring import evaluate_otb


def boxes(frames: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(5, 100, (frames, 4)).round(2)


@pytest.fixture
def otb_folders(tmp_path):
    """Three targets, results equal to the annotations, one attribute vector each."""
    for seed, name in enumerate(("Ant", "Bee-1", "Bee-2")):
        for folder in ("anno", "results"):
            otb_data.write_boxes(tmp_path / folder / f"{name}.txt", boxes(12, seed))
        write_attributes(tmp_path / "att", name, ["OCC"] if seed else ["OCC", "LR"])
    return tmp_path


def evaluate(root, **options):
    return evaluate_otb(root / "anno", root / "results", root / "scores.json", **options)


def test_perfect_results_score_twenty_of_twenty_one(otb_folders):
    scores = evaluate(otb_folders, attributes=otb_folders / "att", tracker_name="identity")
    assert scores["success_auc"] == pytest.approx(20 / 21)
    assert scores["precision_20"] == 1.0
    assert (scores["targets"], scores["frames"], scores["tracker"]) == (3, 36, "identity")
    assert scores["per_attribute"]["OCC"]["sequences"] == 3
    assert scores["per_attribute"]["LR"]["sequences"] == 1
    assert scores == json.loads((otb_folders / "scores.json").read_text())


def test_a_target_without_attributes_is_named(otb_folders):
    (otb_folders / "att" / "Bee-1.txt").unlink()
    with pytest.raises(InputError, match=r"Bee-1.txt is missing \(1 of 3 are\)"):
        evaluate(otb_folders, attributes=otb_folders / "att")
    assert evaluate(otb_folders, attributes=otb_folders / "att", names=["Ant"])["targets"] == 1


def test_an_empty_list_of_names_is_told(otb_folders, capsys):
    (otb_folders / "names.txt").write_text("\n")
    call = ["evaluate", "otb", "--annotations", str(otb_folders / "anno"), "--results",
            str(otb_folders / "results"), "--output", str(otb_folders / "s.json"), "--names",
            str(otb_folders / "names.txt")]  # fmt: skip
    assert main(call) == 2
    assert "expected names of targets, one per line, found none" in capsys.readouterr().err


def test_same_results_give_the_same_bytes_and_no_paths(otb_folders):
    evaluate(otb_folders)
    first = (otb_folders / "scores.json").read_bytes()
    evaluate(otb_folders)
    assert (otb_folders / "scores.json").read_bytes() == first
    assert str(otb_folders).encode() not in first


def test_separators_vary_and_nan_rows_are_failures(otb_folders):
    rows = (otb_folders / "anno" / "Ant.txt").read_text().splitlines()
    text = [line.replace(",", "\t" if index % 2 else "  ") for index, line in enumerate(rows)]
    text[6:] = ["NaN NaN NaN NaN"] * 6
    (otb_folders / "results" / "Ant.txt").write_text("\n".join(text) + "\n")
    scores = evaluate(otb_folders)
    assert scores["per_sequence"]["Ant"]["success_auc"] == pytest.approx(10 / 21)
    assert scores["per_sequence"]["Ant"]["precision_20"] == 0.5


def test_otb_layout_is_recognised(otb_folders, tmp_path):
    for name in ("Ant", "Bee"):
        (tmp_path / "otb" / name).mkdir(parents=True)
    layout = {"Ant": "Ant/groundtruth_rect.txt", "Bee-1": "Bee/groundtruth_rect.1.txt",
              "Bee-2": "Bee/groundtruth_rect.2.txt"}  # fmt: skip
    for name, place in layout.items():
        text = (otb_folders / "anno" / f"{name}.txt").read_text()
        (tmp_path / "otb" / place).write_text(text)
    scores = evaluate_otb(tmp_path / "otb", otb_folders / "results")
    assert list(scores["per_sequence"]) == ["Ant", "Bee-1", "Bee-2"]
    assert scores["success_auc"] == pytest.approx(20 / 21)


def test_missing_sequences_are_named_unless_a_subset_is_wanted(otb_folders):
    (otb_folders / "results" / "Bee-2.txt").unlink()
    with pytest.raises(InputError, match=r"1 of 3 sequences are missing \(Bee-2\)"):
        evaluate(otb_folders)
    assert not (otb_folders / "scores.json").exists()
    assert evaluate(otb_folders, subset=True)["targets"] == 2


def test_results_of_other_sequences_are_no_subset(otb_folders, tmp_path):
    otb_data.write_boxes(tmp_path / "other" / "Cat.txt", boxes(12, 0))
    with pytest.raises(InputError, match="found Cat"):
        evaluate_otb(otb_folders / "anno", tmp_path / "other", subset=True)


def test_wrong_length_names_the_file_and_both_counts(otb_folders):
    otb_data.write_boxes(otb_folders / "results" / "Ant.txt", boxes(10, 0))
    with pytest.raises(InputError, match=r"Ant\.txt: expected 12 boxes.*got 10"):
        evaluate(otb_folders)


def test_tiger1_may_leave_out_its_first_five_frames(tmp_path):
    truth = boxes(354, 1)
    otb_data.write_boxes(tmp_path / "anno" / "Tiger1.txt", truth)
    otb_data.write_boxes(tmp_path / "results" / "Tiger1.txt", truth[5:])
    scores = evaluate(tmp_path)
    assert (scores["success_auc"], scores["frames"]) == (pytest.approx(20 / 21), 349)


def test_two_files_of_one_target_are_told(otb_folders):
    otb_data.write_boxes(otb_folders / "results" / "Bee-1.txt", boxes(12, 7))
    otb_data.write_boxes(otb_folders / "results" / "Bee.1.txt", boxes(12, 8))
    with pytest.raises(InputError, match=r"Bee.1.txt: expected one file for each target"):
        evaluate(otb_folders)


def test_an_empty_ground_truth_is_named(tmp_path):
    for name in ("Ant", "Bee"):
        otb_data.write_sequence(
            tmp_path / "otb", name, [np.zeros((8, 8, 3), np.uint8)] * 2, [np.ones((2, 4))]
        )
    otb_data.write_boxes(tmp_path / "results" / "Ant.txt", np.ones((2, 4)))
    (tmp_path / "otb" / "Bee" / "groundtruth_rect.txt").write_text("")
    with pytest.raises(InputError, match=r"Bee/groundtruth_rect.txt"):
        evaluate_otb(tmp_path / "otb", tmp_path / "results", subset=True)
    with pytest.raises(InputError, match=r"Bee/groundtruth_rect.txt"):
        otb_data.read_sequences(tmp_path / "otb")


def test_targets_whose_names_are_nearly_one_have_each_its_own_file(tmp_path):
    for number, name in enumerate(("Car", "car", "x_1", "x-1")):
        otb_data.write_boxes(tmp_path / "otb" / f"{name}.txt", boxes(6, number))
        otb_data.write_boxes(tmp_path / "results" / f"{name}.txt", boxes(6, number))
    scores = evaluate_otb(tmp_path / "otb", tmp_path / "results")
    assert set(scores["per_sequence"]) == {"Car", "car", "x_1", "x-1"}
    assert {entry["success_auc"] for entry in scores["per_sequence"].values()} == {20 / 21}


def test_a_limit_beyond_the_sequence_hides_no_surplus_row(otb_folders):
    otb_data.write_boxes(otb_folders / "results" / "Ant.txt", boxes(13, 0))
    with pytest.raises(InputError, match=r"Ant.txt: expected 12 boxes"):
        evaluate(otb_folders, frames_limit=100)


def test_names_and_frames_limit(otb_folders):
    scores = evaluate(otb_folders, names=["Bee"], frames_limit=5)
    assert list(scores["per_sequence"]) == ["Bee-1", "Bee-2"]
    assert (scores["frames"], scores["frames_limit"]) == (10, 5)
    with pytest.raises(InputError, match="'Cow'"):
        evaluate(otb_folders, names=["Cow"])


def test_command_prints_a_table_and_tells_bad_input(otb_folders, capsys):
    folders = [f"--annotations={otb_folders / 'anno'}", f"--results={otb_folders / 'results'}"]
    output = [f"--output={otb_folders / 'out.json'}"]
    assert main(["evaluate", "otb", *folders, *output]) == 0
    assert "0.952" in capsys.readouterr().out.splitlines()[-1]
    (otb_folders / "results" / "Ant.txt").write_text("1,2,3\n")
    assert main(["evaluate", "otb", *folders, *output]) == 2
    message = capsys.readouterr().err
    assert "Ant.txt" in message and message.count("\n") == 1


@pytest.mark.real_data
def test_published_srdcf_results(real_data):
    scores = evaluate_otb(
        real_data / "otb_annotations",
        real_data / "otb_results" / "SRDCF",
        attributes=real_data / "otb_annotations" / "attributes",
    )
    assert scores["targets"] == 100
    assert scores["success_auc"] == pytest.approx(0.598, abs=5e-4)
    assert scores["precision_20"] == pytest.approx(0.789, abs=5e-4)
    assert len(scores["per_attribute"]) == 11


@pytest.mark.real_data
def test_reference_tracker_on_the_sequences_with_frames(real_data):
    scores = evaluate_otb(real_data / "otb", real_data / "siamfc_reference" / "boxes")
    assert scores["targets"] == 9
    assert scores["success_auc"] == pytest.approx(0.391, abs=5e-4)
    assert scores["precision_20"] == pytest.approx(0.579, abs=5e-4)
