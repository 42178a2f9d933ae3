"""A workspace of vot-toolkit: sequences, one experiment, one tracker; and the runs it leaves.

config.yaml, stack.yaml, trackers.ini, sequences/list.txt, and for each sequence links to its
frames (color/00000001.jpg), groundtruth.txt and the file `sequence`.
"""

from __future__ import annotations

import configparser
import io
import re
import shlex
from collections.abc import Iterable
from collections.abc import Sequence as Sequences
from pathlib import Path

import numpy as np
import yaml

from chromatrack.data.sequence import Sequence
from chromatrack.data.text import read_rows
from chromatrack.data.vot import frame_size, regions
from chromatrack.errors import InputError
from chromatrack.files import write_text

EXPERIMENT = "baseline"
PATIENCE = 600
"""Seconds that the toolkit waits for an answer: the first one takes as long as loading does."""


def write_workspace(
    folder: Path,
    sequences: Iterable[Sequence],
    *,
    stack: dict,
    tracker: str,
    command: Sequences[str],
) -> None:
    """Write everything that `vot evaluate` and `vot analysis` read.

    Args:
        folder: of the workspace.
        stack: experiment of the toolkit, as its stack files describe one.
        tracker: identifier, see `identifier`.
        command: program and arguments of the tracker, which speaks TraX.

    Raises:
        InputError: an argument cannot stand in trackers.ini.
    """
    names = []
    for sequence in sequences:
        _write_sequence(folder / "sequences" / sequence.name, sequence)
        names.append(sequence.name)
    write_text(folder / "sequences" / "list.txt", "".join(f"{name}\n" for name in names))
    write_text(folder / "trackers.ini", _trackers_ini(tracker, command))
    write_text(
        folder / "stack.yaml",
        yaml.safe_dump({"title": "chromatrack", "experiments": {EXPERIMENT: stack}}),
    )
    # Last: with it, the folder is a workspace.
    write_text(
        folder / "config.yaml",
        yaml.safe_dump(
            {"registry": ["./trackers.ini"], "stack": "stack.yaml", "sequences": "sequences"}
        ),
    )


def identifier(name: str) -> str:
    """The name of a tracker as the toolkit takes it: letters, digits, "-" and "_" alone."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", name) or "tracker"


def _trackers_ini(tracker: str, command: Sequences[str]) -> str:
    for argument in command:
        if "\n" in argument or "\r" in argument:
            raise InputError(f"{argument!r}: expected no line break in an argument of a tracker")
    ini = configparser.ConfigParser()
    ini[tracker] = {
        "label": tracker,
        "protocol": "trax",
        # A shell's quoting is how the toolkit splits it, without a shell; "%" is the ini file's.
        "command": shlex.join(command).replace("%", "%%"),
        "timeout": str(PATIENCE),
    }
    text = io.StringIO()
    ini.write(text)
    return text.getvalue()


def _write_sequence(folder: Path, sequence: Sequence) -> None:
    color = folder / "color"
    color.mkdir(parents=True, exist_ok=True)
    suffix = sequence.frames[0].suffix
    for number, frame in enumerate(sequence.frames, start=1):
        link = color / f"{number:08d}{suffix}"
        link.unlink(missing_ok=True)
        link.symlink_to(frame.resolve())
    lines = (",".join(f"{value:.10g}" for value in region) for region in regions(sequence))
    write_text(folder / "groundtruth.txt", "".join(f"{line}\n" for line in lines))
    height, width = frame_size(sequence)
    write_text(
        folder / "sequence",
        f"channels.color=color/%08d{suffix}\nformat=default\nfps=30\nheight={height}\n"
        f"width={width}\nlength={len(sequence)}\nname={sequence.name}\n",
    )


def read_trajectories(folder: Path, tracker: str, sequence: str) -> list[list[np.ndarray]]:
    """The repetitions of one sequence that the toolkit has recorded, oldest first.

    Each is a list with one array per frame: a region (4 or 8 numbers), or one number: 0 for no
    tracker, 1 for a start, 2 for a failure.
    """
    results = folder / "results" / tracker / EXPERIMENT / sequence
    files = sorted(
        path
        for path in results.glob("*.txt")
        if re.fullmatch(re.escape(sequence) + r"_\d{3}\.txt", path.name)
    )
    return [[np.array(row) for row in read_rows(path, columns=(1, 4, 8))] for path in files]
