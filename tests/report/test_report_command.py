"""`chromatrack report RUN ...`: pages of runs that lie anywhere, joined where only seeds differ."""

import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

from chromatrack.cli.main import main
from chromatrack.errors import InputError
from chromatrack.files import read_json
from chromatrack.reporting.moved import open_run
from chromatrack.stages.report.runs import report_runs, short_names
from chromatrack.stages.report.summary import summarize
from chromatrack.stages.report.verdicts import run_statistics
from tests.report.finished_runs import DRAWS, SEEDS, data_of, refusal

# Where a run lies


def test_a_run_that_was_copied_gives_the_page_that_it_gave_in_place(
    finished, tmp_path, monkeypatch
):
    run = finished("one", SEEDS, viewer=True)
    shutil.copytree(run.folder, tmp_path / "away" / "other-name")
    monkeypatch.chdir(tmp_path / "here")
    pages = [tmp_path / f"{number}.html" for number in range(6)]
    assert main(["page", "--manifest", "results/one/report/manifest.json",
                 "--output", str(pages[0])]) == 0  # fmt: skip
    assert main(["report", "results/one", "--output", str(pages[1])]) == 0
    monkeypatch.chdir(tmp_path)
    shutil.rmtree(tmp_path / "here")
    assert main(["report", "away/other-name", "--output", str(pages[2])]) == 0
    monkeypatch.chdir(tmp_path / "away" / "other-name" / "report")
    assert main(["report", "..", "--output", str(pages[3])]) == 0
    assert main(["report", "manifest.json", "--output", str(pages[4])]) == 0
    monkeypatch.chdir("..")
    assert main(["report", "report/manifest.json", "--output", str(pages[5])]) == 0
    assert len({page.read_bytes() for page in pages}) == 1
    assert [path.name for path in tmp_path.glob("*-*.*")] == []  # nothing was counted anew


def test_a_manifest_that_lies_elsewhere_is_read_as_it_stands(scored, tmp_path, capsys):
    """Its statistics, which it has not, are counted."""
    page = tmp_path / "p.html"
    assert main(["report", str(scored), "--output", str(page)]) == 0
    [data] = data_of(page)
    said = read_json(tmp_path / "p-statistics.json")
    own = {(row["experiment"], row["alpha"]): row["difference"] for row in said["rows"]}
    assert len(data["trackers"]) == 6
    for one in data["trackers"]:
        assert one["difference"] == own[one["experiment"], one["alpha"]]
    assert f"counted anew: {tmp_path / 'p-summary.csv'}" in capsys.readouterr().out


def test_names_of_runs_are_as_short_as_they_can_be():
    assert short_names([Path("/a/results/x"), Path("/b/results/y")]) == ["x", "y"]
    assert short_names([Path("/a/results/x"), Path("/b/results/x")]) == [
        "a/results/x", "b/results/x"
    ]  # fmt: skip


# Runs that are joined


def test_seeds_of_other_machines_count_as_if_one_run_had_them_all(finished, tmp_path):
    whole = finished("whole", SEEDS)
    late, early = finished("late", (1, 2)), finished("early", (0,))
    page = tmp_path / "joined.html"
    report_runs([late.folder, early.folder], page)
    expected, found = (
        read_json(path)
        for path in (whole.report / "statistics.json", tmp_path / "joined-statistics.json")
    )
    assert found == expected and found["seeds"] == [0, 1, 2]
    assert (found["draws"], found["margin"]) == (DRAWS, 0.01)  # as the runs themselves compared
    tables = [
        pd.read_csv(path, dtype=str).drop(columns="configuration")
        for path in (whole.report / "summary.csv", tmp_path / "joined-summary.csv")
    ]
    pd.testing.assert_frame_equal(*tables)
    report_runs([whole.folder], tmp_path / "whole.html")
    [one], [other] = data_of(tmp_path / "whole.html"), data_of(page)
    assert other["sequences"] == one["sequences"] and other["curves"] == one["curves"]
    assert [tracker["seeds"] for tracker in other["trackers"]] == [3, 1, 3, 3, 3, 3]
    assert "Joined from 2 runs: late (seeds 1, 2); early (seed 0)." in page.read_text()


