"""What newcomers ran into: results one folder further in, one bad tracker among good ones, files
beside the results, classes of several files, files of names."""

import json
import os

import numpy as np
import pytest
import torch

from chromatrack.cli.main import main
from chromatrack.data import otb
from chromatrack.data.otb_results import read_results
from chromatrack.errors import InputError
from chromatrack.plan.arguments import benchmark_data, states, tracker_files
from chromatrack.settings import from_mapping, load_config
from chromatrack.stages.evaluation.own_class import FromClass
from chromatrack.stages.tools.check_run import check_run
from tests.otb_scoring import evaluate_otb

TRUTH = np.random.default_rng(3).uniform(5, 90, (30, 4)).round(2)
NAMES = ("Ant", "Bee")


@pytest.fixture
def data(tmp_path):
    """Two OTB folders with frames; perfect results of two trackers."""
    image = np.zeros((8, 8, 3), np.uint8)
    for name in NAMES:
        otb.write_sequence(tmp_path / "otb", name, [image] * 30, [TRUTH])
        for tracker in ("A", "B"):
            otb.write_boxes(tmp_path / "results" / tracker / "boxes" / f"{name}.txt", TRUTH)
    return tmp_path


def test_the_folder_above_the_results_will_do_where_one_holds_any(data):
    assert evaluate_otb(data / "otb", data / "results" / "A")["targets"] == 2
    with pytest.raises(InputError, match=r"expected NAME.txt or .mat of Ant, Bee, found A, B"):
        evaluate_otb(data / "otb", data / "results")
    for tracker in ("A", "B"):
        otb.write_boxes(data / "two" / tracker / "Ant.txt", TRUTH)
    with pytest.raises(InputError, match="holds folders of results, A, B; expected one of them"):
        read_results(data / "two", "ope", ["Ant"])
    assert set(read_results(data / "two", "ope", ["Ant"], tracker="B")) == {"Ant"}
    for name in NAMES:
        otb.write_boxes(data / "got10k" / name / f"{name}_001.txt", TRUTH)
    assert set(read_results(data / "got10k", "ope", NAMES)) == set(NAMES)


def test_one_bad_tracker_does_not_stop_the_table_of_the_others(data, capsys):
    (data / "results" / "B" / "boxes" / "Bee.txt").write_text("1,2,3\n")
    folders = [str(data / "results" / tracker / "boxes") for tracker in "AB"]
    call = ["evaluate", "otb", f"--annotations={data / 'otb'}", "--results", *folders]
    assert main([*call, f"--output={data / 's.json'}"]) == 2
    assert list(json.loads((data / "s.json").read_text())["trackers"]) == ["A"]
    told = capsys.readouterr()
    assert "0.952" in told.out and "scored without 1 of 2 trackers: B:" in told.err


def settings_of(data, lists=None, **more):
    return from_mapping({
        "run": "r", "data": {"title": "t", **(lists or {})},
        "siamfc": {"checkpoint": str(data / "s.pt")},
        "experiments": None, "baselines": [], "trunks": [],
        "benchmarks": {"otb": str(data / "otb")}, **more,
    })  # fmt: skip


def test_a_file_of_names_is_an_input_and_its_age_does_not_matter(data):
    names = data / "names.txt"
    names.write_text("Ant\n")
    otb_part = {"root": str(data / "otb"), "names": str(names)}
    settings = settings_of(data, benchmarks={"otb": otb_part})
    assert benchmark_data(settings, "otb") == [str(names)]
    before = states(settings, "otb")
    names.write_text("Bee\n")
    os.utime(names, (1e9, 1e9))  # older, as what is unpacked from an archive
    assert states(settings, "otb") != before


def test_a_class_is_made_of_its_package_and_of_files_that_its_options_name(data, monkeypatch):
    monkeypatch.chdir(data)
    package = data / "newcomers_pkg"
    package.mkdir()
    for name, text in (
        ("__init__.py", ""),
        ("helper.py", "STEP = 1\n"),
        ("own.py", "from newcomers_pkg.helper import STEP\n\nclass T:\n"
                   "    def __init__(self, weights): ...\n    def init(self, image, box): ...\n"
                   "    def update(self, image): return [0, 0, 1, 1]\n"),
    ):  # fmt: skip
        (package / name).write_text(text)
    (data / "w.txt").write_text("1")
    options = {"weights": "w.txt"}
    tracker = {"module": "newcomers_pkg.own:T", "options": options}
    settings = settings_of(data, trackers={"mine": tracker})
    files = tracker_files(settings, "otb", "mine")
    assert {os.path.basename(path) for path in files} == {
        "__init__.py", "helper.py", "own.py", "w.txt",
    }  # fmt: skip
    made = set(FromClass("newcomers_pkg.own:T", options).inputs())
    assert len(made) == 4
    with pytest.raises(InputError, match="there is no module nowhere_at_all"):
        tracker_files(settings_of(data, trackers={"m": "nowhere_at_all:T"}), "otb", "m")


