"""Videos from a site that yt-dlp knows, or from any address of a video file."""

from __future__ import annotations

import io
from pathlib import Path
from urllib.parse import quote

from chromatrack.data.kinetics import ClipRow, is_video_id
from chromatrack.data.text import read_text
from chromatrack.errors import InputError, WorkError
from chromatrack.fetch.failures import FetchError, classify, clean, is_disk_full
from chromatrack.fetch.folder import VideoFolder, version_of
from chromatrack.fetch.sources.limit import time_limit
from chromatrack.fetch.way import JS_RUNTIMES
from chromatrack.settings import SourceSettings


class YtDlpSource:
    """Videos from a site that yt-dlp knows, or from any address of a video file.

    Args:
        url: address of a video, with {id} for its id.
        max_height: highest resolution that is asked for, in pixels; a site that offers only more
            gives its smallest one.
        cookies: file of cookies in Netscape format.
        proxy: address of a proxy, "" for none, or None for what the environment says.
        rate_limit: bytes per second, or None.
        sleep: seconds before each download.
        timeout: seconds that a download may take in all, `sleep` not counted.
        local: the folder behind a server on this machine, whose videos can change.

    Raises:
        InputError: `cookies` cannot be read.
    """

    ready = False

    def __init__(
        self,
        *,
        url: str,
        max_height: int,
        cookies: str | None = None,
        proxy: str | None = None,
        rate_limit: int | None = None,
        sleep: float = 0.0,
        timeout: float = SourceSettings.timeout,
        local: VideoFolder | None = None,
    ) -> None:
        self._url = url
        self._max_height = max_height
        self._cookies = None if cookies is None else _read_cookies(cookies)
        self._proxy = proxy
        self._rate_limit = rate_limit
        self._sleep = sleep
        self._timeout = timeout
        self._local = local

    def get(self, row: ClipRow, target_dir: Path) -> Path:
        if not is_video_id(row.youtube_id):
            raise FetchError("gone", "not the id of a video")
        import yt_dlp

        address = self._url.replace("{id}", quote(row.youtube_id, safe=""))
        heard = _Listener()
        try:
            with (
                time_limit(self._sleep + self._timeout),
                yt_dlp.YoutubeDL(self._options(heard)) as downloader,
            ):
                # Not through its own options: they would fill in %(...)s and $NAME in the folder.
                downloader.get_output_path = lambda kind="", name=None: str(
                    target_dir / (name or "")
                )
                downloader.extract_info(address)
        except FetchError:
            raise
        except Exception as error:  # an extractor may raise anything at what a site sends
            if is_disk_full(error):
                raise WorkError(f"{target_dir.parent}: no space left for the videos") from error
            raise classify(error, address=address, warnings=heard.warnings) from error
        files = sorted(path for path in target_dir.glob("video.*") if path.suffix != ".part")
        if not files:
            raise FetchError("corrupt", "the site offers no video at this address")
        return files[0]

    def version(self, row: ClipRow) -> str:
        return version_of(self._local.find(row.youtube_id)) if self._local else ""

    def _options(self, heard: _Listener) -> dict:
        import imageio_ffmpeg

        height = f"[height<=?{self._max_height}]"
        options = {
            "outtmpl": "video.%(ext)s",  # ours: an id or a title from outside leads nowhere else
            "format": f"bv{height}/b{height}/wv*/w",
            # YouTube's addresses take a JavaScript runtime; by default yt-dlp looks for deno alone.
            "js_runtimes": {name: {} for name in JS_RUNTIMES},
            "ffmpeg_location": imageio_ffmpeg.get_ffmpeg_exe(),
            "ratelimit": self._rate_limit,
            "sleep_interval": self._sleep,
            "noplaylist": True,
            "playlist_items": "1",
            "cachedir": False,
            "quiet": True,
            "noprogress": True,
            "logger": heard,
            "warn_when_outdated": True,
            "color": "never",
            "socket_timeout": 30,
            "retries": 0,  # back-off is ours, and a ledger counts the attempts
            "extractor_retries": 0,
            "fragment_retries": 3,
            "skip_unavailable_fragments": False,
            "overwrites": True,
        }
        if self._cookies is not None:
            # A copy in memory: yt-dlp writes the file back, and other workers write it too.
            options["cookiefile"] = io.StringIO(self._cookies)
        return options | ({} if self._proxy is None else {"proxy": self._proxy})


class _Listener:
    """What yt-dlp says goes into the ledger, not onto the terminal.

    Attributes:
        warnings: in the order in which they were given.
    """

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def debug(self, message: str) -> None:
        pass

    info = error = debug

    def warning(self, message: str) -> None:
        self.warnings.append(str(message))


def _read_cookies(path: str) -> str:
    from yt_dlp.cookies import YoutubeDLCookieJar

    text = read_text(path)
    try:
        YoutubeDLCookieJar(io.StringIO(text)).load()
    except Exception as error:
        raise InputError(
            f"source.cookies: {path}: expected cookies in Netscape format ({clean(str(error))})"
        ) from None
    return text
