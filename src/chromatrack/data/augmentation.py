"""From two crops to a training pair: the augmentation of siamfc-pytorch, and options of our own.

siamfc-pytorch stretches a patch by up to 5 % with a random interpolation, cuts the central 247 px
out, of these 239 px at random (`RandomStretch`, `CenterCrop`, `RandomCrop`), and for the exemplar
the central 127 px of those. The target moves by up to 4 px, its label does not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from chromatrack.patches import EXEMPLAR_SIZE, SEARCH_SIZE

JITTER = 4
"""Pixels by which siamfc-pytorch moves either patch; its labels stay where they are."""

INTERPOLATIONS = (
    cv2.INTER_LINEAR,
    cv2.INTER_CUBIC,
    cv2.INTER_AREA,
    cv2.INTER_NEAREST,
    cv2.INTER_LANCZOS4,
)
TAPS = 4
"""Pixels on either side that the widest of them looks at."""

GREY_OF_RGB = np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True)
class Augmentation:
    """What happens to the two crops of a pair.

    Attributes:
        search_size: side of the search patch. 239 moves both patches by up to 4 px, as
            siamfc-pytorch does; 255 keeps the target in the middle.
        stretch: largest relative change of size of a patch; 0 leaves sizes and pixels alone.
        shift: pixels by which the search patch moves instead, up or down and left or right; 0 for
            what `search_size` says.
        color_jitter: brightness, contrast and saturation of each patch are multiplied by factors
            between 1 - color_jitter and 1 + color_jitter.
        grey: probability that both patches of a pair are grey.
    """

    search_size: int = SEARCH_SIZE
    stretch: float = 0.0
    shift: int = 0
    color_jitter: float = 0.0
    grey: float = 0.0

    @property
    def crop_size(self) -> int:
        """Side that a crop has to have, so that no patch is moved over its edge."""
        return self.search_size + 2 * self.shift

    @property
    def _exemplar_jitter(self) -> int:
        return 0 if self.search_size == SEARCH_SIZE else JITTER

    @property
    def _search_jitter(self) -> int:
        return self.shift or self._exemplar_jitter

    def pair(
        self,
        exemplar_bgr: np.ndarray,
        search_bgr: np.ndarray,
        random: np.random.Generator,
        *,
        exemplar: np.ndarray,
        search: np.ndarray,
    ) -> tuple[int, int]:
        """Fill in the patches of a pair.

        Args:
            exemplar_bgr, search_bgr: crops (S, S, 3) uint8, as OpenCV decodes them.
            exemplar: (127, 127, 3) uint8 RGB, written.
            search: (search_size, search_size, 3) uint8 RGB, written.

        Returns:
            pixels (y, x) by which the target lies off the place in the search patch that it has in
            the exemplar.
        """
        # Of a large patch, only what may be seen is stretched: the middle stays the middle.
        jitter = self._exemplar_jitter
        seen = math.ceil((EXEMPLAR_SIZE + 2 * jitter) / (1 - self.stretch)) + 2 * TAPS
        seen = min(len(exemplar_bgr), seen + (len(exemplar_bgr) - seen) % 2)
        z, z_yx = self._cut(center_crop(exemplar_bgr, seen), EXEMPLAR_SIZE, jitter, random)
        x, x_yx = self._cut(search_bgr, self.search_size, self._search_jitter, random)
        grey = self.grey > 0 and random.uniform() < self.grey
        self._color(z, exemplar, grey, random)
        self._color(x, search, grey, random)
        return x_yx[0] - z_yx[0], x_yx[1] - z_yx[1]

    def _cut(
        self, crop: np.ndarray, size: int, jitter: int, random: np.random.Generator
    ) -> tuple[np.ndarray, tuple[int, int]]:
        """A patch of a crop, and where the target lies in it, (y, x) off its middle."""
        if self.stretch:
            scale = 1 + random.uniform(-self.stretch, self.stretch)
            crop = stretch(crop, scale, INTERPOLATIONS[random.integers(len(INTERPOLATIONS))])
        room = center_crop(crop, size + 2 * jitter)
        if not jitter:
            return room, (0, 0)
        top, left = random.integers(2 * jitter + 1, size=2).tolist()
        return room[top : top + size, left : left + size], (jitter - top, jitter - left)

    def _color(
        self, bgr: np.ndarray, rgb: np.ndarray, grey: bool, random: np.random.Generator
    ) -> None:
        if not grey and not self.color_jitter:
            cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB, dst=rgb)
            return
        low, high = 1 - self.color_jitter, 1 + self.color_jitter
        brightness, contrast, saturation = random.uniform(low, high, size=3)
        matrix = color_matrix(
            np.array(cv2.mean(bgr)[2::-1]),
            brightness=brightness,
            contrast=contrast,
            saturation=0.0 if grey else saturation,
        )
        # Its first three columns take B, G and R.
        cv2.transform(bgr, np.ascontiguousarray(matrix[:, [2, 1, 0, 3]]), dst=rgb)


def stretch(patch: np.ndarray, scale: float, interpolation: int) -> np.ndarray:
    """A square patch with its side multiplied by `scale`, rounded to whole pixels."""
    side = round(len(patch) * scale)
    if interpolation != cv2.INTER_LANCZOS4:
        return cv2.resize(patch, (side, side), interpolation=interpolation)
    # OpenCV takes twice as long over bytes here, a third of the time of a pair; the results are one
    # level apart at most.
    wide = cv2.resize(patch.astype(np.float32), (side, side), interpolation=interpolation)
    return cv2.convertScaleAbs(cv2.threshold(wide, 0, 0, cv2.THRESH_TOZERO)[1])


def center_crop(patch: np.ndarray, size: int) -> np.ndarray:
    """The central (size, size) of a square patch; the mean colour around it where it is smaller."""
    # Rounds half to even, as siamfc-pytorch does.
    first = round((len(patch) - size) / 2)
    if first < 0:
        pad = -first
        patch = cv2.copyMakeBorder(
            patch, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=cv2.mean(patch)
        )
        first = 0
    return patch[first : first + size, first : first + size]


def color_matrix(
    mean_rgb: np.ndarray, *, brightness: float, contrast: float, saturation: float
) -> np.ndarray:
    """(3, 4) of the map RGB -> RGB that changes colours by three factors, 1 for no change.

    Saturation blends with the grey of a pixel, contrast with the grey of the patch's mean colour,
    brightness multiplies.
    """
    blend = saturation * np.eye(3) + (1 - saturation) * np.outer(np.ones(3), GREY_OF_RGB)
    rest = (1 - contrast) * float(GREY_OF_RGB @ mean_rgb)
    return brightness * np.hstack([contrast * blend, np.full((3, 1), rest)])
