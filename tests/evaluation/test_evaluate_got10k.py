"""GOT-10k: AO and success rates equal to the toolkit's, and its archive."""

import json
import zipfile

import numpy as np
import pytest

from chromatrack.cli.main import main
from chromatrack.data import got10k as data
from chromatrack.errors import InputError
from chromatrack.evaluation import sets
from chromatrack.evaluation.benchmark import Selection
from chromatrack.metrics import got10k
from chromatrack.stages.evaluation.evaluate import evaluate

NAMES = ("GOT-10k_Val_000001", "GOT-10k_Val_000002", "GOT-10k_Val_000003")
WIDTH, HEIGHT = 96, 64
ONE_BASED = np.array([1, 1, 0, 0])


@pytest.fixture
def folders(tmp_path):
    """Three sequences whose boxes leave the image and hide, and results of two repetitions."""
    rng = np.random.default_rng(0)
    for name in NAMES:
        truth = rng.uniform([-20, -15, 10, 10], [80, 50, 40, 30], (30, 4)).round(2)
        images = [np.zeros((HEIGHT, WIDTH, 3), np.uint8)] * 30
        meta = {"object_class": "ant", "resolution": f"({WIDTH}, {HEIGHT})"}
        cover = rng.integers(0, 9, 30)
        data.write_sequence(
            tmp_path / "val", name, images, truth, cover=cover, cut_by_image=cover * 0, meta=meta
        )
        (tmp_path / "results" / "ours" / name).mkdir(parents=True)
        for number in (1, 2):
            found = truth + rng.normal(0, 4, truth.shape) + ONE_BASED
            file = tmp_path / "results" / "ours" / name / f"{name}_{number:03d}.txt"
            np.savetxt(file, found, fmt="%.3f", delimiter=",")
        times = rng.uniform(0.01, 0.2, (30, 2))
        np.savetxt(file.with_name(f"{name}_time.txt"), times, fmt="%.8f", delimiter=",")
    data.write_list(tmp_path / "val", NAMES)
    return tmp_path


def score(folders, results, *, subset=False, **selected):
    selection = Selection(root=folders / "val", **selected)
    return evaluate(sets.get("got10k"), selection, results, subset=subset)


def test_equal_to_the_got10k_toolkit(folders):
    module = pytest.importorskip("got10k.experiments.got10k", reason="the toolkit is missing")

    class Experiment(module.ExperimentGOT10k):
        def plot_curves(self, report_files, tracker_names):
            pass

    (folders / "results").rename(folders / "GOT-10k")
    experiment = Experiment(str(folders), "val", str(folders), str(folders / "report"))
    theirs = experiment.report(["ours"])["ours"]
    ours = score(folders, folders / "GOT-10k" / "ours")
    assert 0.2 < theirs["overall"]["ao"] < 0.9
    assert ours["average_overlap"] == pytest.approx(theirs["overall"]["ao"], abs=1e-9)
    assert ours["success_rate_50"] == pytest.approx(theirs["overall"]["sr"], abs=1e-9)
    np.testing.assert_allclose(
        ours["curves"]["success"]["values"], theirs["overall"]["succ_curve"], rtol=0, atol=1e-9
    )
    np.testing.assert_allclose(
        ours["curves"]["success"]["thresholds"], np.arange(101) / 100, rtol=0, atol=1e-12
    )
    assert ours["success_rate_75"] == theirs["overall"]["succ_curve"][75]
    for name, entry in theirs["seq_wise"].items():
        assert ours["per_sequence"][name]["average_overlap"] == pytest.approx(entry["ao"], abs=1e-9)
        assert ours["per_sequence"][name]["success_rate_50"] == pytest.approx(entry["sr"], abs=1e-9)


def test_first_and_hidden_frames_do_not_count():
    truth = np.tile([10.0, 10, 20, 20], (4, 1))
    results = truth + np.array([[500], [0], [500], [0]]) * [1, 0, 0, 0]
    cover = np.array([8, 8, 0, 1])
    overlaps = got10k.counted_overlaps(results, truth, cover, (100, 100))
    assert overlaps.tolist() == [1.0, 1.0]


def test_boxes_are_cut_to_the_image():
    truth = np.array([[0.0, 0, 10, 10], [89, 10, 10, 10]])
    results = np.array([[0.0, 0, 10, 10], [89, 10, 1000, 10]])
    assert got10k.counted_overlaps(results, truth, np.ones(2), (99, 99)) == pytest.approx([1.0])


def test_nan_results_are_failures(folders):
    file = folders / "results" / "ours" / NAMES[0] / f"{NAMES[0]}_001.txt"
    before = score(folders, folders / "results" / "ours")
    file.write_text("nan,nan,nan,nan\n" * 30)
    after = score(folders, folders / "results" / "ours")
    assert after["frames"] == before["frames"]
    assert 0 < after["average_overlap"] < before["average_overlap"]


