"""Which frames of a video are shown: where trackers part, and others evenly between."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

PARTED = 0.5
"""Difference of overlaps from which on two trackers are at different places."""


def parting(first: np.ndarray, second: np.ndarray) -> int | None:
    """The frame at which two trackers part; None where they have no frame in common.

    The first frame at which their overlaps (N,) differ by `PARTED` or more; where there is none,
    the (first) frame of the largest difference. Frames with NaN do not count. The page has the same
    rule.
    """
    apart = np.abs(first - second)
    if np.isnan(apart).all():
        return None
    apart = np.where(np.isnan(apart), -1.0, apart)
    far = np.flatnonzero(apart >= PARTED)
    return int(far[0] if len(far) else np.argmax(apart))


def partings(baseline: np.ndarray, others: Iterable[np.ndarray]) -> list[int]:
    """The frames at which others part from the baseline: those of most trackers first."""
    counts: dict[int, int] = {}
    for overlaps in others:
        frame = parting(baseline, overlaps)
        if frame is not None:
            counts[frame] = counts.get(frame, 0) + 1
    return sorted(counts, key=lambda frame: (-counts[frame], frame))


def thinned(count: int, room: int, always: Sequence[int] = ()) -> list[int]:
    """About `room` of `count` frames, sorted: first, last and `always` (as far as there is room for
    those, in their order), and others evenly spaced."""
    room = max(1, min(room, count))
    kept = list(dict.fromkeys([0, count - 1, *always]))[:room]
    # The most evenly spaced ones that go with those: few of them may be among those already.
    for even in range(room, 0, -1):
        found = {*kept, *np.linspace(0, count - 1, even).round().astype(int).tolist()}
        if len(found) <= room:
            return sorted(found)
    return sorted(kept)


def fitting(
    count: int,
    always: Sequence[int],
    sides: Sequence[int],
    budget: int,
    cost: Callable[[int, int], int],
) -> tuple[int, list[int]]:
    """The side of the pictures in pixels and the frames that fit into a budget of bytes.

    The largest side at which first, last and `always` fit; at the smallest one, `always` is cut.

    Args:
        cost: of a frame at a side, in bytes.

    Returns:
        The side, and the frames; at least one.
    """
    needed = thinned(count, len({0, count - 1, *always}), always)
    for side in sides:
        total = sum(cost(frame, side) for frame in needed)
        if total <= budget:
            break
    # A guess that is rather too large: each frame that is tried has to be decoded and coded.
    room = round(1.2 * budget * len(needed) / max(1, total))
    frames = thinned(count, max(room, 1), always)
    while len(frames) > 1:
        total = sum(cost(frame, side) for frame in frames)
        if total <= budget:
            break
        frames = thinned(count, min(len(frames) - 1, len(frames) * budget // total), always)
    return side, frames
