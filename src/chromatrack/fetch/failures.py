"""Why a video could not be had: a status, and whether trying again can help."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from chromatrack.files import UNWRITABLE

STATUSES = {
    "gone": True,
    "private": True,
    "blocked": True,
    "geo": True,
    "age": True,
    "rate-limited": False,
    "network": False,
    "corrupt": False,
}
"""Statuses of a failed download, and whether they are permanent. `corrupt` is not: the next
download may be whole."""


class FetchError(Exception):
    """A video could not be had.

    Attributes:
        status: one of `STATUSES`.
        permanent: trying again is useless.
        message: one sentence without addresses, ports or paths.
        retry_after: seconds that the site asks to wait, or None.
        bot_wall: the site wants a proof that a person asks; no other video would fare better.
    """

    def __init__(
        self,
        status: str,
        message: str,
        *,
        permanent: bool | None = None,
        retry_after: float | None = None,
        bot_wall: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.permanent = STATUSES[status] if permanent is None else permanent
        self.message = message
        self.retry_after = retry_after
        self.bot_wall = bot_wall

    @property
    def refusal(self) -> bool:
        """Whether the site says that it is asked too much, rather than something of this video."""
        asks_to_wait = self.retry_after is not None and not self.permanent
        return self.bot_wall or self.status == "rate-limited" or asks_to_wait

    @property
    def doubtful(self) -> bool:
        """Whether it may be the site, or the way to it, rather than this video."""
        return not self.permanent and not self.refusal


_BY_HTTP_STATUS = {401: "private", 403: "blocked", 404: "gone", 410: "gone", 429: "rate-limited",
                   451: "geo"}  # fmt: skip

_BOT_WALL = re.compile(r"not a (ro)?bot|captcha|unusual traffic", re.IGNORECASE)

# What yt-dlp and the site say, in the order in which they are tried.
_BY_WORDS = (
    ("rate-limited", r"rate.?limit|too many requests|try again later"),
    ("age", r"confirm your age|age.?restrict|inappropriate for some users"),
    ("geo", r"(in|from) your (country|location|region)|geo.?restrict"),
    ("private", r"private video|video is private|members.only|join this channel|sign in"),
    ("blocked", r"copyright|blocked|terms of service|violat"),
    ("gone", r"unavailable|no longer available|removed|terminated|deleted|does not exist|"
             r"not available"),
    ("corrupt", r"unsupported url|file is empty|not get any data|no video formats|invalid data|"
                r"requested format|unsafe file extension|unusual"),
)  # fmt: skip


def classify(error: BaseException) -> FetchError:
    """What an error that yt-dlp raised means; what it does not explain is a network failure."""
    from yt_dlp.networking.exceptions import HTTPError, RequestError
    from yt_dlp.utils import ContentTooShortError, GeoRestrictedError, UnsupportedError

    for cause in _causes(error):
        if isinstance(cause, HTTPError):
            return http_failure(cause.status, cause.response.headers)
        if isinstance(cause, GeoRestrictedError):
            return FetchError("geo", "the video is not offered in this country")
        if isinstance(cause, UnsupportedError):
            return FetchError("corrupt", "the site answered with something that is no video")
        if isinstance(cause, ContentTooShortError):
            return FetchError("network", "the download ended early")
        if isinstance(cause, RequestError | OSError):
            return FetchError("network", f"the connection failed ({type(cause).__name__})")
    message = clean(str(error))
    if _BOT_WALL.search(message):
        return FetchError("rate-limited", message, bot_wall=True)
    for status, words in _BY_WORDS:
        if re.search(words, message, re.IGNORECASE):
            return FetchError(status, message)
    return FetchError("network", message)


def http_failure(status: int, headers: Mapping[str, str]) -> FetchError:
    """What an HTTP status other than success means."""
    name = _BY_HTTP_STATUS.get(status, "network")
    wait = retry_after(headers.get("Retry-After"))
    # 403 is also how a site turns away an address or a token, for all videos alike.
    permanent = False if status == 403 else None
    message = f"the site answered HTTP {status}"
    return FetchError(name, message, permanent=permanent, retry_after=wait)


def retry_after(text: str | None) -> float | None:
    """Seconds that a Retry-After header asks for, as a number or as a date (RFC 9110, 10.2.3).

    What is neither is None, as if there were no header.
    """
    text = (text or "").strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None


def is_disk_full(error: BaseException) -> bool:
    """Whether this machine, and not the video, is at fault."""
    return any(isinstance(cause, OSError) and cause.errno in UNWRITABLE for cause in _causes(error))


def _causes(error: BaseException | None) -> list[BaseException]:
    """An error and what it was raised for, from the outside in; yt-dlp keeps it in three places."""
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        kept = (getattr(error, "exc_info", None) or (None, None))[1]
        error = kept or getattr(error, "cause", None) or error.__cause__
    return found


def clean(text: str) -> str:
    """One line of at most 200 characters without colours, addresses, ports and request ids."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", text).strip()
    text = re.sub(r"^ERROR:\s*", "", text)
    text = re.sub(r"^\[[\w:]+\]\s*(\S+:\s+)?", "", text)
    text = re.sub(r"\s*(;|\()?\s*(please report this issue on|caused by)\b.*", "", text, flags=re.S)
    text = re.sub(r"\S+://\S+", "(address)", text)
    text = re.sub(r"\b127\.0\.0\.1:\d+|0x[0-9a-fA-F]+|(?<!\S)/\S+", "(...)", text)
    return " ".join(text.split())[:200]
