"""The search for settings: on validation sequences alone, and the same after any kill."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
import torch
import yaml

from chromatrack.checkpoints import save_checkpoint
from chromatrack.cli.main import main
from chromatrack.data import got10k
from chromatrack.errors import InputError
from chromatrack.evaluation import sets
from chromatrack.files import read_json
from chromatrack.models.build import build_fused, build_siamfc
from chromatrack.models.inputs import InputScaling
from chromatrack.plan import arguments
from chromatrack.plan.problems import problems
from chromatrack.plan.trackers import tuned
from chromatrack.settings import (
    ComputeSettings,
    TrackerSettings,
    TuneSettings,
    WorldSettings,
    from_mapping,
    load_config,
)
from chromatrack.stages.evaluation import tune as stage
from chromatrack.stages.evaluation.tune import check_benchmark, tune
from chromatrack.tracking.search_space import RANGES, next_values
from chromatrack.world.datasets import write_got10k

CPU = ComputeSettings(device="cpu", tracking="serial")
FRAMES = 6
SHORT = ["--settings", json.dumps({"tune": {"max_frames": FRAMES}})]
SMALL = {"width": 0.05, "channels": "as_run"}
FUSED = {
    "siamfc": SMALL,
    "auxiliary": {"kind": "siamfc", "network": SMALL, "layer": "layer4"},
    "alpha": 0.3,
    "normalize": True,
    "statistics": ((0.0, 1.0), (0.0, 1.0)),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two short sequences in val/, and untrained networks."""
    folder = tmp_path_factory.mktemp("tune")
    settings = WorldSettings(got10k_frames=20, width=160, height=128)
    names = [write_got10k(folder, settings, "val", number) for number in range(2)]
    got10k.write_list(folder / "val", names)
    torch.manual_seed(0)
    for kind, description, build in (
        ("siamfc", SMALL, build_siamfc),
        ("fused", FUSED, build_fused),
    ):
        save_checkpoint(
            folder / f"{kind}.pt", kind=kind, network=description,
            scaling=InputScaling(grey="rgb_unit", grey_channels=3),
            module=build(**description).eval(), made_by={},
        )  # fmt: skip
    return folder


def search(folder, output, kind="siamfc", trials=4, **settings):
    return tune(
        folder / f"{kind}.pt",
        folder / "val",
        output,
        settings=TuneSettings(trials=trials, max_frames=FRAMES, **settings),
        tracker=TrackerSettings(),
        compute=CPU,
    )


@pytest.fixture(scope="module")
def undisturbed(folder, tmp_path_factory):
    return search(folder, tmp_path_factory.mktemp("one") / "tuned.json")


def test_the_configured_settings_are_tried_first_and_the_best_is_chosen(undisturbed):
    trials = undisturbed["trials"]
    configured = TrackerSettings()
    names = [name for name in RANGES if name != "alpha"]
    assert trials[0]["values"] == {name: getattr(configured, name) for name in names}
    assert undisturbed["tried"] == len(trials) == 4
    scores = [trial["average_overlap"] for trial in trials]
    assert undisturbed["average_overlap"] == max(scores) >= scores[0]
    assert undisturbed["chosen"] == scores.index(max(scores))
    assert undisturbed["configured"]["average_overlap"] == scores[0]
    assert undisturbed["benchmark"] == "GOT-10k val" and undisturbed["frames"] == 2 * FRAMES
    for trial in trials[1:]:
        for name, value in trial["values"].items():
            low, high, _ = RANGES[name]
            assert low <= value <= high


def test_alpha_is_searched_where_there_is_one(folder, tmp_path):
    result = search(folder, tmp_path / "tuned.json", "fused", trials=3)
    assert result["trials"][0]["values"]["alpha"] == 0.3
    assert len({trial["values"]["alpha"] for trial in result["trials"]}) == 3
    assert "alpha" not in load_overlay(tmp_path / "tuned.yaml")["tracker"]
    assert "# With alpha " in (tmp_path / "tuned.yaml").read_text()


def load_overlay(path):
    return yaml.safe_load(path.read_text())


def test_what_is_chosen_is_laid_over_a_configuration(folder, tmp_path):
    result = search(folder, tmp_path / "tuned.json", trials=2)
    base = tmp_path / "base.yaml"
    base.write_text("run: r\ndata: {title: t, demo: true}\ntune: {trials: 2}\n")
    found = load_config([base, tmp_path / "tuned.yaml"])
    assert found.tracker == replace(TrackerSettings(), **result["values"])
    assert found.tune.trials == 0 and found.tune.result == str(tmp_path / "tuned.json")


class Killed(BaseException):
    """As a process ends that is killed: nothing runs after it."""


