"""Readers and writers of the real formats: round trips, quirks, real files."""

import cv2
import numpy as np
import pytest
from PIL import Image

from chromatrack.data import davis, got10k, kinetics, otb, vot
from chromatrack.data.images import read_image_rgb, write_jpeg
from chromatrack.data.kinetics import ClipRow
from chromatrack.data.otb_attributes import read_attributes, write_attributes
from chromatrack.data.otb_names import read_names
from chromatrack.errors import InputError

RNG = np.random.default_rng(0)
BOXES = np.array([[0.0, 1.5, 20.0, 10.0], [-3.25, 2.0, 8.0, 9.0], [5.0, 6.0, 7.0, 8.0]])


def smooth_frames(count: int, height: int = 24, width: int = 32) -> list[np.ndarray]:
    ramp = np.linspace(0, 200, width)[None, :, None] * np.ones((height, 1, 3))
    return [(ramp + 10 * index).astype(np.uint8) for index in range(count)]


def test_colour_order_and_unreadable_images(tmp_path):
    red = np.zeros((8, 8, 3), np.uint8)
    red[..., 0] = 250
    write_jpeg(tmp_path / "-é.jpg", red, 95)
    assert np.abs(read_image_rgb(tmp_path / "-é.jpg").astype(int) - red).max() < 8
    (tmp_path / "bad.jpg").write_bytes(b"no image")
    for name in ("bad.jpg", "missing.jpg"):
        with pytest.raises(InputError, match=name):
            read_image_rgb(tmp_path / name)


def test_clip_list_round_trip(tmp_path):
    rows = [
        ClipRow('he said "no", twice', "-aNPtC-4kdw", 0.0, 10.0, "train"),
        ClipRow("", "abc_DEF", 1.5, 11.25, "val"),
    ]
    kinetics.write_clip_list(tmp_path / "list.csv", rows)
    assert kinetics.read_clip_list(tmp_path / "list.csv") == (rows, [])
    assert rows[0].clip_id == "-aNPtC-4kdw_000000_000010"
    assert rows[1].clip_id == "abc_DEF_000001500ms_000011250ms"


@pytest.mark.parametrize(
    "line",
    [
        "x,../../etc,0,10,train",
        "x,$(reboot),0,10,train",
        "x,,0,10,train",
        "x," + "a" * 65 + ",0,10,train",
        "x,abc,nan,10,train",
        "x,abc,-1,10,train",
        "x,abc,10,10,train",
        "x,abc,0,inf,train",
        "x,abc,0,10",
        'x,"abc,0,10,train',
        "x,good,0.0,10.0004,train",
    ],
)
def test_bad_clip_row_costs_only_itself(tmp_path, line):
    path = tmp_path / "list.csv"
    path.write_text(
        "label,youtube_id,time_start,time_end,split\r\n"
        f"a,good,0,10,train\r\n{line}\r\nb,last,0,10,train\r\n"
    )
    rows, problems = kinetics.read_clip_list(path)
    assert [row.youtube_id for row in rows] == ["good", "last"]
    assert len(problems) == 1
    assert f"{path}: line 3: " in problems[0]


