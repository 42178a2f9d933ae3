"""Benchmarks read as they are published and scored as the got10k toolkit scores them."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from chromatrack import files
from chromatrack.cli.main import main
from chromatrack.data.text import format_boxes_one_based
from chromatrack.errors import InputError
from chromatrack.evaluation import lists, sets
from chromatrack.evaluation.benchmark import Example, Selection
from chromatrack.evaluation.sets import lasot, uav123
from chromatrack.settings import WorldSettings
from chromatrack.stages.world.benchmark import MARK, write_benchmark_world
from chromatrack.world import datasets

NAMES = ("dtb70", "lasot", "nfs", "tcolor128", "trackingnet", "uav123")
TINY = WorldSettings(seed=3, width=160, height=128, otb_frames=20)
FRAMES = 24
ABSENT = slice(9, 14)
ONE_BASED = np.array([1, 1, 0, 0])
FIELDS = {"success": "success_curve", "precision": "precision_curve"}


@pytest.fixture(scope="module")
def scenes() -> dict[str, Example]:
    return {name: datasets.example(TINY, name) for name in datasets.EXAMPLE_SCRIPTS}


@pytest.fixture(params=NAMES)
def name(request) -> str:
    return request.param


def made_up(*names: str) -> list[Example]:
    """Targets with boxes of whole pixels, as most are published, hidden for a while."""
    found = []
    for name in names:
        rng = np.random.default_rng(len(found))
        boxes = np.concatenate(
            [rng.integers(-3, 60, (FRAMES, 2)), rng.integers(8, 40, (FRAMES, 2))], axis=1
        )
        shown = np.ones(FRAMES)
        shown[ABSENT] = 0.0
        image = np.full((16, 16, 3), 90, np.uint8)
        found.append(Example(name, (image,) * FRAMES, boxes.astype(float), shown))
    return found


def written(name: str, root: Path, *targets: str) -> list:
    """A benchmark of made-up targets, read again."""
    benchmark = sets.get(name)
    benchmark.write(root, made_up(*(targets or ("Anna", "Berta", "Carla"))))
    return benchmark.sequences(Selection(root))


def edition_of(name: str, rate: int | None) -> str | None:
    return str(rate) if name == "nfs" and rate else None


# What is written is read


def test_worlds_are_read_as_they_were_rendered(name, scenes, tmp_path):
    write_benchmark_world(name, TINY, tmp_path / "w")
    for edition in sets.get(name).editions[: 2 if name == "nfs" else 1] or (None,):
        found = sets.get(name).sequences(Selection(tmp_path / "w", edition=edition))
        assert len(found) == len(scenes)
        for sequence, scene in zip(found, scenes.values(), strict=True):
            assert sequence.name.split("-")[0].lower() == scene.name.lower()
            assert len(sequence) == len(scene.frames) == len(sequence.boxes_ltwh)
            assert all(path.is_file() for path in sequence.frames)
            known = np.isfinite(sequence.boxes_ltwh).all(axis=1)
            if name in ("uav123", "lasot"):
                np.testing.assert_array_equal(known, scene.shown >= lists.ABSENT_BELOW)
                np.testing.assert_array_equal(known, sequence.visible)
            elif name == "trackingnet":
                assert known.nonzero()[0].tolist() == [0]
            else:
                assert known.all()
            difference = np.abs(sequence.boxes_ltwh - scene.boxes_ltwh)[known].max()
            assert difference <= 1.01e-4
    if name in ("uav123", "lasot"):
        assert not all(sequence.visible.all() for sequence in found)


def test_worlds_are_replaced_and_foreign_files_are_not(tmp_path):
    world = tmp_path / "w"
    command = ["world", "--benchmark", "dtb70", "--output", str(world)]
    command += ["--settings", json.dumps({"width": 160, "height": 128, "otb_frames": 20})]
    assert main(command) == 0
    manifest = files.read_json(world / "manifest.json")
    assert (manifest["stage"], manifest["benchmark"]) == ("world", "dtb70")
    assert manifest["counts"] == {"sequences": 4, "frames": 80}
    first = {path: path.read_bytes() for path in world.rglob("*") if path.is_file()}
    (world / "Cat" / "img" / "0999.jpg").touch()
    (world / "manifest.json").unlink()  # as Snakemake does before it runs a rule again
    assert main(command) == 0
    assert {path: path.read_bytes() for path in world.rglob("*") if path.is_file()} == first
    assert [path.name for path in tmp_path.iterdir()] == ["w"]
    write_benchmark_world("uav123", TINY, world)
    assert sorted(path.name for path in world.iterdir()) == [
        MARK, "anno", "data_seq", "manifest.json",
    ]  # fmt: skip
    (world / MARK).unlink()  # now it may be the real one
    with pytest.raises(InputError, match="expected an empty folder or an earlier world"):
        write_benchmark_world("uav123", TINY, world)
    with pytest.raises(InputError, match="did you mean 'uav123'"):
        write_benchmark_world("uav12", TINY, world)


def test_a_benchmark_without_scenes_is_refused(tmp_path):
    bare = [name for name in sets.NAMES if sets.get(name).write is None]
    for name in bare:
        with pytest.raises(InputError, match=f"{name}: the synthetic world cannot be written"):
            write_benchmark_world(name, TINY, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


# Beside the got10k toolkit


def toolkit(name: str, root: Path, monkeypatch, *, rate: int = 30):
    """The toolkit's reader of a folder; where it cannot be constructed, what it sets up."""
    theirs = pytest.importorskip("got10k.datasets", reason="the toolkit is missing")

    if name == "dtb70":
        return theirs.DTB70(str(root))
    if name == "nfs":
        return theirs.NfS(str(root), fps=rate)
    if name == "tcolor128":
        return theirs.TColor128(str(root), download=False)
    if name == "uav123":
        names = [path.stem for path in (root / "anno" / "UAV123").glob("*.txt")]
        metas = {
            one: {
                "folder_name": one,
                "start_frame": 1,
                "end_frame": len(list((root / "data_seq" / "UAV123" / one).iterdir())),
            }
            for one in names
        }
        monkeypatch.setattr(theirs.UAV123, "_check_integrity", lambda *_: None)
        monkeypatch.setattr("json.load", lambda _: {"UAV123": metas})
        return theirs.UAV123(str(root))
    found = theirs.LaSOT.__new__(theirs.LaSOT)  # its constructor raises a TypeError
    folders = sorted(path.parent for path in root.glob("*/*/groundtruth.txt"))
    found.return_meta = True
    found.seq_names = [folder.name for folder in folders]
    found.seq_dirs = [str(folder / "img") for folder in folders]
    found.anno_files = [str(folder / "groundtruth.txt") for folder in folders]
    for folder in folders:
        (folder / "nlp.txt").write_text("a target")
    return found


