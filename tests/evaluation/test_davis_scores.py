"""DAVIS: folders of masks are scored, and what is wrong with them is named."""

import csv
import json
import os
from pathlib import Path

import numpy as np
import pytest

from chromatrack.cli.main import main
from chromatrack.data import davis as davis_data
from chromatrack.errors import InputError
from chromatrack.evaluation import sets
from chromatrack.plan.trackers import segmentations
from chromatrack.reporting.page import benchmarks
from chromatrack.settings import load_config
from tests.conftest import ROOT
from tests.evaluation.davis_scores import score


@pytest.fixture
def davis_folders(tmp_path):
    """Two sequences of six frames; results equal to the annotations."""
    for name, objects in (("-gull", 1), ("pair", 2)):
        for frame in range(6):
            ids = np.zeros((40, 60), np.uint8)
            for number in range(1, objects + 1):
                ids[5:15, 20 * number - 15 + frame : 20 * number - 5 + frame] = number
            ids[30:, :3] = 255
            davis_data.write_mask(tmp_path / "anno" / name / f"{frame:05d}.png", ids)
            ids[ids == 255] = 0
            davis_data.write_mask(tmp_path / "results" / name / f"{frame:05d}.png", ids)
    return tmp_path


def evaluate_masks(root, **options):
    return score(root / "anno", root / "results", root / "scores.json", **options)


def test_perfect_masks(davis_folders):
    scores = evaluate_masks(davis_folders)
    assert scores["J_and_F"] == scores["J_recall"] == 1.0
    assert scores["J_decay"] == scores["F_decay"] == 0.0
    assert list(scores["per_object"]) == ["-gull_1", "pair_1", "pair_2"]
    assert (scores["objects"], scores["sequences"], scores["frames"]) == (3, 2, 8)
    assert scores == json.loads((davis_folders / "scores.json").read_text())


def test_first_and_last_frame_do_not_count_and_may_be_missing(davis_folders):
    for name in ("00000.png", "00005.png"):
        (davis_folders / "results" / "pair" / name).unlink()
    assert evaluate_masks(davis_folders)["J_mean"] == 1.0


def test_mean_is_over_objects(davis_folders):
    for frame in range(6):
        path = davis_folders / "results" / "pair" / f"{frame:05d}.png"
        ids = davis_data.read_mask(path)
        davis_data.write_mask(path, np.where(ids == 2, 0, ids))
    scores = evaluate_masks(davis_folders)
    assert scores["per_object"]["pair_2"]["J_mean"] == 0.0
    assert scores["J_mean"] == pytest.approx(2 / 3)


def test_official_tables(davis_folders):
    scores = evaluate_masks(davis_folders)
    with open(davis_folders / "global_results-val.csv", newline="") as handle:
        header, values = csv.reader(handle)
    assert header == [
        "J&F-Mean", "J-Mean", "J-Recall", "J-Decay", "F-Mean", "F-Recall", "F-Decay",
    ]  # fmt: skip
    assert values == ["1.000", "1.000", "1.000", "0.000", "1.000", "1.000", "0.000"]
    with open(davis_folders / "per-sequence_results-val.csv", newline="") as handle:
        rows = list(csv.reader(handle))
    assert rows[0] == ["Sequence", "J-Mean", "F-Mean"]
    assert [row[0] for row in rows[1:]] == list(scores["per_object"])


def test_an_object_that_is_lost_everywhere_is_an_empty_mask(davis_folders):
    """Results with fewer objects than the first mask are scored, not refused."""
    for path in (davis_folders / "results" / "pair").iterdir():
        davis_data.write_mask(path, np.zeros((40, 60), np.uint8))
    scores = evaluate_masks(davis_folders)
    assert scores["per_object"]["pair_1"]["J_mean"] == 0
    assert scores["per_object"]["pair_2"]["F_mean"] == 0


def test_an_id_that_the_first_mask_skips_counts_as_officially(davis_folders):
    for folder in ("anno", "results"):
        for path in (davis_folders / folder / "pair").iterdir():
            ids = davis_data.read_mask(path)
            davis_data.write_mask(path, np.where(ids == 1, 0, ids))
    scores = evaluate_masks(davis_folders)["per_object"]
    assert list(scores) == ["-gull_1", "pair_1", "pair_2"]
    assert scores["pair_1"]["J_mean"] == 1.0


def test_void_in_a_result_is_refused(davis_folders):
    path = davis_folders / "results" / "pair" / "00002.png"
    ids = davis_data.read_mask(path)
    ids[0, 0] = 255
    davis_data.write_mask(path, ids)
    with pytest.raises(InputError, match=r"00002\.png: expected object ids 1 to 2 .* got 255"):
        evaluate_masks(davis_folders)


def test_missing_masks_are_named(davis_folders):
    (davis_folders / "results" / "pair" / "00003.png").unlink()
    with pytest.raises(InputError, match=r"pair/00003\.png"):
        evaluate_masks(davis_folders)
    for path in (davis_folders / "results" / "pair").iterdir():
        path.unlink()
    (davis_folders / "results" / "pair").rmdir()
    with pytest.raises(InputError, match=r"1 of 2 sequences are missing \(pair\)"):
        evaluate_masks(davis_folders)
    assert evaluate_masks(davis_folders, subset=True)["sequences"] == 1


