"""Clips that are cut already, as CVDF hands Kinetics out: in folders, or in archives."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from chromatrack.data.kinetics import ClipRow
from chromatrack.errors import InputError, some
from chromatrack.fetch.archives import CLIP_FILE, SUFFIXES, Archive, open_archives
from chromatrack.fetch.failures import FetchError
from chromatrack.fetch.folder import version_of


class ClipsSource:
    """Ready clips below a folder: files named <youtube_id>_<start>_<end>.mp4, and archives of them.

    Where a clip is there more than once, one below a folder (or in an archive) whose name begins
    with "replacement" comes first: CVDF replaces clips that were broken. Then files come before
    archives, which have to be decompressed.

    Args:
        folder: searched through once, links to folders included, hidden folders not.
        index: folder for what is known of the archives; None for .index in `folder`.

    Raises:
        InputError: the folder or an archive cannot be read, or the index cannot be written.
    """

    ready = True

    def __init__(self, folder: str | Path, *, index: str | Path | None = None) -> None:
        root = Path(folder)
        index = root / ".index" if index is None else Path(index)
        found = sorted(_walk(root), key=_rank)
        paths = [Path(each.folder, each.name) for each in found if each.is_archive]
        if not found and (others := _others(root)):
            raise InputError(
                f"source.folder: {root}: expected clips named <id>_<start>_<end>.mp4, six digits "
                f"of seconds each, or archives of them ({', '.join(SUFFIXES)}); found "
                f"{some(others, 3)}"
            )
        archives = dict(zip(paths, open_archives(paths, root=root, index=index), strict=True))
        self._clips: dict[str, str | Archive] = {}
        """Clip id -> its archive, or its folder, a text that all files in it share."""
        for each in found:
            if each.is_archive:
                archive = archives[Path(each.folder, each.name)]
                self._clips.update(dict.fromkeys(archive.members, archive))
            else:
                self._clips[each.name.removesuffix(".mp4")] = each.folder
        damaged = [archive for archive in archives.values() if archive.problem]
        for archive in damaged:
            print(f"{archive.path}: {archive.problem}", file=sys.stderr)
        # A clip that is nowhere may have been in what cannot be read.
        self._missing = ("gone", "there is no such clip in the folder")
        if damaged:
            said = f"there is no such clip in the folder; {len(damaged)} archives are damaged"
            self._missing = ("corrupt", said)

    def get(self, row: ClipRow, target_dir: Path) -> Path:
        place = self._clips.get(row.clip_id)
        if isinstance(place, Archive):
            target = target_dir / "clip.mp4"
            place.copy_clip(row.clip_id, target)
            return target
        path = self._file(row)
        if path is None or not path.is_file():
            raise FetchError(*self._missing)
        return path

    def version(self, row: ClipRow) -> str:
        place = self._clips.get(row.clip_id)
        if isinstance(place, Archive):
            return ":".join(str(number) for number in (*place.state, *place.members[row.clip_id]))
        return version_of(self._file(row))

    def _file(self, row: ClipRow) -> Path | None:
        folder = self._clips.get(row.clip_id)
        return Path(folder, f"{row.clip_id}.mp4") if isinstance(folder, str) else None


@dataclass(frozen=True, slots=True)
class _Found:
    folder: str
    name: str
    is_archive: bool
    is_replacement: bool


def _others(root: Path) -> list[str]:
    """Names of a few files that are no clips."""
    names = (name for _, _, files in os.walk(root, followlinks=True) for name in sorted(files))
    return list(islice((name for name in names if not name.startswith(".")), 4))


def _rank(found: _Found) -> tuple:
    """What comes later counts."""
    return found.is_replacement, not found.is_archive, found.folder, found.name


def _walk(root: Path) -> Iterator[_Found]:
    """The clips and archives below a folder; each folder once, links may lead in circles."""

    def fail(error: OSError) -> None:
        raise InputError(f"source.folder: {error.filename} cannot be read ({error.strerror})")

    seen = set()
    for folder, folders, names in os.walk(root, followlinks=True, onerror=fail):
        facts = os.stat(folder)
        if (facts.st_dev, facts.st_ino) in seen:
            folders.clear()
            continue
        seen.add((facts.st_dev, facts.st_ino))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        inside = Path(folder).relative_to(root).parts
        for name in names:
            is_archive = name.endswith(SUFFIXES)
            if is_archive or CLIP_FILE.fullmatch(name):
                parts = (*inside, name) if is_archive else inside
                replaces = any(part.startswith("replacement") for part in parts)
                yield _Found(folder, name, is_archive, replaces)
