"""What the viewer of sequences reads: pictures, boxes, overlaps and masks, decoded and compared."""

import base64
import io
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from chromatrack.cli.main import main
from chromatrack.data import davis, otb
from chromatrack.data.images import write_jpeg
from chromatrack.data.sequence import Sequence
from chromatrack.errors import InputError
from chromatrack.evaluation import sets
from chromatrack.evaluation.benchmark import Selection
from chromatrack.files import read_json, write_json
from chromatrack.plan import viewer
from chromatrack.plan.layout import selection
from chromatrack.plan.places import Places
from chromatrack.reporting import coding, mask_strips, strips
from chromatrack.reporting.frames import ahead, fitting, parting, partings, thinned
from chromatrack.reporting.manifest import read_manifest
from chromatrack.settings import from_mapping, to_json
from chromatrack.stages.evaluation.evaluate import evaluate
from chromatrack.stages.report.strips import Results, box_strips, make_strips, read_track

EVIL = "<script>'\"&$x^2$"
NAN = np.nan
COUNT, SIZE = 12, (90, 400)  # frames; height and width


def decoded(text, kind):
    return np.frombuffer(base64.b64decode(text), dtype=kind)


def boxes_of(text):
    return decoded(text, "<i2").reshape(-1, 4) / 4


def image_of(text):
    return np.array(Image.open(io.BytesIO(base64.b64decode(text))))


# Rules


def test_trackers_part_where_their_overlaps_do():
    first = np.array([1.0, 0.9, NAN, 0.8, 0.7])
    late, near = np.array([1.0, 0.85, 0.0, 0.7, 0.0]), np.array([1.0, 0.85, 0.0, 0.75, 0.65])
    assert (parting(first, late), ahead(first, late), ahead(late, first)) == (3, 4, None)
    assert (parting(first, near), ahead(first, near)) == (None, 1)  # the first of the largest
    for nothing in (first, np.full(5, NAN)):
        assert (parting(first, nothing), ahead(first, nothing)) == (None, None)
    others = [np.array([1.0, 0.8, 0, 0, 0]), np.array([1.0, 0.9, 0, 0, 0]), first]
    assert partings(first, others) == [3, 1]


@pytest.mark.parametrize("room", range(1, 25))
def test_thinned_frames_keep_both_ends_and_those_that_are_asked_for(room):
    found = thinned(20, room, [7, 13, 7])
    assert found == sorted(set(found)) and len(found) <= room and set(found) <= set(range(20))
    assert set([0, 19, 7, 13][:room]) <= set(found)
    if room >= 20:
        assert found == list(range(20))


def test_thinned_frames_are_evenly_spaced():
    assert thinned(101, 5) == [0, 25, 50, 75, 100]
    assert np.diff(thinned(1000, 40, [333])).max() <= 1000 / 37
    assert thinned(1, 5) == [0]


def test_pictures_get_smaller_before_frames_that_matter_are_left_out():
    def fit(budget, always=()):
        side, frames = fitting(50, always, (200, 100), budget, lambda frame, side: side)
        assert sum(side for _ in frames) <= budget or len(frames) == 1
        return side, frames

    assert fit(10_000) == (200, list(range(50)))
    assert fit(2_600)[0] == 200 and len(fit(2_600)[1]) == 13
    assert fit(2_300)[0] == 100 and len(fit(2_300)[1]) == 23  # twelve large ones are too many
    side, frames = fit(2_600, range(2, 18))  # with both ends eighteen
    assert side == 100 and {0, *range(2, 18), 49} <= set(frames) and len(frames) == 26
    assert fit(350, [3, 5, 7, 9]) == (100, [0, 3, 49])
    assert fit(0) == (100, [0])


