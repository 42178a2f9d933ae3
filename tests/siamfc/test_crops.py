"""From annotated videos in three layouts to crop shards: what they hold, kills, untrusted names."""

import collections
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from chromatrack.cli.main import main
from chromatrack.data import crops as crops_module
from chromatrack.data import got10k, otb
from chromatrack.data.crops import CropShard
from chromatrack.data.training_sets import TrainingSet, read_rows
from chromatrack.data.vid import list_videos, read_video
from chromatrack.errors import InputError, WorkError
from chromatrack.locks import holding
from chromatrack.plan.layout import data_paths
from chromatrack.plan.problems import check_data
from chromatrack.settings import CropSettings, from_mapping
from chromatrack.stages.siamfc import crops as stage
from chromatrack.stages.siamfc.crops import crop_shard, make_crop_lists

SETTINGS = CropSettings()
COUNT = 6
VIDEO = "ILSVRC2015_VID_train_0000/ILSVRC2015_train_00000001"


def frames_of(seed):
    """Six frames (120, 160, 3) of smooth noise."""
    random = np.random.default_rng(seed)
    return [
        cv2.resize(random.integers(0, 256, (12, 16, 3)).astype(np.uint8), (160, 120))
        for _ in range(COUNT)
    ]


def boxes_of(seed):
    """(6, 4) whole pixels, near the right border: crops reach over it."""
    return np.array([[100 + seed + i, 40, 50, 30 + i] for i in range(COUNT)], dtype=np.float64)


def write_got10k(root, names):
    for seed, name in enumerate(names):
        cover = np.array([8, 8, 1, 8, 0, 8])
        got10k.write_sequence(
            root, name, frames_of(seed), boxes_of(seed), cover=cover, cut_by_image=np.zeros(COUNT),
            meta={},
        )  # fmt: skip
    got10k.write_list(root, names)
    return TrainingSet("got10k", root)


def write_vid(root, tracks):
    """A video of ImageNet-VID; `tracks` maps an id to boxes and the frames it is annotated in."""
    data = root / "Data/VID/train" / VIDEO
    annotations = root / "Annotations/VID/train" / VIDEO
    data.mkdir(parents=True)
    annotations.mkdir(parents=True)
    for index, frame in enumerate(frames_of(0)):
        cv2.imwrite(str(data / f"{index:06d}.JPEG"), frame[..., ::-1])
        objects = ""
        for track, (boxes, shown) in tracks.items():
            if index in shown:
                left, top, width, height = boxes[index].astype(int)
                objects += (
                    f"<object><trackid>{track}</trackid><name>n02084071</name><bndbox>"
                    f"<xmax>{left + width - 1}</xmax><xmin>{left}</xmin>"
                    f"<ymax>{top + height - 1}</ymax><ymin>{top}</ymin></bndbox></object>"
                )
        (annotations / f"{index:06d}.xml").write_text(f"<annotation>{objects}</annotation>")
    return TrainingSet("vid", root)


def lists(sets, folder):
    make_crop_lists(sets, folder, shard_size=100)
    return folder / "crops-0000.txt"


def decoded(shard):
    """Target -> [(frame number, crop)]."""
    bounds = shard.sequence_offsets
    return {
        name: [
            (int(shard.frames[i]), cv2.imdecode(shard.jpeg(i), cv2.IMREAD_COLOR))
            for i in range(first, last)
        ]
        for name, first, last in zip(shard.names, bounds[:-1], bounds[1:], strict=True)
    }


def peer_crop(image, box_ltwh, size):
    """`crop_and_resize` of siamfc-pytorch to `size` pixels: it pads the whole image."""
    left, top, width, height = box_ltwh
    center = np.array([top + (height - 1) / 2, left + (width - 1) / 2])
    context = 0.5 * (width + height)
    side = round(np.sqrt((width + context) * (height + context)) * size / 127)
    first = np.round(center - (side - 1) / 2).astype(int)
    pad = 400
    color = np.rint(image.mean(axis=(0, 1))).tolist()
    image = cv2.copyMakeBorder(image, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=color)
    top, left = first + pad
    return cv2.resize(image[top : top + side, left : left + side], (size, size))


def test_crops_are_the_search_patches_of_siamfc_pytorch_with_a_margin(tmp_path):
    source = write_got10k(tmp_path / "got10k", ["a", "b"])
    crop_shard([source], lists([source], tmp_path), tmp_path / "c.h5", settings=SETTINGS)
    shard = CropShard(tmp_path / "c.h5")
    assert shard.size == 271 and shard.names == ["a", "b"]
    for seed, (name, crops) in enumerate(decoded(shard).items()):
        assert [frame for frame, _ in crops] == [0, 1, 3, 5]  # hidden in the others
        for frame, crop in crops:
            image = cv2.imread(str(source.root / name / f"{frame + 1:08d}.jpg"))
            expected = peer_crop(image, boxes_of(seed)[frame], 271)
            assert np.abs(crop.astype(int) - expected).mean() < 1.5  # JPEG of quality 95