def their_sequences(name: str, dataset):
    """(frames, boxes as the files have them) of each sequence, absent targets as NaN."""
    for index in range(len(dataset)):
        frames, boxes, *meta = dataset[index]
        if meta:
            absent = (meta[0]["full_occlusion"] == 1) | (meta[0]["out_of_view"] == 1)
            boxes[absent] = np.nan
        yield frames, boxes


TOOLKIT = [
    ("dtb70", None), ("lasot", None), ("nfs", 30), ("nfs", 240), ("tcolor128", None),
    ("uav123", None),
]  # fmt: skip


@pytest.mark.parametrize(("name", "rate"), TOOLKIT)
def test_the_toolkit_reads_the_same_frames_and_boxes(name, rate, tmp_path, monkeypatch):
    write_benchmark_world(name, TINY, tmp_path / "w")
    root = tmp_path / "w"
    ours = sets.get(name).sequences(Selection(root, edition=edition_of(name, rate)))
    dataset = toolkit(name, root, monkeypatch, rate=rate or 30)
    assert list(dataset.seq_names) == [sequence.name for sequence in ours]
    for sequence, (frames, boxes) in zip(ours, their_sequences(name, dataset), strict=True):
        assert list(map(str, sequence.frames)) == list(frames)
        np.testing.assert_allclose(
            sequence.boxes_ltwh + ONE_BASED, boxes, rtol=0, atol=1e-9, equal_nan=True
        )


def write_results(folder: Path, sequences, rng: np.random.Generator, decimals: int) -> None:
    """Boxes near and far from the true ones; whole numbers lie on thresholds."""
    folder.mkdir(parents=True)
    for sequence in sequences:
        boxes = sequence.boxes_ltwh.copy()
        boxes[np.isnan(boxes).any(axis=1)] = (5.0, 5.0, 20.0, 20.0)
        boxes[:, :2] += rng.normal(0, rng.choice([1, 5, 25]), (len(boxes), 2))
        boxes[:, 2:] *= rng.uniform(0.7, 1.4, (len(boxes), 2))
        text = format_boxes_one_based(np.round(boxes, decimals))
        (folder / f"{sequence.name}.txt").write_text(text)


