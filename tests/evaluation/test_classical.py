"""Trackers of OpenCV behind the contract: they follow, they keep still when lost, they repeat."""

import typing

import cv2
import numpy as np
import pytest

from chromatrack.cli.main import main
from chromatrack.data import got10k, otb
from chromatrack.errors import InputError
from chromatrack.files import read_json
from chromatrack.metrics.boxes import iou_ltwh
from chromatrack.settings import Classical
from chromatrack.tracking import classical
from chromatrack.tracking.classical import CLASSICAL, open_classical
from chromatrack.tracking.pixels import whole_pixels

NAMES = list(CLASSICAL)
SIZE = (160, 220)


def scene(steps, *, grey=False, scale=0.0):
    """Frames of a textured patch that moves over smooth ground, and its boxes_ltwh."""
    random = np.random.default_rng(3)
    coarse = random.integers(0, 90, (8, 10, 3)).astype(np.uint8)
    ground = cv2.resize(coarse, SIZE[::-1], interpolation=cv2.INTER_CUBIC)
    texture = random.integers(60, 255, (12, 15, 3)).astype(np.uint8)
    texture[..., 1] //= 3  # a colour that the ground has not
    if grey:
        texture[:] = texture[..., :1]
        ground[:] = ground[..., :1]
    frames, boxes = [], []
    for index, (left, top) in enumerate(steps):
        factor = 1 + scale * index
        width, height = round(44 * factor), round(36 * factor)
        patch = cv2.resize(texture, (width, height), interpolation=cv2.INTER_LINEAR)
        frame = ground.copy()
        frame[top : top + height, left : left + width] = patch
        frames.append(frame)
        boxes.append([left, top, width, height])
    return frames, np.array(boxes, dtype=np.float64)


def follow(tracker, frames, box_ltwh):
    tracker.init(frames[0], box_ltwh)
    return np.array([box_ltwh, *(tracker.update(frame) for frame in frames[1:])])


PATH = [(40 + 3 * index, 50 + index) for index in range(25)]


@pytest.mark.parametrize("grey", [False, True], ids=["colour", "grey"])
@pytest.mark.parametrize("name", NAMES)
def test_a_moving_target_is_followed(name, grey):
    frames, boxes = scene(PATH, grey=grey)
    before = [frame.copy() for frame in frames]
    found = follow(open_classical(name), frames, boxes[0])
    overlaps = iou_ltwh(found, boxes)
    still = iou_ltwh(np.tile(boxes[0], (len(boxes), 1)), boxes)
    assert still[-1] == 0
    assert overlaps.min() > (0.35 if name == "camshift" else 0.6), overlaps
    for kept, frame in zip(before, frames, strict=True):
        np.testing.assert_array_equal(kept, frame)


@pytest.mark.parametrize("name", ["camshift", "klt", "csrt"])
def test_trackers_that_adapt_their_size_follow_growth(name):
    frames, boxes = scene([(60, 50)] * 25, scale=0.025)
    found = follow(open_classical(name), frames, boxes[0])
    assert iou_ltwh(found[-1:], boxes[-1:]) > iou_ltwh(boxes[:1], boxes[-1:]) + 0.1


@pytest.mark.parametrize("name", ["mosse", "kcf", "csrt"])
def test_channels_reach_opencv_in_the_order_that_it_expects(name):
    """A filter of OpenCV sees BGR: what it gets is the frame with its channels turned round."""
    seen = []

    class Spy:
        def init(self, image, window):
            assert all(isinstance(value, int) for value in window)
            seen.append(image)

        def update(self, image):
            seen.append(image)
            return True, (1, 2, 30, 40)

    tracker = open_classical(name)
    tracker.make = Spy
    frames, boxes = scene(PATH[:2])
    found = follow(tracker, frames, boxes[0] + 0.4)
    np.testing.assert_array_equal(found[1], [1, 2, 30, 40])
    for image, frame in zip(seen, frames, strict=True):
        np.testing.assert_array_equal(image, frame[..., ::-1])


@pytest.mark.parametrize("answer", [
    (False, (0, 0, 0, 0)), (True, (5, 5, 0, 9)), (True, (np.nan, 5, 5, 9)), cv2.error("assertion"),
])  # fmt: skip
def test_a_lost_target_keeps_its_last_box(answer):
    class Lost:
        def init(self, image, window): ...

        def update(self, image):
            if isinstance(answer, Exception):
                raise answer
            return answer

    box = np.array([10.5, 20.25, 30.0, 40.0])
    found = follow(classical.FilterTracker(Lost), [np.zeros((99, 99, 3), np.uint8)] * 3, box)
    np.testing.assert_array_equal(found, [box] * 3)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("box", [
    [-20, -10, 44, 36], [200, 140, 60, 60], [50, 50, 0.4, 0.4], [60.5, 50.25, 2, 3],
    [500, 500, 40, 40], [-80, 40, 40, 40], [0, 0, 220, 160], [10, 10, 1, 130], [10, 10, 160, 2],
], ids=str)  # fmt: skip
def test_any_first_box_gives_finite_boxes(name, box):
    frames, _ = scene([(60, 50)] * 4)
    frames.append(np.zeros_like(frames[0]))
    found = follow(open_classical(name), frames, np.array(box, dtype=np.float64))
    assert np.isfinite(found).all()
    assert (found[1:, 2:] > 0).all()