def test_numbers_survive_their_code():
    boxes = np.array([[0.0, -3.25, 17.5, 8000.75], [NAN, 1, 1, 1], [1e6, -1e6, 0.1, 0.13]])
    found = boxes_of(coding.quarter_pixels(boxes))
    np.testing.assert_array_equal(found[0], boxes[0])
    assert (found[1] * 4 == coding.ABSENT).all()
    np.testing.assert_array_equal(found[2] * 4, [32767, -32767, 0, 1])
    overlaps = np.array([0.0, 1.0, 0.5, NAN, 0.1234])
    found = decoded(coding.levels(overlaps), np.uint8)
    assert found.tolist() == [0, 250, 125, 255, 31]


def test_masks_are_indexed_and_as_large_as_their_picture():
    ids = np.zeros((90, 400), dtype=np.uint8)
    ids[20:60, 100:300] = 3
    with Image.open(io.BytesIO(coding.mask(ids, 320))) as image:
        assert image.mode == "P" and image.size == (320, 72)
        found = np.array(image)
        assert image.convert("RGB").getpixel((160, 30)) == (128, 128, 0)  # DAVIS's third colour
    np.testing.assert_array_equal(found, cv2.resize(ids, (320, 72), interpolation=0))
    picture = Image.open(io.BytesIO(coding.picture(np.zeros((90, 400, 3), np.uint8), 320)))
    assert picture.size == (320, 72)
    assert coding.size_within(30, 40, 320) == (30, 40)  # none grows


# A run


def truth_of(number):
    boxes = np.tile([40.0, 20.0, 30.0, 24.0], (COUNT, 1))
    boxes[:, 0] += np.arange(COUNT) * (2 + number)
    return boxes


def moved(boxes, *, x=0, y=0):
    return boxes + np.array([x, y, 0, 0])


OFFSETS = {"baseline-seed0": 0, "baseline-seed1": 5, "exp2-alpha0.3-seed0": 8, "kcf": 20}


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A finished run of two sequences and one of masks; trackers are some pixels off."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for number, name in enumerate(("Cat", EVIL)):
        small = rng.integers(0, 255, (9, 40, 3), dtype=np.uint8)
        images = [cv2.resize(np.roll(small, n, 1), SIZE[::-1]) for n in range(COUNT)]
        otb.write_sequence(tmp_path / "otb", name, images, [truth_of(number)])
    masks = []
    for n in range(COUNT):
        ids = np.zeros(SIZE, dtype=np.uint8)
        ids[10:40, 20 + n : 80 + n], ids[50:70, 200:260] = 1, 2
        masks.append(ids)
    davis.write_sequence(tmp_path / "davis", "two", images, masks)
    davis.write_names(tmp_path / "davis", ["two"])
    settings = from_mapping({
        "run": "r", "seeds": [0, 1], "alphas": [0.3], "baselines": ["kcf"],
        "data": {"title": "t"}, "siamfc": {"checkpoint": "model.pt"},
        "experiments": {**dict.fromkeys("1345"), "2": {"weights": "random"}},
        "benchmarks": {"otb": {"root": str(tmp_path / "otb")},
                       "davis": {"root": str(tmp_path / "davis")}},
    })  # fmt: skip
    places, benchmark = Places("r"), sets.get("otb")
    for name, offset in OFFSETS.items():
        for number, target in enumerate(("Cat", EVIL)):
            boxes = moved(truth_of(number), x=offset)
            boxes[6:, 0] += 10 * offset
            path = places.evaluation("otb", "ope", name, f"boxes/{target}.txt")
            otb.write_boxes(path, boxes)
        scores = tmp_path / places.scores("otb", "ope", name)
        evaluate(benchmark, selection(settings, "otb"), scores.parent / "boxes", scores)
    for path, ids in zip(davis.masks(tmp_path / "davis", "two"), masks, strict=True):
        result = np.where(ids == 1, 1, 0).astype(np.uint8)
        folder = places.evaluation("davis", "propagated", "identity", "two")
        davis.write_mask(f"{folder}/{path.name}", result)
    return settings