@pytest.mark.parametrize("at", range(4))
def test_a_search_that_was_killed_ends_as_an_undisturbed_one(
    at, folder, tmp_path, undisturbed, monkeypatch
):
    """Killed while a trial is scored, with its boxes done; then called again."""
    whole, calls = stage.counted_overlaps, []

    def dying(*given):
        if len(calls) == at:
            raise Killed
        calls.append(1)
        return whole(*given)

    monkeypatch.setattr(stage, "counted_overlaps", dying)
    with pytest.raises(Killed):
        search(folder, tmp_path / "tuned.json")
    monkeypatch.setattr(stage, "counted_overlaps", whole)
    assert not (tmp_path / "tuned.json").exists()
    assert search(folder, tmp_path / "tuned.json") == undisturbed


def test_a_process_killed_at_any_time_goes_on(folder, tmp_path, undisturbed):
    call = [
        sys.executable, "-m", "chromatrack.cli.main", "tune", "got10k",
        "--checkpoint", str(folder / "siamfc.pt"), "--root", str(folder / "val"),
        "--output", str(tmp_path / "tuned.json"), "--trials", "4", *SHORT,
        "--compute", '{"device": "cpu", "tracking": "serial"}',
    ]  # fmt: skip
    process = subprocess.Popen(call, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    while process.poll() is None and not (tmp_path / "tuned" / "trial-0001.json").exists():
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    kept = len(list((tmp_path / "tuned").glob("trial-*.json")))
    assert 1 <= kept <= 4
    assert subprocess.run(call, capture_output=True, timeout=600).returncode == 0
    assert read_json(tmp_path / "tuned.json") == undisturbed


def test_boxes_are_taken_away_also_after_a_kill(folder, tmp_path, monkeypatch):
    remove = stage.shutil.rmtree

    def dying(path, **options):
        raise Killed

    monkeypatch.setattr(stage.shutil, "rmtree", dying)
    with pytest.raises(Killed):
        search(folder, tmp_path / "tuned.json", trials=1)
    monkeypatch.setattr(stage.shutil, "rmtree", remove)
    assert (tmp_path / "tuned" / "trial-0000" / "boxes").is_dir()
    search(folder, tmp_path / "tuned.json", trials=1)
    assert sorted(path.name for path in (tmp_path / "tuned").iterdir()) == [
        ".lock", "search.json", "trial-0000.json",
    ]  # fmt: skip


def test_more_trials_go_on_from_those_that_are_there(folder, tmp_path, undisturbed, monkeypatch):
    search(folder, tmp_path / "tuned.json", trials=2)
    scored = []
    whole = stage.counted_overlaps
    monkeypatch.setattr(stage, "counted_overlaps", lambda *given: scored.append(1) or whole(*given))
    assert search(folder, tmp_path / "tuned.json", trials=4) == undisturbed
    assert len(scored) == 2


def test_another_search_begins_anew(folder, tmp_path, undisturbed):
    other = search(folder, tmp_path / "tuned.json", seed=1)
    assert [t["values"] for t in other["trials"]][1:] != [
        t["values"] for t in undisturbed["trials"]
    ][1:]
    assert search(folder, tmp_path / "tuned.json") == undisturbed


def test_proposals_depend_on_seed_and_scores_alone():
    names = [name for name in RANGES if name != "alpha"]
    tried = [({name: RANGES[name][0] for name in names}, 0.1)]
    for _ in range(15):
        tried.append((next_values(names, tried, seed=3), tried[-1][1] + 0.01))
    assert next_values(names, tried, seed=3) == next_values(names, tried, seed=3)
    assert next_values(names, tried, seed=3) != next_values(names, tried, seed=4)
    others = [(values, -score) for values, score in tried]
    assert next_values(names, tried, seed=3) != next_values(names, others, seed=3)


def test_a_configured_value_beyond_the_range_is_tried_as_it_is():
    values = next_values(["window_influence"], [({"window_influence": 0.9}, 0.5)], seed=0)
    assert 0 <= values["window_influence"] <= 0.6


@pytest.mark.parametrize(
    "name", [*(name for name in sets.NAMES if name != "got10k"), "got10k-test", "GOT-10k test",
     "OTB", "otb2015", "OTB-100", "vot2018", "DAVIS-2017"],
)  # fmt: skip
def test_test_sets_are_refused_by_name(name, folder, tmp_path, capsys):
    with pytest.raises(InputError, match="is a test set, whose scores say nothing once"):
        check_benchmark(name)
    call = ["tune", name, "--checkpoint", str(folder / "siamfc.pt"), "--root", str(folder / "val"),
            "--output", str(tmp_path / "t.json"), "--trials", "1"]  # fmt: skip
    assert main(call) == 2
    error = capsys.readouterr().err
    assert f"{name}: is a test set" in error and error.count("\n") == 1


def test_the_test_set_of_got10k_is_refused_by_what_is_in_it(folder, tmp_path):
    name = "GOT-10k_Test_000001"
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "list.txt").write_text(f"{name}\n")
    (tmp_path / "other" / name).symlink_to(next((folder / "val").glob("GOT*")))
    with pytest.raises(InputError, match="is of the test set of GOT-10k"):
        tune(
            folder / "siamfc.pt", tmp_path / "other", tmp_path / "t.json",
            settings=TuneSettings(trials=1), tracker=TrackerSettings(), compute=CPU,
        )  # fmt: skip


