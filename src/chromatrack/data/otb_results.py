"""Folders of results on OTB and benchmarks like it, of any tracker, as people have them.

    DIR/NAME.txt                            one pass (OPE): x,y,w,h of each frame, 1-based
    DIR/NAME/tre-00.txt ... tre-19.txt      from the start's first frame to the end (TRE)
    DIR/NAME/sre-00.txt ... sre-11.txt      the whole sequence, from another first box (SRE)
    DIR/NAME.mat, DIR/NAME_TRACKER.mat      MATLAB's: one run, or those of TRE or SRE
    DIR/NAME/NAME_001.txt                   one pass, as the got10k toolkit writes it
    DIR/times/NAME_time.txt, or ../times/   seconds of each frame, where they were kept

Starts are numbered in the order of `metrics.otb_protocols`. Upper and lower case are alike, and
"Jogging_1", "Jogging.1" and "Jogging-1" are one name. Only files of targets that are asked for are
looked at: a folder may hold others. The folder above that of the results will do where only one in
it holds any.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from chromatrack.data.mat_results import read_mat_results
from chromatrack.data.otb import read_boxes
from chromatrack.data.text import read_rows
from chromatrack.errors import InputError
from chromatrack.metrics.otb_protocols import SRE_STARTS, Protocol

BESIDE = ("time", "times", "scores", "all_scores", "fps")
"""What files beside the results of a target are called after it; no names of trackers."""

Runs = dict[int, np.ndarray]
"""Number of the start -> boxes_ltwh (N, 4), 0-based."""


def run_name(target: str, protocol: Protocol, number: int) -> str:
    """Name of the results of one start, without .txt: "Girl", "Girl/tre-07"."""
    return target if protocol == "ope" else f"{target}/{protocol}-{number:02d}"


def read_results(
    directory: str | Path,
    protocol: Protocol,
    names: Iterable[str],
    *,
    tracker: str | None = None,
    guess: str | None = None,
) -> dict[str, Runs]:
    """Read the results of the named targets; those without are left out. NaN is allowed.

    Args:
        tracker: whose results, in a folder of MATLAB files named NAME_TRACKER.mat.
        guess: whose, where the folder holds several trackers' and none is named.

    Raises:
        InputError: there is no such folder, a file is broken, or two files are one target's.
    """
    directory = Path(directory)
    if not directory.is_dir():
        raise InputError(f"{directory}: no such folder of results")
    wanted = _Wanted(names)
    directory = _folder_of_results(directory, protocol, wanted, tracker or guess)
    found = _texts(directory, protocol, wanted)
    if len(found) < len(wanted):
        for name, path in _mat_files(directory, wanted, tracker, guess).items():
            if name not in found:
                found[name] = _from_mat(path, protocol)
    return found


def _folder_of_results(
    directory: Path, protocol: Protocol, wanted: _Wanted, whose: str | None
) -> Path:
    """The folder itself, or the one in it that holds the results: boxes/, or a tracker's.

    Raises:
        InputError: several folders in it hold results, and none of them is meant.
    """
    if _holds(directory, protocol, wanted):
        return directory
    inner = [path for path in sorted(directory.iterdir()) if path.is_dir()]
    inner = [path for path in inner if _holds(path, protocol, wanted)]
    named = [path for path in inner if path.name.lower() in ("boxes", (whose or "").lower())]
    chosen = inner if len(inner) == 1 else named
    if len(inner) > 1 and len(chosen) != 1:
        names = ", ".join(path.name for path in inner[:8])
        raise InputError(f"{directory}: holds folders of results, {names}; expected one of them")
    return chosen[0] if chosen else directory


def _holds(directory: Path, protocol: Protocol, wanted: _Wanted) -> bool:
    """Whether any file there is named like results of a target."""
    if any(_split(path.stem, wanted)[0] for path in directory.glob("*.mat")):
        return True
    if protocol == "ope":
        texts = any(wanted.get(path.stem) is not None for path in directory.glob("*.txt"))
        return texts or any(_inside(directory, wanted))
    starts = directory.glob(f"*/{protocol}-*.txt")
    return any(wanted.get(path.parent.name) is not None for path in starts)


def _inside(directory: Path, wanted: _Wanted) -> Iterator[Path]:
    """NAME/NAME_001.txt, as the got10k toolkit writes it, or NAME/NAME.txt."""
    for path in sorted(directory.iterdir()):
        if path.is_dir() and wanted.get(path.name) is not None:
            for file in (f"{path.name}_001.txt", f"{path.name}.txt"):
                if (path / file).is_file():
                    yield path / file
                    break


class _Wanted:
    """The targets that are asked for, by what their files are called."""

    def __init__(self, names: Iterable[str]):
        self._exact = set(names)
        count = Counter(map(_key, self._exact))
        # Of targets whose names are nearly one, each file is that of the one it is called after.
        self._alike = {_key(name): name for name in self._exact if count[_key(name)] == 1}

    def __len__(self) -> int:
        return len(self._exact)

    def get(self, stem: str) -> str | None:
        """The target that a file of this name is of."""
        return stem if stem in self._exact else self._alike.get(_key(stem))


def _key(stem: str) -> str:
    """What names of one target have in common."""
    match = re.fullmatch(r"(.+)[._-](\d)", stem.lower())
    if match is None:
        return stem.lower()
    # Human4 is called Human4-2 after the second of its files: the first one is empty.
    return match[1] if match[1] == "human4" else f"{match[1]}-{match[2]}"


def _texts(directory: Path, protocol: Protocol, wanted: _Wanted) -> dict[str, Runs]:
    if protocol == "ope":
        files = _one_each(sorted(directory.glob("*.txt")), wanted)
        for path in _inside(directory, wanted):
            files.setdefault(wanted.get(path.parent.name), path)
        return {name: {0: read_boxes(path, allow_nan=True)} for name, path in files.items()}
    pattern = re.compile(rf"{protocol}-(\d\d)\.txt")
    found: dict[str, Runs] = {}
    for path in sorted(directory.glob(f"*/{protocol}-*.txt")):
        name = wanted.get(path.parent.name)
        match = pattern.fullmatch(path.name)
        if name is not None and match:
            found.setdefault(name, {})[int(match[1])] = read_boxes(path, allow_nan=True)
    return found


def _one_each(paths: Iterable[Path], wanted: _Wanted) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for path in paths:
        name = wanted.get(path.stem)
        if name is None:
            continue
        other = files.setdefault(name, path)
        if other != path:
            raise InputError(f"{path}: expected one file for each target, {other.name} is the same")
    return files


def _mat_files(
    directory: Path, wanted: _Wanted, tracker: str | None, guess: str | None
) -> dict[str, Path]:
    """Target -> its file: NAME.mat, or NAME_TRACKER.mat of one tracker."""
    of_tracker: dict[str, list[tuple[str, Path]]] = {}
    for path in sorted(directory.glob("*.mat")):
        name, whose = _split(path.stem, wanted)
        if name is not None and whose.lower() not in BESIDE:
            of_tracker.setdefault(whose, []).append((name, path))
    tracker = guess if tracker is None and len(of_tracker) > 1 else tracker
    if len(of_tracker) > 1 or (tracker is not None and any(of_tracker)):
        chosen = [whose for whose in of_tracker if whose.lower() == (tracker or "").lower()]
        if not chosen:
            told = "a tracker is to be named" if tracker is None else f"none is of {tracker!r}"
            raise InputError(
                f"{directory}: holds results of {', '.join(map(repr, sorted(of_tracker)))}; {told}"
            )
        of_tracker = {chosen[0]: of_tracker[chosen[0]]}
    files: dict[str, Path] = {}
    for name, path in next(iter(of_tracker.values()), []):
        other = files.setdefault(name, path)
        if other != path:
            raise InputError(f"{path}: expected one file for each target, {other.name} is the same")
    return files


def _split(stem: str, wanted: _Wanted) -> tuple[str | None, str]:
    """Target and tracker of "Jogging_1_MDNet"; the longest name of a target that fits counts."""
    parts = stem.split("_")
    for end in range(len(parts), 0, -1):
        name = wanted.get("_".join(parts[:end]))
        if name is not None:
            return name, "_".join(parts[end:])
    return None, ""


def _from_mat(path: Path, protocol: Protocol) -> Runs:
    runs = read_mat_results(path)
    first = min(start for start, _ in runs)
    together = len({start for start, _ in runs}) == 1
    if protocol == "ope":
        if together and len(runs) > 1:  # the first of SRE's runs has another first box
            raise InputError(
                f"{path}: expected one pass or TRE, got {len(runs)} runs from one frame"
            )
        return {0: next(boxes for start, boxes in runs if start == first)}
    if protocol == "sre" and not (together and len(runs) == SRE_STARTS):
        raise InputError(f"{path}: expected {SRE_STARTS} runs from one frame, got {len(runs)}")
    if protocol == "tre" and together and len(runs) == SRE_STARTS:
        raise InputError(f"{path}: expected runs from several frames (TRE), all start at {first}")
    return {number: boxes for number, (_, boxes) in enumerate(runs)}


def read_speed(directory: str | Path, names: Iterable[str]) -> float | None:
    """Frames over time of the named runs; None unless the times of all of them were kept.

    Frames over time and not the mean of 1/t, as the got10k toolkit has it: fast frames would hide
    the slow ones.
    """
    frames = seconds = 0.0
    for name in names:
        path = times_file(Path(directory), name)
        if path is None:
            return None
        times = np.array(read_rows(path, columns=(1,))).reshape(-1)
        frames, seconds = frames + len(times), seconds + float(times.sum())
    return frames / seconds if seconds > 0 else None


def times_file(directory: Path, name: str) -> Path | None:
    """Where the seconds of the frames of one run are; None if they were not kept."""
    # Beside boxes/ of ours; the folder above another tracker's may hold anything.
    beside = [directory.parent / "times"] if directory.name == "boxes" else []
    for folder in (directory / "times", *beside):
        for file in (f"{name}_time.txt", f"{name}.txt"):
            if (folder / file).is_file():
                return folder / file
    return None
