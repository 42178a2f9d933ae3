"""Folders of annotated videos to train a tracker on, in one of three layouts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from chromatrack.data import got10k, otb, vid
from chromatrack.data.sequence import Sequence as Target
from chromatrack.data.text import folder_name, read_names, read_text
from chromatrack.errors import InputError


@dataclass(frozen=True)
class TrainingSet:
    """One such folder.

    Attributes:
        layout: `got10k` (list.txt and sequences), `otb` (folders of sequences) or `vid`
            (ImageNet-VID).
        root: the folder.
    """

    layout: str
    root: Path

    def videos(self) -> list[str]:
        """Names of all videos; in VID they are SUBSET/VIDEO."""
        if self.layout == "got10k":
            return read_names(self.root / "list.txt")
        if self.layout == "otb":
            return otb.list_folders(self.root)
        return vid.list_videos(self.root)

    def left_out(self) -> list[str]:
        """Names of what is there and is no video to train on: it lacks its boxes, or its frames."""
        if self.layout == "otb":
            return otb.without_boxes(self.root)
        return vid.without_frames(self.root) if self.layout == "vid" else []

    def check_name(self, name: str, where: str) -> str:
        """`name` itself; an `InputError` if it is no name of a video or leads out of the folder."""
        parts = name.split("/") if self.layout == "vid" else [name]
        if self.layout == "vid" and len(parts) != 2:
            raise InputError(f"{where}: expected SUBSET/VIDEO, got {name!r}")
        for part in parts:
            folder_name(part, where)
        return name

    def read(self, names: Sequence[str]) -> Iterator[tuple[str, list[Target]]]:
        """Videos with their targets, which share the frames of a video."""
        if self.layout == "otb":
            # Read at once: to find one folder is to look at all of them.
            targets = otb.read_sequences(self.root, names=names)
        for name in names:
            if self.layout == "got10k":
                yield name, [got10k.read_sequence(self.root / name)]
            elif self.layout == "otb":
                yield name, [t for t in targets if t.frames[0].parent.parent.name == name]
            else:
                yield name, vid.read_video(self.root, name)


def write_rows(rows: Sequence[tuple[int, str]]) -> str:
    """Lines of the number of a set and the name of a video in it, separated by a tab."""
    return "".join(f"{number}\t{name}\n" for number, name in rows)


def read_rows(path: Path, sets: Sequence[TrainingSet]) -> list[tuple[int, str]]:
    """Rows that `write_rows` wrote.

    Raises:
        InputError: a row names no set, or something that is no name of a video.
    """
    rows = []
    for line, text in enumerate(read_text(path).splitlines(), start=1):
        number, _, name = text.partition("\t")
        where = f"{path}: line {line}"
        if not (
            number.isascii() and number.isdigit() and len(number) < 9 and int(number) < len(sets)
        ):
            raise InputError(
                f"{where}: expected the number of a source, below {len(sets)}, a tab and the name "
                f"of a video, got {text!r:.80}"
            )
        rows.append((int(number), sets[int(number)].check_name(name, where)))
    return rows