def test_three_layouts_of_one_video_give_the_same_crops(tmp_path):
    every = range(COUNT)
    sets = [
        TrainingSet("got10k", tmp_path / "got10k"),
        TrainingSet("otb", tmp_path / "otb"),
        write_vid(tmp_path / "vid", {0: (boxes_of(0), every)}),
    ]
    got10k.write_sequence(
        sets[0].root, "v", frames_of(0), boxes_of(0), cover=np.full(COUNT, 8),
        cut_by_image=np.zeros(COUNT), meta={},
    )  # fmt: skip
    got10k.write_list(sets[0].root, ["v"])
    otb.write_sequence(sets[1].root, "v", frames_of(0), [boxes_of(0)])
    video = sets[2].root / "Data/VID/train" / VIDEO
    for frame in range(COUNT):  # the very same JPEGs
        source = sets[0].root / "v" / f"{frame + 1:08d}.jpg"
        shutil.copy(source, sets[1].root / "v" / "img" / f"{frame + 1:04d}.jpg")
        shutil.copy(source, video / f"{frame:06d}.JPEG")
    rows = lists(sets, tmp_path / "lists")
    assert rows.read_text() == f"0\tv\n1\tv\n2\t{VIDEO}\n"
    crop_shard(sets, rows, tmp_path / "c.h5", settings=SETTINGS)
    shard = CropShard(tmp_path / "c.h5")
    assert shard.names == ["v", "v", f"{VIDEO}-0"]
    jpegs = [shard.jpeg(i).tobytes() for i in range(3 * COUNT)]
    assert jpegs[:COUNT] == jpegs[COUNT : 2 * COUNT] == jpegs[2 * COUNT :]


def test_vid_has_one_target_per_track_and_knows_where_it_is_annotated(tmp_path):
    boxes = boxes_of(0)
    source = write_vid(tmp_path, {3: (boxes, (0, 1, 5)), 1: (boxes + 2, range(COUNT))})
    assert list_videos(tmp_path) == source.videos() == [VIDEO]
    one, three = read_video(tmp_path, VIDEO)
    assert (one.name, three.name) == (f"{VIDEO}-1", f"{VIDEO}-3")
    np.testing.assert_array_equal(one.boxes_ltwh, boxes + 2)
    np.testing.assert_array_equal(three.boxes_ltwh[[0, 1, 5]], boxes[[0, 1, 5]])
    assert three.visible.tolist() == [True, True, False, False, False, True]
    crop_shard([source], lists([source], tmp_path / "l"), tmp_path / "c.h5", settings=SETTINGS)
    shard = CropShard(tmp_path / "c.h5")
    assert shard.frames.tolist() == [0, 1, 2, 3, 4, 5, 0, 1, 5]  # numbers of the video's frames


def test_two_objects_of_one_track_in_a_frame_are_refused(tmp_path):
    write_vid(tmp_path, {3: (boxes_of(0), range(COUNT)), "03": (boxes_of(1), (2,))})
    with pytest.raises(InputError, match=r"000002\.xml: expected one object of each trackid.*of 3"):
        read_video(tmp_path, VIDEO)


def test_frames_are_decoded_once_and_only_those_that_are_used(tmp_path, monkeypatch):
    source = write_vid(
        tmp_path, {0: (boxes_of(0), (0, 1, 3)), 1: (boxes_of(1), (1, 3)), 2: (boxes_of(2), (3,))}
    )
    seen = collections.Counter()
    inner = cv2.imdecode

    def counting(coded, flags):
        seen[coded.tobytes()] += 1
        return inner(coded, flags)

    monkeypatch.setattr(crops_module.cv2, "imdecode", counting)
    crop_shard([source], lists([source], tmp_path / "l"), tmp_path / "c.h5", settings=SETTINGS)
    used = [
        (source.root / "Data/VID/train" / VIDEO / f"{i:06d}.JPEG").read_bytes() for i in (0, 1, 3)
    ]
    assert seen == collections.Counter(used)


def interrupted(monkeypatch, after):
    """Let the cutting stop after so many videos; returns the names of those that were cut."""
    cut = []
    inner = crops_module.crop_targets

    def counting(targets, **options):
        if len(cut) == after:
            raise KeyboardInterrupt
        cut.append(targets[0].name)
        return inner(targets, **options)

    monkeypatch.setattr(stage, "crop_targets", counting)
    return cut