def test_doctor_is_not_ready_where_something_cannot_be_read(data, monkeypatch):
    monkeypatch.chdir(data)
    lines, ready = check_run(settings_of(data, siamfc={"checkpoint": str(data / "otb")}))
    assert ready, lines
    (data / "otb" / "Ant" / "img" / "0030.jpg").unlink()
    lines, ready = check_run(settings_of(data, siamfc={"checkpoint": str(data / "otb")}))
    assert not ready and any("missing: otb" in line and "29 frames" in line for line in lines)
    (data / "names.txt").write_text("Ant\nCow\n")
    otb_part = {"root": str(data / "otb"), "names": str(data / "names.txt")}
    lines, ready = check_run(settings_of(data, benchmarks={"otb": otb_part}))
    assert not ready and any("1 of the 2 sequences" in line and "Cow" in line for line in lines)


def test_doctor_finds_videos_as_fetching_does(data):
    """By the names, suffixes and folders that the source of the run takes."""
    (data / "list.csv").write_text(
        "label,youtube_id,time_start,time_end,split\na,AAAAAAAAAAA,0,2,x\na,BBBBBBBBBBB,0,2,x\n"
    )

    def told(kind, *names):
        folder = data / f"{kind}-{len(list(data.iterdir()))}"
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(b"video")
        clips = {"source": {"kind": kind, "folder": str(folder)}}
        lists = {"kinetics_list": str(data / "list.csv")}
        network = {"checkpoint": str(data / "otb")}
        lines, ready = check_run(settings_of(data, lists, clips=clips, siamfc=network))
        return [line for line in lines if str(folder) in line], ready

    lines, ready = told("folder", "AAAAAAAAAAA.mpeg")
    assert "videos: 1 of 2" in lines[0] and "missing 1: BBBBBBBBBBB" in lines[0] and ready
    lines, ready = told("folder", "a/AAAAAAAAAAA.mp4", "b/BBBBBBBBBBB.mp4")
    assert "missing: clips: " in lines[0] and "expected videos named by their ids" in lines[0]
    lines, ready = told("clips", "AAAAAAAAAAA_000000_000002.mp4")
    assert "ready clips: 1 of 2" in lines[0] and ready
    lines, ready = told("clips", "AAAAAAAAAAA_000000_000002.mkv")
    assert "expected clips named <id>_<start>_<end>.mp4" in lines[0] and not ready


@pytest.mark.skipif(torch.cuda.is_available(), reason="a machine without a GPU is asked")
def test_doctor_misses_a_gpu_that_is_asked_for(data):
    given = {"siamfc": {"checkpoint": str(data / "otb")}, "compute": {"device": "cuda"}}
    lines, ready = check_run(settings_of(data, **given))
    assert not ready and any("missing: compute.device: cuda was asked for" in one for one in lines)


def test_results_are_of_the_benchmarks_that_are_named(data):
    own = {"results": str(data / "results" / "A"), "benchmarks": ["vot"]}
    settings = settings_of(data, trackers={"A": own}, benchmarks={"vot": str(data / "otb")})
    _, ready = check_run(settings)
    assert not ready


def test_files_are_laid_over_each_other_as_snakemake_does(tmp_path, monkeypatch):
    monkeypatch.setenv("SOMEWHERE", "/data")
    texts = {
        "first.yaml": "run: a\ndata: {title: t, demo: true}\nexperiments: {'1': {}, '2': {}}\n",
        "second.yaml": "experiments: null\n",
        "third.yaml": "experiments: {'2': {train: true}}\nbenchmarks: {otb: $SOMEWHERE/otb}\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    files = [tmp_path / name for name in texts]
    assert load_config(files[:2]).experiments == {}
    settings = load_config(files)
    assert set(settings.experiments) == {"1", "2"} and settings.experiments["2"].train
    assert settings.benchmarks["otb"].root == "/data/otb"
