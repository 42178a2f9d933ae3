"""DAVIS: J and F against a plain restatement of the official code, its files, and bad input."""

import csv
import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from skimage.morphology import dilation, disk

from chromatrack.cli.main import main
from chromatrack.data import davis as davis_data
from chromatrack.errors import InputError
from chromatrack.evaluation import sets
from chromatrack.evaluation.benchmark import Selection
from chromatrack.metrics import davis
from chromatrack.plan.experiments import segmentations
from chromatrack.reporting import tables
from chromatrack.settings import ComputeSettings, PropagationSettings, load_config
from chromatrack.stages.evaluation.evaluate import evaluate
from chromatrack.stages.evaluation.propagate import propagate
from tests.conftest import ROOT


def disc(y: int, x: int) -> np.ndarray:
    rows, columns = np.ogrid[:480, :854]
    return (rows - y) ** 2 + (columns - x) ** 2 <= 60**2


def test_davis_agrees_with_the_official_evaluation_on_moving_discs():
    pairs = [(disc(240, 400 + i), disc(240 + i, 400)) for i in range(10)]
    j = davis.statistics(np.array([davis.region_similarity(*pair) for pair in pairs]))
    f = davis.statistics(np.array([davis.contour_accuracy(*pair) for pair in pairs]))
    assert j.mean == pytest.approx(0.876820, abs=5e-7)
    assert j.decay == pytest.approx(0.184481, abs=5e-7)
    assert f.mean == pytest.approx(0.854339, abs=5e-7)
    assert f.recall == pytest.approx(0.9)
    assert f.decay == pytest.approx(0.450413, abs=5e-7)


def test_empty_masks():
    empty, full = np.zeros((48, 64), bool), np.ones((48, 64), bool)
    square = empty.copy()
    square[10:20, 10:20] = True
    assert davis.region_similarity(empty, empty) == 1
    assert davis.contour_accuracy(empty, empty) == 1
    for other in (square, full):
        assert davis.region_similarity(empty, other) == 0
    assert davis.contour_accuracy(empty, square) == davis.contour_accuracy(square, empty) == 0
    # A mask that fills the frame has no boundary, so officially it equals the empty one.
    assert davis.contour_accuracy(full, empty) == 1


def test_void_is_background():
    ids = np.array([[0, 1, 2], [255, 255, 1]], np.uint8)
    np.testing.assert_array_equal(davis.object_mask(ids, 1), [[0, 1, 0], [0, 0, 1]])
    assert not davis.object_mask(ids, 255).any()


def plain_boundary(mask: np.ndarray) -> np.ndarray:
    """A pixel is boundary if the one to the right, below or diagonally below differs."""
    height, width = mask.shape
    found = np.zeros_like(mask)
    for down, right in ((0, 1), (1, 0), (1, 1)):
        here = mask[: height - down, : width - right]
        found[: height - down, : width - right] |= here != mask[down:, right:]
    return found


def plain_f(result: np.ndarray, truth: np.ndarray) -> float:
    """F over the whole frame as the official code defines it, dilated by skimage's disk."""
    near = disk(int(np.ceil(0.008 * np.linalg.norm(truth.shape))))
    own, other = plain_boundary(result), plain_boundary(truth)
    if not own.any() or not other.any():
        return float(own.any() == other.any())
    precision = (own & dilation(other, near)).sum() / own.sum()
    recall = (other & dilation(own, near)).sum() / other.sum()
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def plain_decay(values: np.ndarray) -> float:
    edges = [round(1 + part * (len(values) - 1) / 4 + 1e-10) - 1 for part in range(5)]
    return np.mean(values[: edges[1] + 1]) - np.mean(values[edges[3] :])


def blobs(random: np.random.Generator, size: tuple[int, int], count: int) -> np.ndarray:
    """Ids of random ellipses that touch borders, hide each other, and are sometimes nothing."""
    ids = np.zeros(size, np.uint8)
    y, x = np.ogrid[: size[0], : size[1]]
    for number in range(1, count + 1):
        row, column = random.integers(0, size[0]), random.integers(0, size[1])
        a, b = random.integers(1, 40, 2) if random.random() > 0.15 else (1, -1)
        if b > 0:
            ids[((y - row) / a) ** 2 + ((x - column) / b) ** 2 <= 1] = number
    return ids


