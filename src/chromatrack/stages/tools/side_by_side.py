"""Outputs that are written side by side: one that fails takes none of the others with it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

import cv2

from chromatrack.errors import ChromatrackError

FAULTS = (ChromatrackError, OSError, MemoryError, cv2.error)
"""What an output may fail with."""

Add = Callable[..., None]


class _Output(NamedTuple):
    path: Path
    stack: ExitStack
    add: Add


class SideBySide:
    """Outputs that are open, each a context that gives a function to add to it.

    Leaving the `with` discards those that `finish` was not called for.

    Attributes:
        kept: names of those that are whole.
        failed: what went wrong, in the order in which it did.
    """

    def __init__(self) -> None:
        self._open: list[_Output] = []
        self.kept: list[Path] = []
        self.failed: list[Exception] = []

    def open(self, path: Path, context: AbstractContextManager[Add]) -> None:
        """Begin an output; raises what its context raises."""
        stack = ExitStack()
        self._open.append(_Output(path, stack, stack.enter_context(context)))

    def add(self, *what, within: Callable[[], AbstractContextManager] = nullcontext) -> None:
        """Add to each; one that fails is discarded, and the others go on.

        Args:
            within: what an error passes through, to be told better.
        """
        for one in list(self._open):
            try:
                with within():
                    one.add(*what)
            except FAULTS as error:
                self._open.remove(one)
                _discard(one, error)
                self.failed.append(error)

    def finish(self) -> None:
        """End each, so that its file appears."""
        while self._open:
            one = self._open[0]
            try:
                one.stack.close()
                self.kept.append(one.path)
            except FAULTS as error:
                self.failed.append(error)
            self._open.remove(one)

    def __enter__(self) -> SideBySide:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for one in self._open:
            _discard(one, error or RuntimeError("not finished"))


def _discard(output: _Output, error: BaseException) -> None:
    with suppress(Exception):  # the first error is the one to tell
        output.stack.__exit__(type(error), error, error.__traceback__)
