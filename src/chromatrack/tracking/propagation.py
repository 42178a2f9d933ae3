"""Label propagation through a video with the colorization network (thesis 3.2.4, 5.3.7)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from chromatrack.models.colorizer import Colorizer, affinity, copy_labels
from chromatrack.models.inputs import InputScaling, luma


@torch.inference_mode()
def propagate_segments(
    model: Colorizer,
    scaling: InputScaling,
    frames: Iterable[np.ndarray],
    first_mask: np.ndarray,
    *,
    method: str,
    references: int,
    temperature: float,
    short_side: int,
    device: torch.device,
) -> Iterator[np.ndarray]:
    """Carry the object ids of the first frame from frame to frame.

    Args:
        frames: (H, W, 3) uint8 RGB, the annotated frame first.
        first_mask: (H, W) uint8 ids; 0 is background, 255 void (taken as background).
        method: `soft` works on the whole frame and carries soft labels, upsampled bilinearly,
            with the argmax last; `thesis` works on the central square, takes the argmax at every
            step on the grid, and repeats its cells (D24).
        references: previous frames that labels are copied from; the 3-D head sees them with the
            target, as in training. At the start the first frame stands for all of them.
        temperature: divides the inner products of eq. 3.11.
        short_side: of the frames that the network sees, in pixels.

    Yields:
        (H, W) uint8 ids for each frame, the first one unchanged.
    """
    objects = sorted(set(np.unique(first_mask)) - {0, 255})
    one_hot = np.stack([first_mask == number for number in objects]) if objects else []
    view = _CentralSquare if method == "thesis" else _WholeFrame
    features, labels, place = deque(maxlen=references), deque(maxlen=references), None
    for image in frames:
        if place is None:
            place = view(image.shape[:2], short_side, model.trunk.stride)
        current = _trunk_features(model, scaling, place.shrink(image), device)
        if not features:
            yield np.where(first_mask == 255, 0, first_mask).astype(np.uint8)
            features.extend([current] * references)
            labels.extend([_grid_labels(one_hot, place, device)] * references)
            continue
        embeddings = model.head(torch.stack([*features, current], dim=1))
        weights = affinity(embeddings[:, :-1], embeddings[:, -1], temperature=temperature)
        copied = copy_labels(weights, torch.stack(tuple(labels), dim=1))
        if method == "thesis":
            copied = F.one_hot(copied.argmax(1), copied.shape[1]).permute(0, 3, 1, 2).float()
        yield _ids(copied, objects, place, hard=method == "thesis")
        features.append(current)
        labels.append(copied)


class _WholeFrame:
    """The whole frame, short side resized, both sides a multiple of the stride."""

    def __init__(self, size: tuple[int, int], short_side: int, stride: int):
        self.size = size
        scale = short_side / min(size)
        self.grid = tuple(max(1, round(side * scale / stride)) for side in size)
        self.shrunk = (self.grid[1] * stride, self.grid[0] * stride)
        self.rows, self.columns = slice(0, size[0]), slice(0, size[1])

    def shrink(self, image: np.ndarray) -> np.ndarray:
        return cv2.resize(image[self.rows, self.columns], self.shrunk, interpolation=cv2.INTER_AREA)


class _CentralSquare(_WholeFrame):
    """The central square of the frame."""

    def __init__(self, size: tuple[int, int], short_side: int, stride: int):
        side = min(size)
        super().__init__((side, side), short_side, stride)
        self.size = size
        top, left = (size[0] - side) // 2, (size[1] - side) // 2
        self.rows, self.columns = slice(top, top + side), slice(left, left + side)


def _trunk_features(
    model: Colorizer, scaling: InputScaling, image: np.ndarray, device: torch.device
) -> Tensor:
    """(1, C, h, w) features with one cell per 8x8 block of the image."""
    grey = scaling.normalized_luma(luma(image)[None]).to(device)
    margin = model.trunk.margin
    return model.trunk(F.pad(grey, (margin,) * 4, mode="replicate"))


def _grid_labels(one_hot, place: _WholeFrame, device: torch.device) -> Tensor:
    """(1, 1 + objects, h, w): share of each cell that background and objects cover."""
    rows, columns = place.grid
    cells = [
        cv2.resize(
            mask[place.rows, place.columns].astype(np.float32),
            (columns, rows),
            interpolation=cv2.INTER_AREA,
        )
        for mask in one_hot
    ]
    shares = np.stack(cells) if cells else np.zeros((0, rows, columns), dtype=np.float32)
    background = np.clip(1 - shares.sum(axis=0, keepdims=True), 0, 1)
    return torch.from_numpy(np.concatenate([background, shares]))[None].to(device)


def _ids(labels: Tensor, objects: list[int], place: _WholeFrame, *, hard: bool) -> np.ndarray:
    square = (place.rows.stop - place.rows.start, place.columns.stop - place.columns.start)
    options = {"mode": "nearest"} if hard else {"mode": "bilinear", "align_corners": False}
    chosen = F.interpolate(labels, size=square, **options)[0].argmax(0).cpu().numpy()
    ids = np.zeros(place.size, dtype=np.uint8)
    ids[place.rows, place.columns] = np.array([0, *objects], dtype=np.uint8)[chosen]
    return ids
