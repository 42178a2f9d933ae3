"""DAVIS: masks are propagated from the first one of each sequence, DAVIS-2016 among them."""

import cv2
import numpy as np
import pytest
from PIL import Image

from chromatrack.data import davis as davis_data
from chromatrack.errors import InputError
from chromatrack.evaluation.benchmark import Selection
from chromatrack.settings import ComputeSettings, PropagationSettings
from chromatrack.stages.evaluation.propagate import propagate
from tests.evaluation.davis_scores import score


@pytest.fixture
def davis_root(tmp_path):
    """One sequence of four frames in the official layout."""
    root = tmp_path / "DAVIS"
    for kind in ("JPEGImages", "Annotations"):
        (root / kind / "480p" / "a").mkdir(parents=True)
    (root / "ImageSets" / "2017").mkdir(parents=True)
    (root / "ImageSets" / "2017" / "val.txt").write_text("a\n")
    mask = np.zeros((24, 32), dtype=np.uint8)
    mask[4:12, 4:12] = 1
    for index in range(4):
        image = np.full((24, 32, 3), 40 * index, dtype=np.uint8)
        Image.fromarray(image).save(root / "JPEGImages" / "480p" / "a" / f"{index:05d}.jpg")
        davis_data.write_mask(root / "Annotations" / "480p" / "a" / f"{index:05d}.png", mask)
    return root


def repeat(root, output, **selected):
    """The first mask repeated."""
    return propagate(
        None, Selection(root=root, **selected), output / "run.json", method="identity",
        settings=PropagationSettings(), compute=ComputeSettings(),
    )  # fmt: skip


@pytest.mark.parametrize("lost", ["JPEGImages/480p/a/00000.jpg", "Annotations/480p/a/00000.png"])
def test_a_first_frame_without_its_mask_is_named(davis_root, tmp_path, lost):
    assert repeat(davis_root, tmp_path / "whole")["frames"] == {"a": 4}
    (davis_root / lost).unlink()
    with pytest.raises(InputError, match="expected the mask of the first frame"):
        repeat(davis_root, tmp_path / "out")


def test_an_empty_list_of_sequences_is_named(davis_root, tmp_path):
    (davis_root / "ImageSets" / "2017" / "val.txt").write_text("")
    with pytest.raises(InputError, match=r"val.txt: expected at least one sequence"):
        repeat(davis_root, tmp_path / "out")


@pytest.fixture
def davis_2016(tmp_path):
    """Two sequences in the layout of DAVIS-2016: one object, masks of 0 and 255, rows of frames."""
    root, rows = tmp_path / "DAVIS2016", []
    for name, step in (("goat", 2), ("kite", 0)):
        frames = root / "JPEGImages" / "480p" / name
        masks = root / "Annotations" / "480p" / name
        frames.mkdir(parents=True)
        masks.mkdir(parents=True)
        for index in range(6):
            mask = np.zeros((24, 32), dtype=np.uint8)
            mask[4:14, 4 + step * index : 14 + step * index] = 255
            Image.fromarray(mask).save(masks / f"{index:05d}.png")
            Image.fromarray(np.stack([mask] * 3, -1)).save(frames / f"{index:05d}.jpg")
            rows.append(f"/JPEGImages/480p/{name}/{index:05d}.jpg "
                        f"/Annotations/480p/{name}/{index:05d}.png ")  # fmt: skip
    (root / "ImageSets" / "480p").mkdir(parents=True)
    (root / "ImageSets" / "480p" / "val.txt").write_text("\n".join(rows) + "\n")
    return root


def test_davis_2016_is_read_propagated_and_scored(davis_2016, tmp_path):
    assert davis_data.read_names(davis_2016) == ["goat", "kite"]
    assert repeat(davis_2016, tmp_path / "out")["frames"] == {"goat": 6, "kite": 6}
    written = davis_data.read_mask(tmp_path / "out" / "goat" / "00003.png")
    assert set(np.unique(written)) == {0, 1}
    scores = score(davis_2016, tmp_path / "out")
    assert list(scores["per_object"]) == ["goat_1", "kite_1"]
    assert scores["per_object"]["kite_1"]["J_mean"] == 1.0
    # Squares of 10 x 10 pixels, 2, 4, 6 and 8 pixels apart in the four frames that count.
    expected = np.mean([(10 - d) / (10 + d) for d in (2, 4, 6, 8)])
    assert scores["per_object"]["goat_1"]["J_mean"] == pytest.approx(expected)
    assert (scores["objects"], scores["sequences"], scores["frames"]) == (2, 2, 8)


