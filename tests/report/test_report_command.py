"""`chromatrack report`: pages of runs that lie anywhere, joined by their seeds; of folders, too."""

import json
import re
import shutil

import numpy as np
import pytest

from benchmarks.made_up_run import write_run
from chromatrack.cli.main import main
from chromatrack.data import otb as otb_data
from chromatrack.errors import InputError
from chromatrack.reporting.manifest import read_manifest
from chromatrack.stages.report.runs import open_run, report_runs
from chromatrack.stages.report.statistics import run_statistics
from chromatrack.stages.report.summary import summarize

SMALL = {"experiments": ("1", "2"), "alphas": (0.0, 0.5), "targets": tuple("ABCDE"), "frames": 30}


def finished(root, name, seeds, title="Made-up run"):
    """A run of these seeds in root/results/NAME, as Snakemake leaves it; its folder."""
    folder = root / "results" / name
    made = write_run(folder / "scored", seeds=seeds, title=title, **SMALL)
    value = json.loads(made.read_text())
    text = json.dumps(value).replace(str(folder), f"results/{name}")
    value = json.loads(text) | {
        "config": f"run: {name}\nseeds:\n" + "".join(f"- {seed}\n" for seed in seeds),
        "statistics": f"results/{name}/report/statistics.json",
        "summary_csv": f"results/{name}/report/summary.csv",
    }
    report = folder / "report"
    report.mkdir()
    (report / "manifest.json").write_text(json.dumps(value))
    here = open_run(folder)
    said = run_statistics(here, report / "statistics.json", draws=200)
    summarize(here, said, report / "summary.csv")
    return folder


def data_of(page):
    return json.loads(re.findall('data-kind="main">(.*?)</script>', page.read_text())[0])


def test_a_run_that_was_copied_gives_the_page_that_it_gives_in_place(tmp_path, monkeypatch):
    folder = finished(tmp_path / "here", "one", (0, 1))
    shutil.copytree(folder, tmp_path / "away" / "other-name")
    monkeypatch.chdir(tmp_path)
    report_runs([folder], tmp_path / "a.html")
    shutil.rmtree(tmp_path / "here")
    assert main(["report", "away/other-name", "--output", "b.html"]) == 0
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    assert main(["report", "away/other-name/report/manifest.json", "--output", "c.html"]) == 0
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "c.html").read_bytes()


def test_seeds_of_other_machines_are_counted_as_if_one_run_had_them_all(tmp_path, capsys):
    whole = finished(tmp_path / "all", "all", (0, 1, 2))
    parts = []
    for name, seeds in (("first", (0,)), ("rest", (1, 2))):
        parts.append(finished(tmp_path / name, name, seeds))
        path = parts[-1] / "report" / "manifest.json"
        value = json.loads(path.read_text())
        rows = json.loads((whole / "report" / "manifest.json").read_text())["rows"]
        for row in value["rows"]:
            # The scores of the whole run's tracker of that name.
            [own] = [one for one in rows if one["tracker"] == row["tracker"]]
            shutil.copy(tmp_path / "all" / own["evaluation"], tmp_path / name / row["evaluation"])
        run_statistics(open_run(parts[-1]), parts[-1] / "report" / "statistics.json", draws=200)
    report_runs([whole], tmp_path / "whole.html")
    assert main(["report", *map(str, parts), "--output", str(tmp_path / "joined.html")]) == 0
    assert "joined, Made-up run" in capsys.readouterr().out
    expected, found = data_of(tmp_path / "whole.html"), data_of(tmp_path / "joined.html")
    assert [one["seeds"] for one in found["trackers"]] == [3, 1, 3, 3, 3, 3]
    for one, other in zip(expected["trackers"], found["trackers"], strict=True):
        assert one["name"] == other["name"]
        assert one["value"] == other["value"] and one["difference"] == other["difference"]
    assert expected["sequences"] == found["sequences"]
    assert "Joined from the runs" in (tmp_path / "joined.html").read_text()


def test_other_runs_stand_one_below_the_other(tmp_path):
    demo = finished(tmp_path, "demo", (0,), title="Demo")
    real = finished(tmp_path, "real", (0,), title="Real")
    report_runs([demo, real], tmp_path / "both.html")
    text = (tmp_path / "both.html").read_text()
    assert text.count('<article class="run"') == 2
    for anchor in re.findall(r'href="#([\w-]+)"', text):
        assert text.count(f'id="{anchor}"') == 1, anchor


def test_what_cannot_be_reported_is_one_sentence(tmp_path, capsys):
    one = finished(tmp_path / "a", "one", (0,))
    other = finished(tmp_path / "b", "one", (0,))
    score = next((other / "scored").glob("scores-0.json"))
    value = json.loads(score.read_text())
    value["measures"]["success_auc"]["value"] = 0.123
    score.write_text(json.dumps(value))
    output = tmp_path / "p.html"
    with pytest.raises(InputError, match=r"baseline-seed0 .*is in both, with other results"):
        report_runs([one, other], output)
    with pytest.raises(InputError, match="the run is given twice"):
        report_runs([one, one], output)
    with pytest.raises(InputError, match="nowhere: expected the folder of a run"):
        report_runs([tmp_path / "nowhere"], output)
    with pytest.raises(InputError, match="the run is not finished"):
        report_runs([tmp_path], output)
    for arguments in ([], [str(one), "--results", "x"], ["--results", "x"]):
        assert main(["report", *arguments, "--output", str(output)]) == 2
        assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert not output.exists()


def test_folders_of_results_are_compared_with_the_first(tmp_path, capsys):
    truth = np.tile([20.0, 30.0, 40.0, 40.0], (12, 1))
    for target in "ABCDEF":
        otb_data.write_boxes(tmp_path / "anno" / f"{target}.txt", truth)
        for name, shift in (("near", 2), ("far", 15)):
            off = truth + np.array([shift + ord(target) % 3, 0, 0, 0])
            otb_data.write_boxes(tmp_path / name / f"{target}.txt", off)
    output = tmp_path / "p.html"
    arguments = ["--annotations", str(tmp_path / "anno"), "--output", str(output), "--results"]
    assert main(["report", *arguments, str(tmp_path / "near"), str(tmp_path / "far")]) == 0
    told = capsys.readouterr().out.splitlines()[0]
    assert told.startswith("far beside near: success AUC -0.") and told.endswith(": not better.")
    text = output.read_text()
    assert f"<li>{told}</li>" in text
    strips = json.loads(re.findall('data-kind="strips">(.*?)</script>', text)[0])
    assert [one["name"] for one in strips["sequences"]] == list("ABCDEF")
    assert set(strips["sequences"][0]["boxes"]) == {"near", "far"}
    (tmp_path / "far" / "C.txt").unlink()
    assert main(["report", *arguments, str(tmp_path / "near"), str(tmp_path / "far")]) == 2
    assert "far: " in capsys.readouterr().err


def test_a_manifest_of_a_run_reads_as_it_is(tmp_path):
    folder = finished(tmp_path, "one", (0,))
    given = read_manifest(folder / "report" / "manifest.json")
    assert all(str(row.evaluation).startswith("results/one/") for row in given.rows)
    assert all(row.evaluation.is_file() for row in open_run(folder).rows)
