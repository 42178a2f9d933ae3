"""Training pairs: from crops against from frames, and what crops cost.

    python -m benchmarks.crops             (real sequences: CHROMATRACK_REAL_DATA)
    python -m benchmarks.crops --quality   (size and speed of crops by their JPEG quality)
    python -m benchmarks.crops --sequences 5 --seconds 5    (a quick look)

GOT-10k's videos are 1080p: real sequences are enlarged to it, into a temporary folder, as JPEGs of
quality 90. The rival is siamfc-pytorch's way from frames to a pair, restated plainly: three decodes
(it looks at the first frame for its size) and two means by np.mean. Both run in one process with
one thread, in seconds of a core; `--processes N` adds the loader of training with N processes.

Per sequence means per sequence of 150 frames, the average of GOT-10k's train set, from the cost of
a frame; the last lines are for 10,000 of them.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import torch

from benchmarks.common import REAL_DATA, finish, result
from chromatrack.data import got10k
from chromatrack.data.augmentation import Augmentation
from chromatrack.data.crops import crop_targets, search_crop, usable_frames
from chromatrack.data.pairs import CropPairs
from chromatrack.data.sequence import Sequence as Target
from chromatrack.data.text import read_names
from chromatrack.data.training_sets import TrainingSet
from chromatrack.geometry import mean_color
from chromatrack.settings import CropSettings
from chromatrack.stages.siamfc.crops import crop_shard, make_crop_lists
from chromatrack.training.loading import loading as loading_ahead

WIDTH, HEIGHT = 1920, 1080
FRAMES_PER_SEQUENCE = 150
SEQUENCES = 10_000
SETTINGS = CropSettings()
AS_PEER = Augmentation(search_size=239, stretch=0.05)
INTERPOLATIONS = (
    cv2.INTER_LINEAR,
    cv2.INTER_CUBIC,
    cv2.INTER_AREA,
    cv2.INTER_NEAREST,
    cv2.INTER_LANCZOS4,
)


def real_targets(count: int, frames: int) -> list[Target]:
    """Real training sequences, boxes at 1080p, that are usable in so many frames even then."""
    root = REAL_DATA / "tracking" / "train"
    if not (root / "list.txt").is_file():
        sys.exit(f"{root}: expected GOT-10k sequences; set CHROMATRACK_REAL_DATA")
    found = []
    for name in read_names(root / "list.txt"):
        target = got10k.read_sequence(root / name)
        height, width = cv2.imread(str(target.frames[0])).shape[:2]
        boxes = target.boxes_ltwh * np.tile([WIDTH / width, HEIGHT / height], 2)
        target = replace(target, boxes_ltwh=boxes)
        usable = usable_frames(target)[:frames]
        if len(usable) == frames:
            paths = tuple(target.frames[frame] for frame in usable)
            found.append(replace(target, frames=paths, boxes_ltwh=boxes[usable], visible=None))
    if len(found) < count:
        print(f"{root}: {len(found)} sequences have {frames} usable frames", file=sys.stderr)
    return found[:count]


def enlarge(targets: Sequence[Target], root: Path) -> TrainingSet:
    """Sequences at 1080p, in the GOT-10k layout."""
    for target in targets:
        images = (cv2.imread(str(path)) for path in target.frames)
        got10k.write_sequence(
            root,
            target.name,
            (cv2.resize(i, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)[..., ::-1]
             for i in images),
            target.boxes_ltwh,
            cover=np.full(len(target), 8),
            cut_by_image=np.zeros(len(target)),
            meta={},
        )  # fmt: skip
    got10k.write_list(root, [target.name for target in targets])
    return TrainingSet("got10k", root)


class PeerPairs:
    """siamfc-pytorch's way: frames of a sequence -> a pair."""

    def __init__(self, targets: Sequence[Target], seed: int = 0):
        self.targets = targets
        self.random = np.random.default_rng(seed)

    def pair(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Exemplar (3, 127, 127) and search patch (3, 239, 239), float32."""
        target = self.targets[self.random.integers(len(self.targets))]
        size = cv2.imread(str(target.frames[0])).shape[1::-1]
        sides = target.boxes_ltwh[:, 2:]
        usable = np.flatnonzero((sides >= 20).all(1) & (sides / size <= 0.5).all(1))
        usable = usable if len(usable) > 1 else np.arange(len(target))
        early, late = sorted(self.random.choice(usable, 2, replace=False).tolist())
        z, x = (
            self._patch(cv2.cvtColor(cv2.imread(str(target.frames[i])), cv2.COLOR_BGR2RGB),
                        target.boxes_ltwh[i])
            for i in (early, late)
        )  # fmt: skip
        return self._tensor(_center(z, 127)), self._tensor(x)

    def _patch(self, image: np.ndarray, box_ltwh: np.ndarray) -> np.ndarray:
        left, top, width, height = box_ltwh
        center = np.array([top + (height - 1) / 2, left + (width - 1) / 2])
        context = 0.5 * (width + height)
        side = round(np.sqrt((width + context) * (height + context)) * 255 / 127)
        fill = np.mean(image, axis=(0, 1), dtype=float)
        first = np.round(center - (side - 1) / 2).astype(int)
        last = first + side
        pad = max(0, int(max(-first.min(), (last - image.shape[:2]).max())))
        if pad:
            image = cv2.copyMakeBorder(
                image, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=fill.tolist()
            )
        top, left = first + pad
        patch = image[top : top + side, left : left + side]
        patch = cv2.resize(patch, (255, 255), interpolation=self._interpolation())
        scale = round(255 * (1 + self.random.uniform(-0.05, 0.05)))
        patch = cv2.resize(patch, (scale, scale), interpolation=self._interpolation())
        patch = _center(patch, 247)
        top, left = self.random.integers(9, size=2)
        return patch[top : top + 239, left : left + 239]

    def _interpolation(self) -> int:
        return INTERPOLATIONS[self.random.integers(len(INTERPOLATIONS))]

    @staticmethod
    def _tensor(patch: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(patch).float().permute(2, 0, 1)


def _center(patch: np.ndarray, size: int) -> np.ndarray:
    first = round((len(patch) - size) / 2)
    if first < 0:
        pad = -first
        color = np.mean(patch, axis=(0, 1)).tolist()
        patch = cv2.copyMakeBorder(patch, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=color)
        first = 0
    return patch[first : first + size, first : first + size]


def rate(
    work: Callable[[int], int], seconds: float, clock: Callable[[], float] = time.process_time
) -> float:
    """Items per second of `work(call)`, which says how many it made; the best of three rounds.

    Seconds of this process on a core: what else the machine does counts as little as may be.
    """
    rates, call = [], 0
    for _ in range(3):
        made, began = 0, clock()
        while clock() - began < seconds / 3:
            made += work(call)
            call += 1
        rates.append(made / (clock() - began))
    return max(rates)


def cut(source: TrainingSet, folder: Path) -> tuple[Path, float]:
    """Crop shard of a set, and the seconds it took."""
    make_crop_lists([source], folder, shard_size=10**6)
    began = time.process_time()
    crop_shard([source], folder / "crops-0000.txt", folder / "crops.h5", settings=SETTINGS)
    return folder / "crops.h5", time.process_time() - began


def loading(options: argparse.Namespace) -> list[dict]:
    """Pairs per second by the two ways, at 1080p, and what crops cost."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = enlarge(real_targets(options.sequences, options.frames), folder / "train")
        shard, seconds = cut(source, folder / "crops")
        targets = [target for _, found in source.read(source.videos()) for target in found]
        frames = sum(map(len, targets))
        peer = PeerPairs(targets)

        def from_frames(_: int) -> int:
            peer.pair()
            return 1

        from_crops = pairs_per_second(shard, AS_PEER, options.seconds)
        slow = rate(from_frames, options.seconds)
        crop_bytes, frame_bytes = (
            shard.stat().st_size / frames,
            sum(path.stat().st_size for target in targets for path in target.frames) / frames,
        )
        rows = [
            result("loading from 1080p frames, one process", slow, "pairs/s"),
            result("loading from crops, one process", from_crops, "pairs/s", ">= 700"),
            result("crops against frames", from_crops / slow, "times", ">= 40"),
            *options_cost(shard, options.seconds),
            result("frame of 1080p", frame_bytes / 1e3, "kB"),
            result("crop", crop_bytes / 1e3, "kB"),
            result("cutting", 1e3 * seconds / frames, "ms/frame"),
            result("storage per sequence", FRAMES_PER_SEQUENCE * crop_bytes / 1e6, "MB"),
            result("cutting per sequence", FRAMES_PER_SEQUENCE * seconds / frames, "s"),
            result(
                f"storage of {SEQUENCES} sequences",
                SEQUENCES * FRAMES_PER_SEQUENCE * crop_bytes / 1e9, "GB",
            ),
            result(
                f"cutting of {SEQUENCES} sequences, one core",
                SEQUENCES * FRAMES_PER_SEQUENCE * seconds / frames / 3600, "h",
            ),
        ]  # fmt: skip
        if options.processes:
            rows += with_loader(shard, options.processes, options.seconds)
        return rows


def pairs_per_second(shard: Path, augmentation: Augmentation, seconds: float) -> float:
    """From crops, in this process."""
    pairs = CropPairs([shard], batch_size=8, augmentation=augmentation)

    def work(step: int) -> int:
        pairs.batch(step)
        return pairs.batch_size

    return rate(work, seconds)


def options_cost(shard: Path, seconds: float) -> list[dict]:
    """Pairs per second with less and with more augmentation."""
    kinds = {
        "without stretch": Augmentation(search_size=239),
        "with colour jitter 0.2 and grey 0.1": Augmentation(
            search_size=239, stretch=0.05, color_jitter=0.2, grey=0.1
        ),
    }
    return [
        result(f"loading from crops {name}", pairs_per_second(shard, kind, seconds), "pairs/s")
        for name, kind in kinds.items()
    ]


def with_loader(shard: Path, processes: int, seconds: float) -> list[dict]:
    """Through the loaders of training, and what taking a pair costs the process that trains."""
    pairs = CropPairs([shard], batch_size=8, augmentation=AS_PEER)

    def load(step: int) -> tuple[torch.Tensor, ...]:
        return tuple(torch.from_numpy(part) for part in pairs.batch(step))

    with loading_ahead(load, range(10**9), workers=processes, what="crops") as batches:
        for _ in range(4 * processes):  # until every process is there
            next(batches)
        taken, began = [0], time.process_time()

        def take(_: int) -> int:
            count = len(next(batches)[0])
            taken[0] += count
            return count

        found = rate(take, 3 * seconds, time.perf_counter)
        cost = 1e3 * (time.process_time() - began) / taken[0]
    target = ">= 3000" if processes == 16 else None
    return [
        result(f"loading from crops, {processes} processes", found, "pairs/s", target),
        result("taking a loaded pair, of one core", cost, "ms"),
    ]


def qualities(options: argparse.Namespace) -> list[dict]:
    """Size, decoding and error of crops of 1080p frames by quality of the JPEG."""
    rows = []
    with tempfile.TemporaryDirectory() as name:
        source = enlarge(real_targets(options.sequences, 4), Path(name))
        targets = [target for _, found in source.read(source.videos()) for target in found]
        truth = []
        for target in targets:
            for path, box_ltwh in zip(target.frames, target.boxes_ltwh, strict=True):
                image = cv2.imread(str(path))
                truth.append(
                    search_crop(image, box_ltwh, mean_color(image), margin=SETTINGS.margin)
                )
        for quality in (80, 85, 90, 95, 100):
            jpegs = []
            for target in targets:
                crops, _ = crop_targets([target], margin=SETTINGS.margin, quality=quality)
                ends = np.cumsum(crops[0].lengths)[:-1]
                jpegs += np.split(np.frombuffer(crops[0].jpegs(), np.uint8), ends)
            images = [cv2.imdecode(jpeg, cv2.IMREAD_COLOR) for jpeg in jpegs]
            psnr = np.mean([cv2.PSNR(*pair) for pair in zip(images, truth, strict=True)])

            def decode(call: int, jpegs: list[np.ndarray] = jpegs) -> int:
                cv2.imdecode(jpegs[call % len(jpegs)], cv2.IMREAD_COLOR)
                return 1

            spent = 1e6 / rate(decode, options.seconds)
            kilobytes = np.mean([len(jpeg) for jpeg in jpegs]) / 1e3
            rows += [
                result(f"quality {quality}: crop", kilobytes, "kB"),
                result(f"quality {quality}: decoding", spent, "us"),
                result(f"quality {quality}: PSNR", psnr, "dB"),
            ]
    return rows


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quality", action="store_true")
    parser.add_argument("--sequences", type=int, default=10)
    parser.add_argument("--frames", type=int, default=20, help="of each sequence, at 1080p")
    parser.add_argument("--seconds", type=float, default=15, help="of each measurement")
    parser.add_argument("--processes", type=int, default=0, help="that load batches")
    options = parser.parse_args()
    cv2.setNumThreads(0)
    torch.set_num_threads(1)
    if options.quality:
        finish(qualities(options))
    else:
        finish(loading(options))


if __name__ == "__main__":
    main()
