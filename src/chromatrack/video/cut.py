"""Cut a window out of a video frame-exactly, and check what came out by decoding it."""

from __future__ import annotations

import errno
import math
import os
import re
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from chromatrack.errors import WorkError
from chromatrack.files import UNWRITABLE, whole_file
from chromatrack.video.opened import DAMAGE, NoVideo, Video, open_video, shown_size


@dataclass(frozen=True)
class ClipFacts:
    """What decoding a video shows.

    Attributes:
        frames: frames that decode.
        seconds: from the first frame's beginning to the last frame's end.
        width, height: of the first frame, in pixels.
        damaged: packets that do not decode as they should.
        ordered: whether each frame is later than the one before.
    """

    frames: int
    seconds: float
    width: int
    height: int
    damaged: int = 0
    ordered: bool = True


SEEK_MARGIN = 1.0
"""Seconds that are decoded before and after a window, so that nothing hangs on the seek."""

TOLERANCE = 5e-4
"""Seconds that a frame may be early and still belong to the window: Matroska rounds to 1 ms."""

PATIENCE = 300.0
"""Seconds that FFmpeg may take for a window, beside 2 for each second that has to be decoded: a
damaged file must not hold a worker for ever."""

_ADDRESS = re.compile(r"\[[^\]]* @ 0x[0-9a-f]+\]|0x[0-9a-f]+")

NOTHING = ClipFacts(frames=0, seconds=0.0, width=0, height=0)


def cut_clip(
    source: Path,
    target: Path,
    *,
    start: float,
    end: float,
    quality: int,
    patience: float = PATIENCE,
) -> ClipFacts:
    """Write the frames of `source` that are shown in [start, end) to `target` (mp4, H.264).

    No frame is repeated, dropped or added, whatever the frame rate does; the first one is at time
    zero. A video that ends inside the window gives what there is. One thread and the bit-exact
    flags: equal input gives equal bytes.

    Args:
        source: any video that FFmpeg reads.
        target: appears whole, or not at all if there is no frame in the window.
        start, end: seconds from the beginning of `source`.
        quality: x264 constant rate factor (0 lossless, 51 worst).
        patience: see `PATIENCE`.

    Returns:
        What decoding the clip shows; no frames if the window lies beyond the end.

    Raises:
        WorkError: the source cannot be decoded, or not in time.
        UnwritableError: the clip cannot be written.
    """
    stream, begin = _look(source)
    window = (begin + start, begin + end)
    try:
        with whole_file(target) as part:
            # An index may be wrong: a video in which the seek finds nothing is read from its start.
            for seek in (start - SEEK_MARGIN, 0.0) if start > SEEK_MARGIN else (0.0,):
                length = end + SEEK_MARGIN - seek
                how = {"stream": stream, "seek": seek, "length": length, "quality": quality}
                limit = patience + 2 * length
                _encode(_command(source, part, window, **how), source, part, limit=limit)
                facts = count_frames(part)
                if not facts.ordered:
                    how["zero"] = _first_stamp(source, window[0])
                    _encode(_command(source, part, window, **how), source, part, limit=limit)
                    facts = count_frames(part)
                if not facts.ordered:
                    raise WorkError("the frames of the video do not follow one another in time")
                if facts.frames:
                    return facts
            raise _EmptyWindow
    except _EmptyWindow:
        return NOTHING


class _EmptyWindow(Exception):
    """Leaves `whole_file` without a file."""


def _encode(command: list[str], source: Path, target: Path, *, limit: float) -> None:
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=limit)
    except subprocess.TimeoutExpired:
        raise WorkError(f"FFmpeg did not cut the video within {limit:g} s") from None
    if done.returncode == -signal.SIGXFSZ:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    if done.returncode != 0:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        for number in UNWRITABLE:
            if any(os.strerror(number) in line for line in lines):
                raise OSError(number, os.strerror(number))
        said = lines[-1] if lines else f"exit code {done.returncode}"
        said = _ADDRESS.sub("", said.replace(str(target), "clip").replace(str(source), "source"))
        raise WorkError(f"FFmpeg cannot cut the video ({said.strip()})")


