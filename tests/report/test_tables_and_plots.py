"""Tables and plots of a run: what is averaged, who stands in them, and in which order."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from chromatrack import published
from chromatrack.errors import InputError
from chromatrack.evaluation import sets
from chromatrack.files import digest_text
from chromatrack.reporting import plots
from chromatrack.reporting.manifest import read_manifest
from chromatrack.reporting.page import thesis
from chromatrack.reporting.scores import Mean, best_of_each, mean_over_seeds, one_of_each
from chromatrack.reporting.sentences import chance
from chromatrack.stages.report.figures import make_figures
from tests.report.evaluated import (
    add_row,
    auc,
    made_up_scores,
    row_cells,
    run_all,
    summed,
    table_of,
)


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


def test_numbers_of_the_thesis_are_as_it_prints_them():
    assert published.LAB == {"mean": [0.4388, 0.5171, 0.5242], "std": [0.2242, 0.0312, 0.0416]}
    maps = {name: tuple(one.values()) for name, one in published.SCORE_MAPS.items()}
    assert maps == {
        "siamfc": (-3.13, 3.58), "resnet18": (422.22, 34.37), "alexnet": (1122.44, 3481.73)
    }  # fmt: skip
    accuracy = published.VOT_ACCURACY
    assert (accuracy["VOT2016"]["SiamFC"], accuracy["VOT2018"]["SiamFC"]) == (0.535, 0.498)


def test_score_maps_stand_beside_the_thesis_only_for_its_trunks():
    """A name may hold that of a trunk of the thesis: what the file says of it counts."""
    siamfc, own = published.SCORE_MAPS["siamfc"], {"mean": 1.0, "std": 2.0}
    entry = {"siamfc": own, "auxiliary": own, "pairs": 10}
    alexnet = {"siamfc": siamfc, "auxiliary": published.SCORE_MAPS["alexnet"]}
    table = thesis.score_statistics({
        "torchvision_resnet18": entry | {"thesis": {"siamfc": siamfc, "auxiliary": None}},
        "mine": entry | {"thesis": alexnet},
    })  # fmt: skip
    shown = [(line.cells[0], line.cells[2], line.cells[4]) for line in table.lines]
    assert shown == [
        ("torchvision_resnet18: SiamFC", "-3.13", "3.58"),
        ("torchvision_resnet18: auxiliary", "–", "–"),
        ("mine: SiamFC", "-3.13", "3.58"),
        ("mine: auxiliary", "1122.44", "3481.73"),
    ]


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
        chance(one["p"]),
    ]
    assert row_cells(text, "baseline")[4] == "–"


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
