"""A server on 127.0.0.1 that offers a folder of videos as a video site would."""

from __future__ import annotations

import re
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from chromatrack.fetch.folder import VIDEO_TYPES, VideoFolder

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@contextmanager
def serve_folder(folder: str | Path) -> Iterator[str]:
    """Serve a folder of videos on a free port; yield the address of a video with {id} in it.

    GET and HEAD of /<id> give the file <id>.<suffix>, whole or a range of bytes; any other path,
    and an id without a file, is 404.

    Raises:
        InputError: there is no such folder.
    """
    videos = VideoFolder(folder)
    server = _VideoServer(
        ("127.0.0.1", 0), lambda *arguments: _VideoHandler(*arguments, videos=videos)
    )
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/{{id}}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _VideoServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address) -> None:
        """A client that hangs up is no news; any other error is."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _VideoHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, *arguments, videos: VideoFolder) -> None:
        self._videos = videos
        super().__init__(*arguments)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def log_message(self, *_) -> None:
        """Keep quiet: the ledger says what became of each video."""

    def _answer(self, *, with_body: bool) -> None:
        # A look-up by id, not a path: nothing outside the folder can be asked for.
        path = self._videos.find(unquote(urlsplit(self.path).path).removeprefix("/"))
        if path is None or not path.is_file():
            self._refuse(404)
            return
        size = path.stat().st_size
        try:
            wanted = parse_range(self.headers.get("Range"), size)
        except ValueError:
            self._refuse(416, {"Content-Range": f"bytes */{size}"})
            return
        first, last = wanted or (0, size - 1)
        self.send_response(200 if wanted is None else 206)
        self.send_header("Content-Type", VIDEO_TYPES[path.suffix.lower()])
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(last - first + 1))
        if wanted is not None:
            self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        self.end_headers()
        if with_body:
            self._send(path, first, last - first + 1)

    def _send(self, path: Path, first: int, count: int) -> None:
        try:
            with open(path, "rb") as handle:
                if first == 0 and count == path.stat().st_size:
                    shutil.copyfileobj(handle, self.wfile)
                    return
                handle.seek(first)
                while count > 0 and (block := handle.read(min(count, 1 << 16))):
                    self.wfile.write(block)
                    count -= len(block)
        except ConnectionError:
            # yt-dlp looks at the head of a video first and hangs up.
            self.close_connection = True

    def _refuse(self, status: int, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """First and last byte that a Range header asks for, or None for the whole file.

    Several ranges at once, or another unit, are answered with the whole file (RFC 9110, 14.2).

    Raises:
        ValueError: no byte of the range is in a file of `size` bytes (status 416).
    """
    match = _RANGE.fullmatch(header.strip()) if header else None
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if first == "":
        start, stop = max(0, size - int(last)), size - 1
    else:
        start, stop = int(first), min(int(last), size - 1) if last else size - 1
        if last and int(last) < start:
            return None
    if start >= size or stop < start:
        raise ValueError(f"no byte of {header!r} is in {size} bytes")
    return start, stop
