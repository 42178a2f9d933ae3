"""The tables of the thesis as CSV and LaTeX, from made-up scores and statistics."""

import csv
import json
import re

import pandas as pd
import pytest

from chromatrack import published
from chromatrack.cli.main import main
from chromatrack.errors import InputError
from chromatrack.evaluation import sets
from chromatrack.evaluation.benchmark import Scores, report
from chromatrack.reporting.thesis_tables import TABLES
from chromatrack.reporting.thesis_tables.latex import escape, to_latex
from chromatrack.reporting.thesis_tables.table import ThesisTable
from chromatrack.stages.report.thesis_tables import write_table

EVIL = r"$x^2$ \input{a} 100% a_b & c # ~ {} | <α> [2cm] *"
"""A name with all that LaTeX takes for itself."""
ESTIMATE = {"mean": 0.02, "low": -0.01, "high": 0.05, "targets": 9, "seeds": 2,
            "target_spread": 0.04, "seed_spread": 0.006}  # fmt: skip


def scores(benchmark, values, **more):
    one = sets.get(benchmark)
    missing = {measure.key: 0.25 for measure in one.measures if measure.key not in values}
    per_unit = {f"T{index}": {"frames": 3} for index in range(9)}
    made = Scores(values=values | missing, per_unit=per_unit, frames=27, **more)
    return report(one, made, protocol=one.protocols[0], tracker="t")


class Run:
    """A folder with a manifest and statistics, and the tables that are made of them."""

    def __init__(self, folder):
        self.folder = folder
        self.manifest = {"title": "Made world", "synthetic": True, "notes": ["Half the channels."]}
        self.statistics = None

    def write(self, name, value):
        (self.folder / name).write_text(json.dumps(value))
        return str(self.folder / name)

    def add(self, experiment, alpha, seed, auc, benchmark="otb"):
        """A tracker of the summary, with its score on all sequences and less where occluded."""
        name = f"{experiment}-{alpha}-{seed}"
        groups = {"OCC": {"success_auc": auc - 0.1, "sequences": 4}}
        first = sets.get(benchmark).measures[0].key
        made = scores(benchmark, {first: auc}, groups=groups)
        self.manifest.setdefault("rows", []).append({
            "tracker": name, "experiment": experiment, "alpha": alpha, "seed": seed,
            "evaluation": self.write(f"{name}.json", made),
        })  # fmt: skip

    def evaluated(self, benchmark, title, made):
        path = self.write(f"{benchmark}.json", made)
        self.manifest.setdefault("evaluations", []).append(
            {"benchmark": benchmark, "protocol": "any", "trackers": {title: path}}
        )

    def table(self, name):
        """Header -> cells of the CSV as text, for each row; and the text of the LaTeX."""
        said = self.statistics and self.write("statistics.json", self.statistics)
        output = self.folder / "tables" / f"{name}.csv"
        command = ["table", name, "--manifest", self.write("manifest.json", self.manifest)]
        command += ["--statistics", said] if said else []
        assert main([*command, "--output", str(output)]) == 0
        assert b"\r" not in output.read_bytes()
        with open(output, newline="", encoding="utf-8") as lines:
            return list(csv.DictReader(lines)), output.with_suffix(".tex").read_text()

    def rows(self, name, **wanted):
        return [row for row in self.table(name)[0] if wanted.items() <= row.items()]


@pytest.fixture
def bare(tmp_path):
    """A run that has nothing but its title."""
    return Run(tmp_path)


