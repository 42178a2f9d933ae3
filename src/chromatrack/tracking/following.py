"""Targets followed through the frames of one video, and what is found of them as tracks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count

import cv2
import numpy as np

from chromatrack.data.images import size_text
from chromatrack.data.tracks import VideoTrack
from chromatrack.errors import ChromatrackError, InputError, WorkError, in_one_line
from chromatrack.tracking.seen import Followers, Seen


def follow(
    followers: Followers,
    frames: Iterable[np.ndarray],
    boxes: Mapping[str, Sequence[float]],
    *,
    start: int = 0,
) -> Iterator[tuple[np.ndarray, list[Seen]]]:
    """Each frame (H, W, 3) uint8 RGB, and what is seen in it, target after target.

    Args:
        boxes: name of a target -> left, top, width, height in the first frame, in 0-based pixels.
        start: number of the first frame, for messages.

    Raises:
        InputError: a box lies outside the first frame, or is larger.
        ChromatrackError: what else goes wrong, with the number of the frame.
    """
    given = np.array(list(boxes.values()), dtype=np.float64).reshape(-1, 4)
    coming = iter(frames)
    for number in count(start):
        with in_frame(number):
            image = next(coming, None)
            if image is None:
                return
            if number == start:
                for name, box in boxes.items():
                    _check_box(name if len(boxes) > 1 else "", box, image)
                seen = followers.init(image, given)
            else:
                seen = followers.update(image)
        yield image, seen


def _check_box(name: str, box_ltwh: Sequence[float], image: np.ndarray) -> None:
    left, top, width, height = box_ltwh
    if left >= image.shape[1] or top >= image.shape[0] or left + width <= 0 or top + height <= 0:
        told = ",".join(f"{value:g}" for value in box_ltwh)
        raise InputError(
            f"box {name + '=' if name else ''}{told}: lies outside the first frame "
            f"({size_text(image)})"
        )


@contextmanager
def in_frame(number: int) -> Iterator[None]:
    """Whatever fails here says in one sentence in which frame (from 0) of the user's footage.

    Sequences of benchmarks have `contract.at_frame`, which knows their names and those of files.
    """
    try:
        yield
    except ChromatrackError as error:
        raise type(error)(_placed(number, str(error))) from error
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        raise WorkError(_placed(number, f"{place}{error.strerror or error}")) from error
    except (MemoryError, cv2.error) as error:
        raise WorkError(_placed(number, in_one_line(error) or "not enough memory")) from error


def _placed(number: int, said: str) -> str:
    told = "first frame" in said or f"frame {number} " in said
    return said if told else f"frame {number}: {said}"


def row_of(seen: Seen) -> tuple[Seen, tuple]:
    """What is kept of a target in a frame: no maps, and the peaks (mixed, SiamFC, auxiliary)."""
    return Seen(seen.box_ltwh, seen.score, seen.lost), seen.peaks


def as_tracks(
    names: Sequence[tuple[str, str]], found: Sequence[Sequence[tuple[Seen, tuple]]], start: int
) -> list[VideoTrack]:
    """Rows of frames as tracks.

    Args:
        names: target and alpha of each.
        found: of each frame, `row_of` each.
        start: number of the first frame.
    """
    frames = np.arange(start, start + len(found))
    tracks = []
    for place, (target, alpha) in enumerate(names):
        own = [rows[place] for rows in found]
        tracks.append(
            VideoTrack(
                target,
                alpha,
                frames,
                np.array([seen.box_ltwh for seen, _ in own]),
                np.array([seen.score for seen, _ in own], dtype=np.float64),
                np.array([seen.lost for seen, _ in own]),
                np.array([peaks for _, peaks in own], dtype=np.float64),
            )
        )
    return tracks
