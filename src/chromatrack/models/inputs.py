"""From uint8 RGB patches to what the two branches see."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from functools import cache

import cv2
import numpy as np
import torch
from torch import Tensor

from chromatrack.equalize import MODES, equalize

KINDS = (
    "lab_l", "channel_mean", "channel_mean_byte", "lab", "rgb", "rgb_unit", "rgb_byte",
    "rgb_normalized", "lab_l_thrice", "channel_mean_thrice",
)  # fmt: skip
COLOURS = ("lab", "rgb", "rgb_unit", "rgb_byte", "rgb_normalized")
"""Kinds that show colours to the network."""


@dataclass(frozen=True)
class InputScaling:
    """How pixels become numbers; a checkpoint records it, and the tracker obeys it.

    Attributes:
        rgb: `unit` for [-1, 1], `byte` for 0..255.
        grey: what the other network sees. `lab_l` is L of Lab in [0, 1], normalised;
            `channel_mean` the mean of R, G, B in [-1, 1], as the thesis's code had it; `lab` all
            of Lab, normalised; `rgb` R, G, B in [-1, 1], by way of 8-bit Lab, as label caches keep
            colours; `rgb_unit` and `rgb_byte` as `rgb` above, for a second SiamFC, and
            `channel_mean_byte` the mean in 0..255 for one of bytes. Of public weights:
            `rgb_normalized` is R, G, B in [0, 1], normalised; `lab_l_thrice` and
            `channel_mean_thrice` are L and the mean in [0, 1] in each of three channels, normalised
            in the same way.
        grey_channels: of its input; a network of colours sees `channel_mean` in all three.
        equalization: of each patch before anything else, in the ways of `equalize.py`.
        grey_mean, grey_std: normalisation of L.
        ab_mean, ab_std: normalisation of a and b.
        rgb_mean, rgb_std: normalisation of R, G and B.
    """

    rgb: str = "unit"
    grey: str = "lab_l"
    grey_channels: int = 1
    equalization: str = "none"
    grey_mean: float = 0.5
    grey_std: float = 0.5
    ab_mean: tuple[float, float] = (0.5, 0.5)
    ab_std: tuple[float, float] = (0.5, 0.5)
    rgb_mean: tuple[float, float, float] = (0.5, 0.5, 0.5)
    rgb_std: tuple[float, float, float] = (0.5, 0.5, 0.5)

    def __post_init__(self) -> None:
        deviations = (self.grey_std, *self.ab_std, *self.rgb_std)
        numbers = (self.grey_mean, *self.ab_mean, *self.rgb_mean, *deviations)
        if not all(math.isfinite(number) for number in numbers):
            raise ValueError("scaling: expected finite means and deviations")
        if min(deviations) <= 0:
            raise ValueError("scaling: expected deviations of more than 0")
        if self.rgb not in ("unit", "byte"):
            raise ValueError(f"scaling: rgb: expected unit or byte, got {self.rgb!r}")
        if self.equalization not in MODES:
            raise ValueError(f"scaling: equalization: got {self.equalization!r}")
        if self.grey not in KINDS:
            raise ValueError(f"scaling: grey: got {self.grey!r}, which is no kind of input")

    @property
    def sees_colours(self) -> bool:
        """Whether the network that `grey` is about is shown colours."""
        return self.grey in COLOURS

    def as_dict(self) -> dict:
        """Plain values for a checkpoint."""
        return asdict(self)

    def rgb_tensor(self, patches: np.ndarray | Tensor) -> Tensor:
        """(B, S, S, 3) uint8 -> (B, 3, S, S) float32, on the device of the patches."""
        # Stays channels-last in memory, which halves the time of the convolutions on a CPU.
        tensor = torch.as_tensor(patches).permute(0, 3, 1, 2).float()
        return tensor if self.rgb == "byte" else tensor / 127.5 - 1

    def grey_tensor(self, patches: np.ndarray | Tensor) -> Tensor:
        """(B, S, S, 3) uint8 RGB -> (B, 1, S, S) float32; 3 channels for a network of colours.

        On the device of the patches where the kind is that of the tracker, `lab_l`, or of a second
        SiamFC; else on the CPU.
        """
        if isinstance(patches, Tensor):
            if self.equalization == "none" and self.grey == "lab_l":
                return self.normalized_luma(luma_on_device(patches))
            if self.equalization != "none" or self.grey not in ("rgb_unit", "rgb_byte"):
                patches = patches.numpy(force=True)
        if self.equalization != "none":
            patches = np.stack([equalize(patch, mode=self.equalization) for patch in patches])
        if self.grey in ("rgb_normalized", "lab_l_thrice", "channel_mean_thrice"):
            return self._normalized_rgb(patches)
        if self.grey in ("rgb_unit", "rgb_byte"):
            return replace(self, rgb=self.grey.removeprefix("rgb_")).rgb_tensor(patches)
        if self.grey in ("lab", "rgb"):
            lab = np.stack([cv2.cvtColor(patch, cv2.COLOR_RGB2LAB) for patch in patches])
            return self.normalized_lab(lab)
        if self.grey in ("channel_mean", "channel_mean_byte"):
            mean = torch.from_numpy(patches.astype(np.float32).mean(axis=-1))[:, None]
            scaled = mean if self.grey == "channel_mean_byte" else mean / 127.5 - 1
            return scaled.expand(-1, self.grey_channels, -1, -1)
        return self.normalized_luma(np.stack([luma(patch) for patch in patches]))

    def normalized_luma(self, lightness: np.ndarray | Tensor) -> Tensor:
        """(B, H, W) uint8 L of Lab -> (B, 1, H, W) float32."""
        tensor = torch.as_tensor(lightness)[:, None].float() / 255
        return (tensor - self.grey_mean) / self.grey_std

    def normalized_lab(self, lab: np.ndarray) -> Tensor:
        """(B, H, W, 3) uint8 Lab -> (B, 3, H, W) float32, Lab or RGB as `grey` says."""
        if self.grey == "rgb":
            rgb = np.stack([cv2.cvtColor(frame, cv2.COLOR_LAB2RGB) for frame in lab])
            return torch.from_numpy(rgb).permute(0, 3, 1, 2).float() / 127.5 - 1
        mean = torch.tensor([self.grey_mean, *self.ab_mean])
        deviation = torch.tensor([self.grey_std, *self.ab_std])
        return ((torch.from_numpy(lab).float() / 255 - mean) / deviation).permute(0, 3, 1, 2)

    def _normalized_rgb(self, patches: np.ndarray) -> Tensor:
        """(B, S, S, 3) uint8 RGB -> (B, 3, S, S) float32, as public weights expect it."""
        seen = patches
        if self.grey == "lab_l_thrice":
            seen = np.stack([luma(patch) for patch in patches])[..., None]
        elif self.grey == "channel_mean_thrice":
            seen = patches.astype(np.float32).mean(axis=-1, keepdims=True)
        scaled = torch.as_tensor(seen).float() / 255  # (B, S, S, 3 or 1)
        normalized = (scaled - torch.tensor(self.rgb_mean)) / torch.tensor(self.rgb_std)
        return normalized.permute(0, 3, 1, 2)


def luma(rgb: np.ndarray) -> np.ndarray:
    """L of OpenCV's 8-bit Lab: (H, W, 3) uint8 -> (H, W) uint8."""
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB)[..., 0]


def luma_on_device(rgb: Tensor) -> Tensor:
    """`luma` of tensors on any device, to the last bit: (..., 3) uint8 -> (...) uint8."""
    red, green, blue = rgb.int().unbind(-1)
    number = (red * 256 + green) * 256 + blue
    return _luma_of_colours(rgb.device).index_select(0, number.flatten()).view(number.shape)


@cache
def _luma_of_colours(device: torch.device) -> Tensor:
    """(256**3,) uint8: what OpenCV makes of each colour."""
    values = np.arange(256, dtype=np.uint8)
    colours = np.stack(np.meshgrid(values, values, values, indexing="ij"), axis=-1)
    return torch.from_numpy(luma(colours.reshape(4096, 4096, 3)).ravel()).to(device)