@pytest.fixture
def run(tmp_path):
    """Two seeds of a baseline, experiments 2 and a control, and statistics of them."""
    run = Run(tmp_path)
    run.manifest["experiments"] = {"2": published.EXPERIMENTS["2"], "ctl": EVIL}
    for seed in (0, 1):
        run.add("baseline", None, seed, 0.40 + 0.02 * seed)
        run.add("2", 0.3, seed, 0.44 + 0.02 * seed)
        run.add("2", 0.6, seed, 0.38)
    run.add("ctl", 0.5, 1, 0.42)
    value = ESTIMATE | {"mean": 0.45, "low": 0.35, "high": 0.55}
    comparison = {
        "difference": ESTIMATE, "p": 0.2, "holm_p": 0.4, "smallest_difference": 0.031,
        "shares": {"better": 0.75, "equivalent": 0.2, "worse": 0.05},
        "most_influential": {"target": EVIL, "mean": 0.001, "low": -0.02, "high": 0.02, "p": 0.9},
    }  # fmt: skip
    run.statistics = {
        "benchmark": "otb", "title": "Made world", "unit": "sequence", "targets": 9,
        "measure": {"key": "success_auc", "title": "success AUC", "digits": 3, "scale": 1.0},
        "margin": 0.005, "headline": "Nothing can be told.",
        "rows": [
            {"experiment": "2", "alpha": 0.3, "tracker": "x", "value": value, "p": 0.25},
            {"experiment": "2", "alpha": 0.6, "tracker": "y", "value": None},
        ],
        "experiments": {
            "2": {
                "kind": "fine-tuned", "chosen": {"way": "validation", "alpha": 0.6},
                "comparison": comparison,
                "ways": {"test": {"alpha": 0.3, "mean": 0.04}, "validation": None,
                         "crossed": {"mean": 0.01}},
                "choosing_on_test_gave": 0.03, "best_of_p": 0.21,
                "complementary": {"only_baseline": 0.1, "only_auxiliary": 0.2, "oracle_gain": 0.07},
                "against": {"ctl": {"difference": ESTIMATE, "p": 0.4}}, "verdict": "cannot be told",
            },
            "ctl": {"kind": EVIL, "chosen": None, "comparison": None, "ways": None,
                    "complementary": None, "verdict": "worse"},
        },
    }  # fmt: skip
    return run


@pytest.mark.parametrize("name", TABLES)
def test_every_table_is_two_files_with_the_thesis_in_them(name, bare):
    rows, text = bare.table(name)
    assert bool(rows) == (name != "controls")
    assert text.count(r"\begin{tabular}") == text.count(r"\end{tabular}") == 1
    assert rf"\label{{tab:{name.removeprefix('table-')}}}" in text
    assert not any(row.get("source") == "here" for row in rows)
    assert name in ("table-3.1", "table-3.3") or "This run has no" in text or not rows


@pytest.mark.parametrize("name", TABLES)
def test_hostile_names_reach_latex_escaped_and_csv_as_they_are(name, run):
    run.manifest["title"] = EVIL
    run.statistics["title"] = EVIL
    run.manifest["experiments"]["2"] = EVIL
    rows, text = run.table(name)
    assert balanced(text)
    if name in ("table-5.8", "table-5.9", "controls"):
        assert escape(EVIL) in text and any(EVIL in cell for row in rows for cell in row.values())
    assert r"\input" not in text and "$x^2$" not in text


def balanced(text):
    """Whether nothing but what the writer means is LaTeX: cells, braces, dollars, comments."""
    bare = re.sub(r"\\\\|\\[&%$#_{}]", "", text)
    body = re.findall(r"\\hline\n((?:.* \\\\\n)+)", text)
    lines = [line for part in body for line in part.splitlines() if "multicolumn" not in line]
    cells = [re.sub(r"\\[&%$#_{}]", "", line).count(" & ") for line in lines]
    return (
        bare.count("{") == bare.count("}")
        and bare.count("$") % 2 == 0
        and not set("%#~^_α×") & set(bare)
        and len(set(cells)) == 1
        and not re.search(r"\\\\\n\s*[\[*]", text)
    )


def test_escape_leaves_no_character_of_latex():
    assert escape(r"$x^2$") == r"\$x\textasciicircum{}2\$"
    assert escape("a_b & 5% #1 ~{}") == r"a\_b \& 5\% \#1 \textasciitilde{}\{\}"
    assert escape("\\α\n<>") == r"\textbackslash{}$\alpha$ \textless{}\textgreater{}"


def test_a_row_that_begins_as_an_option_of_the_line_break_is_none():
    text = to_latex(ThesisTable("t", "T", ("*", "b"), (("[2cm]", "[1]"), ("*", None))))
    assert "\\hline\n{}* & b \\\\\n\\hline\n{}[2cm] & [1] \\\\\n{}* &  \\\\\n" in text


def test_latex_prints_digits_signs_and_joined_heads():
    rows = ((0.25, -0.5, "x"), (None, 2.25, None))
    table = ThesisTable("t", "T", ("a", "here: b", "here: c"), rows,
                        digits={"here: b": 1, "a": None})  # fmt: skip
    text = to_latex(table)
    assert "0.25 & $-$0.5 & x \\\\\n & 2.2 &  \\\\" in text
    assert " & \\multicolumn{2}{c}{here} \\\\\na & b & c \\\\" in text
    assert r"\begin{tabular}{rrl}" in text