def test_command_reads_our_layout_and_writes_scores(folders, capsys):
    for name in NAMES:
        text = (folders / "val" / name / "groundtruth.txt").read_text()
        (folders / "boxes").mkdir(exist_ok=True)
        (folders / "boxes" / f"{name}.txt").write_text(text)
        (folders / "times").mkdir(exist_ok=True)
        (folders / "times" / f"{name}_time.txt").write_text("0.5\n" * 30)
    call = ["evaluate", "got10k", f"--annotations={folders / 'val'}"]
    output = folders / "scores.json"
    assert main([*call, f"--results={folders / 'boxes'}", f"--output={output}"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].split()[-2:] == ["1.000", "1.000"]
    scores = json.loads(output.read_text())
    assert (scores["sequences"], scores["frames_per_second"]) == (3, pytest.approx(2.0))
    assert scores["made_by"]["stage"] == "evaluate"


def test_faults_name_the_sequence(folders):
    results = folders / "results" / "ours"
    file = results / NAMES[1] / f"{NAMES[1]}_002.txt"
    file.write_text("1,2,3,4\n")
    with pytest.raises(InputError, match=r"000002: expected 30 boxes.*got 1"):
        score(folders, results)
    for path in (results / NAMES[1]).iterdir():
        path.unlink()
    with pytest.raises(InputError, match=r"1 of 3 sequences are missing \(GOT-10k_Val_000002\)"):
        score(folders, results)
    assert score(folders, results, subset=True)["sequences"] == 2
    (folders / "val" / NAMES[0] / "meta_info.ini").write_text("[METAINFO]\n")
    with pytest.raises(InputError, match=r"meta_info\.ini: expected a line resolution"):
        score(folders, results, subset=True)


def archive_of(folders, results) -> dict[str, bytes]:
    path = folders / "archive.zip"
    call = ["archive", "got10k", f"--root={folders / 'val'}", f"--results={results}"]
    assert main([*call, f"--output={path}"]) == 0
    with zipfile.ZipFile(path) as archive:
        return {entry.filename: archive.read(entry) for entry in archive.infolist()}


def test_archive_holds_what_the_toolkit_records_and_packs(folders):
    module = pytest.importorskip("got10k.experiments.got10k", reason="the toolkit is missing")
    ioutils = pytest.importorskip("got10k.utils.ioutils")
    experiment = module.ExperimentGOT10k.__new__(module.ExperimentGOT10k)
    rng = np.random.default_rng(1)
    for name in NAMES:
        boxes, times = rng.uniform(1, 90, (30, 4)), rng.uniform(0.01, 1, 30)
        record = folders / "theirs" / name / f"{name}_001.txt"
        experiment._record(str(record), boxes, times)
        (folders / "boxes" / "times").mkdir(parents=True, exist_ok=True)
        np.savetxt(folders / "boxes" / f"{name}.txt", boxes, delimiter=",")
        np.savetxt(folders / "boxes" / "times" / f"{name}_time.txt", times)
    ioutils.compress(str(folders / "theirs"), str(folders / "theirs"))
    with zipfile.ZipFile(folders / "theirs.zip") as archive:
        theirs = {e.filename: archive.read(e) for e in archive.infolist() if not e.is_dir()}
    assert archive_of(folders, folders / "boxes") == theirs
    assert archive_of(folders, folders / "theirs") == theirs


def test_archive_is_the_same_bytes_again_and_refuses_gaps(folders, capsys):
    results = folders / "results" / "ours"
    entries = archive_of(folders, results)
    kinds = ("001", "002", "time")
    assert set(entries) == {f"{name}/{name}_{kind}.txt" for name in NAMES for kind in kinds}
    first = (folders / "archive.zip").read_bytes()
    archive_of(folders, results)
    assert (folders / "archive.zip").read_bytes() == first
    (results / NAMES[2] / f"{NAMES[2]}_time.txt").write_text("0.1\n" * 30)
    call = ["archive", "got10k", f"--root={folders / 'val'}", f"--results={results}"]
    capsys.readouterr()
    assert main([*call, f"--output={folders / 'other.zip'}"]) == 2
    assert "000003: expected times of 30 frames and 2 repetitions" in capsys.readouterr().err
    (results / NAMES[2] / f"{NAMES[2]}_time.txt").unlink()
    assert main([*call, f"--output={folders / 'other.zip'}"]) == 2
    assert "found none" in capsys.readouterr().err
    assert not (folders / "other.zip").exists()


@pytest.mark.parametrize(
    ("which", "value", "said"),
    [("_001", "nan", "expected finite boxes"), ("_time", "-0.1", "line 5: expected seconds")],
)
def test_the_archive_refuses_what_the_server_would(folders, which, value, said):
    name = NAMES[1]
    path = folders / "results" / "ours" / name / f"{name}{which}.txt"
    rows = path.read_text().splitlines()
    rows[4] = ",".join([value] * len(rows[4].split(",")))
    path.write_text("\n".join(rows) + "\n")
    with pytest.raises(InputError, match=f"{name}.*: {said}"):
        sets.get("got10k").archive(
            Selection(root=folders / "val"), folders / "results" / "ours", folders / "a.zip"
        )
    assert not (folders / "a.zip").exists()


def test_a_cut_and_a_choice_of_sequences_score_that_part_alone(folders):
    results = folders / "results" / "ours"
    whole = score(folders, results)
    cut = score(folders, results, max_frames=12)
    for name in NAMES:
        assert cut["per_sequence"][name]["frames"] < whole["per_sequence"][name]["frames"]
        for path in (results / name).glob(f"{name}_00*.txt"):
            path.write_text("".join(path.read_text().splitlines(keepends=True)[:12]))
        text = (folders / "val" / name / "groundtruth.txt").read_text().splitlines(keepends=True)
        (folders / "val" / name / "groundtruth.txt").write_text("".join(text[:12]))
        text = (folders / "val" / name / "cover.label").read_text().splitlines(keepends=True)
        (folders / "val" / name / "cover.label").write_text("".join(text[:12]))
        with pytest.raises(InputError, match="one box per frame, got 30 frames and 12 boxes"):
            score(folders, results)
        for path in sorted((folders / "val" / name).glob("*.jpg"))[12:]:
            path.unlink()
    short = score(folders, results)
    for key in ("average_overlap", "success_rate_50", "success_rate_75", "frames", "curves"):
        assert short[key] == cut[key], key
    (folders / "names.txt").write_text(f"{NAMES[2]}\n")
    one = score(folders, results, names=str(folders / "names.txt"))
    assert one["per_sequence"] == {NAMES[2]: short["per_sequence"][NAMES[2]]}
    assert one["average_overlap"] == short["per_sequence"][NAMES[2]]["average_overlap"]
    (folders / "names.txt").write_text("GOT-10k_Val_000099\n")
    with pytest.raises(InputError, match=r"list\.txt: has no sequence 'GOT-10k_Val_000099'"):
        score(folders, results, names=str(folders / "names.txt"))


def test_a_limit_hides_no_surplus_row(folders):
    path = folders / "results" / "ours" / NAMES[0] / f"{NAMES[0]}_001.txt"
    path.write_text(path.read_text() * 2)
    with pytest.raises(InputError, match="expected 12 to 30 boxes, one per frame, got 60"):
        score(folders, folders / "results" / "ours", max_frames=12)


def test_an_archive_takes_the_folder_of_a_run(folders, tmp_path):
    """As `evaluate` does: boxes/ beside run.json."""
    for name in NAMES:
        source = folders / "results" / "ours" / name
        for kind, file in (("boxes", f"{name}_001.txt"), ("times", f"{name}_time.txt")):
            (tmp_path / "run" / kind).mkdir(parents=True, exist_ok=True)
            rows = (source / file).read_text().splitlines()
            rows = [row.split(",")[0] for row in rows] if kind == "times" else rows
            (tmp_path / "run" / kind / f"{name}.txt").write_text("\n".join(rows) + "\n")
    (tmp_path / "run" / "run.json").write_text("{}")
    call = ["archive", "got10k", f"--root={folders / 'val'}", f"--results={tmp_path / 'run'}"]
    assert main([*call, f"--output={tmp_path / 'a.zip'}"]) == 0


def test_an_archive_is_of_got10k_alone(folders, capsys):
    call = ["archive", "otb", f"--root={folders / 'val'}", f"--results={folders / 'results'}"]
    assert main([*call, f"--output={folders / 'a.zip'}"]) == 2
    assert "otb: has no server that takes an archive" in capsys.readouterr().err


def test_the_folder_that_run_wrote_into_is_one_of_results(folders):
    """As for OTB: boxes/ of a run is found from the folder above."""
    boxes = folders / "run" / "boxes"
    boxes.mkdir(parents=True)
    for name in NAMES:
        first = folders / "results" / "ours" / name / f"{name}_001.txt"
        (boxes / f"{name}.txt").write_bytes(first.read_bytes())
    (folders / "run" / "run.json").write_text("{}")
    direct = score(folders, boxes)
    assert score(folders, folders / "run")["average_overlap"] == direct["average_overlap"] > 0