def test_results_on_binary_masks_may_be_written_either_way(davis_2016, tmp_path):
    """The published results of DAVIS-2016 are masks of 0 and 255; ours are of 0 and 1."""
    repeat(davis_2016, tmp_path / "out")
    ours = score(davis_2016, tmp_path / "out")
    for path in (tmp_path / "out").rglob("*.png"):
        Image.fromarray(255 * davis_data.read_mask(path)).save(path)
    assert score(davis_2016, tmp_path / "out")["per_object"] == ours["per_object"]
    annotated = davis_2016 / "Annotations" / "480p"
    assert score(davis_2016, annotated)["J_and_F"] == 1.0


def test_a_list_of_davis_2016_without_folders_is_named(davis_2016, tmp_path):
    listed = davis_2016 / "ImageSets" / "480p" / "val.txt"
    listed.write_text(listed.read_text() + "goat.jpg goat.png\n")
    with pytest.raises(InputError, match=r"val\.txt: line 13: expected \.\.\./NAME/FRAME"):
        repeat(davis_2016, tmp_path / "out")


def test_a_choice_of_sequences_is_propagated_and_scored_alone(davis_2016, tmp_path):
    (tmp_path / "names.txt").write_text("kite\n")
    names = str(tmp_path / "names.txt")
    assert repeat(davis_2016, tmp_path / "out", names=names)["frames"] == {"kite": 6}
    assert list(score(davis_2016, tmp_path / "out", names=names)["per_object"]) == ["kite_1"]
    masks = davis_2016 / "Annotations" / "480p"
    assert list(score(masks, tmp_path / "out", names=names)["per_object"]) == ["kite_1"]
    with pytest.raises(InputError, match=r"1 of 2 sequences are missing \(goat\)"):
        score(davis_2016, tmp_path / "out")
    (tmp_path / "names.txt").write_text("cow\n")
    with pytest.raises(InputError, match="cow"):
        score(masks, tmp_path / "out", names=names)


# Masks that say nothing


def masks_of(root, name):
    return sorted((root / "Annotations" / "480p" / name).iterdir())


@pytest.mark.parametrize(("values", "found"), [((0, 0), "background"), ((255, 255), "void")])
def test_a_first_mask_without_an_object_is_refused(davis_2016, tmp_path, values, found):
    """Masks that were background all over were written, with exit code 0."""
    ids = np.full((24, 32), values[0], np.uint8)
    ids[4:14, 4:14] = values[1]
    Image.fromarray(ids).save(masks_of(davis_2016, "goat")[0])
    with pytest.raises(InputError, match=rf"goat/00000\.png: expected .* object, found {found}"):
        repeat(davis_2016, tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"done", "kite"}
    with pytest.raises(InputError, match=rf"goat/00000\.png: expected .* object, found {found}"):
        score(davis_2016, davis_2016 / "Annotations" / "480p")


def test_void_alone_is_no_object_where_later_masks_have_others(davis_2016, tmp_path):
    """A first mask of 0 and 255 is one object of DAVIS-2016 only where all of them are."""
    later = masks_of(davis_2016, "goat")[3]
    davis_data.write_mask(later, np.where(davis_data.read_mask(later) == 255, 2, 0))
    told = r"goat/00003\.png: object 2 is nowhere in the first mask, 00000\.png, .*void \(255\)"
    with pytest.raises(InputError, match=told):
        repeat(davis_2016, tmp_path / "out")
    with pytest.raises(InputError, match=told):
        score(davis_2016, davis_2016 / "Annotations" / "480p")


def test_void_is_explained(davis_root, tmp_path):
    """Of one mask, nobody can tell whether it is one of DAVIS-2016."""
    path = masks_of(davis_root, "a")[0]
    davis_data.write_mask(path, np.where(davis_data.read_mask(path) == 1, 255, 0))
    with pytest.raises(InputError) as caught:
        davis_data.check_objects(path, davis_data.read_mask(path))
    assert str(caught.value) == (
        f"{path}: expected at least one object, found background and void alone: 255 is void and "
        "belongs to no object; number the objects from 1"
    )


