"""Further benchmarks: worlds in their layouts, lists, archives, and what cannot be read."""

import json
import zipfile

import numpy as np
import pytest

from chromatrack import files
from chromatrack.cli.main import main
from chromatrack.errors import InputError
from chromatrack.evaluation import lists, sets
from chromatrack.evaluation.benchmark import Example, Selection
from chromatrack.stages.world.benchmark import MARK, write_benchmark_world
from chromatrack.world import datasets
from tests.evaluation.made_up_benchmarks import FRAMES, TINY, write_results, written

NAMES = ("dtb70", "lasot", "nfs", "tcolor128", "trackingnet", "uav123")


@pytest.fixture(scope="module")
def scenes() -> dict[str, Example]:
    return {name: datasets.example(TINY, name) for name in datasets.EXAMPLE_SCRIPTS}


@pytest.fixture(params=NAMES)
def name(request) -> str:
    return request.param


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


# Published lists and ranges


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
