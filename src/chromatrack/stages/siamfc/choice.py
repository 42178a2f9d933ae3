"""Which of the networks that a SiamFC training kept is used; the rule is fixed before."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from chromatrack.errors import InputError
from chromatrack.files import (
    check_writable,
    digest_file,
    made_by,
    read_json,
    whole_file,
    write_json,
)
from chromatrack.settings import SiamFCSettings

RULES = {
    "last": "the network after the last step",
    "best_ao": "the network with the highest average overlap; of equal ones, the later",
}


def choose_siamfc(
    last: Path, validation: Path | None, output: Path, *, settings: SiamFCSettings
) -> dict[str, Any]:
    """Copy the network that `settings.select` says to `output`.

    Writes choice.json beside it, and returns what it says: the rule, and the name of the network.

    Args:
        last: the network after the last step; the others are in checkpoints/ beside it.
        validation: what `validate_siamfc` wrote; read for `best_ao` alone.

    Raises:
        InputError: nothing to choose by, or scores of other networks than those that are there.
    """
    check_writable(output)
    inputs = {last.name: last}
    chosen = last
    if settings.select == "best_ao":
        if validation is None:
            raise InputError(
                "siamfc.select: best_ao needs networks with scores; expected --validation, what "
                "validate-siamfc wrote"
            )
        chosen = _best(validation, last.parent / "checkpoints")
        inputs = {validation.name: validation, chosen.name: chosen}
    with whole_file(output) as part:
        shutil.copyfile(chosen, part)
    result = {
        "rule": RULES[settings.select],
        "chosen": chosen.name,
        "made_by": made_by("choose-siamfc", settings={"select": settings.select}, inputs=inputs),
    }
    write_json(output.parent / "choice.json", result)
    return result


def _best(validation: Path, folder: Path) -> Path:
    """The network with the best score, if it is still the one that got it."""
    scores = read_json(validation)
    try:
        best = max(scores["networks"], key=lambda row: (row["average_overlap"], row["step"]))
        path = folder / f"step-{best['step']:07d}.pt"
        digest = scores["made_by"]["inputs"][path.name]
    except (KeyError, TypeError, ValueError):
        raise InputError(f"{validation}: expected what validate-siamfc writes") from None
    if not path.is_file() or digest_file(path) != digest:
        raise InputError(f"{path}: is not the network that {validation} scored; validate again")
    return path
