"""Pictures to look at: colour labels, and frames that were coloured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from chromatrack.files import whole_file, write_json
from chromatrack.labels.cache import LabelShard
from chromatrack.progress import progress
from chromatrack.video.decode import read_frames

TILE_HEIGHT = 200


def draw_pictures(
    output: Path, *, labels: Sequence[Path] = (), colorized: Sequence[Path] = ()
) -> None:
    """Write PNGs beside `output`, and `output`, the list of their captions and paths.

    Args:
        labels: label shards; the first clip of the first ones is shown.
        colorized: videos of `colorize`.
        output: pictures.json.
    """
    folder = output.parent
    pictures = []
    jobs = [*_label_pictures(labels), *_coloured_pictures(colorized)]
    for index, (caption, tiles) in enumerate(progress(jobs, what="pictures", unit="picture")):
        path = folder / f"picture-{index:02d}.png"
        strip = np.hstack([_tile(tile) for tile in tiles])
        done, coded = cv2.imencode(".png", cv2.cvtColor(strip, cv2.COLOR_RGB2BGR))
        assert done, "OpenCV could not encode a picture as PNG"
        with whole_file(path) as part:
            part.write_bytes(coded.tobytes())
        pictures.append({"caption": caption, "png": str(path)})
    write_json(output, pictures)


def _label_pictures(labels: Sequence[Path], count: int = 2):
    """Luma and colour labels of a clip; a label has the colour of its centroid."""
    shown = 0
    for path in labels:
        shard = LabelShard(path)
        clips = range(min(count - shown, len(shard.clip_ids)))
        for clip in clips:
            first, last = shard.clip_offsets[clip : clip + 2]
            palette = _lab_palette(shard.centroids[clip])
            tiles = []
            for frame in np.linspace(first, last - 1, 3).round().astype(int):
                luma = shard.frames.luma(frame)[0]
                cells = palette[shard.frames.labels(frame)[0]]
                tiles.append(cv2.cvtColor(luma, cv2.COLOR_GRAY2RGB))
                tiles.append(cv2.resize(cells, luma.shape[::-1], interpolation=cv2.INTER_NEAREST))
            kind = f"{int(shard.centroid_counts[clip])} colours"
            yield (
                f"Clip {shard.clip_ids[clip]}: luma that the network sees and colour labels that "
                f"it learns to copy ({kind}), three frames",
                tiles,
            )
            shown += 1


def _lab_palette(centroids: np.ndarray) -> np.ndarray:
    """(k, 2) a, b -> (k, 3) uint8 RGB at middle lightness."""
    lab = np.full((1, len(centroids), 3), 150, dtype=np.uint8)
    lab[0, :, 1:] = np.nan_to_num(centroids, nan=128).round()
    return cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)[0]


def _coloured_pictures(videos: Sequence[Path], count: int = 3):
    """Frames of the videos that the trunks coloured: grey, coloured, truth."""
    for video in videos:
        frames = list(read_frames(video))
        # The first frame is given, colours and all.
        chosen = np.linspace(0, len(frames) - 1, count + 1).round().astype(int)[1:]
        yield (
            f"A DAVIS sequence coloured from its first frame by {video.stem}: grey, coloured, "
            f"truth; {count} frames up to the last",
            [frames[index] for index in chosen],
        )


def _tile(image: np.ndarray) -> np.ndarray:
    """Resized to the height of the strip, with a white line on the right."""
    scale = TILE_HEIGHT / image.shape[0]
    width = max(1, round(image.shape[1] * scale))
    resized = cv2.resize(image, (width, TILE_HEIGHT), interpolation=cv2.INTER_AREA)
    return cv2.copyMakeBorder(resized, 0, 0, 0, 4, cv2.BORDER_CONSTANT, value=(255, 255, 255))