def test_the_viewer_shows_the_boxes_of_the_first_run(finished, tmp_path):
    """Whatever its seeds are: its strips have none of the other's trackers."""
    late, early = finished("late", (1, 2), viewer=True), finished("early", (0,), viewer=True)
    report_runs([late.folder, early.folder], tmp_path / "p.html")
    [data], [strips] = data_of(tmp_path / "p.html"), data_of(tmp_path / "p.html", "strips")
    assert {one["row"] for one in data["trackers"]} == set(strips["sequences"][0]["overlaps"])
    assert {one["row"] for one in data["trackers"]} >= {"baseline-seed1", "exp2-alpha0.5-seed1"}


def test_what_two_runs_have_alike_is_taken_once(finished, tmp_path):
    """Whichever version scored it, and however fast it was there."""
    one, other = finished("one", (0, 1)), finished("other", (1, 2))
    for tracker in ("kcf", "exp1-alpha0.5-seed1"):
        other.change(tracker, made_by={"chromatrack": "0.9"}, frames_per_second=3.0)
    report_runs([one.folder, other.folder], tmp_path / "p.html")
    [data] = data_of(tmp_path / "p.html")
    assert [tracker["seeds"] for tracker in data["trackers"]] == [3, 1, 3, 3, 3, 3]


def test_two_results_of_one_seed_are_refused_by_the_names_of_both(finished, tmp_path, capsys):
    one, other = finished("one", (0, 1)), finished("other", (1, 2))
    calls = (one.folder, other.folder, "--output", tmp_path / "p.html")
    value = read_json(other.scores("exp2-alpha0.5-seed1"))
    value["per_sequence"]["C"]["success_auc"] += 0.01  # the means of all are as they were
    other.change("exp2-alpha0.5-seed1", per_sequence=value["per_sequence"])
    said = refusal(*calls, capsys=capsys)
    assert str(one.scores("exp2-alpha0.5-seed1")) in said
    assert str(other.scores("exp2-alpha0.5-seed1")) in said
    assert "(experiment 2, alpha 0.5, seed 1), got two that differ" in said
    shutil.copy(one.scores("exp2-alpha0.5-seed1"), other.scores("exp2-alpha0.5-seed1"))
    run = other.scores("exp2-alpha0.5-seed1").with_suffix(".run")
    run.write_text(json.dumps({"made_by": {"inputs": {"checkpoint": "f" * 64}}}))
    assert "got two that differ" in refusal(*calls, capsys=capsys)
    assert not (tmp_path / "p.html").exists()
    assert main(["report", "--apart", *map(str, calls)]) == 0
    assert len(data_of(tmp_path / "p.html")) == 2


def test_trackers_without_a_seed_that_differ_stand_beside_each_other(finished, tmp_path):
    one, other = finished("one", (0,)), finished("other", (1,))
    changed = read_json(other.scores("kcf")) | {"success_auc": 0.25}
    other.change("kcf", success_auc=0.25)
    box = {"benchmark": "otb", "protocol": "ope"}
    for run, name in ((one, "one"), (other, "other")):
        trackers = {"kcf": f"results/{name}/scores/kcf.json",
                    f"baseline of {name}": f"results/{name}/scores/{'kcf'}.json"}  # fmt: skip
        run.tell(evaluations=[box | {"trackers": trackers, "untrained": {"kcf": "kcf"}}])
    report_runs([one.folder, other.folder], tmp_path / "p.html")
    [data] = data_of(tmp_path / "p.html")
    values = {t["name"]: t["values"]["success_auc"] for t in data["trackers"] if t["seeds"] == 1}
    assert values == {
        "kcf": read_json(one.scores("kcf"))["success_auc"],
        "kcf (other)": changed["success_auc"],
    }
    rows = re.findall(r'<th scope="row">(.*?)</th>', (tmp_path / "p.html").read_text())
    assert [rows.count(name) for name in ("baseline of one", "baseline of other")] == [1, 1]
    assert "kcf (other)" in rows