# Masks and frames by their numbers


def test_masks_are_of_frames_by_number(davis_root, tmp_path):
    folder = davis_root / "Annotations" / "480p" / "a"
    masks = masks_of(davis_root, "a")
    masks[1].unlink()
    with pytest.raises(InputError, match=r"a: expected frames without a gap, found no 00001 betw"):
        score(davis_root, folder.parent)
    assert repeat(davis_root, tmp_path / "out")["frames"] == {"a": 4}  # only the first is needed
    masks[3].rename(masks[1])
    with pytest.raises(InputError, match=r"up to the last frame, 00003\.jpg, found 3 masks of 4"):
        score(davis_root, tmp_path / "out")
    masks[2].rename(folder / "00004.png")
    with pytest.raises(InputError, match=r"00004\.png: expected a frame of this number in"):
        repeat(davis_root, tmp_path / "out")
    (folder / "00004.png").rename(masks[2].with_suffix(".jpg"))
    with pytest.raises(InputError, match=r"00002\.jpg: named like a frame, expected a .*\.png"):
        repeat(davis_root, tmp_path / "out")


def test_masks_of_every_second_frame_are_scored_at_their_numbers(davis_2016, tmp_path):
    """The square of goat moves by two pixels a frame; frames cut off are frames, not masks."""
    repeat(davis_2016, tmp_path / "out")
    for path in masks_of(davis_2016, "goat")[1::2]:
        path.unlink()
    (tmp_path / "names.txt").write_text("goat\n")
    chosen = {"names": str(tmp_path / "names.txt")}
    entry = score(davis_2016, tmp_path / "out", **chosen)["per_object"]["goat_1"]
    assert entry["J_mean"] == pytest.approx((10 - 4) / (10 + 4))  # frame 2 of 0, 2, 4
    with pytest.raises(InputError, match=r"at least 3 masks NNNNN\.png, found 2"):
        score(davis_2016, tmp_path / "out", max_frames=4, **chosen)


def test_one_sequence_that_fails_leaves_the_others(davis_2016, tmp_path):
    broken = davis_2016 / "JPEGImages" / "480p" / "goat" / "00000.jpg"
    whole = broken.read_bytes()
    broken.write_bytes(b"no image")
    told = r"goat/00000\.jpg: .* decoded \(1 of 2 sequences failed; the others are kept\)$"
    with pytest.raises(InputError, match=told):
        repeat(davis_2016, tmp_path / "out")
    kept = tmp_path / "out" / "kite" / "00003.png"
    before = kept.stat().st_mtime_ns
    assert not (tmp_path / "out" / "run.json").exists()
    broken.write_bytes(whole)
    assert repeat(davis_2016, tmp_path / "out")["frames"] == {"goat": 6, "kite": 6}
    assert kept.stat().st_mtime_ns == before


def test_a_mask_is_a_png_of_whole_numbers(tmp_path):
    """JPEG spreads its noise over the ids, and a blur makes an object of every grey."""
    mask = np.zeros((48, 64), np.uint8)
    mask[8:30, 10:40] = 1
    Image.fromarray(mask * 255).save(tmp_path / "mask.jpg")
    (tmp_path / "mask.png").write_bytes((tmp_path / "mask.jpg").read_bytes())
    for name in ("mask.jpg", "mask.png"):
        with pytest.raises(InputError, match=f"{name}: expected an indexed PNG, got JPEG"):
            davis_data.read_mask(tmp_path / name)
    blurred = cv2.GaussianBlur(mask * 255, (25, 25), 0)
    Image.fromarray(blurred).save(tmp_path / "blurred.png")
    with pytest.raises(InputError, match=r"expected ids of objects, got \d+ levels of grey"):
        davis_data.read_mask(tmp_path / "blurred.png")
    Image.fromarray(mask * 7).save(tmp_path / "grey.png")
    assert np.unique(davis_data.read_mask(tmp_path / "grey.png")).tolist() == [0, 7]
