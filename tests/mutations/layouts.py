"""Data sets with boxes and masks, as small as they can be."""

from functools import partial

import numpy as np

from chromatrack.data import davis, got10k, otb, training_sets, vid, vot
from chromatrack.data.got10k_results import read_truth
from chromatrack.data.images import write_jpeg
from chromatrack.data.otb_attributes import ATTRIBUTES, write_attributes
from chromatrack.data.otb_names import read_names
from chromatrack.evaluation import sets
from chromatrack.evaluation.benchmark import Example, Selection
from tests.mutations import right
from tests.mutations.mutators import BYTES, TEXT
from tests.mutations.running import Case

COUNT = 4
IMAGES = [np.full((24, 32, 3), 40 * number, np.uint8) for number in range(COUNT)]
BOXES = np.array([[3.0, 4, 10, 8], [4, 4, 10.5, 8], [5, 5, 11, 9], [6, 5.25, 11, 9]])


def texts(folder, *suffixes):
    return sorted(path for path in folder.rglob("*") if path.suffix in suffixes)


def otb_layout(folder):
    for name in ("Girl", "Jogging"):
        boxes = [BOXES, BOXES + 2] if name == "Jogging" else [BOXES]
        otb.write_sequence(folder / "data", name, IMAGES, boxes)
    for target in ("Girl", "Jogging-1", "Jogging-2"):
        write_attributes(folder / "attributes", target, ["IV", "OCC"])
    (folder / "names.txt").write_text("Girl\nJogging\n")

    def read():
        names = read_names(folder / "names.txt")
        found = otb.read_sequences(
            folder / "data", attributes=folder / "attributes", names=names
        )  # fmt: skip
        assert all(set(one.attributes) <= set(ATTRIBUTES) for one in found)
        return right.sequences(found)

    return Case(folder, read, texts(folder, ".txt"), TEXT)


def got10k_layout(folder):
    for name in ("a", "b"):
        got10k.write_sequence(
            folder, name, IMAGES, BOXES, cover=[8, 8, 0, 5], cut_by_image=[0] * COUNT,
            meta={"resolution": "(32, 24)"},
        )  # fmt: skip
    got10k.write_list(folder, ["a", "b"])
    benchmark = sets.get("got10k")

    def read():
        right.sequences(got10k.read_sequences(folder), absent=True)
        for name in benchmark.names(Selection(folder)):
            problem = benchmark.problem(Selection(folder), name)
            assert problem is None or str(folder) in problem
            if problem is None:
                width, height = read_truth(folder / name).image_wh
                assert 0 < width < 1e6 and 0 < height < 1e6
            cover = right.numbers(got10k.read_cover(folder / name), (-1,))
            assert ((cover >= 0) & (cover <= 8)).all(), "cover is 0 to 8"

    files = [path for path in texts(folder, ".txt", ".label", ".ini") if "cut_by" not in path.name]
    return Case(folder, read, files, TEXT)


def vot_layout(folder):
    corners = np.stack([BOXES[:, 0], BOXES[:, 1], BOXES[:, 0] + 10, BOXES[:, 1]], axis=1)
    polygons = np.concatenate([corners, corners[:, [2, 3, 0, 1]] + 8], axis=1)
    vot.write_sequence(folder, "polygons", IMAGES, polygons, fps=25)
    vot.write_sequence(folder, "rectangles", IMAGES, polygons, fps=25)
    otb.write_boxes(folder / "rectangles" / "groundtruth.txt", BOXES)
    vot.write_list(folder, ["polygons", "rectangles"])
    files = [*texts(folder, ".txt"), *folder.glob("*/sequence")]
    return Case(folder, lambda: right.sequences(vot.read_sequences(folder)), files, TEXT)


def davis_names(folder):
    davis.write_names(folder, ["cat", "dog"])
    path = folder / "ImageSets" / "480p" / "train.txt"
    path.parent.mkdir()
    rows = (f"/JPEGImages/480p/{n}/00000.jpg /Annotations/480p/{n}/00000.png\n" for n in "ab")
    path.write_text("".join(rows))

    def read():
        for split in ("val", "train"):
            names = davis.read_names(folder, split)
            assert names and all(name and "/" not in name and name != ".." for name in names)

    return Case(folder, read, texts(folder, ".txt"), TEXT)