def test_a_killed_job_has_lost_the_video_in_hand(tmp_path, monkeypatch):
    source = write_got10k(tmp_path / "got10k", ["a", "b", "c"])
    rows = lists([source], tmp_path / "l")
    crop_shard([source], rows, tmp_path / "whole.h5", settings=SETTINGS)
    output = tmp_path / "c.h5"
    assert interrupted(monkeypatch, after=2) == []
    with pytest.raises(KeyboardInterrupt):
        crop_shard([source], rows, output, settings=SETTINGS)
    assert not output.exists()
    monkeypatch.undo()
    cut = interrupted(monkeypatch, after=9)
    crop_shard([source], rows, output, settings=SETTINGS)
    assert cut == ["c"]
    assert output.read_bytes() == (tmp_path / "whole.h5").read_bytes()
    assert not list(tmp_path.glob(".work-*"))


@pytest.mark.parametrize("change", ["box", "frame", "byte", "settings", "torn"])
def test_what_changed_after_a_kill_is_cut_again(tmp_path, monkeypatch, change):
    source = write_got10k(tmp_path / "got10k", ["a", "b"])
    rows = lists([source], tmp_path / "l")
    output = tmp_path / "c.h5"
    interrupted(monkeypatch, after=1)
    with pytest.raises(KeyboardInterrupt):
        crop_shard([source], rows, output, settings=SETTINGS)
    monkeypatch.undo()
    settings = SETTINGS
    if change == "box":
        boxes = source.root / "a" / "groundtruth.txt"
        boxes.write_text(boxes.read_text().replace("101.0000", "99.0000"))
    elif change == "frame":
        shutil.copy(source.root / "b" / "00000001.jpg", source.root / "a" / "00000001.jpg")
    elif change == "byte":
        frame = source.root / "a" / "00000002.jpg"
        coded = bytearray(frame.read_bytes())
        coded[-20] ^= 1  # of the same name and size
        frame.write_bytes(coded)
    elif change == "settings":
        settings = CropSettings(quality=80)
    else:
        part = next((tmp_path / ".work-c").glob("*.npz"))
        part.write_bytes(part.read_bytes()[:-700])
    cut = interrupted(monkeypatch, after=9)
    crop_shard([source], rows, output, settings=settings)
    assert cut == ["a", "b"]
    crop_shard([source], rows, tmp_path / "fresh.h5", settings=settings)
    assert output.read_bytes() == (tmp_path / "fresh.h5").read_bytes()


def test_the_digest_follows_the_frames(tmp_path):
    source = write_got10k(tmp_path / "got10k", ["a"])
    rows = lists([source], tmp_path / "l")

    def made_by(name):
        import h5py

        crop_shard([source], rows, tmp_path / name, settings=SETTINGS)
        with h5py.File(tmp_path / name) as file:
            return file.attrs["made_by"]

    first = made_by("one.h5")
    assert made_by("two.h5") == first
    frame = source.root / "a" / "00000002.jpg"
    coded = bytearray(frame.read_bytes())
    coded[-20] ^= 1  # of the same size
    frame.write_bytes(coded)
    assert made_by("three.h5") != first


def test_two_processes_do_not_share_a_shard(tmp_path):
    source = write_got10k(tmp_path / "got10k", ["a"])
    rows = lists([source], tmp_path / "l")
    with holding(tmp_path / ".work-c"), pytest.raises(WorkError, match="another process"):
        crop_shard([source], rows, tmp_path / "c.h5", settings=SETTINGS)


@pytest.mark.parametrize(
    ("layout", "row", "message"),
    [
        ("got10k", "0\t../a", "line 1: expected the name of a folder, got '../a'"),
        ("got10k", "0\t/etc", "line 1: expected the name of a folder, got '/etc'"),
        ("otb", "0\t..", r"line 1: expected the name of a folder, got '..'"),
        ("vid", "0\t../a", r"line 1: expected the name of a folder, got '..'"),
        ("vid", "0\ta/../../b", "line 1: expected SUBSET/VIDEO, got 'a/../../b'"),
        ("vid", "0\ta", "line 1: expected SUBSET/VIDEO, got 'a'"),
        ("got10k", "1\ta", "line 1: expected the number of a source, below 1"),
        ("got10k", "-1\ta", "line 1: expected the number of a source, below 1"),
        ("got10k", "a", "line 1: expected the number of a source, below 1"),
    ],
)
def test_rows_that_lead_elsewhere_are_refused(tmp_path, layout, row, message):
    path = tmp_path / "crops-0000.txt"
    path.write_text(row + "\n")
    with pytest.raises(InputError) as raised:
        read_rows(path, [TrainingSet(layout, tmp_path)])
    assert message in str(raised.value)


def test_a_list_that_leads_elsewhere_makes_no_lists(tmp_path):
    (tmp_path / "list.txt").write_text("../secret\n")
    with pytest.raises(InputError, match=r"line 1: expected the name of a folder"):
        make_crop_lists([TrainingSet("got10k", tmp_path)], tmp_path / "l", shard_size=2)