def test_a_turned_table_of_many_rows_is_several():
    rows = tuple((f"e{index}", 0.5) for index in range(6))
    text = to_latex(ThesisTable("t", "T", ("name", "gain"), rows, turned=True))
    assert text.count(r"\begin{table}") == 2 and r"\label{tab:t-2}" in text
    assert "name & e5 \\\\" in text and text.count("gain & ") == 2


def test_a_table_has_as_many_cells_as_heads():
    with pytest.raises(ValueError, match="1 cells under 2 heads"):
        ThesisTable("t", "T", ("a", "b"), ((1,),))


def test_3_1_is_read_off_the_network(bare):
    rows, text = bare.table("table-3.1")
    sides = {127: (59, 29, 25, 12, 10, 8, 6), 255: (123, 61, 57, 28, 26, 24, 22)}
    channels = (96, 96, 256, 256, 384, 384, 256)
    for column, side in (("here: exemplar 127", 127), ("here: search 255", 255)):
        wanted = [f"{n}×{n}×{c}" for n, c in zip(sides[side], channels, strict=True)]
        assert [row[column] for row in rows] == [*wanted, ""]
    # Printed under the wrong heads; up to the channels the numbers are those of the network.
    for ours, theirs in (("exemplar 127", "“Search Output”"), ("search 255", "“Exemplar Output”")):
        pairs = [(row[f"here: {ours}"], row[f"thesis: {theirs}"]) for row in rows[:7]]
        assert [one.rsplit("×", 1)[0] for one, _ in pairs] == [
            two.rsplit("×", 1)[0] for _, two in pairs
        ]
    assert [row["here: s"] for row in rows] == ["2", "2", "1", "2", "1", "1", "1", ""]
    assert {row["here: p"] for row in rows} == {"0", ""}
    assert "swapped" in text and "p here are those that the thesis prints" in text


def test_3_3_is_read_off_the_network(bare):
    rows, text = bare.table("table-3.3")
    trunk = [row for row in rows if row["part"] == "ResNet-18"]
    assert [row["here: filters"] for row in trunk] == ["64", "", "64", "128", "256", "256"]
    assert [row["here: stride"] for row in trunk] == ["2", "2", "1", "2", "1", "1"]
    assert [row["thesis: stride"] for row in trunk] == ["2", "2", "2", "1", "1", "1"]
    head = [row for row in rows if row not in trunk]
    assert len(head) == 12 and [row["here: filters"] for row in head] == ["256"] * 10 + ["64", ""]
    assert [row["here: dilation"] for row in head[2:10:2]] == [
        "1×2×2", "1×4×4", "1×8×8", "1×16×16",
    ]  # fmt: skip
    assert [row["thesis: dilation"] for row in head[3:10:2]] == [
        "1×2×2", "1×4×4", "1×8×8", "1×16×16",
    ]  # fmt: skip
    assert head[-1]["thesis: filters"] == "64" and "total stride is 8" in text


def test_5_2_is_in_percent(bare):
    bare.evaluated("davis", EVIL, scores("davis", {"J_mean": 0.3, "F_mean": 0.2, "J_and_F": 0.25}))
    (ours,) = bare.rows("table-5.2", source="here")
    assert ours["method"] == EVIL and ours["data set"] == "Segments (DAVIS): 9 objects, synthetic"
    assert [ours[key] for key in ("J %", "F %", "average %", "objects")] == [
        "30.0", "20.0", "25.0", "9",
    ]  # fmt: skip
    rows = bare.rows("table-5.2")
    assert [(row["J %"], row["source"]) for row in rows if row["method"] == "OSVOS"] == [
        ("45.6", "published")
    ]
    assert len(rows) == 5