def test_masks_of_wrong_size_or_objects_are_named(davis_folders):
    path = davis_folders / "results" / "pair" / "00002.png"
    davis_data.write_mask(path, np.zeros((40, 61), np.uint8))
    with pytest.raises(InputError, match=r"00002\.png: expected a mask of 60x40 pixels, got 61x40"):
        evaluate_masks(davis_folders)
    davis_data.write_mask(path, np.full((40, 60), 3, np.uint8))
    with pytest.raises(InputError, match=r"expected object ids 1 to 2 .* got 3"):
        evaluate_masks(davis_folders)


def test_davis_root_is_recognised_and_its_list_counts(davis_folders, tmp_path):
    root = tmp_path / "root"
    (root / "Annotations").mkdir(parents=True)
    os.rename(davis_folders / "anno", root / "Annotations" / "480p")
    davis_data.write_names(root, ["pair"])
    scores = score(root, davis_folders / "results")
    assert list(scores["per_object"]) == ["pair_1", "pair_2"]


def test_davis_command(davis_folders, capsys):
    call = ["evaluate", "davis", f"--annotations={davis_folders / 'anno'}",
            f"--output={davis_folders / 'out.json'}"]  # fmt: skip
    assert main([*call, f"--results={davis_folders / 'results'}"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].split() == ["all", "1.000", "1.000", "1.000"]
    assert main([*call, f"--results={davis_folders / 'nothing'}"]) == 2


def test_the_table_has_all_methods_what_they_must_beat_and_the_published_rows():
    settings = load_config([ROOT / "config.yaml"])
    specs = segmentations(settings)
    networks = [s.checkpoint and Path(s.checkpoint).parent.name for s in specs]
    assert list(zip(networks, [s.method for s in specs], strict=True)) == [
        (None, "identity"),
        *(
            (f"{trunk}-{weights}-seed0", method)
            for trunk in ("resnet18", "alexnet")
            for weights in ("random", "pretrained")
            for method in ("soft", "whole-frame", "thesis")
        ),
    ]
    assert len({s.name for s in specs}) == len({s.title for s in specs}) == len(specs)
    benchmark = sets.get("davis")
    entry = dict.fromkeys((measure.key for measure in benchmark.measures), 0.5)
    entry |= {"targets": 3, "frames": 9, "remarks": {}}
    table = benchmarks.evaluations({s.title: entry for s in specs}, benchmark)
    assert {len(line.cells) for line in table.lines} == {len(table.header)}
    columns = [table.header.index(title) for title in ("J %", "F %")]
    published = [tuple(line.cells[i] for i in columns) for line in table.lines if line.reference]
    expected = {("29.48", "22.93"), ("26.95", "20.90"), ("34.60", "32.70"), ("45.60", "52.50")}
    assert set(published) == expected


@pytest.mark.real_data
def test_real_masks_against_themselves(real_data):
    folder = real_data / "davis" / "Annotations" / "480p"
    scores = score(real_data / "davis", folder, max_frames=12)
    assert (scores["J_mean"], scores["F_mean"]) == (1.0, 1.0)
    assert scores["frames"] == 30


def test_255_is_void_where_there_are_other_objects(davis_folders):
    """What a mask of 0 and 255 means is told by the first mask of its sequence."""
    assert not davis_data.is_binary(davis_folders / "anno" / "pair" / "00000.png")
    mask = davis_folders / "anno" / "pair" / "00003.png"
    ids = davis_data.read_mask(mask)
    davis_data.write_mask(mask, np.where(ids == 255, 255, 0))  # both objects left, void stayed
    davis_data.write_mask(
        davis_folders / "results" / "pair" / "00003.png", np.zeros((40, 60), np.uint8)
    )
    assert evaluate_masks(davis_folders)["J_mean"] == 1.0


def test_scores_declare_what_they_measure(davis_folders):
    scores = evaluate_masks(davis_folders)
    assert (scores["benchmark"], scores["protocol"], scores["unit"]) == (
        "davis", "propagated", "object",
    )  # fmt: skip
    assert next(iter(scores["measures"])) == "J_and_F"
    for key, told in scores["measures"].items():
        assert told["value"] == scores[key]
        assert told["better"] == ("lower" if "decay" in key else "higher")
        assert told["range"] == [-1.0 if "decay" in key else 0.0, 1.0]
    assert scores["targets"] == scores["objects"] == 3
    assert scores["made_by"]["stage"] == "evaluate"
    assert set(scores["made_by"]["inputs"]) == {"annotations", "results"}


# Masks that say nothing


def test_an_object_of_later_masks_is_said(davis_folders, capsys):
    path = davis_folders / "anno" / "pair" / "00002.png"
    ids = davis_data.read_mask(path)
    ids[0, 0] = 7
    davis_data.write_mask(path, ids)
    assert evaluate_masks(davis_folders)["J_mean"] == 1.0
    told = "pair/00000.png: object 7 of a later mask is nowhere in this first one, and not scored"
    assert told in capsys.readouterr().err