@pytest.mark.parametrize("name", NAMES)
def test_one_tracker_runs_twice_alike(name):
    """What it saw in one sequence leaves nothing behind for the next."""
    frames, boxes = scene(PATH)
    once = follow(open_classical(name), frames, boxes[0])
    tracker = open_classical(name)
    follow(tracker, frames[::-1], boxes[-1])
    np.testing.assert_array_equal(follow(tracker, frames, boxes[0]), once)


def test_a_box_that_went_through_single_precision_is_on_the_same_pixels():
    random = np.random.default_rng(4)
    boxes = np.round(random.uniform(5, 300, (2000, 4)), 3)
    boxes[:, :2] += 0.5 - boxes[:, :2] % 1 - (boxes[:, 2:] - np.round(boxes[:, 2:])) / 2  # ties
    for box in boxes:
        through = [float(f"{value:.4f}") for value in box.astype(np.float32)]
        assert whole_pixels(through) == whole_pixels(box)


def test_names_of_settings_are_those_of_the_trackers():
    assert typing.get_args(Classical) == tuple(NAMES)


def test_unknown_names_and_a_small_opencv_end_in_one_sentence(monkeypatch):
    with pytest.raises(InputError, match=r"'kfc'.*meanshift.*csrt"):
        open_classical("kfc")
    monkeypatch.delattr(cv2, "TrackerKCF_Params")
    with pytest.raises(InputError, match="opencv-contrib-python-headless"):
        open_classical("kcf")
    monkeypatch.delattr(cv2, "legacy")
    with pytest.raises(InputError, match=r"'mosse'.*opencv-contrib-python-headless"):
        open_classical("mosse")


def write_otb(root):
    frames, boxes = scene(PATH[:8])
    otb.write_sequence(root, "Patch", frames, [boxes], quality=95)


def test_a_baseline_leaves_the_files_of_a_tracker(tmp_path):
    write_otb(tmp_path / "otb")
    out = tmp_path / "out" / "run.json"
    call = ["run", "otb", "--tracker", "kcf", "--root", str(tmp_path / "otb"),
            "--output", str(out)]  # fmt: skip
    assert main(call) == 0
    run = read_json(out)
    assert run["frames"] == 8 and run["device"] == "cpu" and run["frames_per_second"] > 0
    assert run["made_by"]["settings"]["tracker"] == "kcf"
    boxes = otb.read_boxes(out.parent / "boxes" / "Patch.txt")
    assert iou_ltwh(boxes, scene(PATH[:8])[1]).min() > 0.6
    scores = out.parent / "scores.json"
    assert main(["evaluate", "otb", "--annotations", str(tmp_path / "otb"), "--results",
                 str(out.parent / "boxes"), "--output", str(scores)]) == 0  # fmt: skip
    assert read_json(scores)["success_auc"] > 0.6


def test_a_target_that_csrt_cannot_start_on_is_lost_and_the_others_go_on(tmp_path):
    """Its filter fails an assertion of OpenCV on a first box of a column; nothing was scored."""
    write_otb(tmp_path / "otb")
    frames = [np.random.default_rng(0).integers(0, 256, (240, 320, 3), dtype=np.uint8)] * 3
    thin = np.tile([10.0, 10, 1, 200], (3, 1))
    otb.write_sequence(tmp_path / "otb", "Column", frames, [thin], quality=95)
    with pytest.raises(cv2.error):
        cv2.TrackerCSRT_create().init(frames[0], whole_pixels(thin[0]))
    out = tmp_path / "out"
    call = ["run", "otb", "--tracker", "csrt", "--root", str(tmp_path / "otb")]
    assert main([*call, "--output", str(out / "run.json")]) == 0
    np.testing.assert_allclose(otb.read_boxes(out / "boxes" / "Column.txt"), thin)
    assert iou_ltwh(otb.read_boxes(out / "boxes" / "Patch.txt"), scene(PATH[:8])[1]).min() > 0.6


