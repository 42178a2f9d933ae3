"""One page on which the boxes of several trackers are played over a video."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from chromatrack.data.tracks import VideoTrack
from chromatrack.reporting import coding
from chromatrack.reporting.html import as_script, asset, template

SIDE = 640
"""Longest side of the pictures in pixels."""
BYTES = 12_000_000
"""Of JPEG in a page, at most; where a video has more, every second frame falls, and so on."""


class Strip:
    """Pictures of a video, as many as a page bears: of frames 0, 1, 2, ... or 0, 2, 4, ....

    Args:
        budget: bytes of all pictures.
    """

    def __init__(self, budget: int = BYTES):
        self.budget, self.step, self.count = budget, 1, 0
        self._pictures: dict[int, bytes] = {}
        self._bytes = 0

    def add(self, image: np.ndarray) -> None:
        """The next frame, (H, W, 3) uint8 RGB."""
        if self.count % self.step == 0:
            self._pictures[self.count] = coding.picture(image, SIDE)
            self._bytes += len(self._pictures[self.count])
        self.count += 1
        while self._bytes > self.budget and len(self._pictures) > 1:
            self.step *= 2
            self._pictures = {n: one for n, one in self._pictures.items() if n % self.step == 0}
            self._bytes = sum(map(len, self._pictures.values()))

    def items(self) -> list[tuple[int, bytes]]:
        """Number, and JPEG, of each frame that is kept."""
        return list(self._pictures.items())


def page(
    title: str,
    strip: Strip,
    tracks: Sequence[tuple[str, VideoTrack]],
    *,
    size: tuple[int, int],
    start: int = 0,
) -> str:
    """The page as HTML.

    Args:
        tracks: with the name that each is shown by.
        size: height and width of the video.
        start: number of the first frame of the strip in the video.
    """
    kept = strip.items()
    data = {
        "height": size[0],
        "width": size[1],
        "count": strip.count,
        "frames": [number for number, _ in kept],
        "pictures": [coding.text(picture) for _, picture in kept],
        "tracks": [_as_json(name, track, start, strip.count) for name, track in tracks],
    }
    shown = f"{len(tracks)} tracks, {strip.count} frames"
    less = f", of which every {strip.step}th is shown" if strip.step > 1 else ""
    return template("play", "play.html").render(
        title=title,
        said=shown + less,
        css=asset("page", "page.css"),
        data=as_script(data),
        scripts="\n".join(
            [asset("page", "1_common.js"), asset("page", "6_player.js"), asset("play", "play.js")]
        ),
    )


def _as_json(name: str, track: VideoTrack, start: int, count: int) -> dict:
    """A track as the page reads it: one entry for each frame of the strip."""
    boxes_ltwh, lost = np.full((count, 4), np.nan), np.zeros(count, dtype=bool)
    scores: list[float | None] = [None] * count
    for place, frame in enumerate(track.frames - start):
        if 0 <= frame < count:
            boxes_ltwh[frame], lost[frame] = track.boxes_ltwh[place], track.lost[place]
            score = float(track.scores[place])
            scores[frame] = None if math.isnan(score) else round(score, 3)
    return {
        "name": name,
        "boxes": coding.quarter_pixels(boxes_ltwh),
        "scores": scores,
        "lost": [int(one) for one in lost],
    }
