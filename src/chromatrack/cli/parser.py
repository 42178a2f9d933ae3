"""A parser that takes what people type: negative numbers, odd names of files, `~` in every path."""

from __future__ import annotations

import argparse
import difflib
import os
import re
from collections.abc import Sequence
from pathlib import Path


class Parser(argparse.ArgumentParser):
    """An ArgumentParser whose complaint is one sentence on standard error and exit code 2.

    Every argument of type `Path` has its `~` replaced, also where the shell does not do it
    (`--output=~/boxes.csv`). Subcommands are parsers of this class, too.
    """

    def __init__(self, *given, **options) -> None:
        super().__init__(*given, **options)
        self.register("type", Path, path_value)

    def error(self, message: str) -> None:
        self.exit(2, f"{self.prog}: {_with_nearest(message)} (see {self.prog} --help)\n")

    def parse_known_args(self, args=None, namespace=None):
        if args is not None and self._subparsers is None:
            args = self._told_apart(args)
        return super().parse_known_args(args, namespace)

    def _told_apart(self, arguments: Sequence[str]) -> list[str]:
        """Values that begin with `-`, written so that argparse takes none for an option.

        What follows an option with one value is its value, as in `--box -5,-3,40,40`; what names a
        file that is there is that file; what else follows an option that may have one is its value.
        """
        takes, may_take = (
            {n for action in self._actions if action.nargs == nargs for n in action.option_strings}
            for nargs in (None, "?")
        )
        options = {name for action in self._actions for name in action.option_strings}
        found: list[str] = []
        for place, argument in enumerate(arguments):
            if argument == "--":
                return [*found, *arguments[place:]]
            odd = argument.startswith("-") and argument.partition("=")[0] not in options
            there = odd and os.path.lexists(argument)
            before = found[-1] if found else ""
            of_option = before in takes or (before in may_take and not there)
            if odd and of_option and not argument.startswith("--"):
                found[-1] += f"={argument}"
            else:
                found.append(f"./{argument}" if there else argument)
        return found


def path_value(text: str) -> Path:
    """A path, with `~` and `~name` at its start replaced by the home folder."""
    return Path(os.path.expanduser(text))


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
