"""`snakemake --report`: the tables, the plots and the page of a run, and nothing planned again."""

import json
import zipfile
from pathlib import Path

import pytest

from .running import run, set_up

TITLE = "<script>alert(1)</script> `x`_ $x^2$\n\n.. raw:: html\n\n   <b>bold</b>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A finished run of one checkpoint on one benchmark, with tables, made by stand-ins."""
    folder = set_up(tmp_path_factory.mktemp("finished"))
    (folder / "otb" / "Cat").mkdir(parents=True)
    (folder / "otb" / "Cat" / "groundtruth_rect.txt").write_text("1,1,1,1\n")
    (folder / "siamfc.pt").write_text("weights")
    given = {
        "run": "mine",
        "data": {"title": TITLE, "demo": False},
        "benchmarks": {"otb": "otb"},
        "siamfc": {"checkpoint": "siamfc.pt"},
        "experiments": None,
        "baselines": [],
    }
    (folder / "mine.yaml").write_text(json.dumps(given))
    status, text = run(
        folder, "--configfile", "mine.yaml", "--", "results/otb2015_summary.csv",
        "results/mine/tables/table-5.3.csv", "results/mine/tables/controls.csv",
    )  # fmt: skip
    assert status == 0, text
    return folder


@pytest.fixture(scope="module")
def report(folder):
    status, text = run(folder, "--configfile", "mine.yaml", "--report", "report.zip")
    assert status == 0, text
    return zipfile.ZipFile(folder / "report.zip")


def test_it_holds_summary_tables_plots_and_page_as_they_are(folder, report):
    made = folder / "results/mine"
    names = {
        "otb2015_summary.csv": made / "report/otb2015_summary.csv",
        "index.html": made / "report/index.html",
        "alpha.svg": made / "report/figures/alpha.svg",
        "table-5.3.csv": made / "tables/table-5.3.csv",
        "controls.csv": made / "tables/controls.csv",
    }
    held = {Path(name).name: name for name in report.namelist()}
    assert set(held) == {*names, "report.html"}
    for name, path in names.items():
        assert report.read(held[name]) == path.read_bytes()


def test_it_has_categories_and_captions_and_takes_no_markup_from_a_title(report):
    text = report.read("report/report.html").decode()
    for category in ("Summary", "Plots", "Page", "Tables of the thesis"):
        assert f'"{category}"' in text
    assert "one file that needs no other and no network" in text  # of the page
    assert "Run <tt" in text or "Run <code" in text or "mine" in text
    assert "<script>alert(1)" not in text and "<b>bold</b>" not in text


def test_nothing_is_planned_again(folder, report):
    for targets in ((), ("--", "results/otb2015_summary.csv", "results/mine/tables/controls.csv")):
        status, text = run(folder, "-n", "--configfile", "mine.yaml", *targets)
        assert status == 0 and "Nothing to be done" in text


def test_a_table_that_was_asked_for_is_kept_up_to_date(folder, report):
    """Without a target, an edit makes it again; one that nobody asked for is not made."""
    (folder / "edit.yaml").write_text("statistics: {margin: 0.123}\n")
    status, text = run(folder, "-n", "--configfile", "mine.yaml", "edit.yaml")
    rows = [line.split() for line in text.splitlines()]
    assert status == 0 and ["table", "2"] in rows


def test_one_html_file_works_too(folder, report):
    status, text = run(folder, "--configfile", "mine.yaml", "--report", "report.html")
    assert status == 0 and (folder / "report.html").stat().st_size > 1e6, text
