"""The SiamFC tracker around any response network (thesis 3.1.5).

Position and size follow siamfc-pytorch to the rounding, so that its weights give its boxes. Two
bounds are ours: the square around the target is between 2 pixels and 1.5 diagonals of the image,
and its search area always touches the image. Beyond them there is nothing left to follow.
"""

from __future__ import annotations

import copy
from functools import cache

import cv2
import numpy as np
import torch
from torch import Tensor

from chromatrack.errors import WorkError
from chromatrack.geometry import (
    center_from_ltwh,
    crop_square,
    exemplar_side,
    ltwh_from_center,
    mean_color,
)
from chromatrack.patches import EXEMPLAR_SIZE, SEARCH_SIZE, STRIDE
from chromatrack.tracking.contract import LARGEST_RATIO, check_box
from chromatrack.tracking.networks import Embedding, Known, ResponseNetwork

SMALLEST_SIDE = 2.0
"""Of the square around target and context, in pixels."""


@cache
def _upsampling(cells: int, size: int) -> Tensor:
    """(size, cells): what of each cell is in each place of an upsampled line."""
    lines = np.eye(cells, dtype=np.float32)
    upsampled = cv2.resize(lines, (size, cells), interpolation=cv2.INTER_CUBIC)
    return torch.from_numpy(upsampled.T).contiguous()


