"""The table of experiments: what the statistics say of each, what each is, and by which rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chromatrack.reporting.scores import alpha_text
from chromatrack.reporting.tables import NOTHING, Line, Table, number


def experiments(said: Mapping[str, Any]) -> Table:
    """What the statistics say of each experiment, a column for each."""
    measure, count = said["measure"], said["experiments"]
    shown = {"digits": measure["digits"], "scale": measure["scale"]}

    def signed(value: float | None) -> str:
        return number(value, sign=True, **shown)

    def each(of: Callable[[Mapping[str, Any]], str]) -> tuple[str, ...]:
        return tuple(of(one) for one in count.values())

    def compared(*keys: str, of: Callable[[Any], str]) -> tuple[str, ...]:
        def found(one: Mapping[str, Any]) -> str:
            value: Any = one["comparison"]
            for key in keys:
                value = value and value[key]
            return of(value)

        return each(found)

    def way(name: str) -> tuple[str, ...]:
        return each(lambda one: signed(one["ways"][name] and one["ways"][name]["mean"]))

    def alone(key: str) -> tuple[str, ...]:
        return each(lambda one: number(one["complementary"][key], 3))

    rows = {
        "α": each(lambda one: alpha_text(one["chosen"]["alpha"])),
        "α was": each(lambda one: one["chosen"]["way"]),
        "difference to the baseline": compared("difference", "mean", of=signed),
        "95 % interval, low": compared("difference", "low", of=signed),
        "95 % interval, high": compared("difference", "high", of=signed),
        "p": compared("p", of=number),
        "p by Holm": compared("holm_p", of=number),
        "spread over targets": compared(
            "difference", "target_spread", of=lambda v: number(v, **shown)
        ),
        "spread over seeds": compared("difference", "seed_spread", of=lambda v: number(v, **shown)),
        "share of draws better": compared("shares", "better", of=number),
        "share equivalent": compared("shares", "equivalent", of=number),
        "share worse": compared("shares", "worse", of=number),
        "difference that one test finds, power 0.8": compared(
            "smallest_difference", of=lambda v: number(v, **shown)
        ),
        "verdict hangs on": compared("most_influential", "target", of=lambda v: v or NOTHING),
        "difference without it": compared("most_influential", "mean", of=signed),
        "gain, α of the test set": way("test"),
        "gain, α of validation": way("validation"),
        "gain, α crossed": way("crossed"),
        "choosing on the test set gave": each(lambda one: signed(one["choosing_on_test_gave"])),
        "p of the best α (one-sided)": each(lambda one: number(one["best_of_p"])),
        "frames: baseline alone right": alone("only_baseline"),
        "frames: auxiliary alone right": alone("only_auxiliary"),
        "oracle α per target (upper bound)": each(
            lambda one: signed(one["complementary"]["oracle_gain"])
        ),
        "verdict": each(lambda one: one["verdict"]),
    }
    return Table(
        ("", *count),
        tuple(Line((name, *cells)) for name, cells in rows.items()),
        f"{_about(said)}\n{_rule(said)} Equivalent: by no more than {said['margin']:g}. The gain "
        "with the α of the test set is what choosing on the answer gives. The oracle looks at the "
        "answer, too.",
    )


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
    margin, level = f"{said['margin']:g}", f"{said['level']:g}"
    return (
        f"Helps: the 95 % interval is above 0 and p by Holm below {level}. Does not help: a gain "
        f"of {margin} is refused (p of the margin below {level}, interval below {margin}). "
        "Otherwise it cannot be told. Holm: over the experiments that lay claim to colour; over "
        "all others; and for each experiment over its controls."
    )
