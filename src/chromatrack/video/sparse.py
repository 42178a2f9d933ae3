"""Every n-th frame of a clip, without decoding those between that no other frame is made of.

A third of the frames of our clips are such: a fifth of the time of decoding them. Which frame of a
file is the n-th is told by the stamps of its packets, before any is decoded. Not all files have
stamps that tell it; what x264 and FFmpeg wrote into an MP4, as `cut` does, has.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import av

from chromatrack.video.opened import DAMAGE, Video

LARGEST = 2**26
"""Bytes of a file whose packets are held in memory at one time."""
ENCODER = b"x264 - core"
"""How x264 begins what it says of itself in its first frame. Of its streams a decoder knows how far
frames are out of order; of others it may guess, and loses frames where it is wrong."""


class Irregular(Exception):
    """A file whose packets do not say for certain which frame is the n-th: decode all of it."""


def every_nth(video: Video, *, stride: int, frames: int) -> Iterator[av.VideoFrame]:
    """The frames that counting all decoded ones would give, from the first one on.

    Args:
        frames: how many there are, counted by decoding all of them.

    Raises:
        Irregular: they may be others, something is damaged, or the file is of another kind; known
            at its end at the latest.
    """
    context, container = video.stream.codec_context, video.container
    is_mp4 = "mp4" in container.format.name.split(",")
    if context.name != "h264" or not is_mp4 or container.size > LARGEST:
        raise Irregular
    try:
        packets = list(video.packets())
        wanted = _stamps(packets, frames)[::stride]
        needed, given, last = set(wanted), [], -1
        for packet in packets:
            flushes = packet.size == 0
            context.skip_frame = "DEFAULT" if flushes or packet.pts in needed else "NONREF"
            for frame in packet.decode():
                if frame.is_corrupt or frame.pts is None or (given and frame.pts <= last):
                    raise Irregular
                last = frame.pts
                if last in needed:
                    given.append(last)
                    yield frame
    except DAMAGE:
        raise Irregular from None
    if given != wanted or video.ends_early():
        raise Irregular


def _stamps(packets: Sequence[av.Packet], frames: int) -> list[int]:
    """When the frames are shown, one after another."""
    filled = [packet for packet in packets if packet.size]
    stamps = [packet.pts for packet in filled]
    if None in stamps or len(set(stamps)) != frames or len(stamps) != frames or not frames:
        raise Irregular
    ordered = sorted(stamps)
    if (
        any(packet.is_corrupt or packet.is_discard for packet in filled)
        or ENCODER not in bytes(filled[0])
        # Frames that are shown before the first one and come after it may not decode.
        or stamps[0] != ordered[0]
        # In the order of decoding: an AVI has no other stamps, and what is made of one neither.
        or stamps == ordered
    ):
        raise Irregular
    return ordered
