"""Videos or ready clips behind addresses that follow a pattern."""

from __future__ import annotations

import http.client
import re
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import quote, urlsplit

from chromatrack.data.kinetics import ClipRow
from chromatrack.errors import WorkError
from chromatrack.fetch.failures import FetchError, http_failure, is_disk_full
from chromatrack.fetch.sources.limit import time_limit

SILENCE_SECONDS = 30.0
"""A server that sends nothing for so long is given up."""

_BLOCK = 1 << 16
_NO_VIDEO = re.compile(r"(text/|application/(json|xml|xhtml)|image/)")


class HttpSource:
    """Files behind an address with {id}, {clip}, {label}, {split}, {start} or {end} in it.

    Args:
        url: the address; with {clip} or {start} in it, what it gives are ready clips.
        proxy: address of a proxy, or None for what the environment says.
        timeout: seconds that a download may take in all.
    """

    def __init__(self, *, url: str, proxy: str | None = None, timeout: float) -> None:
        self.ready = "{clip}" in url or "{start}" in url
        self._url = url
        self._timeout = timeout
        proxies = None if proxy is None else {"http": proxy, "https": proxy}
        # Only HTTP, and of one host: a redirect leads neither to local files nor to machines
        # that only this one reaches.
        self._opener = urllib.request.OpenerDirector()
        for handler in (
            urllib.request.ProxyHandler(proxies),
            urllib.request.HTTPHandler(),
            urllib.request.HTTPSHandler(),
            _SameHost(),
            urllib.request.HTTPDefaultErrorHandler(),
            urllib.request.HTTPErrorProcessor(),
            urllib.request.UnknownHandler(),
        ):
            self._opener.add_handler(handler)
        self._opener.addheaders = [("User-Agent", "chromatrack"), ("Accept-Encoding", "identity")]

    def get(self, row: ClipRow, target_dir: Path) -> Path:
        target = target_dir / "video"
        try:
            with time_limit(self._timeout):
                self._download(address(self._url, row), target)
        except urllib.error.HTTPError as error:
            error.close()
            raise http_failure(error.code, error.headers) from error
        except (OSError, ValueError, http.client.HTTPException) as error:
            if is_disk_full(error):
                raise WorkError(f"{target_dir.parent}: no space left for the videos") from error
            kind = type(getattr(error, "reason", error)).__name__
            raise FetchError("network", f"the connection failed ({kind})") from error
        return target

    def version(self, row: ClipRow) -> str:
        return ""

    def _download(self, url: str, target: Path) -> None:
        with (
            self._opener.open(url, timeout=min(SILENCE_SECONDS, self._timeout)) as answer,
            open(target, "wb") as handle,
        ):
            kind = answer.headers.get_content_type() if answer.headers["Content-Type"] else ""
            if _NO_VIDEO.match(kind):
                raise FetchError("corrupt", f"the site answered with {kind}, which is no video")
            declared = answer.length
            # read1 and not read: a block is taken as it comes, be it one byte.
            while block := answer.read1(_BLOCK):
                handle.write(block)
            size = handle.tell()
        if declared is not None and size != declared:
            raise FetchError("network", f"the download ended after {size} of {declared} bytes")
        if size == 0:
            raise FetchError("corrupt", "the file is empty")


class _SameHost(urllib.request.HTTPRedirectHandler):
    """Follows redirects within a host."""

    def redirect_request(self, request, handle, code, message, headers, url):
        """The next request; a `FetchError` where it would be of another host."""
        before, after = (urlsplit(one).hostname for one in (request.full_url, url))
        if after != before:
            raise FetchError(
                "network",
                f"the site leads to another host ({after}); if it is to be trusted, name it in "
                "clips.source.url",
            )
        return super().redirect_request(request, handle, code, message, headers, url)


def address(url: str, row: ClipRow) -> str:
    """The address of a row: what stands in braces filled in, percent-quoted."""
    values = {
        "id": row.youtube_id,
        "clip": row.clip_id,
        "label": row.label,
        "split": row.split,
        "start": f"{row.time_start:.10g}",
        "end": f"{row.time_end:.10g}",
    }
    return re.sub(r"\{(\w+)\}", lambda match: quote(values[match[1]], safe=""), url)
