"""The subcommand that searches for settings of a tracker."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field, replace

from chromatrack import settings as s
from chromatrack.cli.common import (
    add_compute,
    add_paths,
    add_settings,
    add_stage,
    alpha_value,
    compute_settings,
    count_value,
    counted,
    stage_settings,
)


@dataclass(frozen=True)
class Search:
    """What is searched for, and the tracker that it starts from."""

    tune: s.TuneSettings = field(default_factory=s.TuneSettings)
    tracker: s.TrackerSettings = field(default_factory=s.TrackerSettings)


def register(subcommands) -> None:
    """Add the subcommands of this group."""
    tune = add_stage(
        subcommands,
        "tune",
        _tune,
        help="search window, scales and alpha of a tracker on GOT-10k val",
    )
    tune.add_argument("benchmark", metavar="BENCHMARK", help="got10k; no test set is taken")
    add_paths(
        tune,
        checkpoint="of a tracker; or an exported network",
        root="GOT-10k val: list.txt and sequences",
        output="JSON to write; a configuration with the chosen settings goes beside it (.yaml)",
    )
    tune.add_argument("--trials", type=count_value, help="settings that are tried (tune.trials)")
    tune.add_argument(
        "--alpha", type=alpha_value, help="to start from, if not the one of the checkpoint"
    )
    add_settings(tune, "tune and tracker")
    add_compute(tune)


def _tune(options: argparse.Namespace) -> None:
    from chromatrack.stages.evaluation.tune import check_benchmark, tune

    check_benchmark(options.benchmark)
    search = stage_settings(
        options,
        Search,
        lambda everything: Search(tune=everything.tune, tracker=everything.tracker),
    )
    settings = search.tune
    if options.trials is not None:
        settings = replace(settings, trials=options.trials)
    result = tune(
        options.checkpoint,
        options.root,
        options.output,
        settings=settings,
        tracker=search.tracker,
        compute=compute_settings(options),
        alpha=options.alpha,
    )
    before, after = result["configured"]["average_overlap"], result["average_overlap"]
    tried = counted(result["tried"], "setting")
    print(f"{tried} on {counted(result['sequences'], 'sequence')} of {result['benchmark']}")
    print(f"AO {after:.4f}, {before:.4f} as configured: {_shown(result['values'])}")
    print(f"in {options.output.with_suffix('.yaml')}, to be laid over a configuration")


def _shown(values: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in values.items())
