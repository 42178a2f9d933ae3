"""The one door to videos: which stream is the video, how its frames lie, and where it ends.

Everything that decodes a video goes through here, and `cut` hands the choice of the stream on to
FFmpeg, which lays frames upright by the same matrix: so boxes, masks and labels of a video and of
a clip cut from it meet the same pixels.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import numpy as np
from av.stream import Disposition
from av.video.reformatter import VideoReformatter

from chromatrack.video.orientation import Orientation, of_frame

PICTURES = ("mjpeg", "mjpegb", "jpeg2000", "jpegls", "png", "apng", "gif", "bmp", "tiff", "webp")
"""Codecs of pictures. A stream of one of them beside a real video is its cover."""

TEXT = ("ansi", "bintext", "xbin", "idf")
"""Codecs of text that FFmpeg paints as on an old terminal: any .txt, .nfo or .bin passes for it."""

END_SLACK = 1.5
"""Frames by which the last packet may end before the declared end: rounding of the container. In
the 28 real videos this was measured on, no packet ended earlier than declared."""

USUAL_FRAME = 0.04
"""Seconds of a frame where the container does not tell."""

# Errors that decoders notice are told, and not covered up with pixels of other frames.
STRICT = {"err_detect": "crccheck+bitstream+buffer+explode"}

DAMAGE = (av.FFmpegError, OSError, ValueError, IndexError, OverflowError, MemoryError)
"""What PyAV raises at damaged files."""

_NO_PICTURES = Disposition.attached_pic | Disposition.timed_thumbnails
_TAG = re.compile(r"(\d+):(\d{2}):(\d{2}(?:\.\d+)?)")


class NoVideo(Exception):
    """What is wrong with a file that should be a video, as half a sentence after its name."""


class Video:
    """An open video.

    Attributes:
        container, stream: of PyAV; the stream decodes with one thread, and strictly.
        begin: where its clock begins, in seconds.
        frame: mean length of a frame in seconds.
        reached: end of the last packet that `packets` gave, in seconds from `begin`.
    """

    def __init__(self, container: av.container.InputContainer, stream: av.VideoStream) -> None:
        self.container = container
        self.stream = stream
        # One job is one core; threads of the decoder cost more than they bring at these sizes.
        stream.thread_count = 1
        stream.codec_context.options = dict(STRICT)
        rate = self.rate or stream.guessed_rate
        self.begin = (container.start_time or 0) / av.time_base
        self.frame = float(1 / rate) if rate else USUAL_FRAME
        self.reached = 0.0
        # A converter of each frame's own is set up anew, which takes longer than converting.
        self._converter = VideoReformatter()
        self._ticks: dict[int, float] = {}
        self._declared, self._of_all_streams = self._declared_end()

    @property
    def rate(self):
        """Mean frames per second as a Fraction, or None."""
        return self.stream.average_rate

    @property
    def declared(self) -> float | None:
        """Where the video ends by its container, in seconds from `begin`; None if nothing tells."""
        return self._declared

    def upright(self, frame: av.VideoFrame) -> np.ndarray:
        """A frame as it is shown, (H, W, 3) uint8 RGB.

        Raises:
            NoVideo: it declares a rotation that is no multiple of 90 degrees, or cannot be
                converted.
        """
        orientation = _orientation(frame)
        try:
            stored = self._converter.reformat(frame, format="rgb24", threads=1).to_ndarray()
        except DAMAGE as error:
            raise NoVideo(f"damaged: a frame cannot be converted ({reason_of(error)})") from None
        return orientation.apply(stored)

    def packets(self) -> Iterator[av.Packet]:
        """The packets of the video in the order of the file; the last one, empty, flushes."""
        index, every = self.stream.index, self._of_all_streams
        for packet in self.container.demux(*(() if every else (self.stream,))):
            # Its `stream_index` is 0 in what flushes.
            is_video = not every or packet.stream.index == index
            moment = self.moment(packet)
            if moment is not None:
                length = packet.duration * self._tick(packet) if packet.duration else self.frame
                self.reached = max(self.reached, moment + length)
            if is_video:
                yield packet

    def moment(self, packet: av.Packet) -> float | None:
        """When a packet is shown, in seconds from `begin`; None if it is not, or nothing tells."""
        stamp = packet.dts if packet.pts is None else packet.pts
        if stamp is None or packet.is_discard:
            return None
        return stamp * self._tick(packet) - self.begin

    def _tick(self, packet: av.Packet) -> float:
        """Seconds of one unit of a packet's times."""
        index = packet.stream_index
        if index not in self._ticks:
            self._ticks[index] = float(packet.time_base)
        return self._ticks[index]

    def ends_early(self, wanted: float | None = None) -> str:
        """What is missing of what the container declares, after all packets; "" if nothing is.

        Args:
            wanted: seconds from `begin` that are asked for; None for all.
        """
        if self._declared is None:
            return ""
        end = self._declared if wanted is None else min(wanted, self._declared)
        if self.reached >= end - END_SLACK * self.frame:
            return ""
        return f"the file ends at {self.reached:.2f} s of {self._declared:.2f} s"

    def _declared_end(self) -> tuple[float | None, bool]:
        """The declared end, and whether it is said of all streams together."""
        stream = self.stream
        if stream.duration:
            first = stream.start_time or 0
            return float((first + stream.duration) * stream.time_base) - self.begin, False
        tag = _TAG.match(stream.metadata.get("DURATION", ""))  # Matroska, where the writer says it
        if tag:
            hours, minutes, seconds = tag.groups()
            return int(hours) * 3600 + int(minutes) * 60 + float(seconds) - self.begin, False
        if self.container.duration:
            # FLV says where it ends on its clock, the others how long they are.
            before = self.begin if self.container.format.name == "flv" else 0.0
            return self.container.duration / av.time_base - before, True
        return None, False


