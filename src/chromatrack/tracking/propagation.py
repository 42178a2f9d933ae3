"""Label propagation through a video with the colorization network (thesis 3.2.4, 5.3.7)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from chromatrack.errors import WorkError
from chromatrack.models.colorizer import Colorizer
from chromatrack.models.inputs import InputScaling
from chromatrack.tracking.copying import copy_similar
from chromatrack.tracking.recipe import Recipe
from chromatrack.tracking.view import View


@dataclass(frozen=True)
class _Reference:
    """A frame that labels are copied from: (C, h, w) features, (K, h, w) labels."""

    features: Tensor
    labels: Tensor


@torch.inference_mode()
def propagate(
    model: Colorizer,
    scaling: InputScaling,
    frames: Iterable[np.ndarray],
    labels: np.ndarray,
    *,
    recipe: Recipe,
    device: torch.device,
) -> Iterator[Tensor]:
    """Carry the labels of the first frame from frame to frame.

    What a label means is left to the caller: segments, points, boxes or colours
    (`tracking.targets`). The trunk runs once on every frame; the 3-D head, which looks at the
    references and the target together, once per step.

    Args:
        frames: (H, W, 3) uint8 RGB, the annotated frame first.
        labels: (K, H, W) values of K labels in the first frame.
        recipe: how; with `hard`, each cell keeps its strongest label alone.

    Yields:
        (K, H, W) float32 labels of each frame, on the device; the first ones unchanged. Outside of
        what the recipe sees they are 0.
    """
    view, first, recent = None, None, deque(maxlen=recipe.references)
    for image in frames:
        if view is None:
            view = view_of(image.shape[:2], model, recipe)
            features = _trunk_features(model, scaling, view.shrink(image), recipe, device)
            first = _Reference(features, torch.from_numpy(view.to_grid(labels)).to(device))
            recent.append(first)
            yield torch.from_numpy(labels.astype(np.float32)).to(device)
            continue
        features = _trunk_features(model, scaling, view.shrink(image), recipe, device)
        references = [*recent]
        if recipe.first_frame and references[0] is not first:
            references.insert(0, first)
        compared = _compared(model, [*(r.features for r in references), features], recipe)
        copied = copy_similar(
            compared[:-1],
            torch.stack([reference.labels for reference in references]),
            compared[-1],
            temperature=recipe.temperature or model.temperature,
            top_k=recipe.top_k,
            radius=recipe.radius,
        )
        if recipe.hard:
            copied = F.one_hot(copied.argmax(0), len(copied)).permute(2, 0, 1).float()
        yield view.to_frame(copied, smooth=not recipe.hard)
        recent.append(_Reference(features, copied))


@torch.inference_mode()
def compared_features(
    model: Colorizer,
    scaling: InputScaling,
    frames: Iterable[np.ndarray],
    *,
    recipe: Recipe,
    device: torch.device,
) -> Tensor:
    """(T, C, h, w): what inner products are taken of, when labels are carried to the last frame.

    Args:
        frames: (H, W, 3) uint8 RGB of one size: references, then the target.
    """
    features = []
    for image in frames:
        seen = view_of(image.shape[:2], model, recipe).shrink(image)
        features.append(_trunk_features(model, scaling, seen, recipe, device))
    return _compared(model, features, recipe)


def view_of(size: tuple[int, int], model: Colorizer, recipe: Recipe) -> View:
    """What the network sees of frames of (height, width) `size`."""
    return View(
        size,
        short_side=recipe.short_side,
        stride=model.trunk.stride,
        central_square=recipe.central_square,
    )


def _trunk_features(
    model: Colorizer, scaling: InputScaling, image: np.ndarray, recipe: Recipe, device: torch.device
) -> Tensor:
    """(C, h, w) features with one cell per stride x stride block of the image."""
    features = model.trunk.middle if recipe.features == "middle" else model.trunk
    grey = scaling.grey_tensor(image[None]).to(device)
    margin = model.trunk.margin
    found = features(F.pad(grey, (margin,) * 4, mode="replicate"))[0]
    if not found.isfinite().all():
        raise WorkError("the network gave features that are not finite; check its weights")
    return found


def _compared(model: Colorizer, features: list[Tensor], recipe: Recipe) -> Tensor:
    """(T, C, h, w): what inner products are taken of."""
    stacked = torch.stack(features)
    if recipe.features == "embedding":
        stacked = model.embedded(stacked[None])[0]
    if recipe.center:
        stacked = stacked - stacked.mean(dim=(0, 2, 3), keepdim=True)
    return F.normalize(stacked, dim=1) if recipe.normalize else stacked
