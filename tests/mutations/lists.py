"""Lists of clips, ledgers, journals, configurations, and what the report reads."""

import json
import re
from dataclasses import asdict
from pathlib import Path

import numpy as np

from chromatrack.configuration import as_plain
from chromatrack.data.kinetics import ClipRow, read_clip_list, write_clip_list
from chromatrack.fetch.failures import STATUSES
from chromatrack.fetch.gate import read_state
from chromatrack.fetch.gate_state import GateState
from chromatrack.fetch.ledger import (
    Entry,
    Outcome,
    read_entries,
    read_journal,
    read_ledger,
    write_ledger,
)
from chromatrack.files import canonical_json, write_json
from chromatrack.reporting.learning import read_curve
from chromatrack.reporting.manifest import Row, read_manifest
from chromatrack.reporting.scores import mean_over_seeds, read_evaluation
from chromatrack.settings import Settings, load_config
from chromatrack.stages.labels.lab_statistics import read_lab
from tests.mutations import right
from tests.mutations.mutators import JSON, TEXT
from tests.mutations.running import Case

ROOT = Path(__file__).resolve().parents[2]
ROWS = [ClipRow(f"label {n}", f"abcdefghij{n}", 10.0 * n, 10.0 * n + 10, "train") for n in range(4)]
OUTCOMES = {
    row.clip_id: Outcome(
        "done" if number else "corrupt", bytes=1000, frames=250, seconds=10.0, width=340,
        height=256, sha256="ab" * 32, source="folder", time="2026-01-01T00:00:00Z",
    )
    for number, row in enumerate(ROWS)
}  # fmt: skip


def good_rows(rows):
    for row in rows:
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", row.youtube_id)
        assert 0 <= row.time_start < row.time_end < 1e6
        assert isinstance(row.label, str) and isinstance(row.split, str)


def clip_csv(folder):
    path = folder / "list.csv"
    write_clip_list(path, ROWS)

    def read():
        rows, problems = read_clip_list(path)
        good_rows(rows)
        assert all(problem.startswith(f"{path}: ") and "\n" not in problem for problem in problems)

    return Case(folder, read, [path], TEXT)


def clip_json(folder):
    path = folder / "list.json"
    entries = {
        row.youtube_id: {
            "annotations": {"label": row.label, "segment": [row.time_start, row.time_end]},
            "duration": 10.0, "subset": "train",
        }
        for row in ROWS
    }  # fmt: skip
    path.write_text(json.dumps(entries, indent=1))

    def read():
        rows, problems = read_clip_list(path)
        good_rows(rows)
        assert all(str(path) in problem for problem in problems)

    return Case(folder, read, [path], JSON)


def ledger(folder):
    path = folder / "ledger.csv"
    write_ledger(path, ROWS, OUTCOMES)

    def read():
        found = read_ledger(path)
        for column in ("time_start", "time_end", "seconds"):
            right.numbers(found[column].to_numpy())
        for column in ("attempts", "bytes", "frames", "width", "height"):
            values = found[column]
            assert values.dtype == np.int64 and (values >= 0).all()
        assert found["permanent"].dtype == bool
        assert all(isinstance(value, str) for value in found["clip_id"])
        assert set(found["status"]) <= {"done", "too short", "corrupt", *STATUSES}

    return Case(folder, read, [path], TEXT)


def journal(folder):
    path = folder / "journal.jsonl"
    lines = [
        canonical_json({"clip_id": name, **asdict(Entry(outcome, "r", "s", "v"))})
        for name, outcome in OUTCOMES.items()
    ]
    path.write_text("\n".join(lines) + "\n")

    def read():
        assert len(read_entries(path)) <= len(read_journal(path))
        for name, entry in read_entries(path).items():
            assert isinstance(name, str)
            right.of_types(entry, Entry)
            right.of_types(entry.outcome, Outcome)

    return Case(folder, read, [path], JSON)


def gate(folder):
    path = folder / "gate.json"
    path.write_text(canonical_json(as_plain(GateState(refusals=1, reasons={"x": 2}, since=4.0))))
    return Case(folder, lambda: right.of_types(read_state(path), GateState), [path], JSON)


def configuration(folder):
    paths = [folder / "config.yaml", folder / "mini.yaml"]
    for path, given in zip(
        paths, (ROOT / "config.yaml", ROOT / "config" / "mini.yaml"), strict=True
    ):
        path.write_bytes(given.read_bytes())

    def read():
        settings = load_config(paths)
        for name, value in finite(as_plain(settings)):
            assert abs(value) < 1e308, f"{name}: {value}"
        assert isinstance(settings, Settings)

    return Case(folder, read, paths, TEXT)