@pytest.mark.parametrize(
    "text",
    [
        "<annotation><object><trackid>x</trackid></object></annotation>",
        "<annotation><object><trackid>0</trackid></object></annotation>",
        "<annotation>",
        "<!DOCTYPE a [<!ENTITY b 'c'>]><annotation/>",
        "<annotation><object><trackid>0</trackid><bndbox><xmin>9</xmin><xmax>2</xmax><ymin>0</ymin>"
        "<ymax>5</ymax></bndbox></object></annotation>",
    ],
)
def test_a_broken_annotation_of_vid_is_named(tmp_path, text):
    source = write_vid(tmp_path, {0: (boxes_of(0), range(COUNT))})
    (source.root / "Annotations/VID/train" / VIDEO / "000002.xml").write_text(text)
    with pytest.raises(InputError, match=r"000002.xml: expected an annotation of ImageNet-VID"):
        read_video(tmp_path, VIDEO)


def test_shards_that_a_list_no_longer_fills_are_removed(tmp_path):
    source = write_got10k(tmp_path / "got10k", ["a", "b", "c"])
    assert make_crop_lists([source], tmp_path / "l", shard_size=1) == 3
    assert make_crop_lists([source], tmp_path / "l", shard_size=2) == 2
    assert sorted(p.name for p in (tmp_path / "l").iterdir()) == [
        "crops-0000.txt", "crops-0001.txt", "index.txt",
    ]  # fmt: skip


def test_the_command_line_takes_several_sources(tmp_path, capsys):
    write_got10k(tmp_path / "got10k", ["a"])
    write_vid(tmp_path / "vid", {0: (boxes_of(0), range(COUNT))})
    sources = [f"got10k:{tmp_path}/got10k", f"vid:{tmp_path}/vid"]
    assert main(["crop-lists", "--sources", *sources, "--output", str(tmp_path / "l")]) == 0
    call = ["crops", "--names", f"{tmp_path}/l/crops-0000.txt", "--output", f"{tmp_path}/c.h5"]
    assert main([*call, "--sources", *sources]) == 0
    assert CropShard(tmp_path / "c.h5").names == ["a", f"{VIDEO}-0"]
    with pytest.raises(SystemExit):
        main([*call, "--sources", "coco:x"])
    assert "expected got10k:DIR, otb:DIR or vid:DIR, got 'coco:x'" in capsys.readouterr().err


def test_real_sequences_become_pairs(real_data, tmp_path):
    from chromatrack.data.augmentation import Augmentation
    from chromatrack.data.pairs import CropPairs

    sets = [
        TrainingSet("got10k", real_data / "tracking" / "val"), TrainingSet("otb", real_data / "otb")
    ]  # fmt: skip
    make_crop_lists(sets, tmp_path, shard_size=100)
    rows = (tmp_path / "crops-0000.txt").read_text().splitlines()
    chosen = [rows[0], *(row for row in rows if row.endswith("Jogging"))]
    (tmp_path / "some.txt").write_text("\n".join(chosen) + "\n")
    crop_shard(sets, tmp_path / "some.txt", tmp_path / "c.h5", settings=SETTINGS)
    shard = CropShard(tmp_path / "c.h5")
    assert shard.names == ["GOT-10k_Val_000001", "Jogging-1", "Jogging-2"]
    augmentation = Augmentation(search_size=239, stretch=0.05)
    batch = CropPairs([tmp_path / "c.h5"], batch_size=4, augmentation=augmentation).batch(0)
    assert batch.searches.std() > 10


def test_what_siamfc_is_trained_on_is_configured(tmp_path):
    roots = {k: str(tmp_path) for k in ("kinetics_list", "got10k")}
    data = {"title": "x", **roots}
    default = data_paths(from_mapping({"run": "a", "data": data}))
    assert default.tracking_train == (("got10k", tmp_path / "train"),)
    assert default.got10k_val == tmp_path / "val"
    chosen = [{"layout": "vid", "root": "v"}, {"layout": "otb", "root": "o"}]
    settings = from_mapping({"run": "a", "data": {**data, "tracking_train": chosen}})
    assert data_paths(settings).tracking_train == (("vid", Path("v")), ("otb", Path("o")))
    with pytest.raises(InputError, match=r"data.tracking_train\[0\].root: v does not exist"):
        check_data(settings)
    for wrong, message in (
        ([{"layout": "lasot", "root": "x"}], r"tracking_train\[0\].layout: expected one of got10k"),
        ([{"layout": "vid"}], r"tracking_train\[0\]: missing key 'root'"),
        ([], "tracking_train: expected at least one folder, or null"),
    ):
        with pytest.raises(InputError, match=message):
            from_mapping({"run": "a", "data": {**data, "tracking_train": wrong}})
