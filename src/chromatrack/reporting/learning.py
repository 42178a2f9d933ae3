"""Learning curves as the trainings write them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from chromatrack.errors import InputError


def grouped(curves: Mapping[str, Path]) -> dict[str, dict[str, Path]]:
    """Curves by what stands before the first "/" of their name."""
    groups: dict[str, dict[str, Path]] = {}
    for name, path in curves.items():
        group, _, line = name.partition("/")
        groups.setdefault(group, {})[line or group] = path
    return groups


def read_curve(path: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Each column with "loss" in its name over the column step, where it has a number.

    Raises:
        InputError: the file cannot be read, or has no such columns.
    """
    try:
        table = pd.read_csv(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError):
        raise InputError(f"{path}: expected a CSV with the columns step and loss") from None
    losses = [column for column in table.columns if "loss" in column]
    if "step" not in table.columns or not losses:
        raise InputError(
            f"{path}: expected the columns step and loss, got {list(table.columns)!r:.200}"
        )
    curves = {}
    for column in losses:
        numbers = table[["step", column]].apply(pd.to_numeric, errors="coerce")
        numbers = numbers.replace([np.inf, -np.inf], np.nan).dropna()
        if len(numbers):
            curves[column] = (numbers["step"].to_numpy(), numbers[column].to_numpy())
    return curves
