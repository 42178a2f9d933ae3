"""The table of experiments: what the statistics say of each, what each is, and by which rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chromatrack.reporting.said import EACH, VERDICT, Kind, Part
from chromatrack.reporting.scores import alpha_text
from chromatrack.reporting.sentences import chance_cell
from chromatrack.reporting.tables import NOTHING, Line, Table, number


def experiments(said: Mapping[str, Any]) -> Table:
    """What the statistics say of each experiment, a column for each."""
    digits, scale = said["measure"]["digits"], said["measure"]["scale"]
    shown: dict[Kind, Callable[[Any], str]] = {
        "alpha": alpha_text,
        "text": lambda text: text or NOTHING,
        "difference": lambda value: number(value, digits, sign=True, scale=scale),
        "size": lambda value: number(value, digits, scale=scale),
        "share": number,
        "p": chance_cell,
    }
    parts = Part("experiments", said["experiments"]).items()
    return Table(
        ("", *parts),
        tuple(
            Line((field.title or field.head,
                  *(shown[field.kind](field.value(one)) for one in parts.values())))
            for field in (*EACH, VERDICT)
        ),
        f"{_about(said)}\n{_rule(said)} Equivalent: by no more than {_margin(said)}. The gain "
        "with the α of the test set is what choosing on the answer gives. The oracle looks at the "
        "answer, too.",
    )  # fmt: skip


def _margin(said: Mapping[str, Any]) -> str:
    """In the unit in which the measure is shown."""
    return f"{said['margin'] * said['measure']['scale']:g}"


def _about(said: Mapping[str, Any]) -> str:
    """What each experiment is, and of which it is a control."""
    parts = []
    for name, one in said["experiments"].items():
        held = one["controls"]
        of = f"; a control of {', '.join(held)}" if held else ""
        of = of or ("" if one["claim"] else "; no claim")
        parts.append(f"{name}: {one['kind'] or 'not described'}{of}")
    return ". ".join(parts) + "."


def _rule(said: Mapping[str, Any]) -> str:
    """When a verdict is which, and over which tests p is adjusted."""
    margin, level = _margin(said), f"{said['level']:g}"
    return (
        f"Helps: the 95 % interval is above 0 and p by Holm below {level}. Does not help: a gain "
        f"of {margin} is refused (p of the margin below {level}, interval below {margin}). "
        "Otherwise it cannot be told. Holm: over the experiments that lay claim to colour; over "
        "all others; and for each experiment over its controls."
    )
