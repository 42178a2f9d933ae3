"""The folder of a run over a benchmark is its own: no other run's results are written over."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from chromatrack.errors import InputError
from chromatrack.files import read_json
from chromatrack.stages.evaluation import journal

RUNS = ("track", "adopt", "propagate")
"""Stages whose results lie beside their file."""


def claim(output: Path, results: Iterable[str | Path]) -> None:
    """Take the folder of `output` for a run, before any of its results is written.

    Args:
        output: the file of the run, such as run.json.
        results: folders of the results, by their names in that folder: boxes, or one a sequence.

    Raises:
        InputError: results of another run, or of no run of ours, are there.
    """
    folder = output.parent
    check_alone(output, *RUNS)
    mark = folder / journal.FOLDER  # a run of ours, which may go on after a kill
    foreign = [folder / name for name in results if _holds_files(folder / name)]
    if foreign and not mark.is_dir():
        raise InputError(
            f"{foreign[0]}: holds files that no run of chromatrack wrote, and results would be "
            f"written over them; expected another folder than {folder}"
        )
    mark.mkdir(parents=True, exist_ok=True)


def check_alone(output: Path, *stages: str) -> None:
    """Nothing beside `output` was made by one of the stages: what they write there has fixed names.

    Raises:
        InputError: names it.
    """
    for other in sorted(output.parent.glob("*.json")):
        if other.name != output.name and _stage(other) in stages:
            raise InputError(
                f"{output}: {other.name} is another one, and its results lie in the same folder; "
                "expected a folder for each"
            )


def _stage(path: Path) -> str | None:
    """The stage that made a JSON; None of anything else."""
    try:
        told = read_json(path)
    except InputError:
        return None
    made = told.get("made_by") if isinstance(told, dict) else None
    return made.get("stage") if isinstance(made, dict) else None


def _holds_files(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())
