"""What tests of the report share: trackers that were scored, and the files made of their scores."""

import json
import re

import numpy as np

from chromatrack.cli.main import main
from chromatrack.data import otb as otb_data
from chromatrack.data.otb_attributes import write_attributes
from chromatrack.evaluation import sets
from chromatrack.evaluation.benchmark import Scores, Selection, report
from chromatrack.files import digest_text
from chromatrack.reporting.manifest import read_manifest
from chromatrack.stages.evaluation.evaluate import evaluate
from chromatrack.stages.report.summary import summarize
from chromatrack.stages.report.verdicts import run_statistics

EVIL = "<script>alert('x')</script> $\\frac{"


def add_row(root, experiment, alpha, seed, offset, targets=2):
    """A tracker whose boxes are `offset` pixels off, evaluated."""
    name = f"{experiment}_{alpha}_{seed}"
    truth = np.tile([20.0, 30.0, 40.0, 40.0], (10, 1))
    for target in range(targets):
        otb_data.write_boxes(root / "anno" / f"T{target}.txt", truth)
        write_attributes(root / "att", f"T{target}", ["OCC", "IV"][: target + 1])
        results = truth + np.array([offset, 0, 0, 0])
        otb_data.write_boxes(root / "results" / name / f"T{target}.txt", results)
    evaluation, run = root / f"{name}.json", root / f"{name}.run.json"
    selection = Selection(root=root / "anno", attributes=root / "att")
    evaluate(sets.get("otb"), selection, root / "results" / name, evaluation, subset=True)
    inputs = {"checkpoint": digest_text(name)} if seed is not None else {}
    run.write_text(json.dumps({
        "frames": 20, "seconds": 1.6, "frames_per_second": 12.5,
        "made_by": {"stage": "track", "inputs": inputs},
    }))  # fmt: skip
    return {"tracker": name, "experiment": experiment, "alpha": alpha, "seed": seed,
            "evaluation": str(evaluation), "run": str(run)}  # fmt: skip


def auc(row):
    return json.loads(open(row["evaluation"]).read())["success_auc"]


def read(rows, folder, **more):
    """A manifest of these rows."""
    path = folder / "made.json"
    path.write_text(json.dumps({"title": "world", "rows": rows} | more))
    return read_manifest(path)


def summed(rows, folder, **more):
    """The summary of rows, by their own statistics; in `folder` as summary.csv."""
    manifest = read(rows, folder, **more)
    said = run_statistics(manifest, folder / "statistics.json")
    return summarize(manifest, said, folder / "summary.csv")


def made_up_scores(benchmark, protocol, values, *, targets=1, frames=9, of_each=None, **more):
    """scores.json of a tracker with these values, and these of each target."""
    one = sets.get(benchmark)
    missing = {measure.key: 0.25 for measure in one.measures if measure.key not in values}
    per_unit = {f"T{index}": {"frames": 3} | (of_each or {}) for index in range(targets)}
    scores = Scores(values=values | missing, per_unit=per_unit, frames=frames, **more)
    return json.dumps(report(one, scores, protocol=protocol, tracker="t"))


def run_all(manifest):
    folder = manifest.parent
    for stage, output, *more in (
        ("statistics", "verdicts.json"),
        ("summary", "summary.csv", f"--statistics={folder / 'verdicts.json'}"),
        ("figures", "figures"), ("page", "p.html"),
    ):  # fmt: skip
        assert main([stage, f"--manifest={manifest}", f"--output={folder / output}", *more]) == 0
    return (folder / "p.html").read_text()


def table_of(text, anchor):
    """From the heading of a table to its end."""
    return text[text.index(f'id="{anchor}"') :].split("</table>")[0]


def row_cells(text, name):
    """Cells of the first row of the page that begins with a name."""
    row = re.search(rf'<th scope="row">{re.escape(name)}</th>(.*?)</tr>', text, re.DOTALL)
    return re.findall(r"<td[^>]*>(.*?)</td>", row[1])