def davis_masks(folder):
    ids = np.zeros((24, 32), np.uint8)
    ids[4:12, 6:20], ids[15:20, 3:9] = 1, 2
    for number in range(2):
        davis.write_mask(folder / f"{number:05d}.png", np.roll(ids, number))

    def read():
        for path in sorted(folder.glob("*.png")):
            found = davis.read_mask(path)
            assert found.dtype == np.uint8 and found.ndim == 2
            davis.check_objects(path, found)

    return Case(folder, read, texts(folder, ".png"), BYTES, loses=False)


OBJECT = (
    "<object><trackid>{}</trackid><name>n02</name><bndbox><xmax>{}</xmax><xmin>3</xmin>"
    "<ymax>14</ymax><ymin>2</ymin></bndbox><occluded>0</occluded></object>"
)


def vid_layout(folder):
    data, annotations = (folder / part / "VID/train/S/V" for part in ("Data", "Annotations"))
    annotations.mkdir(parents=True)
    for number in range(COUNT):
        write_jpeg(data / f"{number:06d}.jpg", IMAGES[number])
        (data / f"{number:06d}.jpg").rename(data / f"{number:06d}.JPEG")
        objects = "".join(OBJECT.format(track, 12 + number) for track in range(2))
        text = f"<annotation><folder>V</folder>\n{objects}\n</annotation>\n"
        (annotations / f"{number:06d}.xml").write_text(text)

    def read():
        found = right.sequences(vid.read_video(folder, "S/V"))
        for one in found:
            assert (one.boxes_ltwh[one.visible, 2:] >= 1).all()
            assert np.abs(one.boxes_ltwh).max() <= 3e9, "a box as large as no picture is"

    return Case(folder, read, texts(folder, ".xml"), TEXT)


def one_pass(name, folder):
    """A benchmark that is scored like OTB, in its own layout."""
    benchmark = sets.get(name)
    shown = np.array([1.0, 1.0, 0.1, 1.0])
    examples = [Example(target, tuple(IMAGES), BOXES, shown) for target in ("Cat", "Dog")]
    benchmark.write(folder, examples)

    def read():
        found = benchmark.sequences(Selection(folder))
        absent = np.concatenate([np.isnan(one.boxes_ltwh).any(axis=1) for one in found])
        assert name in ("uav123", "lasot", "trackingnet") or not absent.any()
        for one in found:
            assert len(one.frames) == len(one.boxes_ltwh)
            told = one.boxes_ltwh[~np.isnan(one.boxes_ltwh).any(axis=1)]
            right.numbers(told)
            assert (told[:, 2:] >= 0).all()

    return Case(folder, read, texts(folder, ".txt"), TEXT)


def video_list(folder):
    """The shards of SiamFC's videos: number of a source and name of a video."""
    known = [training_sets.TrainingSet("otb", folder), training_sets.TrainingSet("vid", folder)]
    path = folder / "shard-0000.txt"
    path.write_text(training_sets.write_rows([(0, "Girl"), (1, "S/V"), (0, "Jogging")]))

    def read():
        for number, name in training_sets.read_rows(path, known):
            assert number in (0, 1) and name and ".." not in name.split("/")

    return Case(folder, read, [path], TEXT)


LAYOUTS = {
    "OTB": otb_layout,
    "GOT-10k": got10k_layout,
    "VOT": vot_layout,
    "DAVIS, lists": davis_names,
    "DAVIS, masks": davis_masks,
    "ImageNet-VID": vid_layout,
    "lists of videos": video_list,
    **{
        title: partial(one_pass, name)
        for title, name in {
            "UAV123": "uav123", "LaSOT": "lasot", "NfS": "nfs", "TColor-128": "tcolor128",
            "DTB70": "dtb70", "TrackingNet": "trackingnet",
        }.items()
    },
}  # fmt: skip
