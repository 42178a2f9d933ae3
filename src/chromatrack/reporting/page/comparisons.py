"""The table of trackers that are compared without a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chromatrack.reporting.sentences import chance_cell, in_comparison
from chromatrack.reporting.tables import NOTHING, Line, Table, number


def comparisons(said: Mapping[str, Any]) -> Table:
    """What `chromatrack compare` says of each tracker beside the baseline."""
    shown = {"digits": said["measure"]["digits"], "scale": said["measure"]["scale"]}

    def signed(value: float | None) -> str:
        return number(value, sign=True, **shown)

    lines = [
        Line((
            name, number(one["mean"], **shown), signed(one["difference"]["mean"]),
            signed(one["difference"]["low"]), signed(one["difference"]["high"]),
            chance_cell(one["p"]), chance_cell(one["holm_p"]),
            number(one["smallest_difference"], **shown),
            one["most_influential"] or NOTHING, signed(one["without_it"]), str(one["targets"]),
            in_comparison(one, said),
        ))
        for name, one in said["comparisons"].items()
    ]  # fmt: skip
    margin = f"{said['margin'] * shown['scale']:g}"
    turned = " Less is better: signs are turned." if said["turned"] else ""
    return Table(
        ("tracker", said["measure"]["title"], "difference", "95 %, low", "high", "p", "p by Holm",
         "found with power 0.8", "hangs most on", "without it", f"{said['unit']}s", "verdict"),
        tuple(lines),
        f"To {said['baseline']}, {said['unit']} by {said['unit']}. A difference counts from "
        f"{margin} on; docs/statistics.md has the rule of the verdict.{turned}",
    )  # fmt: skip