def test_clip_list_without_label_and_without_header(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("youtube_id,time_start,time_end\nabc,0,10\n")
    assert kinetics.read_clip_list(path)[0] == [ClipRow("", "abc", 0.0, 10.0, "")]
    path.write_text("abc,0,10\n")
    with pytest.raises(InputError, match="header"):
        kinetics.read_clip_list(path)


def write_got10k(root, cover=(8, 1, 0)):
    got10k.write_sequence(
        root, "GOT-10k_Train_000001", smooth_frames(3), BOXES,
        cover=np.array(cover), cut_by_image=np.array([0, 1, 0]), meta={"object_class": "cat"},
    )  # fmt: skip
    got10k.write_list(root, ["GOT-10k_Train_000001"])


def test_got10k_round_trip(tmp_path):
    write_got10k(tmp_path)
    folder = tmp_path / "GOT-10k_Train_000001"
    lines = (folder / "groundtruth.txt").read_text().splitlines()
    assert lines[0] == "1.0000,2.5000,20.0000,10.0000"
    assert (folder / "absence.label").read_text() == "0\n0\n1\n"
    assert (folder / "meta_info.ini").read_text() == "[METAINFO]\nobject_class: cat\n"
    (sequence,) = got10k.read_sequences(tmp_path)
    np.testing.assert_allclose(sequence.boxes_ltwh, BOXES)
    assert sequence.visible.tolist() == [True, False, False]
    assert sequence.frames[0].name == "00000001.jpg"


def test_got10k_names_what_is_wrong(tmp_path):
    write_got10k(tmp_path)
    folder = tmp_path / "GOT-10k_Train_000001"
    (folder / "00000003.jpg").unlink()
    with pytest.raises(InputError, match="2 frames and 3 boxes"):
        got10k.read_sequences(tmp_path)
    (folder / "groundtruth.txt").write_text("1,2,3,4\n1,2,x,4\n")
    with pytest.raises(InputError, match=r"groundtruth\.txt: line 2"):
        got10k.read_sequences(tmp_path)
    (tmp_path / "list.txt").write_text("../elsewhere\n")
    with pytest.raises(InputError, match="name of a folder"):
        got10k.read_sequences(tmp_path)


def test_got10k_test_set_tells_only_the_first_box(tmp_path):
    cover = np.full(3, 8)
    got10k.write_sequence(
        tmp_path, "Test_1", smooth_frames(3), BOXES, cover=cover, cut_by_image=cover, meta={}
    )
    for path in tmp_path.glob("*/*.label"):
        path.unlink()
    truth = tmp_path / "Test_1" / "groundtruth.txt"
    truth.write_text(truth.read_text().splitlines()[0] + "\n")
    sequence = got10k.read_sequence(tmp_path / "Test_1")
    np.testing.assert_allclose(sequence.boxes_ltwh[0], BOXES[0])
    assert np.isnan(sequence.boxes_ltwh[1:]).all() and len(sequence) == 3
    assert sequence.visible.tolist() == [True, False, False]


def test_otb_round_trip_with_two_targets(tmp_path):
    otb.write_sequence(tmp_path / "otb", "Duo", smooth_frames(3), [BOXES, BOXES + 1])
    for target in ("Duo-1", "Duo-2"):
        write_attributes(tmp_path / "attributes", target, ["LR", "IV"])
    first, second = otb.read_sequences(tmp_path / "otb", attributes=tmp_path / "attributes")
    assert (first.name, second.name) == ("Duo-1", "Duo-2")
    assert first.attributes == ("IV", "LR")
    np.testing.assert_allclose(first.boxes_ltwh, BOXES)
    np.testing.assert_allclose(second.boxes_ltwh, BOXES + 1)
    assert list(otb.read_annotations(tmp_path / "otb")) == ["Duo-1", "Duo-2"]
    assert [s.name for s in otb.read_sequences(tmp_path / "otb", names=["Duo-2"])] == ["Duo-2"]
    with pytest.raises(InputError, match="did you mean 'Duo-"):
        otb.read_sequences(tmp_path / "otb", names=["Duo-3"])


@pytest.mark.parametrize("separator", [",", "\t", " ", ", ", ",\t"])
def test_otb_separators(tmp_path, separator):
    path = tmp_path / "boxes.txt"
    path.write_bytes(separator.join(["1", "2", "3", "4"]).encode() + b" \r\n\r\n")
    np.testing.assert_array_equal(otb.read_boxes(path), [[0, 1, 3, 4]])


@pytest.mark.parametrize(
    ("name", "frames", "boxes", "first"),
    [
        ("David", (1, 305), 6, "0300.jpg"),
        ("David", (1, 6), 6, "0001.jpg"),
        ("David", (1, 770), 471, "0300.jpg"),
        ("BlurCar1", (247, 988), 742, "0247.jpg"),
        ("BlurCar3", (3, 359), 357, "0003.jpg"),
        ("BlurCar4", (18, 397), 380, "0018.jpg"),
        ("Football1", (1, 81), 74, "0001.jpg"),
        ("Freeman3", (1, 467), 460, "0001.jpg"),
        ("Freeman4", (1, 297), 283, "0001.jpg"),
        ("Diving", (1, 231), 215, "0001.jpg"),
        ("Board", (1, 6), 6, "00001.jpg"),
    ],
)
def test_otb_frames_that_boxes_belong_to(tmp_path, name, frames, boxes, first):
    folder = tmp_path / name / "img"
    folder.mkdir(parents=True)
    for number in range(frames[0], frames[1] + 1):
        (folder / f"{number:0{len(first) - 4}d}.jpg").touch()
    otb.write_boxes(tmp_path / name / "groundtruth_rect.txt", np.ones((boxes, 4)))
    (sequence,) = otb.read_sequences(tmp_path)
    assert sequence.frames[0].name == first
    assert len(sequence) == boxes


def test_otb_fewer_frames_than_boxes(tmp_path):
    otb.write_sequence(tmp_path, "Short", smooth_frames(3), [BOXES])
    (tmp_path / "Short" / "img" / "0003.jpg").unlink()
    with pytest.raises(InputError, match="2 frames and 3 boxes"):
        otb.read_sequences(tmp_path)


def test_otb_human4_and_other_names(tmp_path):
    otb.write_sequence(tmp_path / "otb", "Human4", smooth_frames(3), [BOXES, BOXES + 1])
    (tmp_path / "otb" / "Human4" / "groundtruth_rect.1.txt").write_text("")
    (sequence,) = otb.read_sequences(tmp_path / "otb", names=["Human4-2"])
    assert sequence.name == "Human4"
    np.testing.assert_allclose(sequence.boxes_ltwh, BOXES + 1)
    for stem in ("Jogging.1", "Human4-2", "ball.3"):
        otb.write_boxes(tmp_path / "results" / f"{stem}.txt", BOXES)
    assert set(otb.read_annotations(tmp_path / "results")) == {"Jogging-1", "Human4", "ball.3"}


def test_vot_round_trip(tmp_path):
    polygons = RNG.uniform(-5, 30, (3, 8)).round(3)
    vot.write_sequence(tmp_path, "bag", smooth_frames(3), polygons, fps=25)
    vot.write_list(tmp_path, ["bag"])
    (sequence,) = vot.read_sequences(tmp_path)
    np.testing.assert_allclose(sequence.polygons, polygons)
    np.testing.assert_allclose(sequence.boxes_ltwh[:, 0], polygons[:, ::2].min(axis=1))
    np.testing.assert_allclose(sequence.boxes_ltwh[:, 3], np.ptp(polygons[:, 1::2], axis=1))
    assert sequence.frames[0] == tmp_path / "bag" / "color" / "00000001.jpg"
    (tmp_path / "bag" / "groundtruth.txt").write_text("1,2,3,4\n" * 2 + "1,2,3,2,3,4,1,4\n")
    (sequence,) = vot.read_sequences(tmp_path)
    np.testing.assert_allclose(sequence.polygons[0], [1, 2, 4, 2, 4, 6, 1, 6])
    (tmp_path / "bag" / "groundtruth.txt").write_text("1,2,3,4\n" * 3)
    (sequence,) = vot.read_sequences(tmp_path)
    np.testing.assert_allclose(sequence.boxes_ltwh[0], [1, 2, 3, 4])
    assert sequence.polygons is None


def test_davis_round_trip_and_palette(tmp_path):
    ids = np.zeros((24, 32), np.uint8)
    ids[2:8, 3:9], ids[10:20, 5:30], ids[0, 0] = 1, 2, davis.VOID
    davis.write_sequence(tmp_path, "duo", smooth_frames(2), [ids, ids])
    davis.write_names(tmp_path, ["duo"])
    assert davis.read_names(tmp_path) == ["duo"]
    assert [path.name for path in davis.frames(tmp_path, "duo")] == ["00000.jpg", "00001.jpg"]
    mask = davis.masks(tmp_path, "duo")[1]
    np.testing.assert_array_equal(davis.read_mask(mask), ids)
    with Image.open(mask) as image:
        assert image.mode == "P"
        assert image.getpalette()[:12] == [0, 0, 0, 128, 0, 0, 0, 128, 0, 128, 128, 0]
    cv2.imwrite(str(tmp_path / "rgb.png"), np.zeros((4, 4, 3), np.uint8))
    (tmp_path / "broken.png").write_bytes(mask.read_bytes()[:60])
    for name in ("rgb.png", "broken.png", "missing.png"):
        with pytest.raises(InputError, match=name):
            davis.read_mask(tmp_path / name)


@pytest.mark.real_data
def test_real_kinetics_lists(real_data):
    rows, problems = kinetics.read_clip_list(real_data / "kinetics" / "kinetics700_validate.csv")
    assert (len(rows), problems) == (33_909, [])
    rows, problems = kinetics.read_clip_list(real_data / "kinetics" / "mini_train.csv")
    assert (len(rows), problems) == (33, [])
    assert sum(row.youtube_id.startswith("-") for row in rows) == 5


@pytest.mark.real_data
def test_real_otb(real_data):
    annotations = otb.read_annotations(real_data / "otb_annotations")
    names = read_names(real_data / "otb_annotations" / "tb_100.txt")
    attributes = read_attributes(real_data / "otb_annotations" / "attributes")
    assert set(annotations) == set(names) == set(attributes)
    assert len(names) == 100
    assert attributes["Bird1"] == ("DEF", "FM", "OV")
    sequences = otb.read_sequences(real_data / "otb", attributes=real_data / "otb_annotations")
    assert len(sequences) == 9
    for sequence in sequences:
        assert len(sequence) == len(annotations[sequence.name])
        np.testing.assert_allclose(sequence.boxes_ltwh, annotations[sequence.name])
    assert len(next(s for s in sequences if s.name == "Football1")) == 74


@pytest.mark.real_data
def test_real_got10k_files_are_written_back_byte_for_byte(real_data, tmp_path):
    sequences = got10k.read_sequences(real_data / "tracking" / "train")
    assert (len(sequences), sum(len(s) for s in sequences)) == (30, 2079)
    assert sum(int((~s.visible).sum()) for s in sequences) == 15
    folder = sequences[0].frames[0].parent
    meta = dict(
        line.split(": ", 1) for line in (folder / "meta_info.ini").read_text().splitlines()[1:]
    )
    blank = np.zeros((4, 4, 3), np.uint8)
    labels = {
        name: np.loadtxt(folder / f"{name}.label", dtype=int) for name in ("cover", "cut_by_image")
    }
    got10k.write_sequence(
        tmp_path, folder.name, [blank] * len(sequences[0]), sequences[0].boxes_ltwh,
        meta=meta, **labels,
    )  # fmt: skip
    for name in ("groundtruth.txt", "cover.label", "absence.label", "cut_by_image.label",
                 "meta_info.ini"):  # fmt: skip
        assert (tmp_path / folder.name / name).read_bytes() == (folder / name).read_bytes(), name


@pytest.mark.real_data
def test_real_vot_and_davis(real_data, tmp_path):
    sequences = vot.read_sequences(real_data / "vot")
    assert [(s.name, len(s)) for s in sequences] == [("bag", 196), ("ball1", 60)]
    folder = sequences[0].frames[0].parent.parent
    blank = [np.zeros((360, 480, 3), np.uint8)] * 196
    vot.write_sequence(tmp_path, "bag", blank, sequences[0].polygons, fps=30)
    for name in ("groundtruth.txt", "sequence"):
        assert (tmp_path / "bag" / name).read_bytes() == (folder / name).read_bytes()
    names = davis.read_names(real_data / "davis")
    assert names == ["blackswan", "dance-twirl", "kite-surf"]
    for name in names:
        masks = davis.masks(real_data / "davis", name)
        assert len(masks) == len(davis.frames(real_data / "davis", name))
        ids = davis.read_mask(masks[0])
        assert ids.shape == (480, 854)
        assert set(np.unique(ids)) == {0, 1}