@pytest.mark.parametrize("size", [(40, 60), (120, 214), (65, 33)])
def test_j_and_f_agree_with_a_plain_restatement(size):
    random = np.random.default_rng(size[0])
    for _ in range(30):
        result, truth = blobs(random, size, 3), blobs(random, size, 3)
        for number in (1, 2, 3):
            pair = davis.object_mask(result, number), davis.object_mask(truth, number)
            both, either = (pair[0] & pair[1]).sum(), (pair[0] | pair[1]).sum()
            assert davis.region_similarity(*pair) == (both / either if either else 1)
            assert davis.contour_accuracy(*pair) == pytest.approx(plain_f(*pair), abs=1e-12)


@pytest.mark.parametrize("frames", [1, 2, 3, 4, 5, 7, 48, 255])
def test_statistics_agree_with_a_plain_restatement(frames):
    values = np.random.default_rng(frames).random(frames)
    found = davis.statistics(values)
    assert found.mean == pytest.approx(values.sum() / frames)
    assert found.recall == (values > 0.5).sum() / frames
    assert found.decay == pytest.approx(plain_decay(values))


def test_statistics_beyond_256_frames():
    values = np.concatenate([np.ones(300), np.zeros(300)])
    statistics = davis.statistics(values)
    assert (statistics.mean, statistics.recall, statistics.decay) == (0.5, 0.5, 1.0)


@pytest.fixture
def davis_folders(tmp_path):
    """Two sequences of six frames; results equal to the annotations."""
    for name, objects in (("-gull", 1), ("pair", 2)):
        for frame in range(6):
            ids = np.zeros((40, 60), np.uint8)
            for number in range(1, objects + 1):
                ids[5:15, 20 * number - 15 + frame : 20 * number - 5 + frame] = number
            ids[30:, :3] = 255
            davis_data.write_mask(tmp_path / "anno" / name / f"{frame:05d}.png", ids)
            ids[ids == 255] = 0
            davis_data.write_mask(tmp_path / "results" / name / f"{frame:05d}.png", ids)
    return tmp_path


def score(annotations, results, output=None, *, subset=False, **selected):
    selection = Selection(root=annotations, **selected)
    return evaluate(sets.get("davis"), selection, results, output, subset=subset)


def evaluate_masks(root, **options):
    return score(root / "anno", root / "results", root / "scores.json", **options)


def test_perfect_masks(davis_folders):
    scores = evaluate_masks(davis_folders)
    assert scores["J_and_F"] == scores["J_recall"] == 1.0
    assert scores["J_decay"] == scores["F_decay"] == 0.0
    assert list(scores["per_object"]) == ["-gull_1", "pair_1", "pair_2"]
    assert (scores["objects"], scores["sequences"], scores["frames"]) == (3, 2, 8)
    assert scores == json.loads((davis_folders / "scores.json").read_text())


def test_first_and_last_frame_do_not_count_and_may_be_missing(davis_folders):
    for name in ("00000.png", "00005.png"):
        (davis_folders / "results" / "pair" / name).unlink()
    assert evaluate_masks(davis_folders)["J_mean"] == 1.0


def test_mean_is_over_objects(davis_folders):
    for frame in range(6):
        path = davis_folders / "results" / "pair" / f"{frame:05d}.png"
        ids = davis_data.read_mask(path)
        davis_data.write_mask(path, np.where(ids == 2, 0, ids))
    scores = evaluate_masks(davis_folders)
    assert scores["per_object"]["pair_2"]["J_mean"] == 0.0
    assert scores["J_mean"] == pytest.approx(2 / 3)


