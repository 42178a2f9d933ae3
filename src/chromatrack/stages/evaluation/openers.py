"""Where a tracker comes from: a checkpoint, OpenCV, or a class of somebody's own.

A stage runs any of them alike: it asks what the boxes depend on, and for a function that opens the
tracker in the process that is to run it. torch is imported where a network is opened, not before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from chromatrack.configuration import as_plain
from chromatrack.plan.trackers import TrackerSpec
from chromatrack.settings import ComputeSettings, Settings, TrackerSettings
from chromatrack.stages.evaluation.own_class import FromClass
from chromatrack.tracking.classical import open_classical
from chromatrack.tracking.contract import OpenTracker, Tracker


class Opener(Protocol):
    """A tracker that is not open yet."""

    def shown(self) -> dict[str, Any]:
        """Its settings, as `files.made_by` takes them."""

    def inputs(self) -> dict[str, Path]:
        """The files that it is made of."""

    def device(self, compute: ComputeSettings) -> str:
        """Kind of the device that it runs on."""

    def check(self) -> None:
        """Before any sequence is read: whether there is such a tracker."""

    def opener(self, compute: ComputeSettings) -> OpenTracker:
        """Makes the tracker; pickles."""


@dataclass(frozen=True)
class FromCheckpoint:
    """The tracker of a checkpoint, as `tracking.load.load_tracker` is told.

    Attributes:
        checkpoint: of kind siamfc or fused.
        settings: of the tracker.
        alpha: weight of the colorization branch instead of the trained one.
        random_auxiliary: seed of fresh weights for the colorization branch (D27b).
    """

    checkpoint: Path
    settings: TrackerSettings
    alpha: float | None = None
    random_auxiliary: int | None = None

    def shown(self) -> dict[str, Any]:
        return {
            "tracker": as_plain(self.settings),
            "alpha": self.alpha,
            "random_auxiliary": self.random_auxiliary,
        }

    def inputs(self) -> dict[str, Path]:
        return {"checkpoint": self.checkpoint}

    def device(self, compute: ComputeSettings) -> str:
        from chromatrack.exported import is_exported
        from chromatrack.machine.compute import choose_device

        return "cpu" if is_exported(self.checkpoint) else choose_device(compute).type

    def opener(self, compute: ComputeSettings, **options: Any) -> OpenTracker:
        """`options` go before what is said here, such as `alphas`."""
        given = {
            "settings": self.settings,
            "alpha": self.alpha,
            "random_auxiliary": self.random_auxiliary,
        }
        return partial(_load, self.checkpoint, compute, **{**given, **options})

    def check(self) -> None:
        self.used_alpha()

    def used_alpha(self) -> float | None:
        """The weight that it mixes with; None for SiamFC alone."""
        from chromatrack.tracking.load import used_alpha

        return used_alpha(self.checkpoint, self.alpha)


def _load(checkpoint: Path, compute: ComputeSettings, **options: Any) -> Tracker:
    from chromatrack.machine.compute import prepare
    from chromatrack.tracking.load import load_tracker

    # One thread: parallel is over sequences, and boxes do not depend on their number then.
    device = prepare(replace(compute, threads=1))
    return load_tracker(checkpoint, device=device, **options)


@dataclass(frozen=True)
class FromOpenCV:
    """A classical tracker, such as "kcf"."""

    name: str

    def shown(self) -> dict[str, Any]:
        return {"tracker": self.name}

    def inputs(self) -> dict[str, Path]:
        return {}

    def device(self, compute: ComputeSettings) -> str:
        return "cpu"

    def check(self) -> None:
        open_classical(self.name)

    def opener(self, compute: ComputeSettings) -> OpenTracker:
        return partial(open_classical, self.name)


def of_spec(settings: Settings, spec: TrackerSpec) -> Opener:
    """A tracker of a run, of boxes, as `chromatrack run` opens it by its options."""
    if spec.kind == "checkpoint":
        return FromCheckpoint(
            Path(spec.checkpoint), settings.tracker, spec.given_alpha(), spec.random_auxiliary()
        )
    own = settings.trackers.get(spec.name)
    return named(spec.source, own.options if own else None)


def named(name: str, options: Mapping[str, Any] | None = None) -> Opener:
    """The tracker of a name: a classical one, or module:Class."""
    return FromClass(name, options or {}) if ":" in name else FromOpenCV(name)
