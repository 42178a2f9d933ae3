"""The DAG: what a change re-runs, what a wrong configuration says. Dry runs only."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from chromatrack.checkpoints import save_checkpoint
from chromatrack.fetch.ledger import read_ledger
from chromatrack.files import digest_file
from chromatrack.locks import holding
from chromatrack.models.build import build_colorizer
from chromatrack.models.inputs import InputScaling

ROOT = Path(__file__).resolve().parents[2]
TRACKED = 67
"""Trackers of the demo, over its benchmarks."""


@pytest.fixture
def folder(tmp_path):
    """A folder with the workflow in it, and nothing earned yet."""
    for name in ("Snakefile", "config.yaml", "workflow", "config", "profiles", "envs"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def snakemake(folder, *arguments, check=True):
    command = [sys.executable, "-m", "snakemake", "--cores", "1", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=900)
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def planned(folder, *arguments):
    """Rule -> number of jobs of a dry run."""
    text = snakemake(folder, "-n", *arguments)
    rows = [line.split() for line in text.splitlines()]
    return {row[0]: int(row[1]) for row in rows if len(row) == 2 and row[1].isdigit()}


def test_the_whole_plan_of_the_demo(folder):
    jobs = planned(folder, "results/otb2015_summary.csv")
    assert jobs["world"] == 5 and jobs["colorization"] == 2 and jobs["siamfc"] == 1
    assert jobs["fine_tune"] == 9 and jobs["compose"] == 2
    # OTB, VOT and GOT-10k val have 16 trackers of checkpoints and two classical ones; DAVIS the
    # identity, and for both trunks random and pretrained weights in three ways.
    assert jobs["track"] == jobs["evaluate"] == TRACKED == 3 * 18 + 13
    # Experiments 1 and 4 only test: the alphas of each go together on OTB and on GOT-10k val.
    assert jobs["track_alphas"] == 4 and jobs["statistics"] == 1
    assert "vot_official" not in jobs and "world_benchmark" not in jobs


def test_the_page_has_the_single_video_and_it_can_be_asked_for_alone(folder):
    assert planned(folder, "results/otb2015_summary.csv")["single_video"] == 1
    assert planned(folder, "results/demo/single_video/index.json")["single_video"] == 1


def test_the_official_toolkit_scores_any_tracker_that_is_asked_for(folder):
    one = planned(folder, "results/demo/vot_official/kcf.json")
    assert one["vot_official"] == 1 and "siamfc" not in one
    other = planned(folder, "results/demo/vot_official/exp2-alpha0.3-seed0.json")
    assert other["vot_official"] == other["fine_tune"] == other["siamfc"] == 1
    assert planned(folder, "vot_official_all")["vot_official"] == 18


def test_the_speed_of_trackers_is_asked_for_alone(folder):
    """It needs one network of each experiment, no scores, and is none of the thesis's tables."""
    jobs = planned(folder, "results/demo/tables/speed.csv")
    assert jobs["speed"] == 1 and jobs["fine_tune"] == 3 and jobs["compose"] == 2
    assert not {"track", "evaluate", "manifest"} & set(jobs)
    assert "speed" not in planned(folder, "tables")
    (folder / "masks.yaml").write_text("benchmarks: {davis: {}}\n")
    wrong = ["--configfile", "config.yaml", "masks.yaml", "--", "results/demo/tables/speed.csv"]
    assert "davis, which is of masks" in snakemake(folder, "-n", *wrong, check=False)


def test_starts_of_tre_and_sre_are_run_and_scored_where_they_are_asked_for(folder):
    jobs = planned(folder, "otb_starts_all")
    assert jobs["track"] == 36 and jobs["track_alphas"] == 4
    assert jobs["compare"] == 2 and "evaluate" not in jobs
    one = planned(folder, "results/demo/evaluation/otb/sre/kcf/scores.json")
    assert one["track"] == one["evaluate"] == 1 and "siamfc" not in one
    wrong = snakemake(folder, "-n", "results/demo/evaluation/otb/tre/nosuch/run.json", check=False)
    assert "nosuch: is no tracker of otb" in wrong