def _command(
    source: Path,
    target: Path,
    window: tuple[float, float],
    *,
    stream: int,
    seek: float,
    length: float,
    quality: int,
    zero: int | str = "STARTPTS",
) -> list[str]:
    """The FFmpeg call as an argument list; `file:` keeps names from being options or protocols.

    Args:
        window: the frames to take, as timestamps of the source.
        stream: index of the video in the source.
        seek, length: what has to be decoded for that, in seconds from the source's beginning.
        zero: what is taken from all stamps. Where the size of the picture changes, FFmpeg sets its
            filters up anew, and with them what it takes for the first stamp.
    """
    import ffmpeg
    import imageio_ffmpeg

    # FFmpeg's own -ss and -t round to the time base and count from the first frame that is left,
    # which costs or adds a frame; they only limit what is decoded, and `select` decides.
    first, last = (round(moment - TOLERANCE, 6) for moment in window)
    limits = {"t": f"{length:.6f}", **_uncropped(imageio_ffmpeg.get_ffmpeg_exe())}
    if seek > 0:  # not at 0: -ss 0 loses all frames of an AVI file with H.264 in it
        limits["ss"] = f"{seek:.6f}"
    filters = (
        f"select='gte(t,{first})*lt(t,{last})',"
        f"crop=trunc(iw/2)*2:trunc(ih/2)*2:0:0,setpts=PTS-{zero}"
    )
    command = (
        ffmpeg.input("SOURCE", threads=1, **limits)
        .output(
            "TARGET",
            map=f"0:{stream}",
            vf=filters,
            **{"c:v": "libx264", "flags:v": "+bitexact", "threads": 1, "filter_threads": 1},
            # Each frame once and at its own time; the encoder's clock would tick once per frame.
            fps_mode="passthrough",
            enc_time_base="demux",
            preset="veryfast",
            crf=quality,
            # x264's macroblock tree reads memory that nobody wrote: its bytes differ between runs.
            **{"x264-params": "mbtree=0"},
            pix_fmt="yuv420p",
            map_metadata=-1,
            map_chapters=-1,
            fflags="+bitexact",
            movflags="+faststart",
            an=None,
            f="mp4",
        )
        .global_args("-copyts", "-nostdin", "-hide_banner", "-loglevel", "error")
        .compile(cmd=imageio_ffmpeg.get_ffmpeg_exe(), overwrite_output=True)
    )
    # Filled in now: ffmpeg-python takes no name that is not UTF-8.
    names = {"SOURCE": f"file:{source}", "TARGET": f"file:{target}"}
    return [names.get(word, word) for word in command]


@cache
def _uncropped(ffmpeg: str) -> dict[str, str]:
    """The option that keeps FFmpeg from cropping as a container says (clean aperture).

    PyAV does not tell of that crop, so nothing applies it: a video and its clips have one size.
    Older versions know neither the crop nor the option.
    """
    known = subprocess.run(
        [ffmpeg, "-hide_banner", "-h", "long"], stdin=subprocess.DEVNULL, capture_output=True
    )
    return {"apply_cropping": "codec"} if b"\n-apply_cropping[" in known.stdout else {}


def _look(path: Path) -> tuple[int, float]:
    """Index of a file's video stream, and where its clock begins.

    Raises:
        WorkError: it has none, or its frames lie in a way that nobody lays upright.
    """
    try:
        with open_video(path) as video:
            _check_first_frame(video)
            return video.stream.index, video.begin
    except NoVideo as error:
        raise WorkError(f"no video that FFmpeg can read: {error}") from None


def _first_stamp(path: Path, start: float) -> int:
    """The stamp, in the stream's own unit, of the first frame from a moment on."""
    with suppress(*DAMAGE), open_video(path) as video:
        for packet in video.packets():
            for frame in packet.decode():
                if frame.time is not None and frame.time >= start - TOLERANCE:
                    return frame.pts
    raise WorkError("no video that FFmpeg can read: its frames cannot be found a second time")


def _check_first_frame(video: Video) -> None:
    with suppress(*DAMAGE):  # FFmpeg finds what is left of a damaged file
        for packet in video.packets():
            for frame in packet.decode():
                shown_size(frame)
                return


def count_frames(path: Path) -> ClipFacts:
    """Decode the video of a file from end to end.

    Packets that do not decode are counted and skipped; FFmpeg is told not to conceal what it
    notices. A file in which nothing decodes has no frames.
    """
    frames, first, last, size, damaged = 0, None, 0.0, (0, 0), 0
    before, ordered = -math.inf, True
    try:
        with open_video(path) as video:
            for packet in video.packets():
                damaged += packet.is_corrupt
                try:
                    decoded = packet.decode()
                except DAMAGE:
                    damaged += 1
                    continue
                for frame in decoded:
                    damaged += frame.is_corrupt
                    if first is None:
                        first, size = frame.time or 0.0, shown_size(frame)
                    frames += 1
                    ordered = ordered and (frame.time or 0.0) > before
                    before = frame.time or 0.0
                    last = (frame.time or 0.0) + (
                        float(frame.duration * frame.time_base) if frame.duration else video.frame
                    )
    except (NoVideo, *DAMAGE):
        pass
    if first is None:
        return NOTHING
    return ClipFacts(
        frames=frames,
        seconds=round(last - first, 6),
        width=size[0],
        height=size[1],
        damaged=damaged,
        ordered=ordered,
    )
