"""What the page's scripts read: each file read once, numbers that a browser reads, bands."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.made_up_run import write_run
from benchmarks.made_up_viewer import add_viewer
from chromatrack.errors import InputError
from chromatrack.reporting.manifest import read_manifest
from chromatrack.reporting.page.plots import shares_above
from chromatrack.reporting.scores import read_evaluation
from chromatrack.stages.report import page_parts
from chromatrack.stages.report.page import as_script, make_page
from chromatrack.stages.report.page_parts import page_run


@pytest.fixture
def small(tmp_path):
    """The path of a manifest."""
    return write_run(
        tmp_path, experiments=("1",), alphas=(0.3,), seeds=(0, 1), frames=20, targets=("A", "B")
    )


def test_scores_are_read_once_each(small, monkeypatch):
    told = json.loads(small.read_text())
    told["evaluations"] = [{"benchmark": "otb", "protocol": "ope", "trackers": {
        row["tracker"]: row["evaluation"] for row in told["rows"]
    }}]  # fmt: skip
    small.write_text(json.dumps(told))
    seen = []

    def counted(path):
        seen.append(path)
        return read_evaluation(path)

    monkeypatch.setattr(page_parts, "read_evaluation", counted)
    page_run(read_manifest(small))
    assert sorted(seen) == sorted(Path(row["evaluation"]) for row in told["rows"])


def test_overlaps_that_are_no_numbers_are_named(small):
    path = Path(json.loads(small.read_text())["rows"][0]["evaluation"])
    whole = json.loads(path.read_text())
    for broken in ([1, 2], {"A": ["x"], "B": [1]}, {"A": [[1], [1, 2]]}):
        path.write_text(json.dumps(whole | {"overlaps": broken}))
        with pytest.raises(InputError, match=f"{path.name}: expected 'overlaps' with numbers"):
            page_run(read_manifest(small))


def test_shares_above_are_those_of_each_threshold():
    rng = np.random.default_rng(0)
    thresholds = np.linspace(0, 1, 21)
    overlaps = [rng.choice(np.append(thresholds, rng.uniform(0, 1, 9)), n) for n in (1, 7, 300)]
    overlaps[1][2] = np.nan  # above none
    expected = [(one[:, None] > thresholds).mean(axis=0) for one in overlaps]
    assert shares_above(overlaps, thresholds) == pytest.approx(np.array(expected), abs=1e-12)


def test_bands_hold_the_curve_and_are_none_where_overlaps_are_not_told(small):
    (curve,) = [one for one in page_run(read_manifest(small))["data"]["main"]["curves"]
                if one["key"] == "success"]  # fmt: skip
    for values, (low, high) in zip(curve["values"], curve["bands"], strict=True):
        assert all(a <= v + 1e-3 and v <= b + 1e-3
                   for a, v, b in zip(low, values, high, strict=True))  # fmt: skip
    path = Path(json.loads(small.read_text())["rows"][-1]["evaluation"])
    told = json.loads(path.read_text())
    del told["overlaps"]
    path.write_text(json.dumps(told))
    (curve,) = [one for one in page_run(read_manifest(small))["data"]["main"]["curves"]
                if one["key"] == "success"]  # fmt: skip
    assert [band is None for band in curve["bands"]] == [False, True, False]


def test_scripts_get_json_that_browsers_read():
    value = {"a</script>": [float("nan"), float("inf"), 0.5, "\u2028<!--"], "b": (1, None, True)}
    text = as_script(value)
    assert "<" not in text and "\u2028" not in text

    def refuse(name):
        raise AssertionError(name)

    assert json.loads(text, parse_constant=refuse) == {
        "a</script>": [None, None, 0.5, "\u2028<!--"], "b": [1, None, True]
    }  # fmt: skip


def test_large_data_lie_once_and_behind_the_scripts(small, tmp_path):
    add_viewer(small)
    make_page(read_manifest(small), tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text()
    kinds = {kind: text.index(f'data-kind="{kind}"')
             for kind in ("main", "strips", "masks", "maps", "similarity")}  # fmt: skip
    assert (
        kinds["main"]
        < text.index('"use strict";')
        < min(place for kind, place in kinds.items() if kind != "main")
    )
    strips = json.loads((tmp_path / "strips.json").read_text())
    for strip in (*strips["sequences"], *strips["masks"]):
        assert all(text.count(picture) == 1 for picture in strip["pictures"])
