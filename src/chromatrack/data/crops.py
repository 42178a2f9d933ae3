"""Crops of the targets of training sequences, prepared once: one HDF5 file per shard.

jpegs             (bytes,)  uint8  JPEGs of square crops around the target, one after another
offsets           (N + 1,)  int64  crop i is jpegs[offsets[i]:offsets[i + 1]]
frames            (N,)      int64  frame number of each crop in its sequence
sequence_offsets  (S + 1,)  int64  sequence s holds crops sequence_offsets[s]:...[s + 1]
names             (S,)      str
attributes: format, made_by (JSON), size (side of the crops in pixels)
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import h5py
import numpy as np

from chromatrack.data.images import decode_bgr
from chromatrack.data.sequence import Sequence as Target
from chromatrack.errors import InputError, in_one_line
from chromatrack.files import canonical_json
from chromatrack.geometry import center_from_ltwh, crop_square, exemplar_side, mean_color
from chromatrack.hdf5 import UNREADABLE, check_offsets, stored
from chromatrack.patches import EXEMPLAR_SIZE, SEARCH_SIZE
from chromatrack.streams import whole_stream

FORMAT = "chromatrack-crops/1"


def usable_frames(target: Target) -> np.ndarray:
    """Indices of the frames that siamfc-pytorch trains on: visible, 20 to 500 px, not too thin."""
    width, height = target.boxes_ltwh[:, 2], target.boxes_ltwh[:, 3]
    usable = (np.minimum(width, height) >= 20) & (np.maximum(width, height) <= 500)
    ratio = width / np.maximum(height, 1)
    usable &= (ratio >= 0.25) & (ratio <= 4)
    if target.visible is not None:
        usable &= target.visible
    return np.flatnonzero(usable)


@dataclass(frozen=True)
class Crops:
    """The crops of one target.

    Attributes:
        name: of the target.
        frames: (n,) int64, frame numbers in its video.
        lengths: (n,) int64, bytes of each crop.
        jpegs: reads the crops, one after another.
    """

    name: str
    frames: np.ndarray
    lengths: np.ndarray
    jpegs: Callable[[], bytes]

    @classmethod
    def of(cls, name: str, frames: np.ndarray, jpegs: Sequence[bytes]) -> Crops:
        """Crops that are in memory."""
        lengths = np.array([len(jpeg) for jpeg in jpegs], dtype=np.int64)
        return cls(name, np.asarray(frames, dtype=np.int64), lengths, lambda: b"".join(jpegs))


def crop_targets(
    targets: Sequence[Target], *, margin: int, quality: int
) -> tuple[list[Crops], str]:
    """Square crops of (255 + 2 margin) px around the targets of a video, on the search's scale.

    A frame is decoded once, whatever the number of its targets; frames that none can be trained on
    are not.

    Returns:
        crops of each target, and the SHA-256 of the frames that were decoded.

    Raises:
        InputError: a frame cannot be read.
    """
    usable, paths = _decoded_frames(targets)
    jpegs: list[list[bytes]] = [[] for _ in targets]
    digest = hashlib.sha256()
    for frame, path in paths.items():
        coded = _read_bytes(path)
        digest.update(hashlib.sha256(coded).digest())
        image = decode_bgr(np.frombuffer(coded, dtype=np.uint8), path)
        fill = mean_color(image)
        for target, wanted, crops in zip(targets, usable, jpegs, strict=True):
            if frame in wanted:
                crop = search_crop(image, target.boxes_ltwh[frame], fill, margin=margin)
                crops.append(_jpeg(crop, quality))
    crops = [
        Crops.of(target.name, np.array(sorted(wanted), dtype=np.int64), found)
        for target, wanted, found in zip(targets, usable, jpegs, strict=True)
    ]
    return crops, digest.hexdigest()


def digest_frames(targets: Sequence[Target]) -> str:
    """The SHA-256 that `crop_targets` gives, without decoding.

    Raises:
        InputError: a frame cannot be read.
    """
    digest = hashlib.sha256()
    for path in _decoded_frames(targets)[1].values():
        digest.update(hashlib.sha256(_read_bytes(path)).digest())
    return digest.hexdigest()


def _decoded_frames(targets: Sequence[Target]) -> tuple[list[set[int]], dict[int, Path]]:
    """Usable frames of each target, and the files of all of them in order."""
    usable = [set(usable_frames(target).tolist()) for target in targets]
    return usable, {frame: targets[0].frames[frame] for frame in sorted(set().union(*usable))}


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None


def search_crop(
    image: np.ndarray, box_ltwh: np.ndarray, fill: np.ndarray, *, margin: int
) -> np.ndarray:
    """The search patch of siamfc-pytorch around a box, with a margin; channels stay as they are."""
    size = SEARCH_SIZE + 2 * margin
    center_yx, size_hw = center_from_ltwh(box_ltwh)
    side = float(exemplar_side(size_hw)) * size / EXEMPLAR_SIZE
    return crop_square(image, center_yx, side, out_size=size, fill=fill)


def _jpeg(bgr: np.ndarray, quality: int) -> bytes:
    done, jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done, "OpenCV could not encode a crop as JPEG"
    return jpeg.tobytes()


def write_crop_shard(
    path: str | Path, sequences: Sequence[Crops], *, margin: int, made_by: dict
) -> None:
    """Write the crops of targets, whole or not at all; those of one are in memory at a time."""
    lengths = np.concatenate([np.zeros(0, np.int64), *(s.lengths for s in sequences)])
    with (
        whole_stream(path, reread=True) as sink,
        h5py.File(sink, "w", track_order=True) as file,
    ):
        jpegs = file.create_dataset(
            "jpegs", shape=(int(lengths.sum()),), dtype=np.uint8, track_times=False
        )
        first = 0
        for sequence in sequences:
            data = np.frombuffer(sequence.jpegs(), dtype=np.uint8)
            jpegs[first : first + len(data)] = data
            first += len(data)
            sink.check()
        for name, array in {
            "offsets": np.cumsum([0, *lengths], dtype=np.int64),
            "frames": np.concatenate([np.zeros(0, np.int64), *(s.frames for s in sequences)]),
            "sequence_offsets": np.cumsum([0, *(len(s.frames) for s in sequences)], dtype=np.int64),
        }.items():
            file.create_dataset(name, data=array, track_times=False)
        file.create_dataset(
            "names",
            data=np.array([sequence.name for sequence in sequences], dtype=object),
            dtype=h5py.string_dtype(),
            track_times=False,
        )
        file.attrs["format"] = FORMAT
        file.attrs["made_by"] = canonical_json(made_by)
        file.attrs["size"] = SEARCH_SIZE + 2 * margin


class CropShard:
    """A crop file to read from; its index is in memory, crops are read at their place in the file.

    Attributes:
        size: side of the crops in pixels.
        names: of the sequences.
        sequence_offsets, frames: as in the file.

    Raises:
        InputError: not a crop shard.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self._descriptor: int | None = None
        try:
            with h5py.File(self.path, "r", locking=False) as file:
                if file.attrs.get("format") != FORMAT:
                    raise InputError(f"{self.path}: expected a crop shard of format {FORMAT}")
                self._read(file)
        except UNREADABLE as error:
            said = in_one_line(error)
            raise InputError(f"{self.path}: not a readable crop shard ({said})") from None

    def _read(self, file: h5py.File) -> None:
        self.size = int(file.attrs["size"])
        self.names = stored(file, "names").asstr()[:].tolist()
        self.sequence_offsets = stored(file, "sequence_offsets")[:]
        self.frames = stored(file, "frames")[:]
        self._offsets = stored(file, "offsets")[:]
        self._jpegs_at = file["jpegs"].id.get_offset()
        if self._jpegs_at is None and file["jpegs"].size:
            raise ValueError("expected jpegs in one contiguous block")
        check_offsets(self.sequence_offsets, count=len(self.names), end=len(self.frames))
        check_offsets(self._offsets, count=len(self.frames), end=len(file["jpegs"]))
        steps = np.diff(self.frames)
        steps[self.sequence_offsets[1:-1] - 1] = 1
        if len(self.frames) and (self.frames.min() < 0 or (steps <= 0).any()):
            raise ValueError("expected ascending numbers of the frames of each sequence")

    def jpeg(self, index: int) -> np.ndarray:
        """(bytes,) uint8 of a crop."""
        first, last = self._offsets[index : index + 2].tolist()
        try:
            if self._descriptor is None:
                self._descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
            # pread has no position: processes that share the descriptor do not disturb each other.
            data = os.pread(self._descriptor, last - first, self._jpegs_at + first)
        except OSError as error:
            raise InputError(f"{self.path}: cannot be read ({error.strerror})") from None
        if len(data) < last - first:
            raise InputError(f"{self.path}: damaged: ends before the crops that it lists")
        return np.frombuffer(data, dtype=np.uint8)

    def close(self) -> None:
        """Let go of the file; the next read opens it again."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __getstate__(self) -> dict:
        return self.__dict__ | {"_descriptor": None}

    def __del__(self) -> None:
        self.close()
