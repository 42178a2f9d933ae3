"""Frames of GOT-10k sequences as videos: a corpus where Kinetics cannot be had."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from chromatrack.data.frames import list_frames
from chromatrack.data.got10k_clips import FRAMES_PER_SECOND
from chromatrack.data.images import read_image_rgb
from chromatrack.data.kinetics import ClipRow, is_video_id
from chromatrack.errors import InputError
from chromatrack.fetch.failures import FetchError
from chromatrack.streams import whole_stream


class Got10kSource:
    """Sequences of GOT-10k; the id of a video is the name of a sequence.

    A sequence becomes a video that holds its JPEG files as they are, ten per second. The stage cuts
    it like any other video: one encoding, with the flags and checks of all clips.

    Args:
        folder: holds one folder of frames per sequence, such as GOT-10k/train.

    Raises:
        InputError: there is no such folder.
    """

    ready = False

    def __init__(self, folder: str | Path | None) -> None:
        if folder is None or not Path(folder).is_dir():
            raise InputError(f"source.folder: expected a folder of sequences, got {folder}")
        self._folder = Path(folder)

    def get(self, row: ClipRow, target_dir: Path) -> Path:
        if not is_video_id(row.youtube_id) or not (self._folder / row.youtube_id).is_dir():
            raise FetchError("gone", "the folder has no such sequence")
        try:
            frames = list_frames(self._folder / row.youtube_id)
        except InputError as error:
            raise FetchError("corrupt", str(error)) from error
        if not frames:
            raise FetchError("gone", "the sequence has no frames")
        target = target_dir / "video.mkv"
        _mux(frames, target)
        return target

    def version(self, row: ClipRow) -> str:
        """The time at which a frame last came or went."""
        try:
            return f"{(self._folder / row.youtube_id).stat().st_mtime_ns}"
        except OSError:
            return ""


END = 4096
"""Last bytes of a JPEG file in which its end is marked; some cameras write a little behind it."""


def _decodes(path: Path) -> bool:
    try:
        read_image_rgb(path)
    except InputError:
        return False
    return True


def _mux(frames: list[Path], target: Path) -> None:
    """Put JPEG files one after the other into a video, without decoding them."""
    import av

    try:
        first = read_image_rgb(frames[0])
    except InputError:
        raise FetchError("corrupt", f"the frame {frames[0].name} cannot be decoded") from None
    with whole_stream(target) as sink, av.open(sink, "w") as container:
        stream = container.add_stream("mjpeg", rate=FRAMES_PER_SECOND)
        stream.height, stream.width = first.shape[:2]
        stream.pix_fmt = "yuvj420p"
        for number, path in enumerate(frames):
            try:
                coded = path.read_bytes()
            except OSError as error:
                message = f"the frame {path.name} cannot be read ({error.strerror})"
                raise FetchError("corrupt", message) from error
            if not coded.startswith(b"\xff\xd8"):
                raise FetchError("corrupt", f"the frame {path.name} is no JPEG file")
            if b"\xff\xd9" not in coded[-END:] and not _decodes(path):
                raise FetchError("corrupt", f"the frame {path.name} is cut short")
            packet = av.Packet(coded)
            packet.stream = stream
            packet.time_base = Fraction(1, FRAMES_PER_SECOND)
            packet.pts = packet.dts = number
            packet.is_keyframe = True
            container.mux(packet)