def test_strips_hold_the_boxes_the_overlaps_and_the_pictures_of_a_run(run, tmp_path):
    made = make_strips(run, tmp_path / "strips.json")
    assert json.loads((tmp_path / "strips.json").read_text()) == made
    trackers = ["baseline-seed0", "exp2-alpha0.3-seed0", "kcf"]
    assert (made["benchmark"], made["seed"], made["trackers"]) == ("otb", 0, trackers)
    assert [one["name"] for one in made["sequences"]] == sorted(("Cat", EVIL))
    for one in made["sequences"]:
        truth = truth_of(["Cat", EVIL].index(one["name"]))
        assert (one["width"], one["height"], one["count"]) == (400, 90, COUNT)
        assert one["frames"] == list(range(COUNT))
        np.testing.assert_array_equal(boxes_of(one["truth"]), truth)
        assert [image_of(text).shape for text in one["pictures"]] == [(72, 320, 3)] * COUNT
        assert list(one["boxes"]) == list(one["overlaps"]) == trackers
        for name in trackers:
            shift = np.where(np.arange(COUNT) < 6, 1, 11) * OFFSETS[name]
            shift[0] = 0  # the first box is given, and scored as the truth
            np.testing.assert_array_equal(boxes_of(one["boxes"][name])[:, 0] - truth[:, 0], shift)
            told = read_json(Places("r").scores("otb", "ope", name))["overlaps"]
            found = decoded(one["overlaps"][name], np.uint8)
            np.testing.assert_allclose(found / 250, told[one["name"]], atol=0.5 / 250 + 1e-9)
    assert image_of(one["pictures"][0]).std() > 20


def test_pictures_are_those_of_their_frames(run, tmp_path):
    made = make_strips(run, tmp_path / "strips.json")["sequences"]
    one = next(one for one in made if one["name"] == "Cat")
    for frame in (0, 7):
        image = cv2.imread(str(tmp_path / "otb" / "Cat" / "img" / f"{frame + 1:04d}.jpg"))
        expected = cv2.resize(image[..., ::-1], (320, 72), interpolation=cv2.INTER_AREA)
        assert np.abs(image_of(one["pictures"][frame]).astype(float) - expected).mean() < 6


def test_equal_runs_give_equal_bytes(run, tmp_path):
    options = ["strips", "--settings", viewer.strips_read(run)]
    for name in ("one.json", "two.json"):
        assert main([*options, "--output", str(tmp_path / name)]) == 0
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
    make_strips(run, tmp_path / "whole.json")  # what the rule hands over is all that is read
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "whole.json").read_bytes()


def test_a_budget_thins_frames_and_keeps_where_trackers_part(run, tmp_path, monkeypatch):
    every = make_strips(run, tmp_path / "strips.json")
    for name in ("LEAST_BYTES", "MOST_BYTES"):
        monkeypatch.setattr(strips, name, 30_000)
    made = make_strips(run, tmp_path / "strips.json")
    used = [len(base64.b64decode(text)) for s in made["sequences"] for text in s["pictures"]]
    assert sum(used) <= 30_000 and len(used) < 2 * COUNT
    for one, other in zip(made["sequences"], every["sequences"], strict=True):
        # exp2 leaves the target at frame 6, kcf (20 pixels off) at once.
        assert {0, 1, 6, COUNT - 1} <= set(one["frames"])
        assert len(one["pictures"]) == len(one["frames"]) == len(boxes_of(one["truth"]))
        where = [other["frames"].index(frame) for frame in one["frames"]]
        expected = boxes_of(other["boxes"]["kcf"])[where]
        np.testing.assert_array_equal(boxes_of(one["boxes"]["kcf"]), expected)
        assert one["overlaps"] == other["overlaps"]


