"""A class of somebody's own as a tracker: found, opened, and kept apart from what is ours."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from chromatrack.errors import ChromatrackError, InputError, WorkError, in_one_line
from chromatrack.files import numbered
from chromatrack.settings import ComputeSettings
from chromatrack.tracking.contract import OpenTracker, Tracker
from chromatrack.tracking.own import class_files


@dataclass(frozen=True)
class FromClass:
    """A class of somebody's own, `module:Class`, found on the path or in the working directory.

    It has `init(image, box)` and `update(image) -> box`: images (H, W, 3) uint8 RGB, boxes left,
    top, width, height in pixels, 0-based.

    Attributes:
        target: module:Class.
        options: arguments of the class.
    """

    target: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def shown(self) -> dict[str, Any]:
        return {"tracker": self.target, "options": dict(self.options)}

    def inputs(self) -> dict[str, Path]:
        """Its module, the others of its package, and files that options name."""
        return numbered(class_files(self.target, self.options))

    def device(self, compute: ComputeSettings) -> str:
        return "own"

    def check(self) -> None:
        open_class(self.target, self.options)

    def opener(self, compute: ComputeSettings) -> OpenTracker:
        return partial(open_class, self.target, dict(self.options))


def find_class(target: str) -> type:
    """The class of `module:Class`.

    Raises:
        InputError: there is no such module or class, or importing it fails.
    """
    module, _, name = target.partition(":")
    here = os.getcwd()
    if here not in sys.path:
        sys.path.insert(0, here)
    with _reworded(f"tracker {target}: {module} cannot be imported", InputError):
        found = getattr(importlib.import_module(module), name, None)
    if found is None:
        raise InputError(f"tracker {target}: module {module} has no {name!r}")
    missing = [method for method in ("init", "update") if not hasattr(found, method)]
    if missing:
        raise InputError(
            f"tracker {target}: expected init(image, box) and update(image), it has no {missing[0]}"
        )
    return found


def open_class(target: str, options: Mapping[str, Any]) -> Tracker:
    """An object of the class, whose errors are told in one sentence."""
    made = find_class(target)
    return _Guarded(target, lambda: made(**options))


class _Guarded:
    """A tracker of somebody else's, which shares neither arrays nor the working folder with us.

    It may draw into the frame that it is given, go on with the box that it has returned, or change
    to a folder of its own; what it raises and returns is checked.
    """

    def __init__(self, target: str, make: Callable[[], Any]):
        self.target, self._folder = target, os.getcwd()
        with self._theirs("cannot be made", InputError):
            self.tracker = make()

    @property
    def score(self) -> Any:
        with self._theirs("score failed"):
            return getattr(self.tracker, "score", None)

    @property
    def lost(self) -> bool:
        with self._theirs("lost failed"):
            return bool(getattr(self.tracker, "lost", False))

    def init(self, image: np.ndarray, box_ltwh: np.ndarray) -> None:
        with self._theirs("init failed"):
            self.tracker.init(image.copy(), np.array(box_ltwh, dtype=np.float64))

    def update(self, image: np.ndarray) -> np.ndarray:
        with self._theirs("update failed"):
            found = self.tracker.update(image.copy())
        try:
            box = None if np.iscomplexobj(found) else np.array(found, dtype=np.float64)
        except (TypeError, ValueError):
            box = None
        if box is None or box.shape != (4,) or not np.isfinite(box).all():
            what = "left, top, width, height" if box is None or box.shape != (4,) else "numbers"
            raise WorkError(
                f"tracker {self.target}: expected {what} from update, got "
                f"{in_one_line(repr(found)):.80}"
            )
        return box

    @contextmanager
    def _theirs(self, failed: str, kind: type[ChromatrackError] = WorkError) -> Iterator[None]:
        """Within, the working folder is theirs, and whatever is raised is one sentence of ours."""
        ours = os.getcwd()
        _change_to(self._folder)
        try:
            with _reworded(f"tracker {self.target}: {failed}", kind):
                yield
        finally:
            self._folder = os.getcwd()
            _change_to(ours)


def _change_to(folder: str) -> None:
    if os.getcwd() != folder:
        os.chdir(folder)


@contextmanager
def _reworded(what: str, kind: type[ChromatrackError]) -> Iterator[None]:
    """Whatever somebody's code raises is one sentence of ours."""
    try:
        yield
    except (ChromatrackError, KeyboardInterrupt):
        raise
    except BaseException as error:  # SystemExit, too, and what a class of theirs derives from it
        raise kind(f"{what} ({type(error).__name__}: {in_one_line(error)})") from None
