"""The two ways a call can end badly; the command line turns them into exit codes 2 and 1."""

from __future__ import annotations

from collections.abc import Collection, Sequence


class ChromatrackError(Exception):
    """Base of the errors whose message is one sentence meant for the person at the terminal."""

    exit_code = 1


class WorkError(ChromatrackError):
    """The call was right, but the work failed (exit code 1)."""


class UnwritableError(WorkError):
    """A file cannot be written: the disk is full, over a quota, read-only or broken."""


class InputError(ChromatrackError):
    """The call, a setting or an input file is wrong (exit code 2).

    The message names the file, the row or the key, and says what was expected.
    """

    exit_code = 2


def in_one_line(error: object) -> str:
    """What a library says, as it fits into a sentence of ours."""
    return f"{' '.join(str(error).split()):.300}"


def some(names: Collection[str], count: int = 8) -> str:
    """The first of some names, and how many more there are, for a sentence."""
    shown = list(names)[:count]
    more = f" and {len(names) - count} more" if len(names) > count else ""
    return ", ".join(shown) + more


def raise_first(errors: Sequence[ChromatrackError], *, of: int) -> None:
    """Raise the first of the errors of some sequences, if there is any, and say of how many.

    Args:
        of: sequences that were tried; those without an error are kept.
    """
    if not errors:
        return
    kept = "; the others are kept" if len(errors) < of else ""
    more = f" ({len(errors)} of {of} sequences failed{kept})" if of > 1 else ""
    raise type(errors[0])(f"{errors[0]}{more}")


def raise_each(errors: Sequence[BaseException]) -> None:
    """Raise the first of the errors of several outputs, if there is any, with what others say."""
    if not errors:
        return
    first, *others = errors
    if isinstance(first, ChromatrackError) and others:
        raise type(first)("; ".join(map(str, errors))) from first
    raise first