def test_what_opencv_says_elsewhere_is_told_with_its_frame(tmp_path, monkeypatch, capsys):
    write_otb(tmp_path / "otb")

    def fails(*_):
        raise cv2.error("OpenCV(5): here.cpp:1: error:\n> (-215) assertion\n")

    monkeypatch.setattr("chromatrack.tracking.klt._follow", fails)
    call = ["run", "otb", "--tracker", "klt", "--root", str(tmp_path / "otb")]
    assert main([*call, "--output", str(tmp_path / "out" / "run.json")]) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert "Patch, frame 2 (0002.jpg): OpenCV(5): here.cpp:1: error: > (-215) assertion" in said


def test_the_boxes_of_another_tracker_are_not_taken_over(tmp_path):
    write_otb(tmp_path / "otb")
    digests = set()
    for name in ("klt", "kcf"):
        call = ["run", "otb", "--tracker", name, "--root", str(tmp_path / "otb")]
        assert main([*call, "--output", str(tmp_path / "out" / "run.json")]) == 0
        digests.add(read_json(tmp_path / "out" / "run.json")["results"])
    assert len(digests) == 2


def test_got10k_layout_is_read_too(tmp_path):
    frames, boxes = scene(PATH[:5])
    got10k.write_sequence(
        tmp_path / "val", "GOT-10k_Val_000001", frames, boxes,
        cover=np.full(5, 8), cut_by_image=np.zeros(5), meta={"object_class": "patch"},
    )  # fmt: skip
    got10k.write_list(tmp_path / "val", ["GOT-10k_Val_000001"])
    out = tmp_path / "out" / "run.json"
    call = ["run", "got10k", "--tracker", "klt", "--root", str(tmp_path / "val")]
    assert main([*call, "--output", str(out)]) == 0
    assert len(otb.read_boxes(out.parent / "boxes" / "GOT-10k_Val_000001.txt")) == 5


@pytest.mark.parametrize("call", [
    ["otb", "--tracker", "kfc"], ["vot", "--tracker", "kcf", "--names", "x.txt"],
    ["otb", "--tracker", "kcf"], ["got10k", "--tracker", "kcf"], ["vot", "--tracker", "kcf"],
    ["otb", "--tracker", "kcf", "--alpha", "0.5"], ["davis", "--tracker", "kcf"],
    ["otb", "--tracker", "kcf", "--method", "soft"], ["otb", "--tracker", "kcf", "--alphas", "0,1"],
    ["vot", "--tracker", "kcf", "--protocol", "ope"], ["otb"],
    ["otb", "--tracker", "kcf", "--edition", "vot2018"],
    ["vot", "--tracker", "kcf", "--edition", "vot2014"],
])  # fmt: skip
def test_wrong_calls_end_in_one_sentence(call, tmp_path, capsys):
    nowhere = str(tmp_path / "nowhere")
    code = main(["run", *call, "--root", nowhere, "--output", str(tmp_path / "r.json")])
    assert code == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(("call", "told"), [
    (["otb", "--tracker", "kcf", "--settings", "{}"], "--settings: belongs to --checkpoint"),
    (["otb", "--tracker", "kcf", "--random-auxiliary", "0"], "--random-auxiliary: belongs to"),
    (["otb", "--tracker", "kcf", "--of", "KCF"], "--of: belongs to --results, not to --tracker"),
    (["otb", "--results", "r", "--alphas", "0,1"], "--alphas: belongs to --checkpoint"),
    (["otb", "--results", "r", "--settings", "{}"], "--settings: belongs to --checkpoint"),
    (["otb", "--results", "r", "--option", "a=1"], "--option: belongs to --tracker"),
    (["otb", "--checkpoint", "m.pt", "--option", "a=1"], "--option: belongs to --tracker"),
    (["otb", "--checkpoint", "m.pt", "--of", "KCF"], "--of: belongs to --results"),
    (["otb", "--checkpoint", "m.pt", "--together", "t"], "--together: expected --alphas"),
    (["davis", "--option", "a=1"], "--option: davis is of masks"),
    (["davis", "--of", "KCF"], "--of: davis is of masks"),
    (["davis", "--method", "thesis", "--settings", "{}"], "--settings: is not read by --method"),
    (["davis", "--method", "identity", "--checkpoint", "m.pt"], "--checkpoint: is not read by"),
])  # fmt: skip
def test_an_option_that_would_not_be_read_is_refused(call, told, tmp_path, capsys):
    nowhere = str(tmp_path / "nowhere")
    assert main(["run", *call, "--root", nowhere, "--output", str(tmp_path / "r.json")]) == 2
    said = capsys.readouterr().err
    assert told in said and said.count("\n") == 1


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("box", [(1, 1, 1e9, 1e9), (10, 10, 0, 20), (10, 10, -5, 5)])
def test_a_first_box_that_cannot_be_is_refused(name, box):
    with pytest.raises(InputError, match="box"):
        open_classical(name).init(np.zeros((60, 80, 3), np.uint8), np.array(box, float))
