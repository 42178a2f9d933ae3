"""Sequences of GOT-10k as a list of clips: a video corpus where Kinetics cannot be had."""

from __future__ import annotations

import configparser
from pathlib import Path

from chromatrack.data.frames import list_frames
from chromatrack.data.kinetics import ClipRow, is_video_id
from chromatrack.data.text import read_names, read_text
from chromatrack.errors import InputError
from chromatrack.progress import progress

FRAMES_PER_SECOND = 10
"""Of all sequences of GOT-10k (Huang et al., 2019, section 3)."""


def read_clip_rows(folder: str | Path) -> tuple[list[ClipRow], list[str]]:
    """Each sequence of `folder`/list.txt as one clip from its first frame to its last.

    The id is the sequence's name, the label its object_class in meta_info.ini.

    Returns:
        the clips, and one sentence for each sequence that was left out.

    Raises:
        InputError: list.txt cannot be read or names something that is no folder's name.
    """
    folder = Path(folder)
    rows: dict[str, ClipRow] = {}
    problems = []
    names = read_names(folder / "list.txt")
    for name in progress(names, what="listing sequences", unit="sequence"):
        try:
            if name in rows:
                raise InputError(f"{folder / 'list.txt'}: the sequence {name} is listed twice")
            rows[name] = _clip_of(folder / name)
        except InputError as error:
            problems.append(str(error))
    return list(rows.values()), problems


def _clip_of(sequence: Path) -> ClipRow:
    if not is_video_id(sequence.name):
        raise InputError(
            f"{sequence}: expected a name of 1 to 64 letters, digits, '_' or '-', as clips have"
        )
    frames = list_frames(sequence)
    if not frames:
        raise InputError(f"{sequence}: expected frames, found none")
    label = _object_class(sequence / "meta_info.ini")
    return ClipRow(label, sequence.name, 0.0, len(frames) / FRAMES_PER_SECOND, "train")


def _object_class(path: Path) -> str:
    """The class of the object, or "" where the file does not say, as in the test set."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(read_text(path))
        return " ".join(parser.get("METAINFO", "object_class").split())
    except (InputError, configparser.Error):
        return ""
