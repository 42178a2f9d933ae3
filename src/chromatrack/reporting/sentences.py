"""Verdicts as sentences: a number, its interval, what was tested, and nothing that judges."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from chromatrack.reporting.scores import alpha_text
from chromatrack.reporting.tables import NOTHING, number

Said = Mapping[str, Any]

WAYS = {
    "beforehand": "laid down beforehand",
    "only one": "the only one",
    "validation": "chosen on {chosen_on}",
    "crossed": "chosen on the other targets",
}


def sentence(name: str, one: Said, run: Said) -> str:
    """The verdict on one experiment, with its numbers, and how it compares with its controls.

    Args:
        one: its part of statistics.json.
        run: the whole.
    """
    return " ".join([verdict(name, one, run), *beside_controls(one, run)])


def verdict(name: str, one: Said, run: Said) -> str:
    """What can be told of one experiment beside the baseline, as `sentence`."""
    chosen, compared = one["chosen"], one["comparison"]
    way = WAYS[chosen["way"]].format(chosen_on=run["chosen_on"])
    alpha = "α" if chosen["alpha"] is None else f"α = {alpha_text(chosen['alpha'])}"
    kind = f" ({one['kind']})" if one["kind"] else ""
    smallest = compared["smallest_difference"]
    count = _count(run)
    told = one["verdict"]
    if told == "cannot be told":
        told = f"cannot be told with {count}"
        if smallest:
            shown = _number(smallest, run)
            told += f" (one test at {run['level']:g} has power 0.8 for a difference of {shown})"
    parts = [
        f"Experiment {name}{kind}, {alpha} {way}: {run['measure']['title']} "
        f"{_difference(compared, run)} beside the baseline over {count}"
        f"{_seeds(compared['difference']['seeds'])}: {told}."
    ]
    hung = compared["most_influential"]
    if one["verdict"] == "helps" and hung and hung["low"] is not None:
        ends = ", ".join(_number(hung[end], run, sign=True) for end in ("low", "high"))
        without = _number(hung["mean"], run, sign=True)
        parts.append(f"Without {hung['target']}: {without} [{ends}], p = {chance(hung['p'])}.")
    if chosen["alpha"] == 0:
        parts.append("At α = 0 the auxiliary takes no part.")
    return " ".join(parts)


def beside_controls(one: Said, run: Said) -> list[str]:
    """A sentence for each control of an experiment, as `sentence`."""
    return [_against(control, entry, run) for control, entry in one["against"].items()]


def controls_in_short(one: Said) -> str:
    """Of how many of its controls an experiment is better; empty where it has none."""
    verdicts = [entry["verdict"] for entry in one["against"].values()]
    if not verdicts:
        return ""
    better, count = verdicts.count("helps"), len(verdicts)
    whose = "its control" if count == 1 else f"its {count} controls"
    told = {0: f"not shown to be better than {'' if count == 1 else 'any of '}{whose}"}
    told[count] = f"better than {'' if count == 1 else 'each of '}{whose}"
    return told.get(better, f"shown to be better than {better} of {whose}")


def in_comparison(one: Said, run: Said) -> str:
    """The verdict on a tracker of no experiment beside another: better, worse, not better, or none.

    Args:
        one: its part of what `chromatrack compare` writes.
        run: the whole.
    """
    high, p = one["difference"]["high"], one["holm_p"]
    if high is not None and high < 0 and p is not None and p < run["level"]:
        return "worse"
    return {
        "helps": "better",
        "does not help": "not better",
        "cannot be told": "which is better cannot be told",
    }[one["verdict"]]


def beside(name: str, one: Said, run: Said) -> str:
    """How a tracker of no experiment compares with another; arguments as `in_comparison`."""
    return (
        f"{name} beside {run['baseline']}: {run['measure']['title']} {_difference(one, run)} over "
        f"{_count({**run, 'targets': one['targets']})}: {in_comparison(one, run)}."
    )


def headline(run: Said) -> str:
    """The first sentence of the page: whether the auxiliary helps, in the light of its controls.

    Empty where no experiment lays claim to it.
    """
    claims = {name: one for name, one in run["experiments"].items() if one["claim"]}
    if not claims:
        return ""
    seeds = {one["comparison"]["difference"]["seeds"] for one in claims.values()}
    where = f"over {_count(run)}{_seeds(seeds.pop()) if len(seeds) == 1 else ''}"
    return _answer(claims, run, where) + _beforehand(claims, run)


def _beforehand(claims: Mapping[str, Said], run: Said) -> str:
    """A sentence where no gain could have been shown: too few targets for so many tests.

    An alpha that is chosen on the other targets is chosen anew where all signs are flipped, so that
    the flip of all of them need not reach what was measured.
    """
    crossed = any(one["chosen"]["way"] == "crossed" for one in claims.values())
    least = len(claims) * (1 if crossed else 2) / 2 ** run["targets"]
    if least < run["level"]:
        return ""
    count = f"{len(claims)} experiment{'s' if len(claims) > 1 else ''}"
    return (
        f" With {_count(run)} and {count} no gain could have been shown: p is "
        f"{chance(min(least, 1))} or more by Holm, whatever is measured."
    )


def _answer(claims: Mapping[str, Said], run: Said, where: str) -> str:
    won = [name for name, one in claims.items() if one["verdict"] == "helps"]
    if won:
        return _of_the_winners(won, claims, where)
    lost = [name for name, one in claims.items() if one["verdict"] == "does not help"]
    absent = [name for name in lost if claims[name]["chosen"]["alpha"] == 0]
    if len(lost) == len(claims):
        margin = f"{run['measure']['scale'] * run['margin']:g}"
        text = f"Colour does not help {where}: no experiment gains {margin} or more"
        return (
            f"{text}; for {_names(absent)} α = 0 was chosen, no colour." if absent else f"{text}."
        )
    unclear = [name for name in claims if name not in lost]
    text = (
        f"Colour is not shown to beat the baseline {where}: whether {_names(unclear)} "
        f"help{_s(unclear)} cannot be told"
    )
    if not lost:
        return f"{text}."
    without = ""
    if absent:
        whose = "" if absent == lost else f"for {_names(absent)} "
        without = f" ({whose}α = 0 was chosen, no colour)"
    return f"{text}, {_names(lost)} do{'es' if len(lost) == 1 else ''} not{without}."


def _of_the_winners(won: list[str], claims: Mapping[str, Said], where: str) -> str:
    """What the experiments that beat the baseline say of colour: that is up to their controls."""
    against = {name: [one["verdict"] for one in claims[name]["against"].values()] for name in won}
    bare = [name for name in won if not against[name]]
    proven = [name for name in won if against[name] and set(against[name]) == {"helps"}]
    held = [name for name in won if name not in (*bare, *proven)]
    if proven:
        return (
            f"Colour helps {where}: {_names(proven)} beat{_s(proven)} the baseline and each of "
            f"{'its' if len(proven) == 1 else 'their'} controls."
        )
    if not held:
        names = _names(bare)
        return (
            f"{names[0].upper()}{names[1:]} beat{_s(bare)} the baseline {where}, and no control "
            "was run that would say whether colour is the reason."
        )
    text = (
        f"Colour is not shown to beat all of its controls {where}: {_names(held)} beat{_s(held)} "
        "the baseline, and so may whatever else is put in the place of colour"
    )
    return f"{text}; {_names(bare)} beat{_s(bare)} it without a control." if bare else f"{text}."


def _against(control: str, entry: Said, run: Said) -> str:
    if {entry["difference"][end] for end in ("mean", "low", "high")} == {0}:
        return f"Beside {control}: no score differs, so that nothing is compared."
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
    return f"{text}, p = {chance(entry['p'])} ({chance(entry['holm_p'])} by Holm)"


def _number(value: float, run: Said, *, sign: bool = False) -> str:
    measure = run["measure"]
    return number(value, measure["digits"], scale=measure["scale"], sign=sign)


def chance(p: float) -> str:
    """0.38, 0.047, 0.004, 0.00002, 1e-07, never 0: two digits where one might cross a level."""
    if p >= 0.1:
        return f"{p:.2f}"
    if p >= 0.01:
        return f"{p:.3f}"
    if p >= 1e-4:
        return f"{p:.1g}"
    return f"{p:.5f}" if p >= 1e-5 else f"{p:.0e}"


def chance_cell(p: float | None) -> str:
    """As `chance`, for a table."""
    return NOTHING if p is None or math.isnan(p) else chance(p)


def _count(run: Said) -> str:
    """9 targets: a sequence of some benchmarks is a target of a video that has two."""
    unit = "target" if run["unit"] == "sequence" else run["unit"]
    return f"{run['targets']} {unit}{'s' if run['targets'] != 1 else ''}"


def _seeds(count: int) -> str:
    return f" and {count} seeds" if count > 1 else ""


def _names(names: Iterable[str]) -> str:
    names = list(names)
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return f"experiment{'s' if len(names) > 1 else ''} {listed}"


def _s(names: list[str]) -> str:
    return "s" if len(names) == 1 else ""
