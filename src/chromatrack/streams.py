"""Files that libraries in C write: HDF5, PyTorch, FFmpeg, libpng, zip archives.

An error of writing does not get through them: HDF5 loses the reason and may crash when it closes a
file that it could not flush, PyTorch and zipfile complain of a place in the file that is not as
expected. So they write to a `Sink`, which takes everything and remembers what went wrong.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chromatrack.files import whole_file, writing


@contextmanager
def whole_stream(path: str | Path, *, reread: bool = False) -> Iterator[Sink]:
    """As `whole_file`, with an open file in place of its name.

    Long work asks `Sink.check` now and then, so that it ends at the first error.

    Args:
        reread: the library reads what it has written, as HDF5 does; see `Sink`.

    Raises:
        UnwritableError: as in `whole_file`.
    """
    with whole_file(path) as part, open(part, "r+b", buffering=0) as handle:
        sink = Sink(handle.fileno(), str(path), reread=reread)
        try:
            yield sink
        except Exception:
            sink.check()  # what a library says that does not find its bytes again is no reason
            raise
        sink.check()


class Sink(io.RawIOBase):
    """An open file that never refuses what is written to it.

    Args:
        descriptor: of an empty file, open for reading and writing.
        name: whose suffix tells FFmpeg the format.
        reread: keep in memory what is written after the first error: HDF5 crashes where structures
            that it has put aside are not found again. Else it is dropped.

    Attributes:
        error: the first error of the operating system.
    """

    def __init__(self, descriptor: int, name: str, *, reread: bool = False):
        self.name = name
        self._descriptor = descriptor
        self._reread = reread
        self._kept: list[tuple[int, bytes]] = []
        self._at = self._size = 0
        self.error: OSError | None = None

    def check(self) -> None:
        """Raise the first error, if there was one, with the name of the file."""
        if self.error is not None:
            with writing(self.name):
                raise self.error

    def write(self, data) -> int:
        """All of it, at the position of the file."""
        view = memoryview(data).cast("B")
        done = 0
        try:
            while self.error is None and done < len(view):
                done += os.pwrite(self._descriptor, view[done:], self._at + done)
        except OSError as error:
            self.error = error
        if self.error and self._reread:
            self._kept.append((self._at, view.tobytes()))
        self._at += len(view)
        self._size = max(self._size, self._at)
        return len(view)

    def readinto(self, buffer) -> int:
        """What is there of the file; HDF5 reads its own structures again."""
        view = memoryview(buffer).cast("B")[: max(0, self._size - self._at)]
        data = os.pread(self._descriptor, len(view), self._at)
        view[:] = data.ljust(len(view), b"\0")
        for place, kept in self._kept:
            first, last = max(place, self._at), min(place + len(kept), self._at + len(view))
            if first < last:
                view[first - self._at : last - self._at] = kept[first - place : last - place]
        self._at += len(view)
        return len(view)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """The new position, from the start of the file."""
        self._at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        return self._at

    def truncate(self, size: int | None = None) -> int:
        """Set the size of the file."""
        self._size = self._at if size is None else size
        try:
            if self.error is None:
                os.ftruncate(self._descriptor, self._size)
        except OSError as error:
            self.error = error
        return self._size

    def readable(self) -> bool:
        """HDF5 and zipfile ask."""
        return True

    writable = seekable = readable