class SiameseTracker:
    """Tracks one target: `init(image, box)` once, then `update(image)` for each frame.

    Args:
        network: embeds patches and compares them.
        scales, scale_step, scale_penalty, scale_rate: the search over sizes (eq. 3.7, 3.8).
        window_influence: weight of the cosine window.
        upsampled_size: side of the upsampled score map.
        template_rate: beta of eq. 3.9; 0 keeps the exemplar of the first frame.
        clamp: keep the centre inside the image.

    Attributes:
        best_scale: number of the scale that won in the last frame.
    """

    def __init__(
        self,
        *,
        network: ResponseNetwork,
        scales: int = 3,
        scale_step: float = 1.0375,
        scale_penalty: float = 0.9745,
        scale_rate: float = 0.59,
        window_influence: float = 0.176,
        upsampled_size: int = 272,
        template_rate: float = 0.0,
        clamp: bool = False,
    ):
        self.network = network
        self.scale_rate = scale_rate
        self.window_influence = window_influence
        self.template_rate = template_rate
        self.clamp = clamp
        self.factors = scale_step ** np.linspace(-(scales // 2), scales // 2, scales)
        self.penalties = np.where(np.arange(scales) == scales // 2, 1.0, scale_penalty).astype(
            np.float32
        )
        window = np.outer(np.hanning(upsampled_size), np.hanning(upsampled_size))
        self.window = window / window.sum()
        self.exemplar: Embedding | None = None
        self.best_scale = scales // 2

    def init(self, image: np.ndarray, box_ltwh: np.ndarray) -> None:
        """Take the target from the first frame.

        Args:
            image: (H, W, 3) uint8 RGB.
            box_ltwh: (4,) left, top, width, height in pixels, 0-based.
        """
        self.exemplar = self.network.embed_exemplar(self.aim(image, box_ltwh))

    def aim(self, image: np.ndarray, box_ltwh: np.ndarray) -> np.ndarray:
        """`init` up to the patch whose embedding is to become the `exemplar`, (1, 127, 127, 3).

        Args:
            image: (H, W, 3) uint8 RGB.
            box_ltwh: (4,) left, top, width, height in pixels, 0-based.
        """
        check_box(box_ltwh, image.shape)
        self.center_yx, self.size_hw = center_from_ltwh(box_ltwh)
        self.exemplar_side = exemplar_side(self.size_hw)
        self.search_side = self.exemplar_side * SEARCH_SIZE / EXEMPLAR_SIZE
        self.fill = mean_color(image)
        self.largest_side = LARGEST_RATIO * float(np.hypot(*image.shape[:2]))
        return self.exemplar_patch(image)

    def update(
        self,
        image: np.ndarray,
        patches: np.ndarray | None = None,
        known: Known | None = None,
    ) -> np.ndarray:
        """Find the target in the next frame; returns its box (4,) ltwh in pixels, 0-based.

        Args:
            patches: its `search_patches`, where they have been cut.
            known: their embeddings, as of `ResponseNetwork.embed`.
        """
        if self.exemplar is None:
            raise WorkError("the tracker was asked for a box before it was given a target")
        patches = self.search_patches(image) if patches is None else patches
        search = self.network.embed(patches, known)
        responses = self.network.respond(self.exemplar, search)
        box_ltwh = self.move(image, np.asarray(responses.cpu()))
        if self.template_rate > 0:
            self.renew(self.network.embed_exemplar(self.exemplar_patch(image)))
        return box_ltwh

    def place(self) -> bytes:
        """Where it looks next: trackers at the same place cut the same patches of a frame."""
        return self.center_yx.tobytes() + np.float64(self.search_side).tobytes()

    def twin(self) -> SiameseTracker:
        """Another tracker with the same network and settings, without a target."""
        other = copy.copy(self)
        other.exemplar = None
        return other

    def exemplar_patch(self, image: np.ndarray) -> np.ndarray:
        """The target where it is, (1, 127, 127, 3) uint8."""
        return self._crop(image, self.exemplar_side, EXEMPLAR_SIZE)[None]

    def search_patches(self, image: np.ndarray) -> np.ndarray:
        """Where it is looked for, (scales, 255, 255, 3) uint8."""
        patches = np.empty((len(self.factors), SEARCH_SIZE, SEARCH_SIZE, 3), dtype=image.dtype)
        for patch, factor in zip(patches, self.factors, strict=True):
            self._crop(image, self.search_side * factor, SEARCH_SIZE, out=patch)
        return patches

    def move(self, image: np.ndarray, responses: np.ndarray) -> np.ndarray:
        """Take the score maps (scales, n, n) of an image; returns the box (4,) ltwh."""
        if not np.isfinite(responses).all():
            raise WorkError("the network gave a score map that is not finite; check its weights")
        self._follow_peak(responses)
        size = np.array(image.shape[:2], dtype=np.float32)
        beyond = np.float32(0 if self.clamp else self.search_side / 2)
        np.clip(self.center_yx, -beyond, size - 1 + beyond, out=self.center_yx)
        return ltwh_from_center(self.center_yx, self.size_hw)

    def renew(self, exemplar: Embedding) -> None:
        """Mix what the target looks like now into the exemplar (eq. 3.9)."""
        rate = self.template_rate
        self.exemplar = tuple(
            None if old is None else (1 - rate) * old + rate * new
            for old, new in zip(self.exemplar, exemplar, strict=True)
        )

    def heights(self, responses: np.ndarray) -> tuple[int, np.ndarray]:
        """The scale that wins of score maps (scales, n, n), and where on it the target may be:
        (side, side), upsampled and mixed with the window."""
        penalized = [
            self._upsampled(response, penalty) if may_win else None
            for response, penalty, may_win in zip(
                responses, self.penalties, self._may_win(responses), strict=True
            )
        ]
        best = int(np.argmax([-np.inf if one is None else one.max() for one in penalized]))
        response = penalized[best]
        response -= response.min()
        response /= response.sum() + 1e-16
        return best, (1 - self.window_influence) * response + self.window_influence * self.window

    def _upsampled(self, response: np.ndarray, penalty: np.float32) -> np.ndarray:
        """A score map (n, n) at the size of the window, times the penalty of its scale."""
        size = self.window.shape[::-1]
        upsampled = cv2.resize(response, size, interpolation=cv2.INTER_CUBIC)
        return np.multiply(upsampled, penalty, out=upsampled)

    def _may_win(self, responses: np.ndarray) -> np.ndarray:
        """(scales,) whether the highest point of a map may be that of all.

        Upsampling is a product with a matrix on either side up to rounding, for which OpenCV takes
        longer.
        """
        matrix = _upsampling(responses.shape[-1], len(self.window))
        # By PyTorch, which keeps to the threads that it was given; NumPy takes all there are.
        maps = torch.from_numpy(np.array(responses, dtype=np.float32))
        upsampled = matrix @ maps @ matrix.T
        highest = upsampled.amax(dim=(1, 2)).numpy() * self.penalties
        if not np.isfinite(highest).all():
            return np.ones(len(highest), dtype=bool)
        return highest >= highest.max() - 1e-4 * np.abs(responses).max()

    def _follow_peak(self, responses: np.ndarray) -> None:
        """Move centre and size to the peak of the score maps (scales, n, n)."""
        best, response = self.heights(responses)
        self.best_scale, side = best, len(response)
        peak = np.array(np.unravel_index(response.argmax(), response.shape))
        cells = (peak - (side - 1) / 2) * responses.shape[-1] / side
        in_image = cells * STRIDE * self.search_side * self.factors[best] / SEARCH_SIZE
        self.center_yx += in_image  # in place: it stays float32, as in siamfc-pytorch
        self._resize((1 - self.scale_rate) + self.scale_rate * self.factors[best])

    def _resize(self, scale: float) -> None:
        side = float(self.exemplar_side) * scale
        if not SMALLEST_SIDE <= side <= self.largest_side:
            return
        self.size_hw *= scale
        self.exemplar_side = self.exemplar_side * scale
        self.search_side = self.search_side * scale

    def _crop(
        self, image: np.ndarray, side: float, out_size: int, out: np.ndarray | None = None
    ) -> np.ndarray:
        return crop_square(image, self.center_yx, side, out_size=out_size, fill=self.fill, out=out)
