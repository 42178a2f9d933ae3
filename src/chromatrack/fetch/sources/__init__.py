"""Where videos come from: one file per kind of source."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from chromatrack.data.kinetics import ClipRow
from chromatrack.fetch.folder import VideoFolder
from chromatrack.fetch.server import serve_folder
from chromatrack.fetch.sources.clips import ClipsSource
from chromatrack.fetch.sources.folder import FolderSource
from chromatrack.fetch.sources.got10k import Got10kSource
from chromatrack.fetch.sources.http import HttpSource
from chromatrack.fetch.sources.ytdlp import YtDlpSource
from chromatrack.settings import SourceSettings


class Source(Protocol):
    """Something that has videos.

    A source neither backs off nor tries again: it says why a video could not be had, and the stage
    decides. A new source is one class of this form and one line in `open_source`.

    Attributes:
        ready: True: it has clips that are cut already, one per row; False: whole videos, and the
            rows of one video share one `get`.
    """

    ready: bool

    def get(self, row: ClipRow, target_dir: Path) -> Path:
        """The full video, or the clip, as a file: in `target_dir`, or where it lies already.

        Raises:
            FetchError: it could not be had.
            WorkError: this machine cannot take it (disk full); no other video would fare better.
        """
        ...

    def version(self, row: ClipRow) -> str:
        """Changes when the video changes; "" if that cannot be told without getting it."""
        ...


@contextmanager
def open_source(settings: SourceSettings) -> Iterator[Source]:
    """The source that the settings name; a local server runs as long as the context is open.

    Raises:
        InputError: a folder or a file that the settings name is missing or unreadable.
    """
    if settings.kind == "folder":
        yield FolderSource(settings.folder)
    elif settings.kind == "clips":
        yield ClipsSource(settings.folder, index=settings.index)
    elif settings.kind == "got10k":
        yield Got10kSource(settings.folder)
    elif settings.kind == "http":
        yield HttpSource(url=settings.url, proxy=settings.proxy, timeout=settings.timeout)
    else:
        with _site(settings) as (url, local):
            yield YtDlpSource(
                url=url,
                max_height=settings.max_height,
                cookies=settings.cookies,
                proxy=settings.proxy if local is None else "",
                rate_limit=settings.rate_limit,
                sleep=settings.sleep,
                timeout=settings.timeout,
                local=local,
            )


@contextmanager
def _site(settings: SourceSettings) -> Iterator[tuple[str, VideoFolder | None]]:
    """The address of the video site, and the folder behind it if it is on this machine."""
    if settings.serve is None:
        yield settings.url, None
    else:
        with serve_folder(settings.serve) as url:
            yield url, VideoFolder(settings.serve)
