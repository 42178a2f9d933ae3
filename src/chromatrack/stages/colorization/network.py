"""A colorization network as settings ask for it: what it is made of, and what it is shown."""

from __future__ import annotations

from pathlib import Path

from chromatrack.errors import InputError
from chromatrack.models.build import root_of_embedding
from chromatrack.models.inputs import InputScaling
from chromatrack.published import LAB
from chromatrack.settings import ColorizationSettings
from chromatrack.settings.keys import only
from chromatrack.stages.labels.lab_statistics import read_lab


def description_of(trunk: str, settings: ColorizationSettings) -> dict:
    """Arguments of `build_colorizer`."""
    told = {"trunk": trunk, **only(settings, *settings.NETWORK)}
    if settings.temperature is None:
        size = only(settings, "width", "embedding", "head")
        told["temperature"] = root_of_embedding(trunk=trunk, **size)
    return told


def statistics_read(statistics: Path | None, settings: ColorizationSettings) -> Path | None:
    """The Lab statistics where the normalisation is measured; None where nothing reads them."""
    if settings.normalization != "measured":
        return None
    if statistics is None:
        raise InputError("colorization.normalization: measured needs --statistics, a file of them")
    return statistics


def input_scaling(statistics: Path | None, settings: ColorizationSettings) -> InputScaling:
    """Normalisation of L, a, b: measured, the thesis's, or 0.5 / 0.5 (D18)."""
    kind = {"luma": "lab_l"}.get(settings.input, settings.input)
    if settings.normalization == "half":
        return InputScaling(grey=kind)
    lab = read_lab(statistics) if statistics else LAB
    deviation = [max(value, 1e-6) for value in lab["std"]]
    return InputScaling(
        grey=kind,
        grey_mean=lab["mean"][0],
        grey_std=deviation[0],
        ab_mean=tuple(lab["mean"][1:]),
        ab_std=tuple(deviation[1:]),
    )