class Absent:
    """A reader of the toolkit with NaN for absent targets."""

    def __init__(self, name: str, dataset):
        self.name, self.dataset, self.seq_names = name, dataset, list(dataset.seq_names)

    def __len__(self):
        return len(self.seq_names)

    def __iter__(self):
        return their_sequences(self.name, self.dataset)


def their_report(name: str, dataset, tmp_path: Path, monkeypatch) -> dict:
    """What the toolkit's experiment makes of tmp_path/results/ours."""
    experiments = pytest.importorskip("got10k.experiments", reason="the toolkit is missing")

    # LaSOT has no experiment: as its own toolkit it leaves absent frames out, like UAV123's.
    kind = {
        "dtb70": experiments.ExperimentDTB70, "nfs": experiments.ExperimentNfS,
        "tcolor128": experiments.ExperimentTColor128,
    }.get(name, experiments.ExperimentUAV123)  # fmt: skip
    monkeypatch.setattr(kind, "plot_curves", lambda *_: None)
    experiment = kind.__new__(kind)
    experiment.result_dir, experiment.report_dir = str(tmp_path / "results"), str(tmp_path / "r")
    experiment.nbins_iou, experiment.nbins_ce = 21, 51

    experiment.dataset = Absent(name, dataset)
    return experiment.report(["ours"])["ours"]


@pytest.mark.parametrize("decimals", [0, 4])
@pytest.mark.parametrize(("name", "rate"), TOOLKIT)
def test_scores_equal_those_of_the_toolkit(name, rate, decimals, tmp_path, monkeypatch):
    root, results = tmp_path / "set", tmp_path / "results" / "ours"
    benchmark = sets.get(name)
    sequences = written(name, root)
    write_results(results, sequences, np.random.default_rng(decimals), decimals)
    selection = Selection(root, edition=edition_of(name, rate))
    ours = benchmark.score(selection, results, protocol="ope")
    dataset = toolkit(name, root, monkeypatch, rate=rate or 30)
    theirs = their_report(name, dataset, tmp_path, monkeypatch)
    total = theirs["overall"]
    assert ours.values["success_auc"] == pytest.approx(total["success_score"], abs=1e-9)
    assert ours.values["precision_20"] == pytest.approx(total["precision_score"], abs=1e-9)
    assert ours.curves["success"][10] == pytest.approx(total["success_rate"], abs=1e-9)
    for curve, field in FIELDS.items():
        np.testing.assert_allclose(ours.curves[curve], total[field], rtol=0, atol=1e-9)
    assert set(ours.per_unit) == set(theirs["seq_wise"])
    for target, told in theirs["seq_wise"].items():
        one = ours.per_unit[target]
        assert one["success_auc"] == pytest.approx(told["success_score"], abs=1e-9)
        assert one["precision_20"] == pytest.approx(told["precision_score"], abs=1e-9)
    assert 0 < total["success_score"] < 1


# Published lists and ranges


def test_ranges_of_uav123_are_those_of_the_toolkit():
    module = pytest.importorskip("got10k.datasets.uav123", reason="the toolkit is missing")

    published = files.read_json(Path(module.__file__).with_suffix(".json"))
    for edition, count in (("uav123", 123), ("uav20l", 20)):
        ranges = uav123.read_ranges(edition)
        theirs = published[edition.upper()]
        assert len(ranges) == count and set(ranges) == set(theirs)
        for name, part in ranges.items():
            told = theirs[name]
            assert part == (told["folder_name"], told["start_frame"], told["end_frame"])


def test_splits_of_lasot_are_those_of_the_toolkit():
    module = pytest.importorskip("got10k.datasets.lasot", reason="the toolkit is missing")

    published = files.read_json(Path(module.__file__).with_suffix(".json"))
    assert sorted(lasot.names_of_test()) == sorted(published["test"])
    assert sorted(lasot.names_of_train()) == sorted(published["train"])


