"""OTB2013, TB-50 and OTB2015 (thesis 5.2.1)."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from chromatrack.data import otb
from chromatrack.data.otb_attributes import ATTRIBUTES, find_attributes, read_attributes
from chromatrack.data.otb_names import folder_of, read_names, select
from chromatrack.data.sequence import Sequence
from chromatrack.errors import InputError
from chromatrack.evaluation.benchmark import Selection
from chromatrack.evaluation.lists import check_annotated
from chromatrack.evaluation.one_pass import OnePass


@dataclass(frozen=True, kw_only=True)
class OTB(OnePass):
    """Its targets have attributes."""

    has_attributes: ClassVar[bool] = True

    quick_names: ClassVar[bool] = True

    def names(self, selection: Selection) -> list[str]:
        found = otb.list_folders(selection.root)
        if selection.names is None:
            check_annotated(otb.without_boxes(selection.root), selection.root)
        return found

    def expected(self, selection: Selection) -> tuple[str, list[str]]:
        told = selection.names or "otb2015"
        folders = list(dict.fromkeys(folder_of(name) for name in read_names(told)))
        return told, folders

    def problem(self, selection: Selection, name: str) -> str | None:
        try:
            otb.read_sequences(selection.root, names=[name])
        except InputError as error:
            return str(error)
        return None

    def groups(
        self, selection: Selection, targets: Collection[str]
    ) -> Mapping[str, Collection[str]] | None:
        """By the folder of attributes that is named, or one in or beside the annotations."""
        given = selection.attributes
        folder = given or find_attributes(selection.root)
        if folder is None:
            return None
        try:
            known = read_attributes(folder)
            _check_complete(known, targets, folder)
        except InputError as error:
            if given is not None:
                raise
            print(f"no scores per attribute: {error}", file=sys.stderr)
            return None
        return {
            attribute: {target for target, own in known.items() if attribute in own}
            for attribute in ATTRIBUTES
        }


def _check_complete(
    known: Mapping[str, tuple[str, ...]], targets: Collection[str], where: Path
) -> None:
    """An `InputError` names the first target without a vector: it would silently be missing from
    the means of its attributes."""
    missing = [target for target in targets if target not in known]
    if missing:
        raise InputError(
            f"{where}: expected an attribute vector for each target, {missing[0]}.txt is "
            f"missing ({len(missing)} of {len(targets)} are)"
        )


def read_sequences(root: Path, *, names: str | None, edition: str | None) -> list[Sequence]:
    chosen = None if names is None else read_names(names)
    found = otb.read_sequences(root, names=chosen)
    if names is None:
        check_annotated(otb.without_boxes(root), root)
    return found


def read_annotations(selection: Selection, subset: bool) -> Mapping[str, np.ndarray]:
    """Boxes alone: annotations without frames are scored, too."""
    root = selection.root
    truth = otb.read_annotations(root)
    if selection.names is not None:
        folders = {key: folder_of(key) for key in truth}
        names = read_names(selection.names)
        chosen = select(folders, names, root, subset=subset)
        truth = {target: truth[target] for target in sorted(chosen)}
    elif not subset:
        check_annotated(otb.without_boxes(root), root)
    otb.check_frames(root, truth)
    return truth


BENCHMARK = OTB(
    name="otb",
    title="OTB",
    size=(100, 59_040),
    demo="otb",
    read=read_sequences,
    annotations=read_annotations,
    lists=("otb2013", "cvpr13", "tb50", "otb50", "otb2015", "tb100", "otb100"),
)