@pytest.fixture
def real(folder, tmp_path):
    """A configuration of empty stand-ins for real data; returns how to ask for all of it."""
    for name in ("list.csv", "got10k/train/list.txt", "vot/list.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("a\n")
    (tmp_path / "davis" / "JPEGImages").mkdir(parents=True)
    (tmp_path / "otb" / "Cat").mkdir(parents=True)
    (tmp_path / "otb" / "Cat" / "groundtruth_rect.txt").write_text("1,1,1,1\n")
    (tmp_path / "siamfc.pt").write_text("weights")

    def configured(benchmarks, data=None, **more):
        given = {"title": "real", "demo": False, **(data or {})}
        value = {"data": given, "benchmarks": benchmarks, **more}
        (folder / "real.yaml").write_text(json.dumps(value))
        return ("--configfile", "real.yaml", "--", "results/otb2015_summary.csv")

    return configured


def test_got10k_val_scores_any_tracker_and_needs_no_val_where_there_is_none(folder, tmp_path, real):
    jobs = planned(folder, "results/demo/evaluation/got10k/ope/exp1-alpha0.3-seed0/scores.json")
    assert jobs["track"] == jobs["evaluate"] == jobs["compose"] == 1
    data = {"kinetics_list": str(tmp_path / "list.csv"), "got10k": str(tmp_path / "got10k")}
    benchmarks = {"otb": str(tmp_path / "otb")}
    assert "validate_siamfc" not in planned(folder, *real(benchmarks, data))
    (tmp_path / "got10k" / "val").mkdir()
    (tmp_path / "got10k" / "val" / "list.txt").write_text("a\n")
    assert planned(folder, *real(benchmarks, data))["validate_siamfc"] == 1


def test_a_checkpoint_and_an_otb_folder_are_enough(folder, tmp_path, real):
    weights = {"siamfc": {"checkpoint": str(tmp_path / "siamfc.pt")}, "experiments": None}
    jobs = planned(folder, *real({"otb": str(tmp_path / "otb")}, baselines=["kcf"], **weights))
    assert set(jobs) == {
        "track", "evaluate", "pictures", "strips", "manifest", "statistics", "summary", "figures",
        "page", "publish", "total",
    }  # fmt: skip
    assert jobs["track"] == 2


def test_a_missing_part_that_a_stage_needs_is_told_before_any_job(folder, tmp_path, real):
    otb, weights = {"otb": str(tmp_path / "otb")}, str(tmp_path / "siamfc.pt")

    def said(*arguments, **more):
        return snakemake(folder, "-n", *real(*arguments, **more), check=False)

    assert "siamfc: has nothing to train on; expected data.got10k" in said(otb, experiments=None)
    given = {"siamfc": {"checkpoint": weights}}
    assert "experiments.1: score maps are measured on crops" in said(otb, **given)
    data = {"got10k": str(tmp_path / "got10k")}
    text = said(otb, data)
    assert "experiments.1.weights: pretrained needs clips; expected data.kinetics_list" in text
    text = said({"otb": str(tmp_path / "nowhere")}, experiments=None, **given)
    assert "benchmarks.otb.root:" in text and "does not exist" in text
    text = said({"ottb": str(tmp_path)}, experiments=None, **given)
    assert "benchmarks.ottb: unknown benchmark; did you mean 'otb'?" in text
    text = said({"uav123": None, "vot": {}}, experiments=None, **given)
    assert "benchmarks.vot.root: expected the folder of VOT" in text
    text = said(otb, siamfc={"checkpoint": "nowhere.pt"}, experiments=None)
    assert "siamfc.checkpoint: nowhere.pt does not exist" in text


def test_weights_of_a_file_stand_in_for_pretraining(folder, tmp_path, real):
    network = {"trunk": "alexnet", "width": 0.05}
    save_checkpoint(
        tmp_path / "colour.pt", kind="colorization", network=network, scaling=InputScaling(),
        module=build_colorizer(**network), made_by={},
    )  # fmt: skip
    experiments = {str(number): None for number in range(1, 6)}
    experiments["7"] = {"trunk": "alexnet", "weights": str(tmp_path / "colour.pt")}
    jobs = planned(
        folder,
        *real(
            {"otb": str(tmp_path / "otb")},
            {"got10k": str(tmp_path / "got10k")},
            experiments=experiments,
            siamfc={"checkpoint": str(tmp_path / "siamfc.pt")},
        ),
    )
    assert "colorization" not in jobs and "siamfc" not in jobs and "shards" not in jobs
    assert jobs["response_statistics"] == jobs["compose"] == 1


def test_a_benchmark_of_the_world_is_one_line(folder):
    jobs = planned(
        folder, "--config", "benchmarks={uav123: {}}", "--", "results/otb2015_summary.csv"
    )
    assert jobs["world_benchmark"] == 1 and jobs["track"] == jobs["evaluate"] == 18


def test_published_results_and_classes_are_trackers(folder, tmp_path):
    (tmp_path / "SRDCF").mkdir()
    (tmp_path / "SRDCF" / "Cat.txt").write_text("1,1,1,1\n")
    text = snakemake(
        folder, "-n", "--config", "trackers={mine: 'tracker:Mine'}", "--",
        "results/otb2015_summary.csv", check=False,
    )  # fmt: skip
    assert "tracker tracker:Mine: there is no module tracker on the Python path" in text
    (tmp_path / "tracker.py").write_text("class Mine: ...\n")
    trackers = "trackers={SRDCF: SRDCF, mine: 'tracker:Mine'}"
    jobs = planned(folder, "--config", trackers, "--", "results/otb2015_summary.csv")
    # Published results are of the summary's benchmark alone, a class is run on all.
    assert jobs["track"] == jobs["evaluate"] == TRACKED + 1 + 3


def test_an_edit_of_the_baselines_tracks_the_new_one_alone(folder):
    text = snakemake(folder, "-n", "--config", "baselines=[klt, kfc]", check=False)
    assert "configuration: baselines" in text and "kfc" in text
    jobs = planned(folder, "--config", "baselines=[]", "--", "results/otb2015_summary.csv")
    assert jobs["track"] == TRACKED - 2 * 3


def test_a_further_trunk_is_pretrained_and_scored_beside_the_others(folder):
    jobs = planned(folder, "--config", "trunks=[resnet34]", "--", "results/otb2015_summary.csv")
    assert jobs["colorization"] == jobs["colorize"] == 3 and jobs["track"] == TRACKED + 6
    assert jobs["track_alphas"] == 4


def test_a_new_experiment_is_an_entry(folder):
    """A second SiamFC has a training of its own, of seed 1000, and is measured and composed."""
    target = "results/otb2015_summary.csv"
    entry = "experiments={ensemble: {weights: siamfc, controls: ['1']}}"
    jobs = planned(folder, "--config", entry, "--", target)
    assert jobs["siamfc"] == jobs["choose_siamfc"] == 2
    assert jobs["colorization"] == 2 and jobs["compose"] == 3
    assert jobs["track"] == TRACKED + 3 * 3 and jobs["track_alphas"] == 6
    text = snakemake(
        folder, "-n", "-p", "--quiet", "host", "--config", entry, "--",
        "results/demo/fused/expensemble-seed0/model.pt",
    )  # fmt: skip
    assert "chromatrack train-siamfc" in text and "--seed 1000 " in text
    assert "--auxiliary results/demo/siamfc/seed1000/model.pt" in text


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{border: cropped}", "experiments.7.border: cropped: a cell of layer4 sees 227 px"),
        ("{controls: ['1'], input: colour}", "experiments.7.input: colour needs a network"),
    ],
)
def test_an_experiment_that_cannot_be_stops_before_any_job(folder, entry, message):
    text = snakemake(folder, "-n", "--config", f"experiments={{'7': {entry}}}", check=False)
    assert f"configuration: {message}" in text


