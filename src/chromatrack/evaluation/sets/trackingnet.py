"""TrackingNet: its server scores the test part, of which the first boxes alone are known."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chromatrack.data.frames import check_first, list_frames
from chromatrack.data.images import write_frames
from chromatrack.data.otb import read_boxes, write_boxes
from chromatrack.data.sequence import Sequence
from chromatrack.data.text import format_boxes_one_based
from chromatrack.errors import InputError
from chromatrack.evaluation.benchmark import Benchmark, Example, Scores, Selection
from chromatrack.evaluation.lists import JPEG_QUALITY, check_folder, choose, folders_with_frames
from chromatrack.evaluation.selecting import with_results
from chromatrack.streams import whole_stream

_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, kw_only=True)
class TrackingNet(Benchmark):
    """Measures nothing itself."""

    def sequences(self, selection: Selection) -> list[Sequence]:
        found = read_sequences(selection.root, selection.names)
        return [sequence.first(selection.max_frames) for sequence in found]

    def score(
        self, selection: Selection, results: Path, *, protocol: str, subset: bool = False
    ) -> Scores:
        raise InputError(
            f"{self.name}: its server scores it, and `chromatrack archive {self.name}` packs "
            "the results for it"
        )

    def archive(self, selection: Selection, results: Path, output: Path) -> int:
        """Write a zip file of NAME.txt, x,y,w,h per frame.

        Raises:
            InputError: a sequence has no results, or not one finite box for each frame.
        """
        sequences = {one.name: one for one in read_sequences(selection.root, selection.names)}
        files = {name: [path] for name in sequences if (path := results / f"{name}.txt").is_file()}
        found = with_results({name: files.get(name) for name in sequences}, results, subset=None)
        boxes = {name: read_boxes(path) for name, (path,) in found.items()}
        for name, boxes_ltwh in boxes.items():
            if len(boxes_ltwh) != len(sequences[name]):
                raise InputError(
                    f"{results / name}.txt: expected {len(sequences[name])} boxes, one per frame, "
                    f"got {len(boxes_ltwh)}"
                )
        with whole_stream(output) as sink, zipfile.ZipFile(sink, "w") as packed:
            for name, boxes_ltwh in sorted(boxes.items()):
                # A fixed time: the same boxes give the same archive.
                entry = zipfile.ZipInfo(f"{name}.txt", _ZIP_TIME)
                entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
                packed.writestr(entry, format_boxes_one_based(boxes_ltwh))
        return len(boxes)


def read_sequences(root: Path, names: str | None) -> list[Sequence]:
    """TEST/anno/NAME.txt, the first box, and TEST/frames/NAME/0.jpg, 1.jpg, ..., or TEST itself."""
    test = root / "TEST" if (root / "TEST").is_dir() else root
    files = check_folder(test / "anno").glob("*.txt")
    framed = (folder.name for folder in folders_with_frames(test.glob("frames/*")))
    found = choose({path.stem: path for path in files}, names, test, framed=framed)
    return [_read(name, path, test / "frames" / name) for name, path in found.items()]


def _read(name: str, annotation: Path, folder: Path) -> Sequence:
    first = read_boxes(annotation)
    if len(first) != 1:
        raise InputError(
            f"{annotation}: expected one box, that of the first frame, got {len(first)}"
        )
    frames = list_frames(folder)
    if not frames:
        raise InputError(f"{folder}: expected frames, found none")
    check_first(folder, frames, (0,))
    boxes_ltwh = np.full((len(frames), 4), np.nan)
    boxes_ltwh[0] = first[0]
    return Sequence(name, tuple(frames), boxes_ltwh)


def write_sequences(root: Path, examples: Iterable[Example]) -> None:
    test = root / "TEST"
    for example in examples:
        write_frames(
            test / "frames" / example.name,
            example.frames,
            pattern="%d.jpg",
            first=0,
            quality=JPEG_QUALITY,
        )
        write_boxes(test / "anno" / f"{example.name}.txt", example.boxes_ltwh[:1])


BENCHMARK = TrackingNet(
    name="trackingnet", title="TrackingNet test", size=(511, 225_589), write=write_sequences
)
