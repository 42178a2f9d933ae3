"""Entry point of the `chromatrack` command."""

from __future__ import annotations

import argparse
import contextlib
import difflib
import importlib
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Sequence
from typing import Any

from chromatrack import __version__
from chromatrack.errors import ChromatrackError
from chromatrack.files import writing
from chromatrack.standard_error import StandardError

# The parts of `chromatrack --help` and the modules whose commands they list; each module has
# `register(subcommands)`. Modules import their stage inside the handler, so that help does not wait
# for torch.
PARTS = {
    "tools": ("tools", "propagation", "describe", "export"),
    "world": ("world",),
    "clips": ("clips",),
    "labels": ("labels",),
    "colorization": ("colorization",),
    "siamfc": ("siamfc",),
    "fusion": ("fusion",),
    "evaluation": ("evaluate", "compare", "run", "tune", "vot"),
    "report": ("report_command", "viewer", "report", "speed"),
}

# Commands of the other modules that are tools, too.
TOOLS = ("run", "evaluate", "compare", "report", "kinetics")

DESCRIPTION = """\
Video colorization as a second backbone beside the SiamFC tracker.

Tools work on your own files. The other headings are the parts of the experiment, with their stages,
in the order in which the Snakemake workflow runs them. Every stage runs without Snakemake too:
`chromatrack STAGE --help`.
"""


class _Parser(argparse.ArgumentParser):
    """An ArgumentParser whose complaint is one sentence on standard error and exit code 2."""

    def error(self, message: str) -> None:
        self.exit(2, f"{self.prog}: {_with_nearest(message)} (see {self.prog} --help)\n")


def _with_nearest(message: str) -> str:
    """A complaint of argparse with the choice that was probably meant instead of all of them."""
    found = re.fullmatch(r"(.*invalid choice: '(.*)') \(choose from (.*)\)", message)
    if found is None:
        return message
    said, given, choices = found.groups()
    names = [choice.strip("'") for choice in choices.split(", ")]
    near = difflib.get_close_matches(given, names, n=1)
    if near:
        return f"{said}; did you mean {near[0]!r}?"
    return message if len(names) <= 20 else said


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
    parser = _Parser(prog="chromatrack", formatter_class=argparse.RawDescriptionHelpFormatter)
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
    """Run one subcommand; return 0 (done), 1 (the work failed) or 2 (wrong call or input)."""
    options = build_parser().parse_args(_passed_on(arguments))
    with contextlib.redirect_stderr(StandardError()):
        try:
            options.run(options)
            with writing("standard output"):
                sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        except (ChromatrackError, OSError, MemoryError, KeyboardInterrupt) as error:
            code, told = _told(error)
            print(f"chromatrack {options.command}: {told}", file=sys.stderr)
            return code
    return 0


def _told(error: BaseException) -> tuple[int, str]:
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
    return 130, "interrupted"


if __name__ == "__main__":
    sys.exit(main())