def test_masks_have_their_scores_frame_by_frame(run, tmp_path):
    made = make_strips(run, tmp_path / "strips.json")["masks"]
    (one,) = made
    assert (one["name"], one["count"], one["objects"]) == ("two", COUNT, ["1", "2"])
    assert list(one["methods"]) == ["first mask repeated"]
    told = one["methods"]["first mask repeated"]
    for values, expected in ((told["J"], (1.0, 0.0)), (told["F"], (1.0, 0.0))):
        for number, value in zip(("1", "2"), expected, strict=True):
            assert values[number] == [None, *[value] * (COUNT - 2), None]
    for frame in (0, 5):
        shown, true = image_of(told["masks"][frame]), image_of(one["truth"][frame])
        assert shown.shape == true.shape == image_of(one["pictures"][frame]).shape[:2]
        np.testing.assert_array_equal(shown, np.where(true == 1, 1, 0))
        assert set(np.unique(true)) == {0, 1, 2}


def test_what_has_no_mask_is_told_as_none(run, tmp_path):
    places = Places("r")
    (tmp_path / places.evaluation("davis", "propagated", "identity", "two/00000.png")).unlink()
    for path in davis.masks(tmp_path / "davis", "two")[1::2]:  # every second frame is annotated
        path.unlink()
    (one,) = make_strips(run, tmp_path / "strips.json")["masks"]
    told = one["methods"]["first mask repeated"]
    assert [mask is None for mask in told["masks"]] == [True] + [False] * (COUNT - 1)
    assert [mask is None for mask in one["truth"]] == [False, True] * (COUNT // 2)
    scored = {2, 4, 6, 8}  # without the first annotated frame and the last
    assert told["J"]["1"] == [1.0 if frame in scored else None for frame in range(COUNT)]


def test_masks_have_a_budget_of_their_own(run, tmp_path, monkeypatch):
    monkeypatch.setattr(mask_strips, "BYTES", 20_000)
    (one,) = make_strips(run, tmp_path / "strips.json")["masks"]
    told = one["methods"]["first mask repeated"]
    shown = [*one["pictures"], *one["truth"], *told["masks"]]
    assert sum(len(base64.b64decode(text)) for text in shown) <= 20_000
    assert one["frames"][0] == 0 and one["frames"][-1] == COUNT - 1
    assert 1 < len(one["frames"]) < COUNT and len(told["J"]["1"]) == COUNT


# Folders of results


def scored(folder, target, truth, boxes):
    """Results of one target, and their scores."""
    otb.write_boxes(folder / "results" / f"{target}.txt", boxes)
    otb.write_boxes(folder / "anno" / f"{target}.txt", truth)
    scores = evaluate(
        sets.get("otb"), Selection(root=folder / "anno"), folder / "results", folder / "s.json"
    )
    return Results(folder / "results", scores)


def test_boxes_of_any_folder_are_shown_without_images(tmp_path):
    truth = truth_of(0)
    results = scored(tmp_path, "Cat", truth, moved(truth, y=6))
    target = Sequence("Cat", (), truth)
    (one,) = box_strips([target], {EVIL: results}, baseline=None)
    assert one["pictures"] == [] and one["frames"] == list(range(COUNT))
    assert (one["width"], one["height"]) == (40 + 22 + 30, 44)
    found = boxes_of(one["boxes"][EVIL])
    np.testing.assert_array_equal(found[1:], moved(truth, y=6)[1:])
    assert decoded(one["overlaps"][EVIL], np.uint8)[1:].tolist() == [150] * (COUNT - 1)


def test_results_that_begin_later_are_placed_where_they_were_scored(tmp_path):
    """Published results of Tiger1 begin at its sixth frame."""
    truth = truth_of(0)
    results = scored(tmp_path, "Tiger1", truth, moved(truth[5:], x=1))
    track = read_track(Sequence("Tiger1", (), truth), results)
    assert np.isnan(track.boxes_ltwh[:5]).all() and np.isnan(track.overlaps[:5]).all()
    np.testing.assert_array_equal(track.boxes_ltwh[6:], moved(truth[6:], x=1))
    assert np.isfinite(track.overlaps[5:]).all()


def test_frames_without_truth_have_boxes_and_no_overlap(tmp_path):
    truth = truth_of(0)
    results = scored(tmp_path, "Cat", truth, moved(truth, y=6))
    absent = truth.copy()
    absent[4:6] = NAN
    told = {"overlaps": {"Cat": np.delete(results.scores["overlaps"]["Cat"], [4, 5]).tolist()}}
    track = read_track(Sequence("Cat", (), absent), Results(results.folder, told))
    assert np.isnan(track.overlaps).nonzero()[0].tolist() == [4, 5]
    np.testing.assert_array_equal(track.boxes_ltwh[4:6], moved(truth, y=6)[4:6])
    (one,) = box_strips(
        [Sequence("Cat", (), absent)], {"x": Results(results.folder, told)}, baseline="x"
    )
    assert (decoded(one["truth"], "<i2").reshape(-1, 4)[4:6] == coding.ABSENT).all()
    with pytest.raises(InputError, match="Cat: expected overlaps of 12 frames in its scores, got"):
        read_track(Sequence("Cat", (), truth), Results(results.folder, told))


# What a run shows


def test_of_each_experiment_and_alpha_the_first_seed_is_shown(run):
    names = [spec.name for spec in viewer.box_trackers(run)]
    assert names == ["baseline-seed0", "exp2-alpha0.3-seed0", "kcf"]
    assert [spec.name for spec in viewer.mask_methods(run)] == ["identity"]
    files = viewer.strips_of(run)
    assert len(files) == 4 and all("seed1" not in file for file in files)


def test_a_run_without_boxes_in_one_pass_has_no_strips(tmp_path):
    given = {"run": "r", "data": {"title": "t"}, "siamfc": {"checkpoint": "model.pt"},
             "experiments": dict.fromkeys("12345")}  # fmt: skip
    for benchmarks in ({}, {"got10k": {"root": "x"}}, {"otb": {"root": "x", "protocols": ["sre"]}}):
        settings = from_mapping({**given, "benchmarks": benchmarks})
        assert viewer.strips_of(settings) == []
        made = make_strips(settings, tmp_path / "strips.json")
        assert made["benchmark"] is None and made["sequences"] == made["masks"] == []


def test_titles_and_what_is_not_shown_change_no_strips(run):
    plain = json.loads(to_json(run))
    plain["data"]["title"], plain["fine_tune"]["epochs"] = EVIL, 3
    plain["experiments"]["2"]["claim"] = False
    assert viewer.strips_read(from_mapping(plain)) == viewer.strips_read(run)
    plain["baselines"] = []
    assert viewer.strips_read(from_mapping(plain)) != viewer.strips_read(run)


def test_a_broken_picture_is_named(run, tmp_path):
    path = tmp_path / "otb" / "Cat" / "img" / "0003.jpg"
    path.write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"0003\.jpg: expected an image"):
        make_strips(run, tmp_path / "strips.json")
    assert not (tmp_path / "strips.json").exists()
    write_jpeg(path, np.zeros((*SIZE, 3), np.uint8))
    make_strips(run, tmp_path / "strips.json")


def test_the_manifest_names_the_files_of_the_viewer(run, tmp_path):
    """Maps only where a tracker of the run mixes two branches; nothing was pretrained here."""
    write_json(Places("r").pictures, [])
    alone = json.loads(to_json(run)) | {"experiments": dict.fromkeys("12345")}
    for settings, has_maps in ((run, True), (from_mapping(alone), False)):
        options = ["manifest", "--settings", to_json(settings)]
        assert main([*options, f"--output={tmp_path / 'm.json'}"]) == 0
        found = read_manifest(tmp_path / "m.json")
        assert found.strips == Path(Places("r").strips)
        assert found.maps == (Path(Places("r").score_maps) if has_maps else None)
        assert found.similarity is None