def test_masks_of_each_run_keep_their_random_twin(finished, tmp_path):
    """Their titles have no seed in a run of one."""
    runs = [finished("one", (0,)), finished("other", (1,))]
    for run, seed in zip(runs, (0, 1), strict=True):
        files = {"net, pretrained": f"exp1-alpha0.5-seed{seed}", "net, random": "kcf"}
        run.tell(evaluations=[{
            "benchmark": "otb", "protocol": "ope", "untrained": {"net, pretrained": "net, random"},
            "trackers": {title: f"results/{run.folder.name}/scores/{name}.json"
                         for title, name in files.items()},
        }])  # fmt: skip
    from chromatrack.reporting.joining import Run, joined

    opened = [Run(run.folder.name, open_run(run.folder)) for run in runs]
    [found] = joined(opened).evaluations
    assert found.trackers == {
        "net, pretrained": runs[0].scores("exp1-alpha0.5-seed0"),
        "net, random": runs[0].scores("kcf"),  # the same in both
        "net, pretrained (other)": runs[1].scores("exp1-alpha0.5-seed1"),
    }
    assert found.untrained == {
        "net, pretrained": "net, random", "net, pretrained (other)": "net, random"
    }  # fmt: skip


def test_how_configurations_differ_is_said(finished, tmp_path, capsys):
    one = finished("one", (0,), data={"root": "/a", "seeds": [0]})
    other = finished("other", (1,), data={"root": "/b", "seeds": [1]}, siamfc={"steps": 80})
    other.tell(notes=["No clips."])
    page = tmp_path / "p.html"
    assert main(["report", str(one.folder), str(other.folder), "--output", str(page)]) == 0
    told = (
        "The configurations differ in more than seeds: siamfc.steps (one: 60, other: 80); "
        "data.root (one: /a, other: /b)."
    )
    assert told in capsys.readouterr().out and told in page.read_text()
    assert "other: No clips." in page.read_text()


def test_runs_of_one_title_on_other_targets_are_refused(finished, tmp_path, capsys):
    one, other = finished("one", (0,)), finished("other", (1,))
    calls = (one.folder, other.folder, "--output", tmp_path / "p.html")
    for run, digest in ((one, "a"), (other, "b")):
        run.change("baseline-seed0" if run is one else "baseline-seed1",
                   made_by={"inputs": {"annotations": digest}})  # fmt: skip
    assert "got other annotations" in refusal(*calls, capsys=capsys)
    per = read_json(other.scores("baseline-seed1"))["per_sequence"]
    per["D"]["frames"], per["X"] = 29, per.pop("E")
    other.change("baseline-seed1", per_sequence=per)
    said = refusal(*calls, capsys=capsys)
    assert "one and other: expected the same targets" in said
    assert "got other frames of D, E, X" in said


# Runs that are not


def test_other_runs_stand_one_below_the_other(finished, tmp_path):
    runs = [
        finished("demo", (0,), title="Demo"), finished("real", (0, 1), title="Real"),
        finished("more", (2,), title="Real"),
    ]  # fmt: skip
    page = tmp_path / "p.html"
    report_runs([run.folder for run in runs], page)
    text = page.read_text()
    assert re.findall(r"<h[12]>(?:Demo|Real|2 runs).*?<", text) == [
        "<h1>2 runs<", "<h2>Demo<", "<h2>Real<"
    ]  # fmt: skip
    for anchor in re.findall(r'href="#([\w-]+)"', text):
        assert text.count(f'id="{anchor}"') == 1, anchor
    assert [one["trackers"][0]["seeds"] for one in data_of(page)] == [1, 3]
    # Of the second on the page, which was counted anew.
    assert sorted(path.name for path in tmp_path.glob("p-*")) == [
        "p-2-statistics.json", "p-2-summary.csv"
    ]  # fmt: skip