def test_several_targets_are_ranges_of_one_folder(tmp_path):
    theirs = pytest.importorskip("got10k.datasets", reason="the toolkit is missing")

    folder = tmp_path / "data_seq" / "UAV123" / "bird1"
    folder.mkdir(parents=True)
    for number in range(1, 2438):
        (folder / f"{number:06d}.jpg").touch()
    targets = {"uav123": ("bird1_1", "bird1_2", "bird1_3"), "uav20l": ("bird1",)}
    for edition, names in targets.items():
        annotations = tmp_path / "anno" / edition.upper()
        annotations.mkdir(parents=True)
        for name in names:
            part = uav123.read_ranges(edition)[name]
            rows = ["NaN,NaN,NaN,NaN"] * (part.last - part.first + 1)
            rows[0] = "10,20,30,40"
            (annotations / f"{name}.txt").write_text("\n".join(rows))
    for name in ("a", "b"):  # the toolkit expects more than three entries
        (tmp_path / name).touch()
    for edition in ("uav123", "uav20l"):
        ours = sets.get("uav123").sequences(Selection(tmp_path, edition=edition))
        dataset = theirs.UAV123(str(tmp_path), version=edition.upper())
        for sequence, (frames, boxes) in zip(ours, dataset, strict=True):
            assert list(map(str, sequence.frames)) == frames
            np.testing.assert_array_equal(sequence.boxes_ltwh + ONE_BASED, boxes)
            assert sequence.visible.nonzero()[0].tolist() == [0]
    (tmp_path / "anno" / "UAV123" / "bird1_2.txt").unlink()
    with pytest.raises(InputError, match="frames, found none of bird1_2; --names"):
        sets.get("uav123").sequences(Selection(tmp_path))


def test_names_choose_by_list_and_by_file(name, tmp_path):
    written(name, tmp_path / "set")
    benchmark = sets.get(name)
    target = "berta-1" if name == "lasot" else "Berta"
    (tmp_path / "names.txt").write_text(f"{target}\n")
    chosen = Selection(tmp_path / "set", names=str(tmp_path / "names.txt"), max_frames=5)
    (one,) = benchmark.sequences(chosen)
    assert (one.name, len(one)) == (target, 5)
    (tmp_path / "names.txt").write_text(f"{target}x\n{target}\n")
    with pytest.raises(InputError, match=f"1 of the 2 .* missing .* did you mean '{target}'"):
        benchmark.sequences(chosen)
    for published in benchmark.lists:
        with pytest.raises(InputError, match=f"sequences of {published} are missing .* more"):
            benchmark.sequences(Selection(tmp_path / "set", names=published))


def test_lasot_is_read_without_folders_of_classes(tmp_path):
    nested = written("lasot", tmp_path, "Anna")
    (tmp_path / "anna" / "anna-1").rename(tmp_path / "anna-1")
    (flat,) = sets.get("lasot").sequences(Selection(tmp_path))
    np.testing.assert_array_equal(flat.boxes_ltwh, nested[0].boxes_ltwh)
    assert flat.visible.tolist() == [not 9 <= number < 14 for number in range(FRAMES)]


@pytest.mark.parametrize("frames", [0, 1, -1])
def test_nfs_at_30_with_rows_of_240_and_one_frame_more_or_less(frames, tmp_path):
    theirs = pytest.importorskip("got10k.datasets", reason="the toolkit is missing")

    (before,) = written("nfs", tmp_path, "Anna")
    annotation = tmp_path / "Anna" / "30" / "Anna.txt"
    lines = annotation.read_text().splitlines(keepends=True)
    annotation.write_text("".join(line for line in lines for _ in range(8)))
    folder = annotation.with_suffix("")
    if frames > 0:
        (folder / f"{FRAMES + 1:05d}.jpg").touch()
    if frames < 0:
        (folder / f"{FRAMES:05d}.jpg").unlink()
    (after,) = sets.get("nfs").sequences(Selection(tmp_path))
    assert len(after) == FRAMES + min(frames, 0)
    np.testing.assert_array_equal(after.boxes_ltwh, before.boxes_ltwh[: len(after)])
    ((images, boxes),) = theirs.NfS(str(tmp_path), fps=30)
    assert list(map(str, after.frames)) == images
    np.testing.assert_allclose(after.boxes_ltwh + ONE_BASED, boxes, rtol=0, atol=1e-9)


def test_tcolor128_takes_the_range_that_the_file_says(tmp_path):
    written("tcolor128", tmp_path, "Anna")
    for number in range(FRAMES, 0, -1):
        path = tmp_path / "Anna" / "img" / f"{number:04d}.jpg"
        path.rename(path.with_name(f"{number + 3:04d}.jpg"))
    for number in (1, 2, 3, FRAMES + 4):
        (tmp_path / "Anna" / "img" / f"{number:04d}.jpg").touch()
    ranges = tmp_path / "Anna" / "Anna_frames.txt"
    ranges.write_text(f"4,{FRAMES + 3}\n")
    (sequence,) = sets.get("tcolor128").sequences(Selection(tmp_path))
    assert [int(path.stem) for path in sequence.frames] == list(range(4, FRAMES + 4))
    ranges.write_text(f"4,{FRAMES + 9}\n")
    with pytest.raises(InputError, match=f"frames 4 to {FRAMES + 9}, found no {FRAMES + 5}"):
        sets.get("tcolor128").sequences(Selection(tmp_path))


