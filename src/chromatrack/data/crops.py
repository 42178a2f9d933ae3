"""GOT-10k crops prepared once: one HDF5 file per shard, and the pairs drawn from them.

jpegs             (bytes,)  uint8  JPEGs of square crops around the target, one after another
offsets           (N + 1,)  int64  crop i is jpegs[offsets[i]:offsets[i + 1]]
frames            (N,)      int64  frame number of each crop in its sequence
sequence_offsets  (S + 1,)  int64  sequence s holds crops sequence_offsets[s]:...[s + 1]
names             (S,)      str
attributes: format, made_by (JSON), size (side of the crops in pixels)
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import cv2
import h5py
import numpy as np

from chromatrack.data.images import read_image_rgb
from chromatrack.data.sequence import Sequence as Target
from chromatrack.errors import InputError
from chromatrack.files import canonical_json, whole_file
from chromatrack.geometry import center_from_ltwh, crop_square, exemplar_side, mean_color

FORMAT = "chromatrack-crops/1"
EXEMPLAR_SIZE = 127
SEARCH_SIZE = 255


def usable_frames(target: Target) -> np.ndarray:
    """Indices of the frames that siamfc-pytorch trains on: visible, 20 to 500 px, not too thin."""
    width, height = target.boxes_ltwh[:, 2], target.boxes_ltwh[:, 3]
    usable = (np.minimum(width, height) >= 20) & (np.maximum(width, height) <= 500)
    ratio = width / np.maximum(height, 1)
    usable &= (ratio >= 0.25) & (ratio <= 4)
    if target.visible is not None:
        usable &= target.visible
    return np.flatnonzero(usable)


def crop_jpegs(target: Target, frames: np.ndarray, *, margin: int, quality: int) -> list[bytes]:
    """Square crops of (255 + 2 margin) px around the target, at the scale of the search patch."""
    size = SEARCH_SIZE + 2 * margin
    jpegs = []
    for frame in frames:
        image = read_image_rgb(target.frames[frame])
        center_yx, size_hw = center_from_ltwh(target.boxes_ltwh[frame])
        side = float(exemplar_side(size_hw)) * size / EXEMPLAR_SIZE
        crop = crop_square(image, center_yx, side, out_size=size, fill=mean_color(image))
        done, jpeg = cv2.imencode(
            ".jpg", cv2.cvtColor(crop, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality]
        )
        assert done, "OpenCV could not encode a crop as JPEG"
        jpegs.append(jpeg.tobytes())
    return jpegs


def write_crop_shard(
    path: str | Path,
    sequences: Sequence[tuple[str, np.ndarray, list[bytes]]],
    *,
    margin: int,
    made_by: dict,
) -> None:
    """Write (name, frame numbers, crops) of each sequence, whole or not at all."""
    jpegs = [jpeg for _, _, crops in sequences for jpeg in crops]
    with whole_file(path) as part, h5py.File(part, "w", track_order=True) as file:
        for name, array in {
            "jpegs": np.frombuffer(b"".join(jpegs), dtype=np.uint8),
            "offsets": np.cumsum([0, *(len(jpeg) for jpeg in jpegs)], dtype=np.int64),
            "frames": np.concatenate(
                [np.zeros(0, dtype=np.int64), *(frames for _, frames, _ in sequences)]
            ).astype(np.int64),
            "sequence_offsets": np.cumsum(
                [0, *(len(crops) for _, _, crops in sequences)], dtype=np.int64
            ),
        }.items():
            file.create_dataset(name, data=array, track_times=False)
        file.create_dataset(
            "names",
            data=np.array([name for name, _, _ in sequences], dtype=object),
            dtype=h5py.string_dtype(),
            track_times=False,
        )
        file.attrs["format"] = FORMAT
        file.attrs["made_by"] = canonical_json(made_by)
        file.attrs["size"] = SEARCH_SIZE + 2 * margin


class CropPairs:
    """Pairs of exemplar and search patch; a batch is a function of its step number alone.

    Args:
        shards: crop files.
        batch_size: pairs per batch.
        search_size: 239 takes random crops, shifting the target by up to 4 px, as
            siamfc-pytorch does; 255 keeps it centred.
        max_gap: largest distance of the two frames.
        stretch: largest random change of size of a patch; 0 for none.
        seed: of the random order.

    Raises:
        InputError: a file that is no crop shard, or no sequence with two usable frames.
    """

    def __init__(
        self,
        shards: Sequence[Path],
        *,
        batch_size: int,
        search_size: int,
        max_gap: int,
        stretch: float,
        seed: int,
    ):
        self.paths = [Path(path) for path in shards]
        self.batch_size = batch_size
        self.search_size = search_size
        self.max_gap = max_gap
        self.stretch = stretch
        self.seed = seed
        self._opened: dict[int, h5py.File] = {}
        self._process = os.getpid()
        self._index = [_read_index(path) for path in self.paths]
        self.sequences = [
            (shard, first, last)
            for shard, (offsets, _, _) in enumerate(self._index)
            for first, last in pairwise(offsets)
            if last - first >= 2
        ]
        if not self.sequences:
            raise InputError(
                f"no sequence in {len(self.paths)} crop shards has two usable frames "
                "(visible, 20 to 500 px, aspect ratio 1:4 to 4:1)"
            )

    def batch(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        """Exemplars (B, 127, 127, 3) and searches (B, S, S, 3), uint8 RGB, of one step."""
        random = np.random.default_rng([self.seed, step])
        pairs = [self._pair(random) for _ in range(self.batch_size)]
        exemplars, searches = zip(*pairs, strict=True)
        return np.stack(exemplars), np.stack(searches)

    def _pair(self, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        shard, first, last = self.sequences[random.integers(len(self.sequences))]
        numbers = self._index[shard][1]
        early = int(random.integers(first, last - 1))
        # The search frame is later than the exemplar, at most max_gap frames.
        reach = int(
            np.searchsorted(numbers[early + 1 : last], numbers[early] + self.max_gap, "right")
        )
        late = early + 1 + int(random.integers(max(1, reach)))
        exemplar = self._patch(self._crop(shard, early), random)
        search = self._patch(self._crop(shard, late), random)
        return _center(exemplar, EXEMPLAR_SIZE), search

    def _patch(self, crop: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """Stretch, then cut out the search size around the target, give or take the shift."""
        if self.stretch:
            side = round(len(crop) * (1 + random.uniform(-self.stretch, self.stretch)))
            crop = cv2.resize(crop, (side, side), interpolation=cv2.INTER_LINEAR)
        if self.search_size == SEARCH_SIZE:
            return _center(crop, SEARCH_SIZE)
        room = _center(crop, SEARCH_SIZE - 8)
        top, left = random.integers(len(room) - self.search_size + 1, size=2)
        return room[top : top + self.search_size, left : left + self.search_size]

    def _crop(self, shard: int, index: int) -> np.ndarray:
        # An HDF5 handle must not cross a fork: each process opens its own.
        if self._process != os.getpid():
            self._opened, self._process = {}, os.getpid()
        if shard not in self._opened:
            self._opened[shard] = h5py.File(self.paths[shard], "r")
        first, last = self._index[shard][2][index : index + 2]
        jpeg = self._opened[shard]["jpegs"][first:last]
        return cv2.cvtColor(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def _read_index(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    try:
        with h5py.File(path, "r") as file:
            if file.attrs.get("format") == FORMAT:
                return file["sequence_offsets"][:], file["frames"][:], file["offsets"][:]
    except OSError as error:
        raise InputError(f"{path}: not a readable HDF5 file ({error})") from None
    raise InputError(f"{path}: expected a crop shard of format {FORMAT}")


def _center(patch: np.ndarray, size: int) -> np.ndarray:
    """The central (size, size) of a square patch; the border is repeated where it is smaller."""
    missing = size - len(patch)
    if missing > 0:
        before = missing // 2
        after = missing - before
        patch = cv2.copyMakeBorder(patch, before, after, before, after, cv2.BORDER_REPLICATE)
    first = (len(patch) - size) // 2
    return patch[first : first + size, first : first + size]
