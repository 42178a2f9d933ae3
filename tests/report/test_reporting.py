"""Figures and page, from evaluations."""

import html
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from chromatrack.cli.main import main
from chromatrack.configuration import as_plain
from chromatrack.errors import InputError
from chromatrack.evaluation import sets
from chromatrack.files import digest_text
from chromatrack.reporting import plots
from chromatrack.reporting.manifest import read_manifest
from chromatrack.reporting.scores import Mean, best_of_each, mean_over_seeds, one_of_each
from chromatrack.stages.report.figures import make_figures
from chromatrack.stages.report.page import make_page
from tests.report.evaluated import (
    EVIL,
    add_row,
    auc,
    made_up_scores,
    row_cells,
    run_all,
    summed,
    table_of,
)
from tests.report.pages import without_scripts


def test_means_are_over_seeds_and_the_best_alpha_is_chosen(rows, tmp_path):
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({"title": "world", "rows": rows}))
    means = mean_over_seeds(read_manifest(path).rows)
    by_key = {(mean.experiment, mean.alpha): mean for mean in means}
    assert by_key["baseline", None].seeds == 2
    expected = (auc(rows[4]) + auc(rows[5])) / 2
    assert by_key["baseline", None].score == pytest.approx(expected)
    assert [mean.experiment for mean in best_of_each(means)] == ["baseline", "2", "10"]
    best = next(mean for mean in means if mean in best_of_each(means) and mean.experiment == "2")
    other = next(mean for mean in means if mean.experiment == "2" and mean.alpha != best.alpha)
    assert other in one_of_each(means, {"2": other.alpha}) and best in one_of_each(means, {})


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


def test_plots_have_the_same_bytes_each_time(manifest, tmp_path):
    read = read_manifest(manifest)
    index = make_figures(read, tmp_path / "one")
    make_figures(read, tmp_path / "two")
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == sorted(path.name for path in (tmp_path / "two").iterdir())
    assert {"alpha.svg", "alpha.png", "success_2.svg", "precision_10.png", "attributes.csv",
            "learning_colorization.svg", "figures.json"} <= set(names)  # fmt: skip
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert all((tmp_path / "one" / figure["svg"]).is_file() for figure in index)


def test_attribute_table(manifest, tmp_path):
    make_figures(read_manifest(manifest), tmp_path / "figures")
    table = pd.read_csv(tmp_path / "figures" / "attributes.csv")
    assert len(table) == 4 and table["LR"].isna().all()
    assert table["OCC"].tolist() == pytest.approx(table["all"].tolist(), abs=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"titel": "x"}, "manifest.json: titel: unknown key; did you mean 'title'"),
        ({"title": None}, "title: expected text"),
        ({"synthetic": 1}, "synthetic: expected true or false"),
        ({"rows": [{"tracker": "a"}]}, r"rows\[0\]: missing key 'experiment'"),
        ({"rows": [{"tracker": "a", "experiment": "1", "alpha": 2, "seed": 0,
                    "evaluation": "e"}]}, r"rows\[0\]\.alpha: expected 0 to 1"),
        ({"rows": [{"tracker": "a", "experiment": "1", "seed": 0, "evaluation": "e"}]},
         "expected an alpha"),
        ({"davis": {}}, "davis: unknown key; valid keys are title, synthetic, cut"),
        ({"evaluations": [{"benchmark": "davis", "protocol": "propagated", "trackers": ["x"]}]},
         r"evaluations\[0\]\.trackers: expected names and paths"),
        ({"evaluations": [{"benchmark": "davis", "trackers": {}}]},
         r"evaluations\[0\]: missing key 'protocol'"),
        ({"rows": [{"tracker": "a", "experiment": "own", "seed": 0, "evaluation": "e"}]},
         r"rows\[0\]\.seed: expected null"),
        ({"pictures": [{"caption": "c"}]}, r"pictures\[0\]: missing key 'png'"),
        ({"rows": [{"tracker": "a", "experiment": "1", "alpha": 0, "seed": 10**400,
                    "evaluation": "e"}]}, r"rows\[0\].seed: expected a finite number, got 1000"),
        ({"strips": ""}, "strips: expected the path of a file, got ''"),
        ({"plans": {"2": {"alpha": "0.5"}}}, r"plans\.2\.alpha: expected a number or learned, got"),
        ({"plans": {"2": {"alpha": -1}}}, r'plans\.2\.alpha: expected 0 to 1, "learned" or null'),
        ({"rows": [{"tracker": "a", "experiment": "1", "alpha": 0, "seed": "0",
                    "evaluation": "e"}]}, r"rows\[0\].seed: expected a whole number, got '0'"),
        ({"evaluations": [{"benchmark": "b", "protocol": "p", "trackers": {"a": "a.json"},
                           "untrained": {"a": "c"}}]},
         r"evaluations\[0\].untrained: 'c' is none of its trackers"),
    ],
)  # fmt: skip
def test_manifest_names_the_wrong_key(tmp_path, change, message):
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({"title": "world"} | change))
    with pytest.raises(InputError, match=message):
        read_manifest(path)