def test_a_wrong_key_stops_before_any_job(folder):
    text = snakemake(folder, "--config", "siamfc={epoch: 3}", check=False)
    assert "configuration: siamfc.epoch: unknown key; did you mean 'epochs'?" in text
    assert not (folder / "results").exists()


def test_missing_data_stops_before_any_job(folder, monkeypatch):
    monkeypatch.setenv("CHROMATRACK_REAL_DATA", str(folder / "nowhere"))
    text = snakemake(folder, "-n", "--configfile", "config/mini.yaml", check=False)
    assert "configuration: data.kinetics_list:" in text and "does not exist" in text


def test_missing_training_data_of_a_demo_stops_before_any_job(folder):
    training = "{tracking_train: [{layout: otb, root: nowhere}]}"
    text = snakemake(folder, "-n", "--config", f"data={training}", check=False)
    assert "configuration: data.tracking_train[0].root: nowhere does not exist" in text


@pytest.fixture
def earned(folder):
    """The first rules of a tiny demo, really run."""
    changes = {
        "world": {
            "kinetics_videos": 3, "kinetics_seconds": 2.0, "got10k_train": 2, "got10k_val": 1,
            "got10k_frames": 20, "otb_frames": 20, "vot_frames": 20, "davis_frames": 20,
            "width": 160, "height": 128,
        },
        "clips": {"shard_size": 2},
    }  # fmt: skip
    (folder / "tiny.yaml").write_text(json.dumps(changes))
    snakemake(folder, "--configfile", "tiny.yaml", "--", "results/demo/labels/statistics.json")
    return folder