def test_an_experiment_has_all_its_alphas_beside_the_thesis(run):
    rows, text = run.table("table-5.3")
    assert [row["α"] for row in rows] == ["", "0.3", "0.4", "0.5", "0.6", "1.0"]
    baseline, first, printed, *_ = rows
    assert float(baseline["here: success AUC"]) == pytest.approx(0.41)
    assert baseline["thesis: success AUC"] == "0.584"
    assert float(first["here: success AUC"]) == pytest.approx(0.45)
    assert (first["here: low"], first["here: high"], first["here: p"]) == ("0.35", "0.55", "0.25")
    assert float(first["here: change %"]) == pytest.approx(100 * (0.45 / 0.41 - 1), abs=1e-5)
    assert first["here: outperforms"] == "yes" and rows[4]["here: outperforms"] == "no"
    assert rows[4]["here: low"] == "" and printed["here: success AUC"] == ""
    assert float(rows[4]["thesis: change %"]) == pytest.approx(3.424658, abs=1e-6)
    assert "Half the channels." in text and "Here: Made world (synthetic)." in text


def test_changes_are_to_the_baseline_of_the_same_seeds(bare):
    bare.add("baseline", None, 0, 0.2)
    bare.add("baseline", None, 1, 0.4)
    bare.add("3", 0.5, 1, 0.5)
    bare.manifest["experiments"] = {"3": "something else"}
    rows, text = bare.table("table-5.4")
    (row,) = (row for row in rows if row["α"] == "0.5")
    assert float(row["here: change %"]) == pytest.approx(25)
    assert "Experiment 3 is something else here, and fine-tuned, resnet18, random" in text


def test_the_printed_0_34_percent_is_0_68(bare):
    (row,) = bare.rows("table-5.6", **{"α": "0.5"})
    assert round(float(row["thesis: change %"]), 2) == 0.68
    assert "which is +0.68" in bare.table("table-5.6")[1]


def test_attributes_are_at_the_chosen_alpha(run):
    ours = run.rows("table-5.7", source="here")
    assert [(row["tracker"], row["α"], row["α chosen"]) for row in ours] == [
        ("SiamFC (baseline)", "", ""),
        ("experiment 2", "0.6", "validation"),
        ("experiment ctl", "0.5", "only one"),
    ]
    assert float(ours[1]["OCC"]) == pytest.approx(0.28) and ours[1]["LR"] == ""
    assert len(run.rows("table-5.7", source="thesis")) == 6
    run.statistics = None
    (row,) = run.rows("table-5.7", tracker="experiment 2", source="here")
    assert (row["α"], row["α chosen"]) == ("0.3", "on these sequences")


def test_5_8_and_5_9_have_the_run_below_what_is_printed(run):
    ours = run.rows("table-5.8", source="here")
    assert [row["backbone"] for row in ours][1:] == [published.EXPERIMENTS["2"], EVIL]
    rows = run.rows("table-5.9")
    assert [row["source"] for row in rows] == ["published"] * 2 + ["thesis"] * 6 + ["here"] * 3
    assert {row["data set"] for row in rows[:8]} == {"OTB2015"}
    assert {row["data set"] for row in rows[8:]} == {"Made world (synthetic)"}
    assert rows[9]["tracker"] == f"experiment 2 ({published.EXPERIMENTS['2']})"
    assert rows[9]["sequences"] == "9" and float(rows[9]["success AUC"]) == pytest.approx(0.38)


def test_trackers_of_another_benchmark_do_not_stand_beside_otb2015(bare):
    bare.add("baseline", None, 0, 0.2, benchmark="got10k")
    for name in ("table-5.3", "table-5.7", "table-5.9"):
        rows, text = bare.table(name)
        assert rows and not any(row.get("source") == "here" for row in rows)
        assert "scored on got10k" in text


@pytest.mark.parametrize(
    ("name", "edition"), [("table-5.10", "VOT2016"), ("table-5.11", "VOT2018")]
)
def test_vot_has_the_run_only_in_the_table_of_its_year(name, edition, bare):
    made = scores("vot", {"accuracy": 0.5}, more={"challenge": "vot2018"})
    bare.evaluated("vot", "siamfc", made)
    rows, text = bare.table(name)
    ours = [row["accuracy"] for row in rows if row["source"] == "here"]
    assert ours == (["0.5"] if edition == "VOT2018" else [])
    assert ("by the rules of vot2018" in text) == (edition == "VOT2016")
    thesis, others = published.VOT_ACCURACY[edition], published.VOT_ACCURACY_OTHERS[edition]
    assert len(rows) - len(ours) == len(thesis) + len(others) == 12