def test_a_manifest_is_read_as_it_stands(tmp_path, monkeypatch):
    """A program wrote it: nothing in it is a variable, a home folder or a number in a text."""
    monkeypatch.setenv("NAME", "other")
    path = tmp_path / "manifest.json"
    texts = {"title": "$NAME", "strips": "~/$NAME/${NAME}.json", "notes": ["${NOT_SET}", "3"]}
    path.write_text(json.dumps(texts))
    found = read_manifest(path)
    assert (found.title, found.notes) == ("$NAME", ("${NOT_SET}", "3"))
    assert found.strips == Path("~/$NAME/${NAME}.json")


def test_what_is_written_is_read_again(manifest):
    found = read_manifest(manifest)
    assert found.rows and found.pictures
    manifest.write_text(json.dumps(as_plain(found)))
    assert read_manifest(manifest) == found


def test_missing_and_broken_files_are_named(manifest, tmp_path, capsys):
    run_all(manifest)
    whole = (tmp_path / "davis.json").read_text()
    (tmp_path / "davis.json").write_text('{"J_mean": 1}')
    output = f"--output={tmp_path / 'p.html'}"
    assert main(["page", f"--manifest={manifest}", output]) == 2
    assert (
        "davis.json: expected 'measures' as `chromatrack evaluate` writes it"
        in capsys.readouterr().err
    )
    told = json.loads(whole)
    (tmp_path / "davis.json").write_text(json.dumps(told | {"F_mean": "high"}))
    assert main(["page", f"--manifest={manifest}", output]) == 2
    assert "davis.json: expected a number as 'F_mean'" in capsys.readouterr().err
    (tmp_path / "davis.json").write_text(whole)
    (tmp_path / "curve.csv").write_text("step\n1\n")
    with pytest.raises(InputError, match=r"curve\.csv: expected the columns step and loss"):
        make_figures(read_manifest(manifest), tmp_path / "figures")
    (tmp_path / "2_0.3_0.json").unlink()
    arguments = [f"--manifest={manifest}", f"--output={tmp_path / 's.csv'}"]
    said = f"--statistics={tmp_path / 'verdicts.json'}"
    capsys.readouterr()
    assert main(["summary", *arguments, said]) == main(["statistics", *arguments]) == 2
    assert capsys.readouterr().err.count("2_0.3_0.json: no such file") == 2
    with pytest.raises(SystemExit):
        main(["summary", *arguments])
    assert "--statistics" in capsys.readouterr().err


def test_classical_trackers_stand_in_the_table_after_the_baselines(with_classical, rows, tmp_path):
    run_all(with_classical)
    table = pd.read_csv(tmp_path / "summary.csv", dtype=str, keep_default_na=False)
    assert table["tracker"].tolist()[1:3] == ["kcf", "klt"]
    assert table["experiment"].tolist()[:4] == ["baseline"] + ["classical"] * 2 + ["2"]
    lines = table[table["experiment"] == "classical"]
    assert set(lines["alpha"]) == set(lines["seeds"]) == set(lines["weights"]) == {""}
    mean = (auc(rows[4]) + auc(rows[5])) / 2
    for line in lines.to_dict("records"):
        expected = float(line["success_auc"]) - mean
        assert float(line["difference"]) == pytest.approx(expected, abs=2e-6)


def test_classical_trackers_are_in_the_plots_and_on_the_page(with_classical, tmp_path):
    text = run_all(with_classical)
    for part in ("kcf", "0.123 (to 195 of 356)", "GOT-10k val", "0.203", "SR 0.75", "180"):
        assert part in text, part
    with plots.style():
        means = mean_over_seeds(read_manifest(with_classical).rows)
        figure = plots.curve_plot(means, "success", "title")
    labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert sum(label.startswith(("kcf [", "klt [")) for label in labels) == 2
    table = pd.read_csv(tmp_path / "figures" / "attributes.csv")
    assert table["experiment"].tolist()[1:3] == ["kcf", "klt"]
    # They have no alpha and are no experiment of the thesis.
    assert not (tmp_path / "figures" / "success_classical.svg").exists()