def test_what_an_edit_re_runs(earned):
    target = "results/demo/labels/statistics.json"
    statistics = json.loads((earned / target).read_text())
    assert statistics["frames"] > 0 and 0 < statistics["mean"][0] < 1
    base = ("--configfile", "tiny.yaml")
    assert "Nothing to be done" in snakemake(earned, "-n", *base, "--", target)

    edited = planned(earned, *base, "--config", "labels={colours: 4}", "--", target)
    assert set(edited) == {"labels", "lab_statistics", "total"}

    for change in ("compute={threads: 2}", "compute={retry_failed: true}",
                   "clips={back_off: {base: 1.0}}"):  # fmt: skip
        assert planned(earned, *base, "--config", change, "--", target) == {}, change
    again = ("--config", "compute={retry_failed: true}", "--forcerun", "fetch")
    text = snakemake(earned, "-n", "-p", "--quiet", "host", *base, *again, "--", target)
    calls = [line for line in text.splitlines() if "chromatrack fetch" in line]
    assert calls and all('"retry_failed":true' in line for line in calls)

    shutil.rmtree(earned / "results/demo/clips/files")  # intermediates that nobody asks for
    assert "Nothing to be done" in snakemake(earned, "-n", *base, "--", target)

    other = planned(
        earned, *base, "--config", "run=second", "--", "results/second/labels/statistics.json"
    )
    assert other["world"] == 1
    assert "Nothing to be done" in snakemake(earned, "-n", *base, "--", target)


def test_a_second_process_is_kept_out_of_a_run(folder):
    with holding(folder / "results" / "demo"):
        text = snakemake(folder, "results/demo/world/vot.json", check=False)
    assert "results/demo: another process is working there; wait for it" in text
    assert not (folder / "results/demo/world").exists()


def test_the_same_configuration_gives_the_same_bytes_up_to_the_labels(earned, tmp_path_factory):
    """World, clips, ledgers, label caches and Lab statistics of a second run, elsewhere."""
    again = tmp_path_factory.mktemp("again")
    for path in earned.iterdir():
        if path.is_symlink():
            (again / path.name).symlink_to(path.resolve())
    shutil.copy(earned / "tiny.yaml", again)
    snakemake(again, "--configfile", "tiny.yaml", "--", "results/demo/labels/statistics.json")
    assert contents(again) == contents(earned)


def contents(folder):
    """Path -> digest of every file but logs and journals; ledgers without their column of times."""
    run = folder / "results" / "demo"
    files = (path for path in run.rglob("*") if path.is_file())
    return {
        str(path.relative_to(run)): (
            read_ledger(path).drop(columns="time").to_csv()
            if path.parent.name == "ledgers" and path.suffix == ".csv"
            else digest_file(path)
        )
        for path in files
        if "logs" not in path.parts and not path.name.startswith("journal-")
    }