def test_the_edition_of_vot_is_also_read_from_what_made_the_scores(bare):
    made = scores("vot", {"accuracy": 0.5}) | {"made_by": {"settings": {"edition": "vot2016"}}}
    bare.evaluated("vot", "siamfc", made)
    assert len(bare.rows("table-5.10", source="here")) == 1


def test_controls_have_what_the_statistics_say(run):
    (row, other), text = run.table("controls")
    expected = {
        "experiment": "2", "α chosen": "validation", "α": "0.6", "difference": "0.02",
        "low": "-0.01", "high": "0.05", "p": "0.2", "p (Holm)": "0.4",
        "spread over targets": "0.04", "spread over seeds": "0.006", "share equivalent": "0.2",
        "smallest difference, power 0.8": "0.031", "most influential target": EVIL,
        "difference without it": "0.001", "gain, α of the test set": "0.04",
        "gain, α of validation": "", "gain, α crossed": "0.01",
        "choosing on the test set gave": "0.03", "p of the best α (one-sided)": "0.21",
        "only auxiliary right": "0.2", "oracle gain": "0.07",
        "against controls": "ctl: +0.020 [-0.010, +0.050], p 0.40 (– by Holm)",
        "verdict": "cannot be told",
    }  # fmt: skip
    assert {key: row[key] for key in expected} == expected
    assert other["verdict"] == "worse" and other["difference"] == ""
    assert "Nothing can be told." in text and "over 9 sequences" in text


@pytest.mark.parametrize("name", TABLES)
def test_numbers_of_the_csv_are_numbers(name, run):
    run.table(name)
    read = pd.read_csv(run.folder / "tables" / f"{name}.csv")
    numbers = {
        "table-5.2": ["J %", "F %"], "table-5.10": ["accuracy"], "table-5.11": ["accuracy"],
        "table-5.7": ["α", "all", "OCC"], "table-5.9": ["success AUC"],
        "controls": ["difference", "p", "oracle gain"],
        **{f"table-5.{n}": ["α", "here: success AUC", "thesis: change %"] for n in (3, 4, 5, 6)},
    }.get(name, [])  # fmt: skip
    assert len(read) and all(read[column].dtype == float for column in numbers)


@pytest.mark.parametrize(
    ("manifest", "statistics", "message"),
    [
        ({"titel": "x"}, None, r"manifest.json: titel: unknown key; did you mean 'title'"),
        ({}, {"experiments": []}, "statistics.json: experiments: expected an object, got"),
        ({}, {"experiments": {"2": {"comparison": {"p": "x"}}}},
         "statistics.json: experiments: 2: comparison: p: expected a number, got \"x\""),
        ({}, {"rows": [{"experiment": "baseline", "alpha": None, "tracker": "baseline",
                        "value": {"mean": 0.123456}}]},
         "statistics.json: is not about .*manifest.json: its SiamFC .*of experiment baseline has"),
        ({}, {"benchmark": "vot"}, "statistics.json: is about 'vot', the rows of .* about 'otb'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_sentence(manifest, statistics, message, run):
    paths = [run.folder / "m" / "manifest.json", run.folder / "m" / "statistics.json"]
    paths[0].parent.mkdir()
    for path, value in zip(paths, (run.manifest | manifest, statistics or {}), strict=True):
        path.write_text(json.dumps(value))
    with pytest.raises(InputError, match=message) as caught:
        write_table("controls", *paths, run.folder / "c.csv")
    assert "\n" not in str(caught.value)
    assert not list(run.folder.glob("c.*"))


def test_command_line_refuses_other_names(bare, capsys):
    path = bare.write("manifest.json", bare.manifest)
    command = ["--manifest", path, "--output", str(bare.folder / "t.csv")]
    with pytest.raises(SystemExit) as caught:
        main(["table", "table-9.9", *command])
    assert caught.value.code == 2 and "invalid choice: 'table-9.9'" in capsys.readouterr().err
    with pytest.raises(InputError, match=r"ends in \.csv"):
        write_table("controls", path, None, bare.folder / "t.txt")


def test_the_same_run_gives_the_same_bytes(run):
    run.table("table-5.9")
    before = [path.read_bytes() for path in sorted((run.folder / "tables").iterdir())]
    run.table("table-5.9")
    assert before == [path.read_bytes() for path in sorted((run.folder / "tables").iterdir())]