def test_a_classical_tracker_is_listed_once_and_has_no_seed(with_classical, tmp_path):
    value = json.loads(with_classical.read_text())
    with pytest.raises(InputError, match="'kcf' is listed twice"):
        summed([*value["rows"], value["rows"][-2]], tmp_path)
    value["rows"][-1]["seed"] = 0
    with_classical.write_text(json.dumps(value))
    with pytest.raises(InputError, match=r"seed: expected null"):
        read_manifest(with_classical)


def test_all_measures_of_a_benchmark_stand_above_the_published_rows(with_classical):
    """Published numbers are marked, and never mixed into ours."""
    text = run_all(with_classical)
    section = table_of(text, "davis-propagated")
    for measure in sets.get("davis").measures:
        assert f">{measure.title.replace('&', '&amp;')}</th>" in section, measure.title
    ours = section.index("resnet18 &lt;script&gt;")
    assert row_cells(section, "ResNet-18 (thesis)")[:3] == ["26.21", "29.48", "22.93"]
    rows = re.findall(r"<tr[^>]*>\s*<th scope=\"row\">", section)
    assert [("reference" in row) for row in rows] == [False] + [True] * 4
    assert ours < section.index("ResNet-18 (thesis)")
    cells = re.findall(r"<td[^>]*>(.*?)</td>", section[ours : section.index("</tr>", ours)])
    assert cells == ["25.00", "30.00", "20.00", "25.00", "25.00", "25.00", "25.00", "3", "9"]
    section = table_of(text, "vot-restarted")
    accuracy, *unknown = row_cells(section, "VOT2018, thesis: SiamFC")
    assert accuracy == "0.498" and set(unknown) == {"–"}
    assert row_cells(section, "kcf") == ["0.400", "1.0", "0.50", "0.25", "0.123 (to 195 of 356)",
                                         "1", "9"]  # fmt: skip
    assert len(re.findall('<tr class="reference">', section)) == 2 * 8


def test_curves_of_further_benchmarks_are_drawn_once(with_classical, tmp_path):
    """Those of the summary's benchmark are drawn per experiment already."""
    run_all(with_classical)
    index = json.loads((tmp_path / "figures" / "figures.json").read_text())
    names = [figure["svg"] for figure in index]
    assert "got10k_ope_success.svg" in names and len(set(names)) == len(names)
    assert not [name for name in names if name.startswith(("otb_", "vot_", "davis_"))]
    (one,) = [figure for figure in index if figure["svg"] == "got10k_ope_success.svg"]
    assert one["title"] == "GOT-10k val (OPE): Success"


def test_a_tracker_from_elsewhere_stands_in_the_table_and_in_the_plots(
    with_classical, rows, tmp_path
):
    """Results that exist, without times and without weights."""
    value = json.loads(with_classical.read_text())
    row = add_row(tmp_path, "own", None, None, 6) | {"tracker": "SRDCF"}
    Path(row["run"]).write_text(json.dumps({
        "frames": 20, "seconds": None, "frames_per_second": None,
        "made_by": {"stage": "adopt", "inputs": {"results": digest_text("boxes")}},
    }))  # fmt: skip
    value["rows"].insert(0, row)
    with_classical.write_text(json.dumps(value))
    text = run_all(with_classical)
    table = pd.read_csv(tmp_path / "summary.csv", dtype=str, keep_default_na=False)
    assert table["tracker"].tolist()[1:4] == ["kcf", "klt", "SRDCF"]
    (line,) = table[table["experiment"] == "own"].to_dict("records")
    assert line["alpha"] == line["seeds"] == line["weights"] == ""
    expected = auc(row) - (auc(rows[4]) + auc(rows[5])) / 2
    assert float(line["difference"]) == pytest.approx(expected, abs=2e-6)
    assert row_cells(text, "SRDCF")[0] == "own"
    with plots.style():
        means = mean_over_seeds(read_manifest(with_classical).rows)
        figure = plots.curve_plot(means, "precision", "title")
        alpha = plots.alpha_plot(means, "title", measure="success AUC")
    labels = [label.get_text() for label in figure.axes[0].get_legend().get_texts()]
    assert sum(label.startswith("SRDCF [") for label in labels) == 1
    assert not any("SRDCF" in t.get_text() or "own" in t.get_text()
                   for t in alpha.axes[0].get_legend().get_texts())  # fmt: skip
    assert not (tmp_path / "figures" / "success_own.svg").exists()
    with pytest.raises(InputError, match="'SRDCF' is listed twice"):
        summed([*value["rows"], row], tmp_path)


