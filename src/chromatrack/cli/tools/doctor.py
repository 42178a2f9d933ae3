"""`chromatrack doctor` and `why`: what a machine and a run lack, and what would run."""

from __future__ import annotations

import argparse
from pathlib import Path

from chromatrack import settings as s
from chromatrack.cli.common import add_stage


def register(subcommands) -> None:
    """Add the subcommands."""
    doctor = add_stage(
        subcommands, "doctor", _doctor, help="what works on this machine, and what is missing"
    )
    doctor.add_argument(
        "--config",
        metavar="FILE",
        nargs="+",
        type=Path,
        help="also look at the data of a configuration: config.yaml, and files laid over it",
    )
    doctor.add_argument(
        "--slurm",
        action="store_true",
        help="with --config: what its jobs ask for, beside what the partitions of Slurm give",
    )

    why = add_stage(
        subcommands, "why", _why, help="what Snakemake would run, and why, in one line per rule"
    )
    why.add_argument(
        "arguments",
        nargs=argparse.REMAINDER,
        metavar="...",
        help="of snakemake: targets, --configfile and so on",
    )


def _why(options: argparse.Namespace) -> None:
    from chromatrack.stages.tools.why import why

    # `main` sets the first "--"; others are snakemake's.
    print("\n".join(why(options.arguments[options.arguments[:1] == ["--"] :])))


def _doctor(options: argparse.Namespace) -> None:
    from chromatrack.errors import InputError
    from chromatrack.stages.tools.doctor import report

    print(report())
    if options.config is None:
        if options.slurm:
            raise InputError("--slurm: needs --config, whose jobs it is about")
        return
    from chromatrack.stages.tools.check_run import check_run
    from chromatrack.stages.tools.check_slurm import check_slurm

    settings = s.load_config(options.config)
    if options.slurm:
        print("\n" + "\n".join(check_slurm(settings)))
    lines, ready = check_run(settings)
    print("\n" + "\n".join(lines))
    if not ready:
        raise InputError("the run cannot start; see the lines that begin with missing:")
