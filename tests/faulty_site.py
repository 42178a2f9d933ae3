"""A site on 127.0.0.1 that fails as sites do; the id of a video says how: <fault>-<number>."""

import itertools
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FAULTS = {
    "http401": ("private", False),
    "http403": ("blocked", False),
    "http404": ("gone", True),
    "http410": ("gone", True),
    "http451": ("geo", True),
    "http429": ("rate-limited", False),
    "wait": ("rate-limited", False),
    "http500": ("network", False),
    "overload": ("network", False),
    "reset": ("network", False),
    "hangup": ("network", False),
    "drip": ("network", False),
    "truncated": ("network", False),
    "toolong": ("network", False),
    "toosmall": ("corrupt", False),
    "html": ("corrupt", False),
    "empty": ("corrupt", False),
    "loop": ("network", False),
}
"""Fault -> the status that is true of it, and whether it is permanent.

wait and overload: HTTP 429 and 503 with Retry-After. reset: before any answer; hangup: inside the
body. truncated: the body ends early; toolong: more bytes are announced than there are; toosmall:
the announced length cuts the file short. drip: a few bytes a second for ever. loop: redirects.
"""


class FaultySite:
    """What the site does and what it was asked.

    Attributes:
        video: bytes of the video behind every id.
        asked: ids in the order of the requests.
        lifted: no faults any more.
        refuses: the site answers HTTP 429 to everything.
    """

    def __init__(self, video: bytes) -> None:
        self.video = video
        self.asked: list[str] = []
        self.lifted = False
        self.refuses = False
        self.url = ""

    def fault_of(self, youtube_id: str) -> str:
        if self.refuses:
            return "http429"
        name = youtube_id.rpartition("-")[0]
        return "" if self.lifted or name not in FAULTS else name


@contextmanager
def serve_faults(video: bytes) -> Iterator[FaultySite]:
    """Run the site; `url` of what is yielded has {id} in it."""
    site = FaultySite(video)
    server = _Server(("127.0.0.1", 0), lambda *arguments: _Handler(*arguments, site=site))
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    site.url = f"http://127.0.0.1:{server.server_port}/{{id}}"
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address) -> None:
        """Clients that hang up are part of the game."""


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, *arguments, site: FaultySite) -> None:
        self._site = site
        super().__init__(*arguments)

    def log_message(self, *_) -> None:
        pass

    def do_GET(self) -> None:
        youtube_id = self.path.removeprefix("/")
        self._site.asked.append(youtube_id)
        fault, video = self._site.fault_of(youtube_id), self._site.video
        if fault.startswith("http"):
            self._answer(int(fault.removeprefix("http")), b"no")
        elif fault in ("wait", "overload"):
            self._answer(429 if fault == "wait" else 503, b"later", {"Retry-After": "1"})
        elif fault == "loop":
            self._answer(302, b"", {"Location": self.path})
        elif fault == "html":
            self._answer(200, b"<html><body>Please log in</body></html>", kind="text/html")
        elif fault == "empty":
            self._answer(200, b"")
        elif fault == "toosmall":
            self._answer(200, video[: len(video) * 3 // 4])
        elif fault == "truncated":
            self._answer(200, video[: len(video) // 2], length=len(video))
        elif fault == "toolong":
            self._answer(200, video, length=len(video) + 1000)
        elif fault == "hangup":
            self._answer(200, video[: len(video) // 2], length=len(video))
            self._reset()
        elif fault == "reset":
            self._reset()
        elif fault == "drip":
            self._drip()
        else:
            self._answer(200, video)

    def _answer(self, status, body, headers=None, *, kind="video/mp4", length=None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def _reset(self) -> None:
        """Close with RST instead of FIN."""
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()

    def _drip(self) -> None:
        self._answer(200, self._site.video[:600], length=len(self._site.video))
        for index in itertools.count(600):
            self.wfile.write(self._site.video[index : index + 1])
            self.wfile.flush()
            time.sleep(0.2)