def test_the_summary_may_be_of_another_benchmark(tmp_path):
    """Its columns are what that benchmark has in its headline; the thesis's tables are left out."""
    rows = []
    for name, experiment, alpha, seed, value in (
        ("baseline-seed0", "baseline", None, 0, 0.4), ("exp1", "1", 0.5, 0, 0.5),
    ):  # fmt: skip
        path = tmp_path / f"{name}.json"
        path.write_text(made_up_scores("vot", "restarted", {"accuracy": value, "eao": None},
                                of_each={"accuracy": value}))  # fmt: skip
        rows.append({"tracker": name, "experiment": experiment, "alpha": alpha, "seed": seed,
                     "evaluation": str(path), "run": None})  # fmt: skip
    value = {
        "title": "VOT2018", "rows": rows, "summary_csv": str(tmp_path / "summary.csv"),
    }  # fmt: skip
    (tmp_path / "manifest.json").write_text(json.dumps(value))
    text = run_all(tmp_path / "manifest.json")
    table = pd.read_csv(tmp_path / "summary.csv")
    assert table.columns.tolist()[5:14] == [
        "accuracy", "accuracy_low", "accuracy_high", "difference", "difference_low",
        "difference_high", "p", "robustness", "eao",
    ]  # fmt: skip
    assert table["accuracy"].tolist() == [0.4, 0.5] and table["eao"].isna().all()
    assert pd.isna(table.loc[0, "difference"]) and table.loc[1, "difference"] == 0.1
    assert "Beside the thesis" not in text and "per 100 frames" in text
    index = json.loads((tmp_path / "figures" / "figures.json").read_text())
    assert [figure["title"] for figure in index] == ["accuracy by α"]


def test_one_target_has_no_interval_and_no_brackets_of_dashes(tmp_path):
    """An interval of one target is unknown: a cell holds the number alone, or a dash."""
    rows = [add_row(tmp_path, "baseline", None, 0, 20, targets=1),
            add_row(tmp_path, "1", 0.5, 0, 10, targets=1)]  # fmt: skip
    path = tmp_path / "manifest.json"
    value = {"title": "world", "rows": rows, "summary_csv": str(tmp_path / "summary.csv")}
    path.write_text(json.dumps(value))
    text = run_all(path)
    ours, baseline = auc(rows[1]), auc(rows[0])
    assert row_cells(text, "baseline")[3:6] == [f"{baseline:.3f}", "–", "–"]
    assert row_cells(text, "exp1-alpha0.5")[3:6] == [
        f"{ours:.3f}", f"{ours - baseline:+.3f}", "–"
    ]  # fmt: skip


def test_cells_of_the_summary_hold_a_number_and_its_interval(manifest):
    text = run_all(manifest)
    said = json.loads((manifest.parent / "verdicts.json").read_text())["rows"]
    (one,) = [row for row in said if row["tracker"] == "exp10-alpha0.1"]
    value, difference = one["value"], one["difference"]
    assert row_cells(text, "exp10-alpha0.1")[3:6] == [
        f"{value['mean']:.3f} [{value['low']:.3f}, {value['high']:.3f}]",
        f"{difference['mean']:+.3f} [{difference['low']:+.3f}, {difference['high']:+.3f}]".replace(
            "-", "−"
        ),
        f"{one['p']:.3f}",
    ]
    assert row_cells(text, "baseline")[4] == "–"


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


