"""Many targets in one batch: for a GPU, which one target leaves idle (thesis 5.4: many alphas too).

A `Follower` has one sequence and a tracker per variant (alpha) that is to follow its target. Frames
are decoded and patches cut in background threads (OpenCV lets go of the interpreter). Followers
work in two groups: while the network has the patches of one, the threads prepare the other.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch

from chromatrack.data.images import read_image_rgb
from chromatrack.data.sequence import Sequence as Video
from chromatrack.errors import ChromatrackError
from chromatrack.tracking.contract import Failed, at_frame
from chromatrack.tracking.embeddings import joined, of_places, rows
from chromatrack.tracking.networks import Embedding
from chromatrack.tracking.tracker import SiameseTracker

T = TypeVar("T")

TARGETS = 128
"""Targets that are followed at once, in both groups together."""
AHEAD = 3
"""Frames of a sequence that are decoded before they are needed."""


@dataclass(frozen=True)
class Track:
    """What was found of one target.

    Attributes:
        variant: number of the alpha among those of the network.
        boxes_ltwh: (N, 4), the first one as given.
        seconds: (N,) per frame, decoding included: its share of the time of a batch.
    """

    video: Video
    variant: int
    boxes_ltwh: np.ndarray
    seconds: np.ndarray


def track_together(
    tracker: SiameseTracker,
    videos: Sequence[tuple[Video, Sequence[int]]],
    *,
    targets: int = TARGETS,
    threads: int | None = None,
) -> Iterator[Track | Failed]:
    """Follow the targets of many sequences; yields each track when it is complete.

    A sequence that fails is given up, with all its variants; the others go on.

    Args:
        tracker: with the network and the settings that all have.
        videos: sequences, each with the variants that are to follow its target.
        targets: at most so many at once; the results do not depend on it but for rounding.
        threads: that decode and cut; None: one per core.
    """
    waiting = deque(sorted(videos, key=lambda item: -len(item[0])))  # the longest first
    with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        clock = _Clock()
        groups = [_Group(tracker, pool, clock), _Group(tracker, pool, clock)]
        try:
            while waiting or any(group.followers or group.failed for group in groups):
                for group in groups:
                    group.collect()
                    yield from group.complete()
                    newcomers = []
                    while waiting and group.targets(newcomers) < max(1, targets // 2):
                        newcomers.append(_Follower(tracker, *waiting.popleft(), pool))
                    group.welcome(newcomers)
                    yield from group.complete()  # of one frame
                    group.launch()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


class _Follower:
    """One sequence, and the trackers that follow its target."""

    def __init__(
        self,
        tracker: SiameseTracker,
        video: Video,
        variants: Sequence[int],
        pool: ThreadPoolExecutor,
    ):
        self.video, self.variants, self.pool = video, list(variants), pool
        self.trackers = [tracker.twin() for _ in variants]
        self.boxes_ltwh = np.zeros((len(variants), len(video), 4))
        self.seconds = np.zeros(len(video))
        self.index = 0  # of the frame that was begun last
        self.error: ChromatrackError | None = None
        self._paths = iter(video.frames)
        self._decoding: deque[Future] = deque()

    def tried(self, step: Callable[..., T], *given: Any) -> T | None:
        """What a step of this follower gives; None where it fails, which `error` then says."""
        try:
            return step(self, *given)
        except ChromatrackError as error:
            self.error = error
            return None

    def _next_image(self) -> np.ndarray:
        while len(self._decoding) <= AHEAD and (path := next(self._paths, None)) is not None:
            self._decoding.append(self.pool.submit(read_image_rgb, path))
        return self._decoding.popleft().result()

    def aim(self) -> np.ndarray:
        """Exemplar patches (variants, 127, 127, 3), all the same."""
        with at_frame(self.video, 0):
            self.image = self._next_image()
            first = self.video.boxes_ltwh[0]
            self.boxes_ltwh[:, 0] = first
            return np.concatenate([tracker.aim(self.image, first) for tracker in self.trackers])

    def advance(self) -> tuple[list[np.ndarray], list[int]]:
        """Search patches (scales, 255, 255, 3) of each place in the next frame, and of each variant
        the number of its place: those that are at the same one cut the same patches."""
        self.index += 1
        with at_frame(self.video, self.index):
            self.image = self._next_image()
        numbers, patches, of_variant = {}, [], []
        for tracker in self.trackers:
            place = tracker.place()
            if place not in numbers:
                numbers[place] = len(numbers)
                patches.append(tracker.search_patches(self.image))
            of_variant.append(numbers[place])
        return patches, of_variant

    def move(self, responses: np.ndarray) -> None:
        """Take the score maps (variants * scales, n, n) of the frame."""
        with at_frame(self.video, self.index):
            for number, part in enumerate(np.split(responses, len(self.trackers))):
                box_ltwh = self.trackers[number].move(self.image, part)
                self.boxes_ltwh[number, self.index] = box_ltwh

    @property
    def done(self) -> bool:
        return self.index + 1 == len(self.video)

    def tracks(self) -> Iterator[Track]:
        for variant, boxes_ltwh in zip(self.variants, self.boxes_ltwh, strict=True):
            yield Track(self.video, variant, boxes_ltwh, self.seconds)


class _Group:
    """Followers whose patches go through the network together."""

    def __init__(self, tracker: SiameseTracker, pool: ThreadPoolExecutor, clock: _Clock):
        self.network, self.renews = tracker.network, tracker.template_rate > 0
        self.pool, self.clock = pool, clock
        self.followers: list[_Follower] = []
        self.failed: list[_Follower] = []
        self.responses: torch.Tensor | None = None
        self.exemplars: Embedding = ()

    def targets(self, more: Sequence[_Follower] = ()) -> int:
        return sum(len(follower.trackers) for follower in [*self.followers, *more])

    def welcome(self, newcomers: list[_Follower]) -> None:
        """Take followers in: the embeddings of their targets are made together."""
        aimed = [follower.tried(_Follower.aim) for follower in newcomers]
        newcomers = self._going_on(newcomers)
        if newcomers:
            patches = [patches for patches in aimed if patches is not None]
            embedded = self.network.embed_exemplar(patches)
            trackers = [tracker for follower in newcomers for tracker in follower.trackers]
            for tracker, exemplar in zip(trackers, rows(embedded), strict=True):
                tracker.exemplar = exemplar
            self.followers += newcomers
            self._join()

    def launch(self) -> None:
        """Have the network look at the next frame of each; a GPU goes on while we do."""
        found = self.pool.map(lambda one: one.tried(_Follower.advance), self.followers)
        advanced = [one for one in found if one is not None]
        self._drop_failed()
        if not self.followers:
            return
        patches = [of_place for places, _ in advanced for of_place in places]
        variants = [variant for follower in self.followers for variant in follower.variants]
        search = of_places(self.network.embed(patches), [places for _, places in advanced])
        self.responses = self.network.respond(self.exemplars, search, variants)

    def collect(self) -> None:
        """Wait for what was launched and move the trackers."""
        if self.responses is None:
            return
        responses, self.responses = np.asarray(self.responses.cpu()), None
        scales = len(responses) // self.targets()
        ends = np.cumsum([len(follower.trackers) * scales for follower in self.followers])
        parts, targets = np.split(responses, ends[:-1]), self.targets()
        list(self.pool.map(lambda f, part: f.tried(_Follower.move, part), self.followers, parts))
        self._drop_failed()
        if self.renews and self.followers:
            self._renew()
        lap = self.clock.lap() / targets
        for follower in self.followers:
            follower.seconds[follower.index] = lap

    def complete(self) -> Iterator[Track | Failed]:
        """Let go of the followers that are at the end of their sequence, or failed."""
        failed, self.failed = self.failed, []
        yield from (Failed(follower.video.name, follower.error) for follower in failed)
        done = [follower for follower in self.followers if follower.done]
        if done:
            self.followers = [follower for follower in self.followers if not follower.done]
            self._join()
        for follower in done:
            yield from follower.tracks()

    def _going_on(self, followers: list[_Follower]) -> list[_Follower]:
        """Those without an error; the others are put aside."""
        self.failed += [follower for follower in followers if follower.error is not None]
        return [follower for follower in followers if follower.error is None]

    def _drop_failed(self) -> None:
        going_on = self._going_on(self.followers)
        if len(going_on) < len(self.followers):
            self.followers = going_on
            self._join()

    def _renew(self) -> None:
        patches = [t.exemplar_patch(f.image) for f in self.followers for t in f.trackers]
        embedded = self.network.embed_exemplar(patches)
        for tracker, exemplar in zip(self._trackers(), rows(embedded), strict=True):
            tracker.renew(exemplar)
        self._join()

    def _trackers(self) -> list[SiameseTracker]:
        return [tracker for follower in self.followers for tracker in follower.trackers]

    def _join(self) -> None:
        self.exemplars = joined(tracker.exemplar for tracker in self._trackers())


class _Clock:
    """Time since the last look at it."""

    def __init__(self):
        self._last = time.perf_counter()

    def lap(self) -> float:
        before, self._last = self._last, time.perf_counter()
        return self._last - before
