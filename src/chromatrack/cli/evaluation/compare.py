"""`chromatrack compare`: is one tracker better than another, or can it not be told."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

from chromatrack.cli.benchmark import add_comparison, add_scoring, asked_scoring
from chromatrack.cli.common import seed_value
from chromatrack.errors import InputError
from chromatrack.evaluation import sets
from chromatrack.evaluation.benchmark import heading
from chromatrack.settings import StatisticsSettings


def register(subcommands: argparse._SubParsersAction) -> None:
    """Add the subcommand."""
    usual = StatisticsSettings()
    parser = subcommands.add_parser(
        "compare",
        help="compare trackers' results statistically: differences, intervals, tests, verdicts",
        description="Compare folders of results, each with the baseline, over the targets of a "
        "benchmark: difference, 95 % interval, p, the smallest difference that could have been "
        "found, and a verdict by a fixed rule (docs/statistics.md).",
    )
    parser.add_argument(
        "results",
        metavar="DIR",
        type=Path,
        nargs="+",
        help="folders of results as for evaluate, one for each tracker",
    )
    add_comparison(parser)
    parser.add_argument(
        "--measure", metavar="KEY", help="such as precision_20; else the benchmark's first"
    )
    parser.add_argument("--output", metavar="FILE.json", type=Path, help="comparisons to write")
    add_scoring(parser, attributes=False, subset="compare on the targets that both have, not all")
    parser.add_argument(
        "--margin",
        metavar="D",
        type=_margin,
        default=usual.margin,
        help=f"difference that counts, in units of the measure; without it, {usual.margin:g}",
    )
    parser.add_argument(
        "--draws",
        metavar="N",
        type=_draws,
        default=usual.draws,
        help=f"of the bootstrap; 100 or more; without it, {usual.draws:,}",
    )
    parser.add_argument(
        "--seed", metavar="N", type=seed_value, default=usual.seed, help="of all draws"
    )
    parser.set_defaults(run=_compare)


def _margin(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"expected a number above 0, got {text!r}")
    return value


def _draws(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 100:
        raise argparse.ArgumentTypeError(f"expected a whole number from 100 on, got {text!r}")
    return int(text)


def _compare(options: argparse.Namespace) -> None:
    from chromatrack.stages.evaluation.compare import compare_results

    benchmark = sets.get(options.benchmark)
    selection, asked = asked_scoring(options, benchmark)
    table, errors = compare_results(
        benchmark,
        selection,
        options.results,
        options.output,
        names=options.tracker,
        baseline=options.baseline,
        measure=options.measure,
        margin=options.margin,
        draws=options.draws,
        seed=options.seed,
        **asked,
    )
    _print_table(table)
    if errors:
        told = "; ".join(f"{name}: {error}" for name, error in errors.items())
        raise InputError(
            f"compared without {len(errors)} of {len(options.results)} trackers: {told}"
        )


def _print_table(table: dict[str, Any]) -> None:
    """A row for each tracker minus the baseline, and one without its most influential target."""
    from chromatrack.reporting.sentences import chance_cell as told_p

    turned = "; less is better: signs are turned, positive is better" if table["turned"] else ""
    where = heading(table["title"], table["protocol"])
    where += f", {table['convention']} convention" if "convention" in table else ""
    print(f"{where}, {table['measure']['key']}{turned}")
    pairs = {f"{name} - {table['baseline']}": row for name, row in table["comparisons"].items()}
    left_out = {pair: f"  without {row['most_influential']}" for pair, row in pairs.items()}
    room = 2 + max(map(len, ["pair", *pairs, *left_out.values()]))
    heads = ("p", "Holm p", "power 0.8", f"{table['unit']}s")
    print(f"{'pair':<{room}}{'difference':>10}  {'95 % interval':<19}{_cells(heads)}  verdict")
    for pair, row in pairs.items():
        told = row["difference"]
        cells = (
            told_p(row["p"]),
            told_p(row["holm_p"]),
            _size(row["smallest_difference"]),
            row["targets"],
        )
        mean = f"{_signed(told['mean']):>10}"
        span = _span(told["low"], told["high"])
        print(f"{pair:<{room}}{mean}  {span:<19}{_cells(cells)}  {row['verdict']}")
        if row["most_influential"] is not None:
            mean = f"{_signed(row['without_it']):>10}"
            span = _span(row["low_without"], row["high_without"])
            cells = (told_p(row["p_without"]), "", "", row["targets"] - 1)
            print(f"{left_out[pair]:<{room}}{mean}  {span:<19}{_cells(cells)}")


def _cells(cells: tuple) -> str:
    return "".join(f"{cell:>11}" for cell in cells)


def _signed(value: float) -> str:
    return f"{value:+.4f}"


def _span(low: float | None, high: float | None) -> str:
    return "-" if low is None or high is None else f"[{low:+.4f}, {high:+.4f}]"


def _size(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
