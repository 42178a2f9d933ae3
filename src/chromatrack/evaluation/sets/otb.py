"""OTB2013, TB-50 and OTB2015 (thesis 5.2.1)."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from chromatrack.data import otb
from chromatrack.data.sequence import Sequence
from chromatrack.errors import InputError
from chromatrack.evaluation.benchmark import Selection
from chromatrack.evaluation.boxes import complete_attributes
from chromatrack.evaluation.one_pass import OnePass


@dataclass(frozen=True, kw_only=True)
class OTB(OnePass):
    """Its targets have attributes."""

    quick_names: ClassVar[bool] = True

    def names(self, selection: Selection) -> list[str]:
        return otb.list_folders(selection.root)

    def expected(self, selection: Selection) -> tuple[str, list[str]]:
        told = selection.names or "otb2015"
        folders = list(dict.fromkeys(otb.folder_of(name) for name in otb.read_names(told)))
        return told, folders

    def problem(self, selection: Selection, name: str) -> str | None:
        try:
            found = otb.read_sequences(selection.root, names=[name])
        except InputError as error:
            return str(error)
        targets = [sequence.name for sequence in found]
        if name in otb.PAIRS and len(targets) != 2:
            return (
                f"{selection.root / name}: expected two targets, groundtruth_rect.1.txt and "
                f"groundtruth_rect.2.txt, found {', '.join(targets)}"
            )
        return None

    def attributes(
        self, selection: Selection, targets: Collection[str]
    ) -> Mapping[str, tuple[str, ...]] | None:
        """Those of the folder that is named, or of one that lies in or beside the annotations."""
        given = selection.attributes
        folder = given or otb.find_attributes(selection.root)
        if folder is None:
            return None
        try:
            return complete_attributes(otb.read_attributes(folder), targets, folder)
        except InputError as error:
            if given is not None:
                raise
            print(f"no scores per attribute: {error}", file=sys.stderr)
            return None


def read_sequences(root: Path, *, names: str | None, edition: str | None) -> list[Sequence]:
    chosen = None if names is None else otb.read_names(names)
    return otb.read_sequences(root, names=chosen)


def read_annotations(selection: Selection, subset: bool) -> Mapping[str, np.ndarray]:
    """Boxes alone: annotations without frames are scored, too."""
    truth = otb.read_annotations(selection.root)
    if selection.names is None:
        return truth
    folders = {key: otb.folder_of(key) for key in truth}
    names = otb.read_names(selection.names)
    chosen = otb.select(folders, names, selection.root, subset=subset)
    return {target: truth[target] for target in sorted(chosen)}


BENCHMARK = OTB(
    name="otb",
    title="OTB",
    read=read_sequences,
    annotations=read_annotations,
    lists=("otb2013", "cvpr13", "tb50", "otb50", "otb2015", "tb100", "otb100"),
)
