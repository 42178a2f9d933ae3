"""What a page of runs says where runs, scores and options do not fit: nothing that is not so."""

import json

import pytest

from chromatrack.files import read_json
from chromatrack.reporting.manifest import read_manifest
from chromatrack.reporting.sentences import chance, chance_cell, headline
from chromatrack.stages.report.runs import report_runs
from chromatrack.stages.report.verdicts import rule_of, run_statistics
from tests.report.finished_runs import data_of, refusal

RIGHT = {"convention": "got10k", "frames_limit": None}
"""Of the runs of these tests, whose scores do not say it."""

WRONG = {
    "convention": "matlab", "protocol": "tre", "benchmark": "uav123", "frames_limit": 7,
}  # fmt: skip


@pytest.mark.parametrize("key", WRONG)
def test_scores_that_were_counted_in_another_way_are_refused(finished, tmp_path, capsys, key):
    run = finished("one", (0, 1))
    right = read_json(run.scores("baseline-seed0")).get(key, RIGHT.get(key))
    for tracker in ("baseline-seed0", "baseline-seed1"):
        run.change(tracker, **{key: right})
    run.change("exp1-alpha0.5-seed1", **{key: WRONG[key]})
    run.tell(statistics=None, summary_csv=None)
    said = refusal(run.folder, "--output", tmp_path / "p.html", capsys=capsys)
    assert f"exp1-alpha0.5-seed1.json: {key}: expected" in said and repr(WRONG[key]) in said


def test_equal_results_of_three_runs_are_taken_once(finished, tmp_path):
    runs = [finished(name, (seed,)) for seed, name in enumerate(("a", "b", "c"))]
    for run in runs[1:]:
        run.change("kcf", success_auc=0.25)
    report_runs([run.folder for run in runs], tmp_path / "p.html")
    [data] = data_of(tmp_path / "p.html")
    names = [tracker["name"] for tracker in data["trackers"] if tracker["seeds"] == 1]
    assert names == ["kcf", "kcf (b)"]


def test_differences_are_of_the_seeds_that_both_have(finished, tmp_path):
    run = finished("one", (0, 1))
    rows = [row for row in run.manifest["rows"] if row["tracker"] != "exp1-alpha0.5-seed1"]
    run.tell(rows=rows, statistics=None, summary_csv=None)
    report_runs([run.folder], tmp_path / "p.html")
    [data] = data_of(tmp_path / "p.html")
    table, names = data["sequences"], [one["name"] for one in data["trackers"]]
    first, base = names.index("exp 1, α = 0.5"), names.index("SiamFC (baseline)")
    assert (table["seeds"][first], table["seeds"][base]) == ([0], [0, 1])
    paired = [one - other for one, other in zip(table["each"][first][0], table["each"][base][0],
                                                strict=True)]  # fmt: skip
    told = data["trackers"][first]["difference"]["mean"]
    assert sum(paired) / len(paired) == pytest.approx(told, abs=1e-4)
    assert "over the seeds of each, which are not as many: " in (tmp_path / "p.html").read_text()


def test_a_run_whose_seeds_are_alike_says_nothing_of_them(finished, tmp_path):
    run = finished("one", (0, 1))
    report_runs([run.folder], tmp_path / "p.html")
    [data] = data_of(tmp_path / "p.html")
    assert data["sequences"]["each"] is None
    assert "which are not as many" not in (tmp_path / "p.html").read_text()


def test_the_rule_of_a_run_is_that_of_its_configuration(finished, tmp_path):
    run = finished("one", statistics={"margin": 0.02, "draws": 200, "seed": 3})
    run.tell(statistics=None, summary_csv=None)
    rule = rule_of(read_manifest(run.report / "manifest.json"))
    assert (rule.margin, rule.draws, rule.seed) == (0.02, 200, 3)
    report_runs([run.folder], tmp_path / "p.html")
    assert read_json(tmp_path / "p-statistics.json")["margin"] == 0.02


@pytest.mark.parametrize(
    "option",
    [["--annotations", "a"], ["--baseline", "b"], ["--convention", "matlab"], ["--subset"],
     ["--frames-limit", "5"], ["--protocol", "tre"]],
)  # fmt: skip
def test_options_of_folders_are_refused_beside_runs(finished, tmp_path, capsys, option):
    run = finished("one")
    said = refusal(run.folder, *option, "--output", tmp_path / "p.html", capsys=capsys)
    assert f"{option[0]}: belongs to --results, not to finished runs" in said


def test_a_page_is_no_scores(finished, capsys):
    run = finished("one")
    before = run.scores("kcf").read_bytes()
    said = refusal(run.folder, "--output", run.scores("kcf"), capsys=capsys)
    assert "kcf.json: expected a name that ends in .html" in said
    assert run.scores("kcf").read_bytes() == before


@pytest.mark.parametrize(
    ("p", "told"),
    [(0.5, "0.50"), (0.0471, "0.047"), (0.004, "0.004"), (0.00002, "0.00002"), (3e-7, "3e-07")],
)
def test_no_p_is_printed_as_nothing(p, told):
    assert chance(p) == chance_cell(p) == told
    assert chance_cell(None) == chance_cell(float("nan")) == "–"


def test_too_few_targets_are_told_by_how_alpha_was_chosen(scored, tmp_path):
    """A flip of all signs need not reach a mean at alphas that are chosen anew."""
    told = json.loads(scored.read_text())
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps(told))
    run = run_statistics(read_manifest(manifest), tmp_path / "s.json", draws=300)
    claims = {name: one for name, one in run["experiments"].items() if one["claim"]}
    for way, least in (("crossed", 0.062), ("beforehand", 0.12)):
        for one in claims.values():
            one["chosen"]["way"], one["verdict"] = way, "cannot be told"
        assert f"no gain could have been shown: p is {least}" in headline(run), headline(run)
