"""What the page says of searches for settings."""

import json

import pytest

from chromatrack.errors import InputError
from chromatrack.reporting.manifest import Manifest, read_manifest
from chromatrack.reporting.page.tuned import tuned
from chromatrack.stages.report.page import make_page

FOUND = {
    "benchmark": "GOT-10k val",
    "sequences": 180,
    "tried": 60,
    "values": {"window_influence": 0.214, "scale_step": 1.031, "scale_penalty": 0.97,
               "scale_rate": 0.5, "alpha": 0.25},
    "average_overlap": 0.6,
    "configured": {"average_overlap": 0.58},
}  # fmt: skip


@pytest.fixture
def result(tmp_path):
    path = tmp_path / "tuned.json"
    path.write_text(json.dumps(FOUND))
    return path


def test_a_row_says_how_many_were_tried_and_which_was_chosen(result):
    table = tuned({"exp1-seed0": result})
    row = dict(zip(table.header, table.lines[0].cells, strict=True))
    assert row["tracker"] == "exp1-seed0" and row["settings tried"] == "60"
    assert (row["AO as configured"], row["AO chosen"], row["gain"]) == ("0.580", "0.600", "+0.020")
    assert (row["window"], row["α"]) == ("0.214", "0.25")
    assert "180 sequences of GOT-10k val" in table.note and "too good" in table.note


def test_siamfc_alone_has_no_alpha(tmp_path, result):
    told = {**FOUND, "values": {k: v for k, v in FOUND["values"].items() if k != "alpha"}}
    result.write_text(json.dumps(told))
    assert tuned({"baseline-seed0": result}).lines[0].cells[-1] == "–"


@pytest.mark.parametrize("content", ["{}", "[]", '{"values": 1}', json.dumps({**FOUND, "tried": 1,
                         "values": {"alpha": "x"}})])  # fmt: skip
def test_another_file_is_one_sentence(content, result):
    result.write_text(content)
    with pytest.raises(InputError, match="expected what `chromatrack tune` writes"):
        tuned({"exp1-seed0": result})


def test_the_page_has_it(tmp_path, result):
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps({"title": "T", "tuned": {"exp1-seed0": str(result)}}))
    assert read_manifest(manifest).tuned == {"exp1-seed0": result}
    make_page(read_manifest(manifest), tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text()
    assert "Settings searched" in text and "settings tried" in text and ">60<" in text


def test_a_page_without_a_search_does_not_speak_of_one(tmp_path):
    make_page(Manifest(title="T"), tmp_path / "page.html")
    assert "Settings searched" not in (tmp_path / "page.html").read_text()
