"""Which frames of a video are shown: where trackers part, and others evenly between."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

PARTED = 0.1
"""Difference of overlaps from which on two trackers have parted."""
FEWEST = 12
"""Frames that are shown in smaller pictures rather than fewer of them."""


def parting(first: np.ndarray, second: np.ndarray) -> int | None:
    """The first frame at which two overlaps (N,) differ by `PARTED` or more; None: at none.

    Frames with NaN do not count. The page has the same rule, as it has that of `ahead`.
    """
    far = np.flatnonzero(np.abs(first - second) >= PARTED - 1e-9)  # as 0.9 and 0.8 do
    return int(far[0]) if len(far) else None


def ahead(first: np.ndarray, second: np.ndarray) -> int | None:
    """The (first) frame at which one overlap (N,) is most above another; None: it never is."""
    apart = np.nan_to_num(first - second)
    return int(np.argmax(apart)) if len(apart) and apart.max() > 0 else None


def partings(baseline: np.ndarray, others: Iterable[np.ndarray]) -> list[int]:
    """The frames at which others part from the baseline, and are most ahead of it and behind it:
    those of most trackers first."""
    counts: dict[int, int] = {}
    for overlaps in others:
        pair = baseline, overlaps
        for frame in {parting(*pair), ahead(*pair), ahead(*pair[::-1])} - {None}:
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

    The largest side at which first, last, `always` and `FEWEST` in all fit; at the smallest one,
    there are fewer, and `always` is cut.

    Args:
        cost: of a frame at a side, in bytes.

    Returns:
        The side, and the frames; at least one.
    """
    needed = thinned(count, max(FEWEST, len({0, count - 1, *always})), always)
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