def test_a_summary_of_objects_starts_with_the_measure_that_each_of_them_has(tmp_path):
    """J&F is of all objects together: J is compared, and both stand in the table."""
    rows = []
    for name, value in (("identity", 0.4), ("resnet18", 0.5)):
        path = tmp_path / f"{name}.json"
        whole = {"J_and_F": value + 0.1, "J_mean": value, "F_mean": value + 0.2}
        each = {"J_mean": value, "F_mean": value + 0.2}
        path.write_text(made_up_scores("davis", "propagated", whole, targets=3, of_each=each))
        rows.append({"tracker": name, "experiment": "own", "alpha": None, "seed": None,
                     "evaluation": str(path)})  # fmt: skip
    value = {
        "title": "DAVIS", "rows": rows, "summary_csv": str(tmp_path / "summary.csv"),
    }  # fmt: skip
    (tmp_path / "manifest.json").write_text(json.dumps(value))
    text = run_all(tmp_path / "manifest.json")
    table = pd.read_csv(tmp_path / "summary.csv")
    assert table.columns.tolist()[5:8] == ["J_mean", "J_mean_low", "J_mean_high"]
    assert table.columns.tolist()[12:14] == ["J_and_F", "F_mean"]
    assert row_cells(text, "resnet18")[3:] == [
        "50.00 [50.00, 50.00]", "–", "–", "60.00", "70.00"
    ]  # fmt: skip


def test_the_page_has_what_the_statistics_say_of_each_experiment(manifest):
    text = run_all(manifest)
    section = text[text.index('<section id="experiments"') :].split("</section>")[0]
    rows = ("spread over targets", "spread over seeds", "share equivalent", "gain, α crossed",
            "choosing on the test set gave", "oracle α per target", "verdict")  # fmt: skip
    assert all(row in section for row in rows)
    assert "cannot be told" in section and section.count('scope="col"') == 3


DAMAGED = [(["success_auc"], value) for value in (None, "x", -1e308)] + [
    (["measures", "success_auc", part], value)
    for part in ("title", "unit", "better", "digits", "scale", "range")
    for value in (None, "x", [], True)
] + [
    (["curves", "success", part], value)
    for part in ("title", "x", "y", "measure", "legend", "mark", "thresholds", "values")
    for value in (7, {}, [None, 1], "gone")
]  # fmt: skip


def test_declared_parts_that_are_damaged_are_one_sentence(manifest, capsys):
    """Each of a scores.json, through every step: right, or one sentence that names the file."""
    value = json.loads(manifest.read_text())
    path = Path(value["rows"][0]["evaluation"])
    whole = json.loads(path.read_text())
    run_all(manifest)
    refused = 0
    for keys, damage in DAMAGED:
        scores = json.loads(json.dumps(whole))
        place = scores
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = damage
        if damage == "gone":
            del place[keys[-1]]
        path.write_text(json.dumps(scores))
        for stage, output in (("statistics", "v.json"), ("figures", "f"), ("page", "q.html")):
            capsys.readouterr()
            call = [stage, f"--manifest={manifest}", f"--output={manifest.parent / output}"]
            if main(call):
                said = capsys.readouterr().err.strip().splitlines()
                assert len(said) == 1 and path.name in said[0], (keys, damage, said)
                refused += 1
    assert refused > len(DAMAGED)


def test_trackers_of_no_experiment_are_each_their_own():
    """They share experiment and alpha: none may stand in the row of another."""

    def mean(experiment, alpha, score, tracker=None):
        return Mean(experiment, alpha, "auc", {"auc": score}, {}, {}, 1, tracker)

    known = [
        mean("baseline", None, 0.5), mean("classical", None, 0.7, "klt"),
        mean("classical", None, 0.6, "kcf"), mean("1", 0.3, 0.4), mean("1", 0.6, 0.5),
    ]  # fmt: skip
    told = one_of_each(known, {"1": 0.3})
    assert [one.score for one in told] == [0.5, 0.7, 0.6, 0.4]
    assert [one.tracker for one in told] == [None, "klt", "kcf", None]


def test_a_legend_of_many_long_names_lies_within_its_figure():
    steps = np.arange(3)
    curves = {f"{i}" + "x" * 70: {"loss": (steps, steps + i)} for i in range(50)}
    with plots.style():
        figure = plots.learning_plot(curves, "Learning curves")
        figure.canvas.draw()
    legend, (axes,) = figure.axes[0].get_legend(), figure.axes
    names = [text.get_text() for text in legend.get_texts()]
    assert len(names) == 45 and set(map(len, names)) == {60} and names[0].endswith("…")
    assert legend.get_title().get_text() == "first 45 of 50"
    box, room = legend.get_window_extent(), figure.bbox
    assert room.x0 <= box.x0 and box.x1 <= room.x1 and room.y0 <= box.y0 and box.y1 <= room.y1
    assert axes.get_window_extent().width / figure.dpi > 3
