"""Benchmarks are read and scored as the got10k toolkit does; lists and ranges are its own."""

from pathlib import Path

import numpy as np
import pytest

from chromatrack import files
from chromatrack.errors import InputError
from chromatrack.evaluation import sets
from chromatrack.evaluation.benchmark import Selection
from chromatrack.evaluation.sets import lasot, uav123
from chromatrack.stages.world.benchmark import write_benchmark_world
from tests.evaluation.made_up_benchmarks import FRAMES, TINY, write_results, written

ONE_BASED = np.array([1, 1, 0, 0])
FIELDS = {"success": "success_curve", "precision": "precision_curve"}


def edition_of(name: str, rate: int | None) -> str | None:
    return str(rate) if name == "nfs" and rate else None


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