@pytest.mark.parametrize("link", [False, True])
@pytest.mark.parametrize("name", ["test", "GOT-10k_Test", "train"])
def test_other_parts_of_got10k_are_refused_by_the_name_of_the_folder(
    name, link, folder, tmp_path, capsys
):
    shutil.copytree(folder / "val", tmp_path / name)
    root = tmp_path / name
    if link:
        root = tmp_path / "val"
        root.symlink_to(name)
    call = ["tune", "got10k", "--checkpoint", str(folder / "siamfc.pt"), "--root", str(root),
            "--output", str(tmp_path / "t.json"), "--trials", "1"]  # fmt: skip
    assert main(call) == 2
    part = "training" if name == "train" else "test"
    said = capsys.readouterr().err
    assert f"is called as the {part} set, on which no settings are chosen" in said
    assert str(tmp_path / name) in said


def test_a_missing_optuna_is_told_before_the_first_trial(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "optuna", None)
    call = ["tune", "got10k", "--checkpoint", str(folder / "siamfc.pt"), "--root",
            str(folder / "val"), "--output", str(tmp_path / "t.json"), "--trials", "2"]  # fmt: skip
    assert main(call) == 2
    assert "tune: optuna is not installed" in capsys.readouterr().err
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--settings", "{}"], "tune.trials: is 0, which means no search"),
        (["--trials", "0"], "expected a whole number from 1 on"),
        (["--trials", "2", "--alpha", "0.5"], "is SiamFC alone, alpha has nothing to weigh"),
        (["--settings", '{"tune": {"trial": 3}}'], "did you mean 'trials'?"),
    ],
)
def test_what_is_wrong_is_one_sentence(options, sentence, folder, tmp_path, capsys):
    call = ["tune", "got10k", "--checkpoint", str(folder / "siamfc.pt"), "--root",
            str(folder / "val"), "--output", str(tmp_path / "t.json"), *options]  # fmt: skip
    try:
        code = main(call)
    except SystemExit as error:
        code = error.code
    assert code == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize("name", ["tuned", "tuned.yaml"])
def test_the_result_is_a_json_file(name, folder, tmp_path):
    with pytest.raises(InputError, match=r"expected a file that ends with \.json"):
        search(folder, tmp_path / name, trials=1)


def test_sequences_without_a_visible_target_are_told(folder, tmp_path):
    source = next((folder / "val").glob("GOT*"))
    hidden = tmp_path / "val" / source.name
    shutil.copytree(source, hidden)
    (hidden / "cover.label").write_text("0\n" * 20)
    (tmp_path / "val" / "list.txt").write_text(f"{source.name}\n")
    with pytest.raises(InputError, match="expected frames with a visible target, got none"):
        tune(
            folder / "siamfc.pt", tmp_path / "val", tmp_path / "t.json",
            settings=TuneSettings(trials=1, max_frames=3), tracker=TrackerSettings(), compute=CPU,
        )  # fmt: skip


def test_the_command_says_how_many_were_tried(folder, tmp_path, capsys):
    call = ["tune", "got10k", "--checkpoint", str(folder / "siamfc.pt"), "--root",
            str(folder / "val"), "--output", str(tmp_path / "t.json"), "--trials", "2",
            "--compute", json.dumps({"device": "cpu"}), *SHORT]  # fmt: skip
    assert main(call) == 0
    out = capsys.readouterr().out
    assert "2 settings on 2 sequences of GOT-10k val" in out
    assert "as configured: window_influence" in out


RUN = {
    "run": "r", "seeds": [3, 4], "data": {"title": "t", "demo": True}, "benchmarks": [],
    "tune": {"trials": 5},
}  # fmt: skip


def test_a_run_searches_for_siamfc_and_for_what_only_tests():
    settings = from_mapping(RUN)
    found = tuned(settings)
    assert list(found) == ["baseline-seed3", "exp1-seed3", "exp4-seed3"]
    assert found["exp1-seed3"].checkpoint == "results/r/fused/exp1-seed3/model.pt"
    assert arguments.start_of(found["exp1-seed3"]) == []
    planned = from_mapping({**RUN, "experiments": {"1": {"trunk": "resnet18", "alpha": 0.3}}})
    assert arguments.start_of(tuned(planned)["exp1-seed3"]) == ["--alpha=0.3"]
    assert tuned(from_mapping({**RUN, "tune": {"trials": 0}})) == {}


def test_a_run_without_validation_sequences_is_told(tmp_path):
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "list.txt").write_text("a\n")
    data = {"title": "t", "demo": False, "got10k": str(tmp_path)}
    settings = from_mapping({**RUN, "data": data, "experiments": None})
    told = [one for one in problems(settings) if "tune" in one]
    assert told == [
        "tune.trials: settings are searched on GOT-10k val; expected data.got10k with val/"
    ]
    absent = from_mapping({**RUN, "tune": {"result": str(tmp_path / "no.json")}})
    assert any("tune.result" in one for one in problems(absent))
