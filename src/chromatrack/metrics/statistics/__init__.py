"""Whether one tracker is better than another: pure functions of arrays, the unit is the target."""

from chromatrack.metrics.statistics.choosing import best, crossed, crossed_p
from chromatrack.metrics.statistics.comparison import Comparison, as_plain, compare
from chromatrack.metrics.statistics.complement import only_one_right, oracle_gain
from chromatrack.metrics.statistics.intervals import (
    MARGIN,
    Estimate,
    Shares,
    bootstrap_means,
    equivalence,
    estimate,
)
from chromatrack.metrics.statistics.permutation import best_of_p, holm, sign_flip_p
from chromatrack.metrics.statistics.power import most_influential, smallest_difference
from chromatrack.metrics.statistics.verdict import LEVEL, Verdict, correct, judge, verdict

__all__ = [
    "LEVEL",
    "MARGIN",
    "Comparison",
    "Estimate",
    "Shares",
    "Verdict",
    "as_plain",
    "best",
    "best_of_p",
    "bootstrap_means",
    "compare",
    "correct",
    "crossed",
    "crossed_p",
    "equivalence",
    "estimate",
    "holm",
    "judge",
    "most_influential",
    "only_one_right",
    "oracle_gain",
    "sign_flip_p",
    "smallest_difference",
    "verdict",
]
