"""The page of a run: self-contained, escaped, with every part, and the verdicts first."""

import html
import json
import re

from chromatrack.reporting.manifest import read_manifest
from chromatrack.stages.report.page import make_page
from tests.report.evaluated import (
    EVIL,
    add_row,
    row_cells,
    run_all,
)
from tests.report.pages import without_scripts


def test_page_is_self_contained_and_escapes_labels(manifest):
    markup, scripts = without_scripts(run_all(manifest))
    *data, library, own = scripts
    assert [kind for kind, _ in data] == [' type="application/json" data-run="" data-kind="main"']
    assert library[0] == own[0] == ""
    outside_of_data = re.sub(r"data:image/[a-z+]+;base64,[A-Za-z0-9+/=]+", "data:", markup)
    assert outside_of_data.count("http") == outside_of_data.count('http-equiv="Content-Sec') == 1
    assert re.findall(r"https?:[^\"\s]*", own[1]) == ["http://www.w3.org/2000/svg"]  # a namespace
    assert "<script" not in markup and "<link" not in markup
    assert not re.search(r'(?:src|href)="(?!data:"|#)', outside_of_data)
    assert not re.search(r"url\(|@import", outside_of_data)
    assert outside_of_data.count("&lt;script&gt;") >= 7
    # What scripts read cannot end its element, and comes out as it went in.
    assert "<" not in data[0][1]
    about = json.loads(data[0][1])["experiments"][0]["about"]
    assert about == f"fine-tuned {EVIL}"


def test_page_may_load_nothing(manifest):
    """Whatever a label says, or a library has in it: the browser is told to ask nobody."""
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', run_all(manifest))
    told = dict(part.split(maxsplit=1) for part in policy.split("; "))
    assert told["default-src"] == "'none'"
    assert set(" ".join(told.values()).split()) == {"'none'", "data:", "blob:", "'unsafe-inline'"}


def test_page_shows_every_part(manifest):
    text = run_all(manifest)
    markup, scripts = without_scripts(text)
    for part in ("Synthetic data.", "first 10 frames", "success AUC", "OPR out-of-plane rotation",
                 "J&amp;F %", "Segments (DAVIS)", "ranks trackers by EAO", "280,859", "422.22",
                 "0.4388", "0.604", "run: demo", "torch ", "Missing clips",
                 "The worst 1 of 2 classes"):  # fmt: skip
        assert part in markup, part
    # The picture of the manifest; plots are drawn by the scripts, each of its own data.
    assert markup.count("<img ") == 1
    plots = re.findall(r'class="plot" data-plot="([^"]*)"', markup)
    curves = ["curve-success", "curve-precision", "curve-normalized_precision"]
    assert plots == ["gain", *curves, "attributes", "learning-0"]
    data = json.loads(scripts[0][1])
    assert [tracker["name"] for tracker in data["trackers"]] == [
        "SiamFC (baseline)", "exp 2, α = 0.3", "exp 2, α = learned", "exp 10, α = 0.1"
    ]  # fmt: skip
    assert [f"curve-{curve['key']}" for curve in data["curves"]] == curves
    for curve in data["curves"]:
        assert [len(line) for line in curve["values"]] == [len(curve["thresholds"])] * 4
    assert data["attributes"]["names"] == ["IV", "OCC"] and data["sequences"]["unit"] == "sequence"
    (learning,) = data["learning"]
    assert [(line["name"], line["x"], line["y"]) for line in learning["lines"]] == [
        ("resnet18", [1, 2], [2.5, 1.5]), ("resnet18, validation loss", [2], [1.9])
    ]  # fmt: skip
    for anchor in re.findall(r'href="#([\w-]+)"', text):
        assert text.count(f'id="{anchor}"') == 1
    assert re.findall(r'href="#([\w-]+)"', text)[:3] == ["summary", "experiments", "plots"]


def test_page_of_a_title_alone(tmp_path):
    path = tmp_path / "manifest.json"
    path.write_text('{"title": "OTB2015"}')
    make_page(read_manifest(path), tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text()
    markup, _ = without_scripts(text)
    assert "OTB2015" in markup and "Synthetic" not in markup and "<table" not in markup


def test_the_verdicts_come_first_on_the_page_and_are_escaped(manifest):
    text = run_all(manifest)
    said = json.loads((manifest.parent / "verdicts.json").read_text())
    section = text[text.index('<section class="first" id="verdicts"') :].split("</section>")[0]
    assert text.index('id="verdicts"') < text.index("<nav") < text.index("<table")
    # Nothing else is on the first screen but the plot of the gain.
    assert re.findall(r'data-plot="(.*?)"', section) == ["gain"]
    headline, *listed = re.findall(r"<(?:p|li)[^>]*>(.*?)\s*</?(?:p|li|details)\b", section)
    assert html.unescape(headline) == said["headline"] != ""
    # The comparison with the control is folded away below the verdict.
    told = [said["experiments"][name]["verdict_sentence"] for name in ("10", "2")]
    beside = said["experiments"]["10"]["beside_controls"]
    assert [html.unescape(one).replace("−", "-") for one in listed if one] == [
        told[0], *beside, told[1]
    ]  # fmt: skip
    assert said["experiments"]["10"]["sentence"] == " ".join([told[0], *beside])
    assert f"<summary>{said['experiments']['10']['controls_in_short'].capitalize()}" in section
    # The control comes after what the answer is about, folded away.
    assert (
        section.index("Experiment 10,")
        < section.index("<details>")
        < section.rindex("Experiment 2 ")
    )
    assert "<script" not in section and "fine-tuned &lt;script&gt;" in section


def test_the_page_has_no_verdicts_where_there_are_no_experiments(tmp_path):
    rows = [add_row(tmp_path, "baseline", None, 0, 20), add_row(tmp_path, "own", None, None, 10)]
    path = tmp_path / "manifest.json"
    value = {"title": "world", "rows": rows, "summary_csv": str(tmp_path / "summary.csv"),
             "statistics": str(tmp_path / "verdicts.json")}  # fmt: skip
    path.write_text(json.dumps(value))
    text = run_all(path)
    assert 'id="verdicts"' not in text and 'class="verdict"' not in text
    assert row_cells(text, "own_None_None")[0] == "own"


def test_an_experiment_that_claims_nothing_is_told_but_not_the_headline(rows, tmp_path):
    path = tmp_path / "manifest.json"
    plans = {"2": {"claim": False}, "10": {"controls": ["2"]}}
    value = {"title": "world", "rows": rows, "summary_csv": str(tmp_path / "summary.csv"),
             "plans": plans, "statistics": str(tmp_path / "verdicts.json")}  # fmt: skip
    path.write_text(json.dumps(value))
    text = run_all(path)
    assert 'class="verdict"' not in text and text.count("<li>Experiment ") == 2


def test_the_page_has_what_the_statistics_say_of_each_experiment(manifest):
    text = run_all(manifest)
    section = text[text.index('<section id="experiments"') :].split("</section>")[0]
    rows = ("spread over targets", "spread over seeds", "share equivalent", "gain, α crossed",
            "choosing on the test set gave", "oracle α per target", "verdict")  # fmt: skip
    assert all(row in section for row in rows)
    assert "cannot be told" in section and section.count('scope="col"') == 3
