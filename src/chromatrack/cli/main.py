"""Entry point of the `chromatrack` command."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from chromatrack import __version__
from chromatrack.errors import ChromatrackError

# One module per group of subcommands; each has `register(subcommands)`. They import their stage
# inside the handler, so that `chromatrack --help` does not wait for torch.
GROUPS = (
    "tools",
    "describe",
    "world",
    "kinetics",
    "labels",
    "analysis",
    "training",
    "tracking",
    "vot",
    "propagation",
    "evaluate",
    "got10k",
    "report",
)

DESCRIPTION = """\
Video colorization as a second backbone beside the SiamFC tracker.

Tools work on your own files; stages are the steps of the experiment, in the order in which the
Snakemake workflow runs them. Every stage runs without Snakemake too: `chromatrack STAGE --help`.
"""


class _Parser(argparse.ArgumentParser):
    """An ArgumentParser whose complaint is one sentence on standard error and exit code 2."""

    def error(self, message: str) -> None:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def build_parser() -> argparse.ArgumentParser:
    """The parser with all subcommands."""
    parser = _Parser(
        prog="chromatrack",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"chromatrack {__version__}")
    subcommands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for group in GROUPS:
        importlib.import_module(f"chromatrack.cli.{group}").register(subcommands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; return 0 (done), 1 (the work failed) or 2 (wrong call or input)."""
    options = build_parser().parse_args(arguments)
    try:
        options.run(options)
        sys.stdout.flush()
    except ChromatrackError as error:
        print(f"chromatrack {options.command}: {error}", file=sys.stderr)
        return error.exit_code
    except FileNotFoundError as error:
        print(f"chromatrack {options.command}: {error.filename}: no such file", file=sys.stderr)
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        reason = error.strerror or str(error)
        print(f"chromatrack {options.command}: {place}{reason}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"chromatrack {options.command}: interrupted", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
