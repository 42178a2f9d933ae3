"""The table of a run, from evaluations."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from chromatrack.errors import InputError
from chromatrack.files import digest_text
from chromatrack.stages.report.summary import summarize
from chromatrack.stages.report.verdicts import run_statistics
from tests.report.evaluated import (
    add_row,
    auc,
    read,
    summed,
)


def test_summary_has_its_columns_and_the_baseline_first(rows, tmp_path):
    summed(rows, tmp_path, title="Synthetic world", config="run: demo\n")
    table = pd.read_csv(tmp_path / "summary.csv", dtype={"alpha": str, "experiment": str})
    assert table.columns.tolist() == [
        "data_set", "tracker", "experiment", "alpha", "seeds",
        "success_auc", "success_auc_low", "success_auc_high",
        "difference", "difference_low", "difference_high", "p",
        "precision_20", "targets", "frames", "weights", "configuration",
    ]  # fmt: skip
    assert table["tracker"].tolist() == [
        "baseline", "exp2-alpha0.3", "exp2-alphalearned", "exp10-alpha0.1"
    ]  # fmt: skip
    assert table["experiment"].tolist() == ["baseline", "2", "2", "10"]
    assert table["seeds"].tolist() == ["0 1", "0 1", "0", "0"]
    assert table["alpha"].fillna("").tolist() == ["", "0.3", "learned", "0.1"]
    assert set(table["data_set"]) == {"Synthetic world"}
    assert set(table["targets"]) == {2} and set(table["frames"]) == {20}
    assert set(table["configuration"]) == {digest_text("run: demo\n")[:12]}


def test_summary_averages_seeds_and_tells_the_weights_of_each(rows, tmp_path):
    """In the order of the seeds, whatever the order of the rows."""
    table = summed(rows, tmp_path).set_index("tracker")
    learned, late, early, _, baseline_1, baseline_0 = rows
    for tracker, own in (("baseline", (baseline_0, baseline_1)), ("exp2-alpha0.3", (early, late)),
                         ("exp2-alphalearned", (learned,))):  # fmt: skip
        line = table.loc[tracker]
        assert line["success_auc"] == pytest.approx(np.mean([auc(row) for row in own]), abs=1e-6)
        assert line["weights"] == " ".join(digest_text(row["tracker"])[:12] for row in own)
        assert line["success_auc_low"] <= line["success_auc"] <= line["success_auc_high"]


def test_difference_is_to_the_baseline_of_the_same_seed(rows, tmp_path):
    table = summed(rows, tmp_path).set_index("tracker")
    learned, late, early, _, baseline_1, baseline_0 = rows
    both = (auc(early) - auc(baseline_0) + auc(late) - auc(baseline_1)) / 2
    one = auc(learned) - auc(baseline_0)
    assert table.loc["exp2-alpha0.3", "difference"] == pytest.approx(both, abs=1e-6)
    assert table.loc["exp2-alphalearned", "difference"] == pytest.approx(one, abs=1e-6)
    assert np.isnan(table.loc["baseline", "difference"])
    assert auc(baseline_0) != auc(baseline_1)


def test_summary_refuses_what_cannot_be_compared(rows, tmp_path):
    output = tmp_path / "summary.csv"
    with pytest.raises(InputError, match="'baseline' of seed 1"):
        summed([row for row in rows if row is not rows[4]], tmp_path)
    with pytest.raises(InputError, match="listed twice"):
        summed([*rows, rows[0]], tmp_path)
    fewer = add_row(tmp_path, "3", 0.5, 0, 3, targets=1)
    with pytest.raises(InputError, match="expected the targets of the other trackers"):
        summed([*rows, fewer], tmp_path)
    said = run_statistics(read(rows, tmp_path), tmp_path / "statistics.json")
    with pytest.raises(InputError, match="expected 2 targets and 20 frames"):
        summarize(read([*rows, fewer], tmp_path), said, output)
    with pytest.raises(InputError, match="at least one tracker"):
        summed([], tmp_path)
    assert not output.exists()


def test_summary_refuses_statistics_of_other_trackers(rows, tmp_path):
    said = run_statistics(read(rows, tmp_path), tmp_path / "statistics.json")
    more = add_row(tmp_path, "3", 0.5, 0, 3)
    for other in ([*rows, more], rows[1:], [row for row in rows if row["seed"] == 0]):
        with pytest.raises(InputError, match="of other trackers"):
            summarize(read(other, tmp_path), said, tmp_path / "summary.csv")


def test_a_baseline_that_never_hits_can_be_compared_with(tmp_path):
    """With the given first frame no real tracker scores 0; MATLAB's convention can."""
    rows = [add_row(tmp_path, "baseline", None, 0, 900), add_row(tmp_path, "1", 0.5, 0, 3)]
    file = Path(rows[0]["evaluation"])
    scores = json.loads(file.read_text()) | {"success_auc": 0.0}
    for entry in scores["per_sequence"].values():
        entry["success_auc"] = 0.0
    file.write_text(json.dumps(scores))
    table = summed(rows, tmp_path)
    assert table["success_auc"].tolist() == [0.0, pytest.approx(auc(rows[1]), abs=1e-6)]
    assert table.loc[1, "difference"] == table.loc[1, "success_auc"]


def test_equal_runs_give_equal_tables_without_a_time_in_them(rows, tmp_path):
    """The same boxes, tracked again on a machine of another speed."""
    summed(rows, tmp_path)
    first = (tmp_path / "summary.csv").read_bytes()
    for row in rows:
        said = json.loads(Path(row["run"]).read_text())
        slower = {"seconds": 7.25, "frames_per_second": 2.76, "device": "cuda"}
        Path(row["run"]).write_text(json.dumps(said | slower))
    summed(rows, tmp_path)
    assert (tmp_path / "summary.csv").read_bytes() == first
    assert not re.search("second|device|date", first.decode())


def test_intervals_are_those_of_the_statistics(rows, tmp_path):
    summed(rows, tmp_path)
    table = pd.read_csv(tmp_path / "summary.csv").astype(object)
    said = json.loads((tmp_path / "statistics.json").read_text())["rows"]
    assert len(table) == len(said)
    for line, entry in zip(table.to_dict("records"), said, strict=True):
        pairs = [("success_auc", entry["value"]), ("difference", entry["difference"] or {})]
        for name, value in pairs:
            for column, end in ((name, "mean"), (f"{name}_low", "low"), (f"{name}_high", "high")):
                assert line[column] == value.get(end) or (pd.isna(line[column]) and not value)
        assert line["p"] == entry["p"] or (pd.isna(line["p"]) and entry["p"] is None)


def test_a_run_without_weights_and_one_without_digests(rows, tmp_path):
    by_name = {row["tracker"]: row for row in rows}
    by_name["2_0.3_0"]["run"] = None
    by_name["10_0.1_0"]["run"] = None
    table = summed(rows, tmp_path).set_index("tracker")
    assert table.loc["exp2-alpha0.3", "weights"] == f"- {digest_text('2_0.3_1')[:12]}"
    assert table.loc["exp10-alpha0.1", "weights"] == ""
    path = Path(by_name["2_0.3_1"]["run"])
    path.write_text('{"made_by": []}')
    with pytest.raises(InputError, match=re.escape(f"{path}: expected made_by")):
        summed(rows, tmp_path)
