"""The tracker from Python: `chromatrack.load(checkpoint).track(frames, box)` (docs/python.md)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import numpy as np

from chromatrack.data.tracks import VideoTrack
from chromatrack.errors import InputError
from chromatrack.settings import ComputeSettings, TrackerSettings
from chromatrack.stages.tools.followers import open_checkpoint, open_other
from chromatrack.tracking.classical import CLASSICAL
from chromatrack.tracking.following import as_tracks, follow, row_of
from chromatrack.tracking.seen import Followers, Seen
from chromatrack.video.footage import open_footage

Frames = str | Path | Iterable[np.ndarray]
"""A video, a folder of numbered images, a camera (camera:0), or images (H, W, 3) uint8 RGB."""
Box = Sequence[float]
"""Left, top, width, height in pixels, 0-based."""


@dataclass(frozen=True, eq=False)
class Model:
    """A tracker that is ready. It may be used again and again, for one video at a time."""

    followers: Followers

    def track(
        self, frames: Frames, box: Box | Mapping[str, Box]
    ) -> VideoTrack | dict[str, VideoTrack]:
        """Follow a target from the first frame to the last.

        Args:
            box: of the target in the first frame; of several targets, by their names.

        Returns:
            What was found: `boxes_ltwh` (N, 4), `scores` (N,), `lost` (N,), `peaks` (N, 3). Of
            several targets, by their names.

        Raises:
            ChromatrackError: a box, a frame or the video is not as it should be.
        """
        boxes = box if isinstance(box, Mapping) else {"1": box}
        found = [[row_of(seen) for seen in one] for _, one in self._follow(frames, boxes)]
        if not found:
            raise InputError("frames: expected at least one, got none")
        names = [(name, "") for name in boxes]
        tracks = as_tracks(names, found, 0)
        return {t.target: t for t in tracks} if isinstance(box, Mapping) else tracks[0]

    def follow(self, frames: Frames, box: Box | Mapping[str, Box]) -> Iterator[Any]:
        """Follow a target frame by frame: what is found is told as soon as a frame is there.

        Arguments and errors are those of `track`.

        Yields:
            `Seen` (box_ltwh, score, lost, maps), of several targets by their names.
        """
        boxes = box if isinstance(box, Mapping) else {"1": box}
        for _, seen in self._follow(frames, boxes):
            yield dict(zip(boxes, seen, strict=True)) if isinstance(box, Mapping) else seen[0]

    def _follow(
        self, frames: Frames, boxes: Mapping[str, Box]
    ) -> Iterator[tuple[np.ndarray, list[Seen]]]:
        if not boxes:
            raise InputError("box: expected at least one target, got none")
        for name, box in boxes.items():
            _check_box(name, box)
        if isinstance(frames, (str, Path)):
            images = open_footage(Path(frames).expanduser()).frames
        elif isinstance(frames, Iterable):
            images = _checked(frames)
        else:
            raise InputError(
                f"frames: expected a video, a folder, a camera, or images, got {frames!r:.60}"
            )
        return follow(self.followers, images, boxes)


def load(
    source: str | Path,
    *,
    alpha: float | None = None,
    device: str = "auto",
    threads: int = 1,
    settings: TrackerSettings | None = None,
    options: Mapping[str, Any] | None = None,
) -> Model:
    """A tracker: of a checkpoint, of OpenCV by its name ("kcf"), or a class ("module:Class").

    Args:
        alpha: weight of the colorization branch instead of the trained one.
        device: auto, cpu, cuda or cuda:1.
        threads: of the CPU.
        settings: of the tracker of a checkpoint.
        options: arguments of the class.

    Raises:
        InputError: there is no such checkpoint, tracker or class.
    """
    if not isinstance(threads, Integral) or isinstance(threads, bool):
        raise InputError(f"threads: expected a whole number, got {threads!r:.60}")
    if not isinstance(device, str):
        raise InputError(f"device: expected auto, cpu, cuda or cuda:1, got {device!r:.60}")
    if not isinstance(settings, TrackerSettings | None):
        raise InputError(f"settings: expected TrackerSettings, got {settings!r:.60}")
    try:
        compute = ComputeSettings(device=device, threads=int(threads))
    except ValueError as error:
        raise InputError(str(error)) from None
    if not isinstance(source, (str, Path)):
        raise InputError(f"expected a checkpoint or the name of a tracker, got {source!r:.60}")
    if alpha is not None and not (isinstance(alpha, Real) and 0 <= alpha <= 1):
        raise InputError(f"alpha: expected a number from 0 to 1, got {alpha!r:.60}")
    name = str(source)
    if name in CLASSICAL or (":" in name and not Path(name).exists()):
        if alpha is not None:
            raise InputError(f"alpha: {name} has no branches to weigh")
        if settings is not None:
            raise InputError(f"settings: belong to the tracker of a checkpoint, not to {name}")
        if options is not None and name in CLASSICAL:
            raise InputError("options: only a class (module:Class) takes options")
        return Model(open_other(name, compute=compute, options=options))
    if options is not None:
        raise InputError("options: only a class (module:Class) takes options")
    checkpoint = Path(source).expanduser()
    if not checkpoint.suffix and not checkpoint.exists():
        raise InputError(
            f"{name}: no such file, and no tracker either; expected a checkpoint, one of "
            f"{', '.join(CLASSICAL)}, or module:Class"
        )
    alphas = None if alpha is None else (float(alpha),)
    return Model(
        open_checkpoint(
            checkpoint, settings=settings or TrackerSettings(), compute=compute, alphas=alphas
        )
    )


def _check_box(name: str, box: Box) -> None:
    try:
        values = np.asarray(box, dtype=np.float64)
    except (TypeError, ValueError):
        values = None
    if values is None or values.shape != (4,) or not np.isfinite(values).all():
        raise InputError(f"box {name}: expected left, top, width, height, got {box!r:.60}")
    if values[2:].min() <= 0:
        raise InputError(f"box {name}: expected a positive width and height, got {box!r:.60}")


def _checked(frames: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Images as they come, all of them of the size of the first."""
    size = None
    for number, image in enumerate(frames):
        image = np.asarray(image)
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or 0 in image.shape:
            raise InputError(
                f"frames: expected images (H, W, 3) of uint8, got {image.shape} of {image.dtype}"
            )
        size = size or image.shape
        if image.shape != size:
            raise InputError(
                f"frames: expected images of one size, {size[1]}x{size[0]} as the first, got "
                f"{image.shape[1]}x{image.shape[0]} in frame {number}"
            )
        yield image