def finite(value, where=""):
    """Every number of nested values, with its place."""
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in pairs:
            yield from finite(inner, f"{where}.{key}")
    elif isinstance(value, int | float):
        yield where, value


def manifest(folder):
    path = folder / "manifest.json"
    row = {"tracker": "t", "experiment": "2", "alpha": 0.3, "seed": 0, "evaluation": "e.json"}
    write_json(path, {
        "title": "OTB", "synthetic": True, "cut": None, "notes": ["one"],
        "experiments": {"2": "fine-tuned"}, "plans": {"2": {"alpha": 0.3, "controls": []}},
        "rows": [row, {**row, "experiment": "baseline", "alpha": None}],
        "validation": [row], "statistics": "s.json",
        "evaluations": [{"benchmark": "vot", "protocol": "restarted",
                         "trackers": {"a": "a.json", "b": "b.json"}, "untrained": {"a": "b"}}],
        "ledgers": ["l.csv"], "score_statistics": {"resnet18": "x.json"},
        "curves": {"c/d": "c.csv"}, "pictures": [{"caption": "c", "png": "p.png"}],
        "differences": [{"key": "k", "here": "h", "thesis": "t"}], "config": "run: x\n",
    })  # fmt: skip

    def read():
        found = read_manifest(path)
        assert isinstance(found.heading, str) and isinstance(found.configuration, dict)
        for one in (*found.rows, *found.validation):
            assert one.alpha in (None, "learned") or 0 <= one.alpha <= 1
            assert one.seed is None or isinstance(one.seed, int)
            assert one.evaluation.name

    return Case(folder, read, [path], JSON)


def scores(folder):
    paths = [folder / "a.json", folder / "b.json"]
    for number, path in enumerate(paths):
        write_json(path, {
            "success_auc": 0.5 + number / 10, "precision_20": 0.7, "frames_per_second": 3.5,
            "measures": {
                key: {"key": key, "title": key, "unit": "share", "better": "higher", "digits": 3,
                      "scale": 1.0, "range": [0.0, 1.0]}
                for key in ("success_auc", "precision_20")
            },
            "headline": ["success_auc"], "unit": "target", "targets": 2, "frames": 8,
            "curves": {"success": {
                "title": "Success", "x": "overlap", "y": "rate", "measure": "success_auc",
                "legend": "AUC", "mark": None, "thresholds": [0, 0.5, 1], "values": [1, 0.5, 0],
            }},
            "per_attribute": {"IV": {"success_auc": 0.4, "precision_20": 0.6}}, "remarks": {},
            "per_sequence": {"Girl": {"success_auc": 0.5, "precision_20": 0.6}},
            "overlaps": {"Girl": [1.0, 0.5, 0.25], "Dog": [1, 1]},
        })  # fmt: skip
    rows = [Row(tracker="t", experiment="2", alpha=0.3, seed=seed, evaluation=path)
            for seed, path in enumerate(paths)]  # fmt: skip

    def read():
        for path in paths:
            evaluation = read_evaluation(path)
            for overlaps in evaluation["overlaps"].values() if evaluation.get("overlaps") else ():
                # NaN: a frame that does not count.
                assert overlaps.ndim == 1 and not np.isinf(overlaps).any()
        [mean] = mean_over_seeds(rows)
        assert all(np.isfinite(value) for value in mean.values.values())
        for curve in mean.curves.values():
            right.numbers(curve["values"], (-1,))
            right.numbers(curve["thresholds"], (len(curve["values"]),))
        assert all(np.isfinite(value) for value in mean.attributes.values())

    return Case(folder, read, paths, JSON)


def lab(folder):
    path = folder / "lab.json"
    write_json(path, {"mean": [0.5, 0.5, 0.5], "std": [0.2, 0.1, 0.1], "frames": 9})

    def read():
        found = read_lab(path)
        for key in ("mean", "std"):
            right.numbers(found[key], (3,))
        assert min(found["std"]) >= 0

    return Case(folder, read, [path], JSON)


def curve(folder):
    path = folder / "metrics.csv"
    path.write_text("step,loss,learning_rate,validation_loss\n0,2.5,0.1,\n1,2.25,0.1,2.0\n")

    def read():
        for steps, values in read_curve(path).values():
            assert len(right.numbers(steps)) == len(right.numbers(values)) > 0

    return Case(folder, read, [path], TEXT)


LISTS = {
    "clip lists, CSV": clip_csv,
    "clip lists, JSON": clip_json,
    "ledgers": ledger,
    "journals": journal,
    "state of the gate": gate,
    "configurations": configuration,
    "manifests": manifest,
    "scores.json": scores,
    "Lab statistics": lab,
    "learning curves": curve,
}
