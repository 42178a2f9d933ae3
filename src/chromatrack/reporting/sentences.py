"""Verdicts as sentences: a number, its interval, what was tested, and nothing that judges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from chromatrack.reporting.scores import alpha_text

Said = Mapping[str, Any]

WAYS = {
    "beforehand": "laid down beforehand",
    "only one": "the only one",
    "validation": "chosen on {chosen_on}",
    "crossed": "chosen on the other targets",
    "test": "chosen on these targets",
}


def sentence(name: str, one: Said, run: Said) -> str:
    """The verdict on one experiment, with its numbers.

    Args:
        one: its part of statistics.json.
        run: the whole.
    """
    chosen, compared = one["chosen"], one["comparison"]
    way = WAYS[chosen["way"]].format(chosen_on=run["chosen_on"])
    alpha = "α" if chosen["alpha"] is None else f"α = {alpha_text(chosen['alpha'])}"
    kind = f" ({one['kind']})" if one["kind"] else ""
    smallest = compared["smallest_difference"]
    count = f"{run['targets']} {run['unit']}s"
    told = one["verdict"]
    if told == "cannot be told":
        told = f"cannot be told with {count}"
        if smallest:
            shown = _number(smallest, run)
            told += f", which would have shown a difference of {shown} four times in five"
    parts = [
        f"Experiment {name}{kind}, {alpha} {way}: {run['measure']['title']} "
        f"{_difference(compared, run)} beside the baseline over {count}"
        f"{_seeds(compared['difference']['seeds'])}: {told}."
    ]
    parts += [_against(control, entry, run) for control, entry in one["against"].items()]
    return " ".join(parts)


def headline(run: Said) -> str:
    """The first sentence of the page: whether the auxiliary helps, in the light of its controls."""
    claims = {name: one for name, one in run["experiments"].items() if one["claim"]}
    if not claims:
        return ""
    count = f"{run['targets']} {run['unit']}s"
    seeds = _seeds(max(len(run["seeds"]), 1))
    won = [name for name, one in claims.items() if one["verdict"] == "helps"]
    proven = [name for name in won if claims[name]["against"] and all(
        entry["verdict"] == "helps" for entry in claims[name]["against"].values())]  # fmt: skip
    where = f"over {count}{seeds}"
    if proven:
        return (
            f"Colour helps {where}: {_names(proven)} beat{_s(proven)} the baseline and each of "
            "its controls."
        )
    bare = [name for name in claims if not claims[name]["against"]]
    if won and all(name in bare for name in won):
        return (
            f"{_names(won).capitalize()} beat{_s(won)} the baseline {where}, and no control was "
            "run that would say whether colour is the reason."
        )
    if won:
        return (
            f"Colour does not beat its controls {where}: {_names(won)} beat{_s(won)} the baseline, "
            "and so may whatever else is put in the place of colour."
        )
    lost = [name for name, one in claims.items() if one["verdict"] == "does not help"]
    if len(lost) == len(claims):
        return f"Colour does not help {where}: no experiment gains {run['margin']:g} or more."
    open_ones = [name for name in claims if name not in lost]
    text = (
        f"Colour does not beat the baseline {where}: whether {_names(open_ones)} "
        f"help{_s(open_ones)} cannot be told"
    )
    return f"{text}, {_names(lost)} do{'es' if len(lost) == 1 else ''} not." if lost else f"{text}."


def _against(control: str, entry: Said, run: Said) -> str:
    told = {
        "helps": "better than this control",
        "does not help": "not better than this control",
        "cannot be told": "whether it is better than this control cannot be told",
    }[entry["verdict"]]
    return f"Beside {control}: {_difference(entry, run)}: {told}."


def _difference(entry: Said, run: Said) -> str:
    """+0.012 [-0.020, +0.044], p = 0.40 (0.80 by Holm)."""
    value = entry["difference"]
    interval = "" if value["low"] is None else (
        f" [{_number(value['low'], run, sign=True)}, {_number(value['high'], run, sign=True)}]"
    )  # fmt: skip
    text = f"{_number(value['mean'], run, sign=True)}{interval}"
    if entry["p"] is None:
        return text
    return f"{text}, p = {_chance(entry['p'])} ({_chance(entry['holm_p'])} by Holm)"


def _number(value: float, run: Said, *, sign: bool = False) -> str:
    measure = run["measure"]
    return f"{measure['scale'] * value:{'+' if sign else ''}.{measure['digits']}f}"


def _chance(p: float) -> str:
    return f"{p:.2f}" if p >= 0.01 else f"{p:.1g}"


def _seeds(count: int) -> str:
    return f" and {count} seeds" if count > 1 else ""


def _names(names: Iterable[str]) -> str:
    names = list(names)
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return f"experiment{'s' if len(names) > 1 else ''} {listed}"


def _s(names: list[str]) -> str:
    return "s" if len(names) == 1 else ""
