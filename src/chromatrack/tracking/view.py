"""Which part of a frame the network sees, and the grid of cells that its features lie on."""

from __future__ import annotations

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor


class View:
    """The whole frame or its central square, resized so that cells fill it without rest.

    Args:
        size: (height, width) of the frames.
        short_side: of what the network sees, in pixels.
        stride: pixels of the network's input per cell.
        central_square: see only that part of the frame.

    Attributes:
        grid: (rows, columns) of cells.
    """

    def __init__(
        self, size: tuple[int, int], *, short_side: int, stride: int, central_square: bool
    ):
        self.size = size
        seen = (min(size), min(size)) if central_square else size
        top, left = (size[0] - seen[0]) // 2, (size[1] - seen[1]) // 2
        self.rows, self.columns = slice(top, top + seen[0]), slice(left, left + seen[1])
        self.seen = seen
        scale = short_side / min(size)
        self.grid = tuple(max(1, round(side * scale / stride)) for side in seen)
        self.stride = stride

    @property
    def cell(self) -> float:
        """Side of a cell in pixels of the frame."""
        return max(side / cells for side, cells in zip(self.seen, self.grid, strict=True))

    def shrink(self, image: np.ndarray) -> np.ndarray:
        """(H, W, 3) frame -> what the network sees, `stride` pixels per cell."""
        rows, columns = self.grid
        size = (columns * self.stride, rows * self.stride)
        # Averaging aliases nothing where it shrinks; where it enlarges, it would only repeat.
        way = cv2.INTER_AREA if size[0] <= self.seen[1] else cv2.INTER_LINEAR
        return cv2.resize(image[self.rows, self.columns], size, interpolation=way)

    def to_grid(self, planes: np.ndarray) -> np.ndarray:
        """(K, H, W) -> (K, rows, columns) float32: the mean of each cell."""
        size = self.grid[::-1]
        seen = planes[:, self.rows, self.columns].astype(np.float32)
        return np.stack([cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in seen])

    def to_frame(self, labels: Tensor, *, smooth: bool) -> Tensor:
        """(K, rows, columns) -> (K, H, W); zero outside of what is seen.

        Args:
            smooth: bilinear; otherwise each pixel has the value of its cell.
        """
        options = {"mode": "bilinear", "align_corners": False} if smooth else {"mode": "nearest"}
        seen = F.interpolate(labels[None], size=self.seen, **options)[0]
        if self.seen == self.size:
            return seen
        frame = torch.zeros((len(labels), *self.size), device=labels.device)
        frame[:, self.rows, self.columns] = seen
        return frame