def test_official_tables(davis_folders):
    scores = evaluate_masks(davis_folders)
    with open(davis_folders / "global_results-val.csv", newline="") as handle:
        header, values = csv.reader(handle)
    assert header == [
        "J&F-Mean", "J-Mean", "J-Recall", "J-Decay", "F-Mean", "F-Recall", "F-Decay",
    ]  # fmt: skip
    assert values == ["1.000", "1.000", "1.000", "0.000", "1.000", "1.000", "0.000"]
    with open(davis_folders / "per-sequence_results-val.csv", newline="") as handle:
        rows = list(csv.reader(handle))
    assert rows[0] == ["Sequence", "J-Mean", "F-Mean"]
    assert [row[0] for row in rows[1:]] == list(scores["per_object"])


def test_an_object_that_is_lost_everywhere_is_an_empty_mask(davis_folders):
    """Results with fewer objects than the first mask are scored, not refused."""
    for path in (davis_folders / "results" / "pair").iterdir():
        davis_data.write_mask(path, np.zeros((40, 60), np.uint8))
    scores = evaluate_masks(davis_folders)
    assert scores["per_object"]["pair_1"]["J_mean"] == 0
    assert scores["per_object"]["pair_2"]["F_mean"] == 0


def test_an_id_that_the_first_mask_skips_counts_as_officially(davis_folders):
    for folder in ("anno", "results"):
        for path in (davis_folders / folder / "pair").iterdir():
            ids = davis_data.read_mask(path)
            davis_data.write_mask(path, np.where(ids == 1, 0, ids))
    scores = evaluate_masks(davis_folders)["per_object"]
    assert list(scores) == ["-gull_1", "pair_1", "pair_2"]
    assert scores["pair_1"]["J_mean"] == 1.0


def test_void_in_a_result_is_refused(davis_folders):
    path = davis_folders / "results" / "pair" / "00002.png"
    ids = davis_data.read_mask(path)
    ids[0, 0] = 255
    davis_data.write_mask(path, ids)
    with pytest.raises(InputError, match=r"00002\.png: expected object ids 1 to 2 .* got 255"):
        evaluate_masks(davis_folders)


def test_missing_masks_are_named(davis_folders):
    (davis_folders / "results" / "pair" / "00003.png").unlink()
    with pytest.raises(InputError, match=r"pair/00003\.png"):
        evaluate_masks(davis_folders)
    for path in (davis_folders / "results" / "pair").iterdir():
        path.unlink()
    (davis_folders / "results" / "pair").rmdir()
    with pytest.raises(InputError, match=r"1 of 2 sequences are missing \(pair\)"):
        evaluate_masks(davis_folders)
    assert evaluate_masks(davis_folders, subset=True)["sequences"] == 1


def test_masks_of_wrong_size_or_objects_are_named(davis_folders):
    path = davis_folders / "results" / "pair" / "00002.png"
    davis_data.write_mask(path, np.zeros((40, 61), np.uint8))
    with pytest.raises(InputError, match=r"00002\.png: expected a mask of 60x40 pixels, got 61x40"):
        evaluate_masks(davis_folders)
    davis_data.write_mask(path, np.full((40, 60), 3, np.uint8))
    with pytest.raises(InputError, match=r"expected object ids 1 to 2 .* got 3"):
        evaluate_masks(davis_folders)


def test_davis_root_is_recognised_and_its_list_counts(davis_folders, tmp_path):
    root = tmp_path / "root"
    (root / "Annotations").mkdir(parents=True)
    os.rename(davis_folders / "anno", root / "Annotations" / "480p")
    davis_data.write_names(root, ["pair"])
    scores = score(root, davis_folders / "results")
    assert list(scores["per_object"]) == ["pair_1", "pair_2"]


