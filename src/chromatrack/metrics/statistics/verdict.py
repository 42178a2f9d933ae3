"""What is said of a difference, by a rule that stands before the results do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from chromatrack.metrics.statistics.intervals import MARGIN
from chromatrack.metrics.statistics.permutation import holm

LEVEL = 0.05
"""Of every test and interval."""

Verdict = Literal["helps", "does not help", "cannot be told"]


def verdict(
    low: float | None,
    high: float | None,
    p: float | None,
    p_margin: float | None,
    *,
    margin: float = MARGIN,
    level: float = LEVEL,
) -> Verdict:
    """By the interval of the difference and two tests: no effect, and an effect of the margin.

    It helps if p, which is Holm's where several are tested, is below the level and the interval
    above 0. It does not if `p_margin` is below the level and the interval ends below the margin: a
    gain, if there is one, is smaller than what counts. Otherwise it cannot be told, nor where a
    value is missing. Both ask for a test beside the interval: intervals of few targets are too
    short, and the sign flip of few targets cannot reach the level.
    """
    if low is None or high is None or p is None or p_margin is None:
        return "cannot be told"
    if p < level and low > 0:
        return "helps"
    return "does not help" if p_margin < level and high < margin else "cannot be told"


def correct(comparisons: Iterable[dict[str, Any]]) -> None:
    """Add `holm_p`, over those that have a `p`, to plain comparisons."""
    comparisons = list(comparisons)
    tested = [one for one in comparisons if one["p"] is not None]
    for one in comparisons:
        one["holm_p"] = None
    for one, p in zip(tested, holm([one["p"] for one in tested]), strict=True):
        one["holm_p"] = round(float(p), 6)


def judge(comparisons: Iterable[dict[str, Any]], *, margin: float = MARGIN) -> None:
    """Add `verdict` to plain comparisons that are corrected."""
    for one in comparisons:
        low, high = one["difference"]["low"], one["difference"]["high"]
        one["verdict"] = verdict(low, high, one["holm_p"], one["p_margin"], margin=margin)
