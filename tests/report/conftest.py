"""What tests of the page share: a run that was never made, its page, and what that may not do."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.made_up_run import write_run
from benchmarks.made_up_viewer import add_viewer
from chromatrack import published
from chromatrack.files import digest_text, read_json
from chromatrack.reporting.moved import open_run
from chromatrack.stages.report.summary import summarize
from chromatrack.stages.report.verdicts import run_statistics
from tests.report.evaluated import (
    EVIL,
    add_row,
    made_up_scores,
)
from tests.report.finished_runs import DRAWS, SEEDS, SMALL, Made
from tests.report.pages import WIDE, MadeUp, draw_all, made_up
from tests.report.small_runs import Run, with_baseline


@pytest.fixture(scope="session")
def run(tmp_path_factory) -> MadeUp:
    """A page of a small run."""
    return made_up(tmp_path_factory.mktemp("made-up"))


@pytest.fixture
def opened(browser):
    """Opens a page by its path; in the end, no page said, asked for or threw anything."""
    contexts, complaints = [], []

    def open_page(path: Path, size=WIDE, scheme="light", offline=True, everything=False):
        address = path.as_uri()
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=scheme,
            offline=offline, accept_downloads=True,
        )  # fmt: skip
        contexts.append(context)
        context.set_default_timeout(60_000)

        def decide(route):
            if route.request.url.split("#")[0] == address:
                return route.continue_()
            complaints.append(f"asks for {route.request.url}")
            return route.abort()

        def watch(request):
            if not request.url.startswith(("data:", "blob:", address)):
                complaints.append(f"requests {request.url}")

        context.route("**/*", decide)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(f"{said.type}: {said.text}"))
        page.on("pageerror", lambda error: complaints.append(f"throws {error}"))
        page.on("dialog", lambda dialog: complaints.append(f"dialog {dialog.message}"))
        context.on("page", lambda other: complaints.append(f"opens {other.url}"))
        context.on("request", watch)
        page.goto(address)
        page.wait_for_selector(".plot .main-svg")
        if everything:
            draw_all(page)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def rows(tmp_path):
    return [
        add_row(tmp_path, "2", "learned", 0, 10),
        add_row(tmp_path, "2", 0.3, 1, 10),
        add_row(tmp_path, "2", 0.3, 0, 10),
        add_row(tmp_path, "10", 0.1, 0, 22),
        add_row(tmp_path, "baseline", None, 1, 20),
        add_row(tmp_path, "baseline", None, 0, 16),
    ]


@pytest.fixture
def manifest(rows, tmp_path):
    """A manifest with every part, labels that attack included; its path."""

    def write(name, text):
        (tmp_path / name).write_text(text)
        return str(tmp_path / name)

    Image.new("RGB", (20, 10), "red").save(tmp_path / "picture.png")
    header = "clip_id,label,youtube_id,time_start,time_end,split,status,permanent,message\n"
    ledger = header + f"a,l,-x,0,10,train,done,False,\nb,{EVIL},y,0,10,train,{EVIL},True,m\n"
    davis = made_up_scores("davis", "propagated", {"J_mean": 0.3, "F_mean": 0.2, "J_and_F": 0.25},
                    targets=3)  # fmt: skip
    vot = made_up_scores("vot", "restarted", {
        "accuracy": 0.5, "failures": 2.0, "robustness": 1.5, "eao": None,
    })  # fmt: skip
    maps = published.SCORE_MAPS
    thesis = {"siamfc": maps["siamfc"], "auxiliary": maps["resnet18"]}
    score = {"siamfc": {"mean": -3.0, "std": 3.5}, "auxiliary": {"mean": 400.0, "std": 30.0},
             "pairs": 10, "thesis": thesis}  # fmt: skip
    curve = "step,loss,learning_rate,validation_loss\n1,2.5,0.1,\n2,1.5,0.1,1.9\n3,nan,0.1,\n"
    value = {
        "title": f"World {EVIL}", "synthetic": True, "cut": "first 10 frames", "notes": [EVIL],
        "experiments": {"2": f"fine-tuned {EVIL}"}, "plans": {"2": {"controls": ["10"]}},
        "rows": rows, "summary_csv": str(tmp_path / "summary.csv"),
        "statistics": str(tmp_path / "verdicts.json"),
        "evaluations": [
            {"benchmark": "otb", "protocol": "ope",
             "trackers": {row["tracker"]: row["evaluation"] for row in rows}},
            {"benchmark": "davis", "protocol": "propagated",
             "trackers": {f"resnet18 {EVIL}": write("davis.json", davis)}},
            {"benchmark": "vot", "protocol": "restarted",
             "trackers": {f"siamfc {EVIL}": write("vot.json", vot)}},
        ],
        "ledgers": [write("ledger.csv", ledger)],
        "lab_statistics": write(
            "lab.json", json.dumps({"mean": [0.4, 0.5, 0.5], "std": [0.2, 0.0, 0.0], "frames": 7})
        ),
        "score_statistics": {"resnet18": write("score.json", json.dumps(score))},
        "curves": {"colorization/resnet18": write("curve.csv", curve)},
        "pictures": [{"caption": EVIL, "png": str(tmp_path / "picture.png")}],
        "config": f"run: demo # {EVIL} ${{NOT_SET}}\n",
    }  # fmt: skip
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(value))
    return path


@pytest.fixture
def with_classical(manifest, tmp_path):
    """The manifest with two classical trackers, a cut EAO and GOT-10k; its path."""
    value = json.loads(manifest.read_text())
    for name, shift in (("kcf", 2), ("klt", 4)):
        value["rows"].append(add_row(tmp_path, "classical", None, None, shift) | {"tracker": name})
        path = tmp_path / f"{name}.json"
        Path(value["rows"][-1]["evaluation"]).rename(path)
        value["rows"][-1]["evaluation"] = str(path)
    (tmp_path / "kcf-vot.json").write_text(made_up_scores("vot", "restarted", {
        "accuracy": 0.4, "failures": 1.0, "robustness": 0.5, "eao": 0.123,
    }, remarks={"eao": "to 195 of 356"}))  # fmt: skip
    value["evaluations"][-1]["trackers"]["kcf"] = str(tmp_path / "kcf-vot.json")
    (tmp_path / "kcf-got10k.json").write_text(made_up_scores("got10k", "ope", {
        "average_overlap": 0.2034, "success_rate_50": 0.1771, "success_rate_75": 0.0652,
    }, targets=180, curves={"success": np.linspace(1, 0, 101)}))  # fmt: skip
    value["evaluations"].append({
        "benchmark": "got10k", "protocol": "ope",
        "trackers": {"kcf": str(tmp_path / "kcf-got10k.json")},
    })  # fmt: skip
    manifest.write_text(json.dumps(value))
    return manifest


@pytest.fixture
def ten(tmp_path):
    """Ten targets and the baseline."""
    return with_baseline(tmp_path)


@pytest.fixture
def new(tmp_path):
    """A run that has nothing yet."""
    return Run(tmp_path)


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    """Scores of all trackers and seeds, and the manifest that lists them."""
    return write_run(tmp_path_factory.mktemp("scored"), seeds=SEEDS, **SMALL)


@pytest.fixture
def finished(scored, tmp_path):
    """Makes a run of some of the seeds, in tmp_path/MACHINE/results/NAME."""

    def make(name, seeds=(0,), machine="here", title="Made-up run", viewer=False, **settings):
        folder = tmp_path / machine / "results" / name
        run, told = Made(folder), json.loads(scored.read_text())
        rows = [row for row in told["rows"] if row["seed"] in (None, *seeds)]
        for row in rows:
            own = folder / "scores" / f"{row['tracker']}.json"
            own.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(row["evaluation"], own)
            row["evaluation"] = f"results/{name}/scores/{own.name}"
            if row["seed"] is not None:
                weights = {"made_by": {"inputs": {"checkpoint": digest_text(row["tracker"])}}}
                own.with_suffix(".run").write_text(json.dumps(weights))
                row["run"] = f"results/{name}/scores/{own.stem}.run"
        plain = {"run": name, "seeds": list(seeds), "siamfc": {"steps": 60}, **settings}
        run.report.mkdir()
        manifest = told | {
            "title": title, "rows": rows, "curves": {}, "config": json.dumps(plain),
            "statistics": f"results/{name}/report/statistics.json",
            "summary_csv": f"results/{name}/report/summary.csv",
        }  # fmt: skip
        (run.report / "manifest.json").write_text(json.dumps(manifest))
        here = open_run(folder)
        said = run_statistics(here, run.report / "statistics.json", draws=DRAWS, margin=0.01)
        summarize(here, said, run.report / "summary.csv")
        if viewer:
            there = tmp_path / machine / "there.json"
            there.write_text(json.dumps(manifest | {
                "rows": [row | {"evaluation": str(folder.parents[1] / row["evaluation"])}
                         for row in rows]
            }))  # fmt: skip
            add_viewer(there, shown=2, size=(9, 16))
            for kind in ("strips", "maps", "similarity"):
                shutil.move(read_json(there)[kind], run.report / f"{kind}.json")
                run.tell(**{kind: f"results/{name}/report/{kind}.json"})
        return run

    return make