def test_davis_command(davis_folders, capsys):
    call = ["evaluate", "davis", f"--annotations={davis_folders / 'anno'}",
            f"--output={davis_folders / 'out.json'}"]  # fmt: skip
    assert main([*call, f"--results={davis_folders / 'results'}"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].split() == ["all", "1.000", "1.000", "1.000"]
    assert main([*call, f"--results={davis_folders / 'nothing'}"]) == 2


def test_the_table_has_all_methods_what_they_must_beat_and_the_published_rows():
    settings = load_config([ROOT / "config.yaml"])
    specs = segmentations(settings)
    networks = [s.checkpoint and Path(s.checkpoint).parent.name for s in specs]
    assert list(zip(networks, [s.method for s in specs], strict=True)) == [
        (None, "identity"),
        *(
            (f"{trunk}-{weights}-seed0", method)
            for trunk in ("resnet18", "alexnet")
            for weights in ("random", "pretrained")
            for method in ("soft", "whole-frame", "thesis")
        ),
    ]
    assert len({s.name for s in specs}) == len({s.title for s in specs}) == len(specs)
    benchmark = sets.get("davis")
    entry = dict.fromkeys((measure.key for measure in benchmark.measures), 0.5)
    entry |= {"targets": 3, "frames": 9, "remarks": {}}
    table = tables.evaluations({s.title: entry for s in specs}, benchmark)
    assert {len(line.cells) for line in table.lines} == {len(table.header)}
    columns = [table.header.index(title) for title in ("J %", "F %")]
    published = [tuple(line.cells[i] for i in columns) for line in table.lines if line.reference]
    expected = {("29.48", "22.93"), ("26.95", "20.90"), ("34.60", "32.70"), ("45.60", "52.50")}
    assert set(published) == expected


@pytest.mark.real_data
def test_real_masks_against_themselves(real_data):
    folder = real_data / "davis" / "Annotations" / "480p"
    scores = score(real_data / "davis", folder, max_frames=12)
    assert (scores["J_mean"], scores["F_mean"]) == (1.0, 1.0)
    assert scores["frames"] == 30


@pytest.mark.real_data
def test_real_masks_agree_with_a_plain_restatement(real_data):
    root = real_data / "davis"
    for name in davis_data.read_names(root):
        paths = davis_data.masks(root, name)
        for early, late in ((0, 3), (10, 30)):
            pair = [davis_data.read_mask(paths[index]) == 1 for index in (early, late)]
            assert davis.contour_accuracy(*pair) == pytest.approx(plain_f(*pair), abs=1e-12)


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


def test_255_is_void_where_there_are_other_objects(davis_folders):
    """What a mask of 0 and 255 means is told by the first mask of its sequence."""
    assert not davis_data.is_binary(davis_folders / "anno" / "pair" / "00000.png")
    mask = davis_folders / "anno" / "pair" / "00003.png"
    ids = davis_data.read_mask(mask)
    davis_data.write_mask(mask, np.where(ids == 255, 255, 0))  # both objects left, void stayed
    davis_data.write_mask(
        davis_folders / "results" / "pair" / "00003.png", np.zeros((40, 60), np.uint8)
    )
    assert evaluate_masks(davis_folders)["J_mean"] == 1.0


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


def test_scores_declare_what_they_measure(davis_folders):
    scores = evaluate_masks(davis_folders)
    assert (scores["benchmark"], scores["protocol"], scores["unit"]) == (
        "davis", "propagated", "object",
    )  # fmt: skip
    assert next(iter(scores["measures"])) == "J_and_F"
    for key, told in scores["measures"].items():
        assert told["value"] == scores[key]
        assert told["better"] == ("lower" if "decay" in key else "higher")
        assert told["range"] == [-1.0 if "decay" in key else 0.0, 1.0]
    assert scores["targets"] == scores["objects"] == 3
    assert scores["made_by"]["stage"] == "evaluate"
    assert set(scores["made_by"]["inputs"]) == {"annotations", "results"}


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


def test_an_object_of_later_masks_is_said(davis_folders, capsys):
    path = davis_folders / "anno" / "pair" / "00002.png"
    ids = davis_data.read_mask(path)
    ids[0, 0] = 7
    davis_data.write_mask(path, ids)
    assert evaluate_masks(davis_folders)["J_mean"] == 1.0
    told = "pair/00000.png: object 7 of a later mask is nowhere in this first one, and not scored"
    assert told in capsys.readouterr().err


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
