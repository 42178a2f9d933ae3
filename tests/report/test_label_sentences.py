"""What the page says of equalisation: numbers that are there, intervals that tell something."""

import math

import pytest

from chromatrack.reporting.label_analysis import _finding, _verdicts


def ratio(value, low=None, high=None):
    return {"value": value, "low": low, "high": high}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (ratio(1.7, 1.4, 2.3), "here 1.7 times [1.4, 2.3] more"),
        (ratio(0.5, 0.4, 0.6), "here 0.5 times [0.4, 0.6] more"),
        (ratio(1.1, 0.9, 1.3), "here how many times more cannot be told from 5 clips, [0.9, 1.3]"),
        (ratio(60.6, 18.7, 618.0),
         "here more than 18.7 times more, how many times cannot be told from 5 clips, "
         "[18.7, 618.0]"),
        (ratio(3.0, 0.0, 4.0), "here how many times more cannot be told from 5 clips, [0.0, 4.0]"),
        (ratio(1.7), "here 1.7 times more"),
        (ratio(None), ""),
        (ratio(math.nan, math.nan, math.nan), ""),
    ],
)  # fmt: skip
def test_a_ratio_is_told_by_its_interval(given, said):
    assert _finding("here", "more", given, 5) == said


def test_a_clause_without_its_number_is_not_printed():
    comparison = {"equalization": "per_channel", "colours": 8, "smallest_distance": ratio(1.7),
                  "flips_pixels": ratio(None), "flips_cells": ratio(None)}  # fmt: skip
    [sentence] = _verdicts([comparison], 5)
    assert sentence.endswith("equalising none: the closest centroids are 1.7 times as far apart.")
    nothing = comparison | {"smallest_distance": ratio(None)}
    assert _verdicts([nothing, comparison | {"equalization": "y"}], 5) == ()
