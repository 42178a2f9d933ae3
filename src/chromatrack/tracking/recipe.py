"""How labels travel from frame to frame: as the thesis did it, and as the field does it since."""

from __future__ import annotations

from dataclasses import dataclass

from chromatrack.settings import PropagationSettings


@dataclass(frozen=True)
class Recipe:
    """One way of label propagation.

    Attributes:
        features: `trunk`, `middle` for what it has before its last layers, or `embedding` for what
            the 3-D head makes of its output.
        references: previous frames that labels are copied from.
        first_frame: the annotated frame stays a reference all the way.
        center: take the mean of all cells that are compared away: what they have in common tells
            none from another, and behind a ReLU it is most of a feature.
        normalize: compare directions alone (L2-normalised features).
        temperature: divides the inner products of eq. 3.11; None is what the network was trained
            with.
        top_k: most similar cells that a cell copies from; None is all.
        radius: cells to every side in which a cell looks for its like; None is the whole frame.
        short_side: of the frames that the network sees, in pixels.
        central_square: only the central square of the frame is seen; the rest stays background.
        hard: labels become one of them at every step, on the grid.
    """

    features: str
    references: int
    first_frame: bool
    center: bool
    normalize: bool
    temperature: float | None
    top_k: int | None
    radius: int | None
    short_side: int
    central_square: bool = False
    hard: bool = False


# Thesis 5.3.7 and its published code: the frame before, inner products as in training, 32x32 cells.
THESIS = Recipe(
    features="embedding",
    references=1,
    first_frame=False,
    center=False,
    normalize=False,
    temperature=None,
    top_k=None,
    radius=None,
    short_side=256,
    central_square=True,
    hard=True,
)


def recipe(method: str, settings: PropagationSettings) -> Recipe:
    """`thesis` is fixed; `soft` is what the settings say, `whole-frame` that without a radius."""
    if method == "thesis":
        return THESIS
    return Recipe(
        features=settings.features,
        references=settings.references,
        first_frame=settings.first_frame,
        center=settings.center,
        normalize=settings.normalize,
        temperature=settings.temperature,
        top_k=settings.top_k,
        radius=None if method == "whole-frame" else settings.radius,
        short_side=settings.short_side,
    )
