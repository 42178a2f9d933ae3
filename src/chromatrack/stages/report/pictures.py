"""Stage 9: pictures to look at: tracked boxes, colour labels, propagated masks and colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from chromatrack.data import davis, otb
from chromatrack.data.images import read_image_rgb
from chromatrack.experiments import evaluations, of_benchmark
from chromatrack.files import read_json, whole_file, write_json
from chromatrack.labels.cache import LabelShard
from chromatrack.layout import main_benchmark, protocols, selection
from chromatrack.places import Places
from chromatrack.progress import progress
from chromatrack.settings import Settings
from chromatrack.video.decode import read_frames

TILE_HEIGHT = 200
TILES = 5
TRUTH, BASELINE, BEST = (255, 255, 255), (70, 150, 255), (255, 140, 0)


def draw_pictures(
    settings: Settings,
    output: Path,
    *,
    labels: Sequence[Path] = (),
    colorized: Sequence[Path] = (),
) -> None:
    """Write PNGs beside `output`, and `output`, the list of their captions and paths.

    Args:
        labels: label shards; the first clip of the first ones is shown.
        colorized: videos of `colorize`.
        output: pictures.json.
    """
    folder = output.parent
    pictures = []
    jobs = [
        *_tracking_pictures(settings),
        *_label_pictures(labels),
        *_mask_pictures(settings),
        *_coloured_pictures(colorized),
    ]
    for index, (caption, tiles) in enumerate(progress(jobs, what="pictures", unit="picture")):
        path = folder / f"picture-{index:02d}.png"
        strip = np.hstack([_tile(tile) for tile in tiles])
        done, coded = cv2.imencode(".png", cv2.cvtColor(strip, cv2.COLOR_RGB2BGR))
        assert done, "OpenCV could not encode a picture as PNG"
        with whole_file(path) as part:
            part.write_bytes(coded.tobytes())
        pictures.append({"caption": caption, "png": str(path)})
    write_json(output, pictures)


def _tracking_pictures(settings: Settings, count: int = 3):
    """Truth, baseline and best tracker on the sequences where the best one does best."""
    benchmark = main_benchmark(settings)
    if benchmark is None or benchmark.gives != "boxes":
        return
    protocol = protocols(settings, benchmark.name)[0]
    if protocol != "ope" or not benchmark.measures:
        return
    places, first = Places(settings.run), benchmark.measures[0]
    specs = [s for s in of_benchmark(settings, benchmark, protocol) if s.kind == "checkpoint"]
    scores = {
        spec.name: read_json(places.scores(benchmark.name, protocol, spec.name)) for spec in specs
    }
    baseline = next(iter(scores))
    combined = {spec.name: scores[spec.name] for spec in specs if spec.settings}
    best = max(combined or scores, key=lambda name: scores[name][first.key])
    targets = {s.name: s for s in benchmark.sequences(selection(settings, benchmark.name))}
    per_unit = scores[best][f"per_{benchmark.unit}"]
    ranked = sorted(per_unit.items(), key=lambda item: -item[1][first.key])
    # The best, the middle and the worst: a page that shows only successes would mislead.
    chosen = [ranked[i][0] for i in sorted({0, len(ranked) // 2, len(ranked) - 1})][:count]
    for name in chosen:
        target = targets[name]
        boxes = {TRUTH: target.boxes_ltwh}
        for color, tracker in ((BASELINE, baseline), (BEST, best)):
            folder = Path(places.evaluation(benchmark.name, protocol, tracker, "boxes"))
            boxes[color] = otb.read_boxes(folder / f"{name}.txt", allow_nan=True)
        tiles = []
        for frame in np.linspace(0, len(target) - 1, TILES).round().astype(int):
            image = read_image_rgb(target.frames[frame])
            for color, tracks in boxes.items():
                if np.isfinite(tracks[frame]).all():
                    _draw_box(image, tracks[frame], color)
            tiles.append(image)
        value = per_unit[name][first.key]
        yield (
            f"{name}: ground truth (white), {baseline} (blue), {best} (orange, {first.title} of "
            f"this sequence {value:.3f}); five frames from first to last",
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


def _mask_pictures(settings: Settings):
    """Propagated masks over the frames of the first sequence, for each trunk and method."""
    places = Places(settings.run)
    for benchmark, protocol, specs in evaluations(settings):
        if benchmark.gives != "masks":
            continue
        root = selection(settings, benchmark.name).root
        for spec in specs:
            if spec.seed != settings.seeds[0] or "-random-" in spec.name:
                continue
            run = Path(places.run_file(benchmark.name, protocol, spec.name))
            counts: Mapping[str, int] = read_json(run)["frames"]
            name = next(iter(counts))
            frames = davis.frames(root, name)[: counts[name]]
            tiles = []
            for index in np.linspace(0, len(frames) - 1, TILES).round().astype(int):
                ids = davis.read_mask(run.parent / name / f"{frames[index].stem}.png")
                tiles.append(_overlay(read_image_rgb(frames[index]), ids))
            yield (
                f"DAVIS {name}: the first mask propagated ({spec.title}), first to last frame",
                tiles,
            )


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
