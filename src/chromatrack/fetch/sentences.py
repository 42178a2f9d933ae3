"""What a sentence of yt-dlp or of a site is about: this video, or who asks and how.

Only what surely is about the video is permanent. What is about the client (yt-dlp, its JavaScript
runtime), the address, the account or the site holds for every video alike and says nothing of this
one; neither does a sentence that nobody has seen before. `words` has the words.
"""

from __future__ import annotations

from dataclasses import dataclass

from chromatrack.fetch.words import (
    ADDRESS,
    BOT_WALL,
    DOUBT,
    HINT,
    OF_ASKER,
    OF_VIDEO,
    RATE_LIMIT,
    SCRIPT,
    UNSURE,
)


@dataclass(frozen=True)
class Meaning:
    """What a sentence says.

    Attributes:
        status: as in the ledger; "" if the sentence is unknown.
        permanent: it surely is about the video, and asking again is useless.
        remedy: what lets the next video be had, where it is not about the video; "" otherwise.
        bot_wall: the site wants a proof that a person asks.
    """

    status: str = ""
    permanent: bool = False
    remedy: str = ""
    bot_wall: bool = False


def meaning(text: str) -> Meaning:
    """What a sentence says; an unknown one has no status."""
    text = " ".join(HINT.sub("", text.replace("’", "'")).split())
    if BOT_WALL.search(text):
        return Meaning("rate-limited", remedy=ADDRESS, bot_wall=True)
    if RATE_LIMIT.search(text):
        return Meaning("rate-limited", remedy=ADDRESS)
    of_asker = next((remedy for remedy, words in OF_ASKER if words.search(text)), "")
    for status, words in OF_VIDEO:
        if words.search(text):
            if DOUBT.search(text):
                return Meaning("site", remedy=of_asker or ADDRESS)
            return Meaning(status, permanent=True)
    if of_asker:
        return Meaning("site", remedy=of_asker)
    for status, words in UNSURE:
        if words.search(text):
            return Meaning(status)
    return Meaning()


def is_doubtful(text: str) -> bool:
    """Whether a sentence about a video may be about who asks for it."""
    return DOUBT.search(HINT.sub("", text.replace("’", "'"))) is not None


def tells_of_runtime(text: str) -> bool:
    """Whether a warning of yt-dlp says that it cannot run the site's JavaScript."""
    return SCRIPT.search(text) is not None
