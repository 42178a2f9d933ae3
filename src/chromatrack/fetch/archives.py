"""Clips inside .tar and .tar.gz archives, each read from its place without unpacking the rest."""

from __future__ import annotations

import glob
import gzip
import json
import re
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from chromatrack.data.kinetics import WINDOW
from chromatrack.errors import InputError
from chromatrack.fetch.failures import FetchError
from chromatrack.files import canonical_json, write_text
from chromatrack.locks import lock
from chromatrack.progress import progress
from chromatrack.streams import whole_stream

SUFFIXES = (".tar", ".tar.gz", ".tgz")

CLIP_FILE = re.compile(rf"(?P<clip_id>[A-Za-z0-9_-]{{1,64}}{WINDOW})\.mp4")
"""How CVDF names clips: <youtube_id>_<start>_<end>.mp4."""

SPACING = 1 << 24
"""Bytes between two seek points of a .tar.gz: what is decompressed in vain per clip, at most. A
seek point takes 32 KiB of disk, so all of them together 0.2 % of the archive."""

_BLOCK = 1 << 20
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Archive:
    """An archive and what is known of it.

    Attributes:
        state: size in bytes and time of modification in nanoseconds; another state, another index.
        members: clip id -> offset and size in bytes, in the uncompressed archive.
        problem: what is wrong with the archive, or "".
        seek_points: file that lets a .tar.gz be entered at many places; None for a .tar.
    """

    path: Path
    state: tuple[int, int]
    members: dict[str, tuple[int, int]]
    problem: str
    seek_points: Path | None

    def copy_clip(self, clip_id: str, target: Path) -> None:
        """Write a clip to `target`; no name of the archive becomes a path.

        Raises:
            FetchError: the archive cannot be read there.
        """
        with open(target, "wb") as handle:
            for block in self._blocks(*self.members[clip_id]):
                handle.write(block)

    def _blocks(self, offset: int, left: int) -> Iterator[bytes]:
        try:
            with _uncompressed(self.path, self.seek_points) as archive:
                archive.seek(offset)
                while left and (block := archive.read(min(left, _BLOCK))):
                    yield block
                    left -= len(block)
        except OSError as error:
            raise FetchError("corrupt", "the archive cannot be read at this clip") from error
        if left:
            raise FetchError("corrupt", "the archive ends within this clip")


def open_archives(paths: Iterable[Path], *, root: Path, index: Path) -> list[Archive]:
    """What is known of the archives; each is read through once, by one process, and remembered.

    Args:
        paths: archives below `root`.
        index: folder for what is known: two files per archive, in the folders of `root`.

    Raises:
        InputError: an archive cannot be read, or `index` cannot be written.
    """
    paths = list(paths)
    try:
        opened = {path: _load(path, index / path.relative_to(root)) for path in paths}
        # Archives that another process reads through come last, when it may be done with them.
        for wait in (False, True):
            missing = [path for path in paths if opened[path] is None]
            for path in progress(
                missing, what="reading archives", unit="archive", disable=not missing
            ):
                opened[path] = _build(path, index / path.relative_to(root), wait=wait)
    except OSError as error:
        raise InputError(
            f"source.index: {error.filename or index}: {error.strerror or error}; expected "
            "archives that can be read and a folder that can be written"
        ) from error
    return [opened[path] for path in paths]


def _load(path: Path, place: Path) -> Archive | None:
    """The archive from its index; None if there is no index of its present state."""
    facts = path.stat()
    state = (facts.st_size, facts.st_mtime_ns)
    try:
        known = json.loads(_beside(place, ".json").read_text(encoding="utf-8"))
        if tuple(known["state"]) != state:
            return None
        members = {clip_id: (offset, size) for clip_id, (offset, size) in known["members"].items()}
        if not all(0 <= number < 1 << 62 for place in members.values() for number in place):
            raise ValueError("no places in a file")
        problem, seek_points = known["problem"], None
        if known["compressed"]:
            seek_points = _beside(place, ".seek")
            if not seek_points.is_file():
                return None
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return None  # none yet, or damaged: it is made again
    return Archive(path, state, members, problem, seek_points)


def _beside(place: Path, suffix: str) -> Path:
    return place.with_name(place.name + suffix)


def _build(path: Path, place: Path, *, wait: bool) -> Archive | None:
    """Read an archive through and write its index; None if another process does, unless `wait`."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with open(_beside(place, ".lock"), "w") as handle:
        if not lock(handle, wait=None if wait else 0):
            return None
        known = _load(path, place)
        if known is not None:
            return known
        for stray in place.parent.glob(f".{glob.escape(place.name)}.*.part.*"):
            stray.unlink(missing_ok=True)  # of a process that was killed: the lock is ours
        facts = path.stat()
        members: dict[str, tuple[int, int]] = {}
        with _uncompressed(path) as archive:
            problem = _read_through(archive, members)
            compressed = hasattr(archive, "export_index")
            if compressed:
                with whole_stream(_beside(place, ".seek")) as sink:
                    archive.export_index(fileobj=sink)
        if compressed and not problem:
            problem = _check_sum(path)
        known = {
            "state": (facts.st_size, facts.st_mtime_ns),
            "compressed": compressed,
            "problem": problem,
            "members": members,
        }
        # Last: with it the index counts.
        write_text(_beside(place, ".json"), canonical_json(known))
    return _load(path, place)


@contextmanager
def _uncompressed(path: Path, seek_points: Path | None = None) -> Iterator[BinaryIO]:
    """The bytes of the .tar, whatever the archive's name says about compression."""
    with open(path, "rb") as handle:
        if handle.read(len(_GZIP)) != _GZIP:
            handle.seek(0)
            yield handle
            return
    import indexed_gzip

    options = {} if seek_points is None else {"index_file": str(seek_points)}
    with indexed_gzip.IndexedGzipFile(str(path), spacing=SPACING, **options) as archive:
        yield archive


def _check_sum(path: Path) -> str:
    """What the check sums of a .tar.gz say, or "": reading at seek points does not look at them."""
    try:
        with gzip.open(path) as archive:
            while archive.read(_BLOCK):
                pass
    except (OSError, EOFError, zlib.error):
        return "its check sum is wrong; clips that do not decode are left out"
    return ""


def _read_through(archive: BinaryIO, members: dict[str, tuple[int, int]]) -> str:
    """Fill in the clips of a .tar; returns what is wrong with it, or "".

    Only plain files with a clip's name count, whatever folder they claim to be in.
    """
    last = None
    try:
        with tarfile.open(fileobj=archive, mode="r:") as listing:
            for member in listing:
                last = None
                match = CLIP_FILE.fullmatch(member.name.rpartition("/")[2])
                if match and member.isreg() and not member.issparse():
                    last = match["clip_id"]
                    members[last] = (member.offset_data, member.size)
            archive.seek(listing.offset)
            if archive.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
                return f"it is damaged or ends early; {len(members)} clips can be read"
    except (tarfile.TarError, OSError):
        # The step behind a member is what failed: that member is cut short.
        members.pop(last, None)
        return f"it is damaged or ends early; {len(members)} clips can be read"
    return ""