@pytest.mark.parametrize("what", ["alphas", "experiments", "plans", "cut"])
def test_runs_that_differ_in_more_than_seeds_stand_apart(finished, tmp_path, what):
    one, other = finished("one", (0,)), finished("other", (1,))
    rows = [row for row in other.manifest["rows"] if row["alpha"] != 0.5]
    other.tell(**{
        "alphas": {"rows": rows}, "plans": {"plans": {"1": {"alpha": 0.5}}},
        "experiments": {"experiments": {"1": "another"}}, "cut": {"cut": "first 9 frames"},
    }[what])  # fmt: skip
    said = run_statistics(open_run(other.folder), other.report / "statistics.json", draws=100)
    summarize(open_run(other.folder), said, other.report / "summary.csv")
    report_runs([one.folder, other.folder], tmp_path / "p.html")
    titles = re.findall(r"<h2>(Made-up run.*?)</h2>", (tmp_path / "p.html").read_text())
    assert titles == ["Made-up run: one", "Made-up run: other"]


# What cannot be reported


def test_a_call_that_names_no_finished_run_is_one_sentence(finished, tmp_path, capsys):
    run = finished("one", (0,))
    page = ("--output", tmp_path / "p.html")
    said = refusal(tmp_path / "nowhere", *page, capsys=capsys)
    assert said.endswith("nowhere: no such run; expected a folder such as results/demo, or its "
                         "report/manifest.json")  # fmt: skip
    said = refusal(tmp_path, *page, capsys=capsys)
    assert said.endswith("report/manifest.json: no such file; the run is not finished, or is none")
    said = refusal(run.folder, run.report / "manifest.json", *page, capsys=capsys)
    assert said.endswith(f"{run.folder}: the run is given twice")
    for arguments in ([], [run.folder, "--results", "x"], ["--results", "x"]):
        assert "expected" in refusal(*arguments, *page, capsys=capsys)
    (run.report / "statistics.json").unlink()
    assert refusal(run.folder, *page, capsys=capsys).endswith("statistics.json: no such file")
    assert not (tmp_path / "p.html").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not valid JSON"),
        ("[]", r"expected keys and values, got \[\]"),
        ('{"title": "x", "figures": "f.json"}', "'figures', which this version of chromatrack"),
        ('{"title": "x", "config": "a: ["}', "config: expected YAML of keys and values"),
        ('{"title": "x", "config": "text"}', "config: expected YAML of keys and values"),
        ('{"title": "x", "rows": 3}', "rows: expected a list"),
    ],
)
def test_a_manifest_that_cannot_be_read_is_named(tmp_path, text, said):
    path = tmp_path / "run" / "report" / "manifest.json"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with pytest.raises(InputError, match=f"{path}: .*{said}"):
        report_runs([tmp_path / "run"], tmp_path / "p.html")


def test_statistics_of_an_older_version_are_named(finished, tmp_path):
    run = finished("one", (0,))
    path = run.report / "statistics.json"
    said = read_json(path)
    del said["experiments"]["2"]["claim"]
    path.write_text(json.dumps(said))
    with pytest.raises(InputError, match=f"{path}: experiments.2: expected the key 'claim'"):
        report_runs([run.folder], tmp_path / "p.html")
    path.write_text("[]")
    other = finished("other", (1,))
    with pytest.raises(InputError, match=f"{path}: expected margin, draws and seed"):
        report_runs([run.folder, other.folder], tmp_path / "p.html")


def test_the_page_of_a_run_is_replaced_only_when_that_is_asked_for(finished, tmp_path, capsys):
    run = finished("one", (0,))
    page = run.report / "index.html"
    page.write_text("of Snakemake")
    said = refusal(run.folder, "--output", page, capsys=capsys)
    assert said.endswith("lies beside the manifest of a run; expected another file, or --replace")
    assert page.read_text() == "of Snakemake"
    assert main(["report", str(run.folder), "--output", str(page), "--replace"]) == 0
    assert data_of(page)
    assert "is a folder" in refusal(run.folder, "--output", tmp_path, capsys=capsys)