# TrackingNet's server


def test_trackingnet_is_packed_and_not_scored(tmp_path):
    sequences = written("trackingnet", tmp_path / "set")
    assert [path.name for path in sequences[0].frames[8:11]] == ["8.jpg", "9.jpg", "10.jpg"]
    (inner,) = sets.get("trackingnet").sequences(
        Selection(tmp_path / "set" / "TEST", max_frames=3)
    )[:1]
    np.testing.assert_array_equal(inner.boxes_ltwh, sequences[0].boxes_ltwh[:3])
    results = tmp_path / "results"
    write_results(results, sequences, np.random.default_rng(0), 2)
    command = ["archive", "trackingnet", "--root", str(tmp_path / "set"), "--results", str(results)]
    for output in ("a.zip", "b.zip"):
        assert main([*command, "--output", str(tmp_path / output)]) == 0
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.namelist() == ["Anna.txt", "Berta.txt", "Carla.txt"]
        assert archive.read("Anna.txt").decode() == (results / "Anna.txt").read_text()
    with pytest.raises(InputError, match=r"its server scores it, and `chromatrack archive"):
        sets.get("trackingnet").score(Selection(tmp_path / "set"), results, protocol="ope")
    lines = (results / "Berta.txt").read_text().splitlines(keepends=True)
    packed = sets.get("trackingnet").archive
    for text, message in (
        ("".join(lines[:-1]), "expected 24 boxes, one per frame, got 23"),
        ("".join(lines[:-1]) + "nan,1,2,3\n", "line 24: expected finite numbers"),
        (None, "results of 1 of 3 sequences are missing"),
    ):
        (results / "Berta.txt").unlink()
        if text is not None:
            (results / "Berta.txt").write_text(text)
        with pytest.raises(InputError, match=message):
            packed(Selection(tmp_path / "set"), results, tmp_path / "c.zip")
    assert not (tmp_path / "c.zip").exists()


# What cannot be read


ANNOTATION = {
    "dtb70": "Berta/groundtruth_rect.txt",
    "lasot": "berta/berta-1/groundtruth.txt",
    "nfs": "Berta/30/Berta.txt",
    "tcolor128": "Berta/Berta_gt.txt",
    "trackingnet": "TEST/anno/Berta.txt",
    "uav123": "anno/UAV123/Berta.txt",
}


def test_broken_benchmarks_are_told_in_one_sentence(name, tmp_path):
    benchmark = sets.get(name)
    root = tmp_path / "set"
    with pytest.raises(InputError, match="no such folder"):
        benchmark.sequences(Selection(root))
    for folder in ("set", "set/TEST/anno", "set/anno/UAV123"):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    with pytest.raises(InputError, match="layout, found none"):
        benchmark.sequences(Selection(root))
    sequences = written(name, root)
    annotation = root / ANNOTATION[name]
    text = annotation.read_text()
    lines = text.splitlines(keepends=True)
    cases = [("1,2,3\n", "line 1: expected"), ("a b c d e\n", "line 1: expected"), ("", "empty")]
    if name == "trackingnet":
        cases.append((text * 2, "expected one box, that of the first frame, got 2"))
    else:
        cases.append(
            ("".join(lines[: len(lines) // 2]), f"a frame for each box, got {FRAMES} frames and")
        )
    for broken, message in cases:
        annotation.write_text(broken)
        with pytest.raises(InputError, match=message) as caught:
            benchmark.sequences(Selection(root))
        assert "erta" in str(caught.value) and "\n" not in str(caught.value)
    annotation.write_text(text)
    for path in sequences[1].frames:
        path.unlink()
    with pytest.raises(InputError, match=r"got 0 frames|found none|found no 1"):
        benchmark.sequences(Selection(root))


def test_flags_of_lasot_are_checked(tmp_path):
    written("lasot", tmp_path, "Anna")
    flags = tmp_path / "anna" / "anna-1" / "out_of_view.txt"
    for text, message in (
        ("0,1,0\n", "expected 24 or 1 numbers"),
        (",".join(["2"] * FRAMES), "expected 0 or 1 for each of 24 frames"),
        ("0\n" * 5, "expected 0 or 1 for each of 24 frames, got 5"),
    ):
        flags.write_text(text)
        with pytest.raises(InputError, match=message):
            sets.get("lasot").sequences(Selection(tmp_path))
    flags.unlink()
    with pytest.raises(InputError, match=r"out_of_view\.txt: cannot be read"):
        sets.get("lasot").sequences(Selection(tmp_path))
