"""Files that appear whole or not at all, and that say what made them."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chromatrack import __version__
from chromatrack.errors import InputError, UnwritableError, in_one_line
from chromatrack.unfinished import part_beside

if TYPE_CHECKING:
    import numpy as np

UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
"""Errors that can only be of writing: a full disk, a quota, a limit on sizes, a read-only disk."""

BLOCK = 4096
"""Bytes that a file system has to have left for a file, at least."""

DAMAGED_ZIP = (
    OSError, RuntimeError, LookupError, ValueError, TypeError, EOFError, SyntaxError, MemoryError,
    struct.error, zlib.error, zipfile.BadZipFile,
)  # fmt: skip
"""What reading a zip archive raises that is damaged, and numpy of what it finds there."""


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success flush it to disk and rename it to `path`.

    If the body raises, the temporary file is removed and `path` is left as it was; what a killed
    process left goes with the next file that is written there (`unfinished`). The suffix is kept,
    so that encoders which choose a format by suffix work. Libraries that write by themselves in C
    take `streams.whole_stream`. A link stays one: what it leads to is replaced.

    Raises:
        UnwritableError: the disk is full, over a quota, read-only or broken.
    """
    path = Path(path)
    target = Path(os.path.realpath(path))
    check_is_file(path)
    part = None
    try:
        with _placing(path):
            target.parent.mkdir(parents=True, exist_ok=True)
            part = part_beside(path, target.parent)
        with writing(path):
            yield part
        with _placing(path):
            _flush_to_disk(part)
            umask = os.umask(0)
            os.umask(umask)
            part.chmod(0o666 & ~umask)
            part.replace(target)
    finally:
        if part is not None:
            part.unlink(missing_ok=True)


@contextmanager
def writing(path: str | Path) -> Iterator[None]:
    """Errors of writing have no name of a file, or that of the file that is copied: give them one.

    Raises:
        UnwritableError: as in `whole_file`; other errors of the operating system pass as they are.
    """
    try:
        yield
    except OSError as error:
        nameless = error.errno == errno.EIO and error.filename is None
        if error.errno in UNWRITABLE or nameless:
            raise _unwritable(path, error) from error
        raise


@contextmanager
def _placing(path: Path) -> Iterator[None]:
    """Any error of the operating system is one of writing `path`."""
    try:
        yield
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: str | Path, error: OSError) -> UnwritableError:
    return UnwritableError(f"{path}: cannot be written ({os.strerror(error.errno)})")


def append(handle: io.FileIO, data: bytes) -> None:
    """Add to a file that is open without a buffer, the whole of `data` or nothing.

    Raises:
        UnwritableError: as in `whole_file`.
    """
    end = os.fstat(handle.fileno()).st_size
    left = memoryview(data)
    with writing(handle.name):
        try:
            while left:
                left = left[handle.write(left) :]
        except OSError:
            os.ftruncate(handle.fileno(), end)
            raise


def some_of(paths: Sequence[Path]) -> str:
    """The first of some files and how many more there are, for a message."""
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return f"{paths[0]}{more}" if paths else "no file"


def check_writable(path: Path) -> None:
    """For the start of long work: a file of this name can be written at its end.

    Tried with a block in the folder, or in the nearest one above that is there; nothing is left.

    Raises:
        InputError: it is a folder.
        UnwritableError: as in `whole_file`; no permission, or a file where a folder has to be.
    """
    check_is_file(path)
    folder = Path(os.path.realpath(path)).parent
    while not os.path.lexists(folder):
        folder = folder.parent
    with _placing(path):
        part = part_beside(path, folder)
        try:
            with open(part, "wb", buffering=0) as handle:
                handle.write(bytes(BLOCK))
        finally:
            part.unlink(missing_ok=True)


def check_is_file(path: Path) -> None:
    """An `InputError` where a file is to be written and there is something else: a folder, or a
    device or a pipe, in whose place the file would come."""
    if path.is_dir():
        raise InputError(f"{path}: is a folder, expected the name of a file to write")
    if path.exists() and not path.is_file():
        raise InputError(f"{path}: is a device or a pipe, expected the name of a file to write")


def _flush_to_disk(path: Path) -> None:
    with open(path, "rb") as handle:
        os.fsync(handle.fileno())


def write_text(path: str | Path, text: str) -> None:
    """Write `text` (UTF-8) to `path`, whole or not at all."""
    with whole_file(path) as part:
        part.write_text(text, encoding="utf-8")


def write_json(path: str | Path, value: Any) -> None:
    """Write `value` as indented JSON to `path`, whole or not at all."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def read_json(path: str | Path) -> Any:
    """Read a JSON file; a missing or broken one is an `InputError` that names it."""
    try:
        text = Path(path).read_text(encoding="utf-8")
        value = parse_json(text)
        if "\\ud" in text.lower():  # half a character can be read so, and not be written again
            json.dumps(value, ensure_ascii=False).encode("utf-8")
        return value
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError) as error:  # numbers of 5,000 digits, too
        raise InputError(f"{path}: not valid JSON ({in_one_line(error)})") from None


def parse_json(text: str) -> Any:
    """The value of a JSON text; a `ValueError` where a key stands twice in an object, of which
    Python's own reader drops the first without a word."""
    return json.loads(text, object_pairs_hook=_each_key_once)


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {twice!r:.80} stands twice")
    return value


def canonical_json(value: Any) -> str:
    """One line of JSON with sorted keys: equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def compact_json(value: Any) -> str:
    """JSON for a program to read: one line, keys in their own order; NaN is refused."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False) + "\n"


def digest_text(text: str) -> str:
    """SHA-256 of `text` as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def digest_bytes(content: bytes) -> str:
    """SHA-256 of bytes as 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def digest_file(path: str | Path) -> str:
    """SHA-256 of a file's bytes as 64 hexadecimal digits."""
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def digest_arrays(arrays: Iterable[np.ndarray]) -> str:
    """SHA-256 of the shapes and float64 values of arrays as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(repr(array.shape).encode())
        digest.update(array.astype("<f8").tobytes())
    return digest.hexdigest()


def numbered(paths: Iterable[Path]) -> dict[str, Path]:
    """Input files by their places and names, as `made_by` takes them: order counts, names may be
    alike."""
    return {f"{place}-{path.name}": path for place, path in enumerate(paths)}


def made_by(
    stage: str, *, settings: Any = None, inputs: Mapping[str, str | Path] | None = None
) -> dict[str, Any]:
    """What made a file: stage, code version, settings slice and digests of the input files.

    Holds no clock time and no absolute path, so that the same work gives the same bytes.
    """
    return {
        "stage": stage,
        "chromatrack": __version__,
        "settings": settings,
        "inputs": {name: digest_file(path) for name, path in (inputs or {}).items()},
    }
