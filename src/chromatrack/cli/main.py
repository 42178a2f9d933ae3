"""Entry point of the `chromatrack` command."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import os
import shutil
import sys
import textwrap
from collections.abc import Sequence
from typing import Any

from chromatrack import __version__
from chromatrack.cli.common import check_not_read
from chromatrack.cli.parser import Parser
from chromatrack.errors import ChromatrackError
from chromatrack.files import writing
from chromatrack.signals import Terminated, told_as_interrupts
from chromatrack.standard_error import StandardError

# The parts of `chromatrack --help` and the modules whose commands they list; each module has
# `register(subcommands)`. Modules import their stage inside the handler, so that help does not wait
# for torch.
PARTS = {
    "tools": (
        "tools.track", "tools.play", "tools.weights", "tools.doctor", "tools.propagation",
        "tools.describe", "tools.export",
    ),
    "world": ("world",),
    "clips": ("clips",),
    "labels": ("labels",),
    "colorization": ("colorization",),
    "siamfc": ("siamfc",),
    "fusion": ("fusion",),
    "evaluation": (
        "evaluation.evaluate", "evaluation.compare", "evaluation.run", "evaluation.tune",
        "evaluation.vot",
    ),
    "report": ("report.command", "report.viewer", "report.stages", "report.speed"),
}  # fmt: skip

# Commands of the other modules that are tools, too.
TOOLS = ("run", "evaluate", "compare", "report", "kinetics", "label")

DESCRIPTION = """\
Video colorization as a second backbone beside the SiamFC tracker.

Tools work on your own files. The other headings are the parts of the experiment, with their stages,
in the order in which the Snakemake workflow runs them. Every stage runs without Snakemake too:
`chromatrack STAGE --help`.
"""


class _Subcommands:
    """Subparsers that remember to which part a command belongs: argparse has no groups of them."""

    def __init__(self, subparsers: argparse._SubParsersAction) -> None:
        self.subparsers = subparsers
        self.part = ""
        self.listed: dict[str, dict[str, str]] = {part: {} for part in PARTS}

    def add_parser(self, name: str, *, help: str, **options: Any) -> argparse.ArgumentParser:
        """As argparse's; the help of the command is for `text`."""
        self.listed["tools" if name in TOOLS else self.part][name] = help
        return self.subparsers.add_parser(name, **options)

    def text(self) -> str:
        """All commands with their help, below the names of their parts."""
        room = 2 + max(len(name) for commands in self.listed.values() for name in commands)
        width = max(40 + room, shutil.get_terminal_size().columns - 2)
        lines = []
        for part, commands in self.listed.items():
            lines += ["", f"{part}:"]
            for name, help in commands.items():
                first = f"  {name:{room}}"
                lines += textwrap.wrap(
                    help, width, initial_indent=first, subsequent_indent=" " * len(first)
                )
        return "\n".join(lines)


def build_parser() -> argparse.ArgumentParser:
    """The parser with all subcommands."""
    parser = Parser(prog="chromatrack", formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", action="version", version=f"chromatrack {__version__}")
    subcommands = _Subcommands(
        parser.add_subparsers(
            dest="command", metavar="COMMAND", required=True, help="one of the names above"
        )
    )
    for part, modules in PARTS.items():
        subcommands.part = part
        for module in modules:
            importlib.import_module(f"chromatrack.cli.{module}").register(subcommands)
    parser.description = DESCRIPTION + subcommands.text()
    return parser


def _passed_on(arguments: Sequence[str] | None) -> list[str]:
    """`why` hands all that follows it to snakemake: options too, which are not ours."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["why"] and not {"-h", "--help"} & set(given):
        return ["why", "--", *given[2 if given[1:2] == ["--"] else 1 :]]
    return given


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; return 0 (done), 1 (the work failed) or 2 (wrong call or input).

    130 and 143: Ctrl-C or SIGTERM ended it.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # names of files that are no UTF-8
    command = "chromatrack"
    with told_as_interrupts(), contextlib.redirect_stderr(StandardError()):
        try:
            options = build_parser().parse_args(_passed_on(arguments))
            command = f"chromatrack {options.command}"
            check_not_read(options)
            options.run(options)
            with writing("standard output"):
                sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        except (ChromatrackError, OSError, MemoryError, KeyboardInterrupt) as error:
            code, told = _code_and_sentence(error)
            print(f"{command}: {told}", file=sys.stderr)
            return code
    return 0


def _code_and_sentence(error: BaseException) -> tuple[int, str]:
    """Exit code and sentence for what went wrong."""
    if isinstance(error, ChromatrackError):
        return error.exit_code, str(error)
    if isinstance(error, FileNotFoundError) and error.filename:
        return 2, f"{error.filename}: no such file"
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        return 1, f"{place}{error.strerror or error}"
    if isinstance(error, MemoryError):
        return 1, "not enough memory" + (f" ({error})" if str(error) else "")
    if isinstance(error, Terminated):
        return error.exit_code, str(error)
    return 130, "interrupted"


if __name__ == "__main__":
    sys.exit(main())
