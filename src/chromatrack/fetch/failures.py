"""Why a video could not be had: a status, and whether trying again can help."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime

from chromatrack.fetch.sentences import is_doubtful, meaning, tells_of_runtime
from chromatrack.fetch.words import ADDRESS, COOKIES, RUNTIME, WAIT
from chromatrack.files import UNWRITABLE

STATUSES = {
    "gone": True,
    "private": True,
    "blocked": True,
    "geo": True,
    "age": True,
    "site": False,
    "rate-limited": False,
    "network": False,
    "corrupt": False,
}
"""Statuses of a failed download, and whether they are permanent where nothing speaks against it.
`corrupt` is not: the next download may be whole. `site` is what the site says of the client, the
address or the account, and of no video."""


class FetchError(Exception):
    """A video could not be had.

    Attributes:
        status: one of `STATUSES`.
        permanent: trying again is useless.
        message: one sentence without addresses, ports or paths.
        retry_after: seconds that the site asks to wait, or None.
        bot_wall: the site wants a proof that a person asks; no other video would fare better.
        remedy: what lets the next video be had, where this one is not at fault; "" otherwise.
        at_once: another attempt may go better in a few seconds.
    """

    def __init__(
        self,
        status: str,
        message: str,
        *,
        permanent: bool | None = None,
        retry_after: float | None = None,
        bot_wall: bool = False,
        remedy: str = "",
        at_once: bool = True,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.permanent = STATUSES[status] if permanent is None else permanent
        self.message = message
        self.retry_after = retry_after
        self.bot_wall = bot_wall
        self.remedy = remedy
        self.at_once = at_once and not self.permanent

    @property
    def refusal(self) -> bool:
        """Whether the site says that it is asked too much, rather than something of this video."""
        asks_to_wait = self.retry_after is not None and not self.permanent
        return self.bot_wall or self.status == "rate-limited" or asks_to_wait

    @property
    def doubtful(self) -> bool:
        """Whether no answer came: it may be the site, or the way to it, rather than this video.

        What a site says in words is an answer; where it says the same of every video, that shows
        in what is lost (`Gate.lost`).
        """
        return self.at_once and not self.refusal


_BY_HTTP_STATUS = {401: "private", 403: "blocked", 404: "gone", 410: "gone", 429: "rate-limited",
                   451: "geo"}  # fmt: skip

_OF_ASKER = {401: COOKIES, 403: ADDRESS, 407: ADDRESS, 429: ADDRESS}
"""HTTP statuses that turn away an account, a token or an address, for all videos alike."""


def classify(
    error: BaseException, *, address: str = "", warnings: Sequence[str] = ()
) -> FetchError:
    """What an error that yt-dlp raised means; what it does not explain is a network failure.

    Args:
        address: of the video's page or file; HTTP statuses of other addresses say nothing of it.
        warnings: of yt-dlp before it failed; those that explain it are kept in the message.
    """
    found = _of_causes(error, address) or _of_sentence(str(error))
    if found.permanent or found.bot_wall:
        return found
    telling = _telling(warnings)
    if telling:
        found.message = f"{found.message}; yt-dlp warned: {'; '.join(telling)}"
    if found.status not in ("network", "rate-limited") and any(map(tells_of_runtime, telling)):
        found.remedy = RUNTIME
    return found


def _of_causes(error: BaseException, address: str) -> FetchError | None:
    """What the exceptions behind an error mean; None if they are yt-dlp's way to say a sentence."""
    from yt_dlp.networking.exceptions import HTTPError, RequestError
    from yt_dlp.utils import ContentTooShortError, GeoRestrictedError, UnsupportedError

    for cause in _causes(error):
        if isinstance(cause, HTTPError):
            said = _of_sentence(str(error))  # an extractor may know what the status stands for
            if said.permanent:
                return said
            asked = "unable to download webpage" in str(error).lower()
            own = asked or not address or cause.response.url == address
            return http_failure(cause.status, cause.response.headers, own=own)
        if isinstance(cause, GeoRestrictedError):
            message = clean(str(cause))
            sure = not is_doubtful(message)
            remedy = "" if sure else ADDRESS
            return FetchError("geo", message, permanent=sure, remedy=remedy, at_once=False)
        if isinstance(cause, UnsupportedError):
            return FetchError("corrupt", "the site answered with something that is no video")
        if isinstance(cause, ContentTooShortError):
            return FetchError("network", "the download ended early")
        if isinstance(cause, RequestError | OSError):
            return FetchError("network", f"the connection failed ({type(cause).__name__})")
    return None


def _of_sentence(text: str) -> FetchError:
    """What the words of an error mean."""
    found = meaning(_plain(text))
    if not found.status:
        return FetchError("network", clean(text))
    return FetchError(
        found.status,
        clean(text),
        permanent=found.permanent,
        bot_wall=found.bot_wall,
        remedy=found.remedy,
        # A site that is down may come back soon; it does not change its mind about the rest.
        at_once=found.status in ("corrupt", "rate-limited") or found.remedy == WAIT,
    )


_TELLING = re.compile(r"older than|po.?token|sabr|cookies|rate.?limit|your ip|drm", re.IGNORECASE)


def _telling(warnings: Sequence[str]) -> list[str]:
    """Those warnings that explain why a video could not be had: of a runtime first, two at most."""
    of_runtime = [warning for warning in warnings if tells_of_runtime(warning)]
    others = [one for one in warnings if one not in of_runtime and _TELLING.search(one)]
    return list(dict.fromkeys(map(clean, of_runtime + others)))[:2]


def http_failure(status: int, headers: Mapping[str, str], *, own: bool = True) -> FetchError:
    """What an HTTP status other than success means.

    Args:
        own: the address was the video's own, and not one of the site's inner workings.
    """
    name = _BY_HTTP_STATUS.get(status, "network")
    wait = retry_after(headers.get("Retry-After"))
    remedy = _OF_ASKER.get(status, "")
    permanent = STATUSES[name] and own and not remedy
    message = f"the site answered HTTP {status}"
    return FetchError(name, message, permanent=permanent, retry_after=wait, remedy=remedy)


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
    text = re.sub(r"\s*(;|\()?\s*(please report this issue on|caused by)\b.*", "", _plain(text))
    return text[:200]


def _plain(text: str) -> str:
    """One line without colours, addresses, ports, and what names the extractor and the video."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", text).strip()
    text = re.sub(r"^ERROR:\s*", "", text)
    text = re.sub(r"^(\[[\w:]+\]\s*)+(\S+:\s+)?", "", text)
    text = re.sub(r"\S+://\S+", "(address)", text)
    text = re.sub(r"\b127\.0\.0\.1:\d+|0x[0-9a-fA-F]+|(?<!\S)/\S+", "(...)", text)
    return " ".join(text.split())
