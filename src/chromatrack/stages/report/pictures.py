"""Stage 9: pictures to look at: tracked boxes, colour labels, propagated masks and colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from chromatrack.data import davis, otb
from chromatrack.data.images import read_image_rgb
from chromatrack.experiments import segmentations, trackers, trunks
from chromatrack.files import read_json, whole_file, write_json
from chromatrack.labels.cache import LabelShard
from chromatrack.layout import data_paths, run_folder
from chromatrack.progress import progress
from chromatrack.settings import Settings
from chromatrack.video.decode import read_frames

TILE_HEIGHT = 200
TILES = 5
TRUTH, BASELINE, BEST = (255, 255, 255), (70, 150, 255), (255, 140, 0)


def draw_pictures(settings: Settings, labels: Sequence[Path], output: Path) -> None:
    """Write PNGs beside `output`, and `output`, the list of their captions and paths.

    Args:
        labels: label shards; the first clip of the first ones is shown.
        output: pictures.json.
    """
    folder = output.parent
    pictures = []
    jobs = [
        *_tracking_pictures(settings),
        *_label_pictures(labels),
        *_davis_pictures(settings),
        *_coloured_pictures(settings),
    ]
    for index, (caption, tiles) in enumerate(progress(jobs, what="pictures", unit="picture")):
        path = folder / f"picture-{index:02d}.png"
        strip = np.hstack([_tile(tile) for tile in tiles])
        with whole_file(path) as part:
            cv2.imwrite(str(part), cv2.cvtColor(strip, cv2.COLOR_RGB2BGR))
        pictures.append({"caption": caption, "png": str(path)})
    write_json(output, pictures)


def _tracking_pictures(settings: Settings, count: int = 3):
    """Truth, baseline and best tracker on the sequences where the best one does best."""
    run = run_folder(settings)
    scores = {
        spec.name: read_json(run / "otb" / spec.name / "scores.json") for spec in trackers(settings)
    }
    baseline = next(iter(scores))
    combined = {name: value for name, value in scores.items() if not name.startswith("baseline")}
    best = max(combined or scores, key=lambda name: scores[name]["success_auc"])
    data = data_paths(settings)
    targets = {s.name: s for s in otb.read_sequences(data.otb)}
    ranked = sorted(scores[best]["per_sequence"].items(), key=lambda item: -item[1]["success_auc"])
    # The best, the middle and the worst: a page that shows only successes would mislead.
    chosen = [ranked[i][0] for i in sorted({0, len(ranked) // 2, len(ranked) - 1})][:count]
    for name in chosen:
        target = targets[name].first(settings.data.otb_max_frames)
        boxes = {
            TRUTH: target.boxes_ltwh,
            BASELINE: otb.read_boxes(run / "otb" / baseline / "boxes" / f"{name}.txt"),
            BEST: otb.read_boxes(run / "otb" / best / "boxes" / f"{name}.txt"),
        }
        tiles = []
        for frame in np.linspace(0, len(target) - 1, TILES).round().astype(int):
            image = read_image_rgb(target.frames[frame])
            for color, tracks in boxes.items():
                _draw_box(image, tracks[frame], color)
            tiles.append(image)
        auc = scores[best]["per_sequence"][name]["success_auc"]
        yield (
            f"{name}: ground truth (white), {baseline} (blue), {best} (orange, success AUC of "
            f"this sequence {auc:.3f}); five frames from first to last",
            tiles,
        )


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


def _davis_pictures(settings: Settings):
    """Propagated masks over the frames of the first sequence, for each trunk and method."""
    run, data = run_folder(settings), data_paths(settings)
    seed = f"-seed{settings.seeds[0]}-"
    for spec in segmentations(settings):
        if "-pretrained-" not in spec.name or seed not in spec.name:
            continue
        folder = run / "davis" / spec.name
        counts: Mapping[str, int] = read_json(folder / "run.json")["frames"]
        name = next(iter(counts))
        frames = davis.frames(data.davis, name)[: counts[name]]
        tiles = []
        for index in np.linspace(0, len(frames) - 1, TILES).round().astype(int):
            ids = davis.read_mask(folder / name / f"{frames[index].stem}.png")
            tiles.append(_overlay(read_image_rgb(frames[index]), ids))
        yield f"DAVIS {name}: the first mask propagated ({spec.title}), first to last frame", tiles


def _coloured_pictures(settings: Settings, count: int = 3):
    """Frames of the videos that the trunks coloured: grey, coloured, truth."""
    run, data = run_folder(settings), data_paths(settings)
    name = davis.read_names(data.davis)[0]
    for trunk in trunks(settings):
        frames = list(read_frames(run / "colorized" / f"{trunk}.mp4"))
        # The first frame is given, colours and all.
        chosen = np.linspace(0, len(frames) - 1, count + 1).round().astype(int)[1:]
        yield (
            f"DAVIS {name} coloured from its first frame by {trunk}: grey, coloured, truth; "
            f"{count} frames up to the last",
            [frames[index] for index in chosen],
        )


def _overlay(image: np.ndarray, ids: np.ndarray) -> np.ndarray:
    palette = np.frombuffer(davis.palette(), dtype=np.uint8).reshape(256, 3)
    mixed = (image.astype(np.float32) * 0.45 + palette[ids] * 0.55).astype(np.uint8)
    return np.where(ids[..., None] > 0, mixed, image)


def _draw_box(image: np.ndarray, box_ltwh: np.ndarray, color: tuple[int, int, int]) -> None:
    left, top, width, height = np.round(box_ltwh).astype(int)
    corner = (int(left), int(top))
    opposite = (int(left + width - 1), int(top + height - 1))
    cv2.rectangle(image, corner, opposite, (0, 0, 0), 3)
    cv2.rectangle(image, corner, opposite, color, 1)


def _tile(image: np.ndarray) -> np.ndarray:
    """Resized to the height of the strip, with a white line on the right."""
    scale = TILE_HEIGHT / image.shape[0]
    width = max(1, round(image.shape[1] * scale))
    resized = cv2.resize(image, (width, TILE_HEIGHT), interpolation=cv2.INTER_AREA)
    return cv2.copyMakeBorder(resized, 0, 0, 0, 4, cv2.BORDER_CONSTANT, value=(255, 255, 255))
