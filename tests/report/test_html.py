"""Text on pages."""

import pytest

from chromatrack.reporting.html import minus


@pytest.mark.parametrize(
    "text, shown",
    [
        ("AUC -0.007 [-0.049, +0.006]", "AUC −0.007 [−0.049, +0.006]"),
        ("-.5 (-12.25)", "−.5 (−12.25)"),
        ("GOT-10k 0.5 of run-0.5", "GOT-10k 0.5 of run-0.5"),  # a name is no number
        ("-a1.mp4", "-a1.mp4"),
    ],
)
def test_numbers_below_zero_have_a_minus_sign(text, shown):
    assert minus(text) == shown
