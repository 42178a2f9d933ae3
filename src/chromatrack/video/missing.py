"""What a clip lacks of what its source declares: a download that ended early must not pass."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from chromatrack.video.cut import TOLERANCE, ClipFacts
from chromatrack.video.opened import DAMAGE, NoVideo, open_video

EMPTY_PACKETS = 3
"""Packets that may hold no frame of their own, and"""

EMPTY_PART = 0.1
"""the part of all packets that may: old codecs in AVI and MP4; up to 2 in those videos."""


@dataclass(frozen=True)
class _Contents:
    """What is in a window of a file, without decoding.

    Attributes:
        packets: of the window.
        fault: what the file lacks of what it declares, as far as it matters for the window.
    """

    packets: int
    fault: str


def what_is_missing(
    source: Path, facts: ClipFacts, *, start: float = 0.0, end: float = math.inf
) -> str:
    """One sentence on what a clip lacks of the window [start, end) of `source`; "" if nothing.

    A video that ends inside the window lacks nothing, as long as it ends where it says it does.

    Args:
        source: a video that FFmpeg can open.
        facts: of the clip that was made of the window.
        start, end: seconds from the beginning of `source`.
    """
    try:
        contents = _read(source, start, end)
    except NoVideo as error:
        return str(error)
    if contents.fault:
        return contents.fault
    least = (1 - EMPTY_PART) * contents.packets - EMPTY_PACKETS
    if facts.frames < least:
        return f"{contents.packets - facts.frames} of {contents.packets} frames do not decode"
    return ""


def _read(path: Path, start: float, end: float) -> _Contents:
    packets, complete = 0, False
    with open_video(path) as video:
        try:
            for packet in video.packets():
                moment = video.moment(packet)
                if moment is None:
                    continue
                if start - TOLERANCE <= moment < end - TOLERANCE:
                    packets += 1
                # In decoding order no later packet can belong to the window.
                if (
                    packet.dts is not None
                    and float(packet.dts * packet.time_base) - video.begin >= end
                ):
                    complete = True
                    break
        except DAMAGE:
            pass  # what was read so far counts: a damaged file ends here
        wanted = None if math.isinf(end) else end
        beyond = video.declared is not None and min(end, video.declared) <= start
        return _Contents(packets, "" if complete or beyond else video.ends_early(wanted))