@contextmanager
def open_video(path: str | Path) -> Iterator[Video]:
    """Open a file and choose its video.

    Raises:
        NoVideo: FFmpeg cannot read the file, or there is no video in it.
    """
    try:
        # The "file:" keeps FFmpeg from reading a protocol or an option into an odd name.
        container = av.open(f"file:{path}", metadata_errors="replace")
    except DAMAGE as error:
        raise NoVideo(f"not a video that can be decoded ({reason_of(error)})") from None
    with container:
        stream = _choose(container)
        if stream.codec_context is None:
            raise NoVideo("not a video that can be decoded (unknown codec)")
        if stream.codec_context.name in TEXT:
            raise NoVideo("is text, not a video")
        if _is_cover(container, stream) and _is_single(path, stream.index):
            raise NoVideo(_SOUND_AND_PICTURE)
        yield Video(container, stream)


_SOUND_AND_PICTURE = "holds sound and a cover picture, but no video"


def _choose(container: av.container.InputContainer) -> av.VideoStream:
    """The first stream that moves: neither a cover, nor a picture beside a real video.

    Of several, one that holds more than a picture comes first, then one that players show.
    """
    streams = container.streams.video
    moving = [stream for stream in streams if not stream.disposition & _NO_PICTURES]
    if not moving:
        if not streams:
            raise NoVideo(
                "holds sound, but no video" if container.streams.audio else "holds no video"
            )
        raise NoVideo(
            _SOUND_AND_PICTURE if container.streams.audio else "holds a cover, but no video"
        )
    videos = [stream for stream in moving if not _is_picture(stream)] or moving[:1]
    return min(videos, key=lambda s: (s.frames == 1, not s.disposition & Disposition.default))


def _is_picture(stream: av.VideoStream) -> bool:
    return stream.codec_context is not None and stream.codec_context.name in PICTURES


def _is_cover(container: av.container.InputContainer, stream: av.VideoStream) -> bool:
    """Whether it may be the cover of sound that nothing marks as one."""
    return bool(container.streams.audio) and _is_picture(stream)


def _is_single(path: str | Path, index: int) -> bool:
    """Whether a stream of a file has one packet, or none."""
    count = 0
    try:
        with av.open(f"file:{path}", metadata_errors="replace") as container:
            for packet in container.demux(container.streams[index]):
                count += packet.size > 0
                if count > 1:
                    return False
    except DAMAGE:
        pass
    return True


def shown_size(frame: av.VideoFrame) -> tuple[int, int]:
    """Width and height of a frame as it is shown; raises as `upright` does."""
    return _orientation(frame).size(frame.width, frame.height)


def _orientation(frame: av.VideoFrame) -> Orientation:
    try:
        return of_frame(frame)
    except ValueError as error:
        raise NoVideo(str(error)) from None


def reason_of(error: BaseException) -> str:
    """Half a sentence of one of `DAMAGE`."""
    return getattr(error, "strerror", None) or "unknown format"
