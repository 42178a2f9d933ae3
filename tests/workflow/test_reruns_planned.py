"""The DAG itself: one edit, one dry run, for keys of each part (the whole: benchmarks.key_walk)."""

import pytest

from benchmarks import key_walk

KEYS = (
    "alphas", "seeds", "experiments", "baselines", "trackers", "benchmarks", "data.title",
    "benchmarks.otb.max_frames", "benchmarks.vot.edition", "world.vot_frames", "clips.retries",
    "labels.colours", "analysis.frames", "colorization.steps", "colorization.checkpoint_every",
    "single_video.steps", "crops.margin", "siamfc.select", "siamfc.keep_every",
    "siamfc.validation_frames", "siamfc.checkpoint", "fusion.normalize", "fine_tune.epochs",
    "experiments.2.layer", "experiments.2.probe", "experiments.2.controls",
    "tracker.window_influence", "tune.trials", "tune.result", "propagation.top_k",
    "compute.threads",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A finished run, made by stand-ins."""
    folder = tmp_path_factory.mktemp("walk")
    key_walk.finished_run(folder)
    assert key_walk.plan(key_walk.configured(), folder=folder) == {}
    return folder


@pytest.fixture(scope="module")
def found(folder):
    names = [(name, edit) for name, edit in key_walk.chosen(list(KEYS)) if name in KEYS]
    assert {name for name, _ in names} == set(KEYS)
    return key_walk.walk(folder, names, threads=2)


def test_each_edit_starts_what_the_table_says(found):
    assert key_walk.surprises(found, key_walk.expected()) == []


def test_a_surprise_is_told(found):
    table = key_walk.expected()
    wrong = {**table, "alphas": {"siamfc": None}, "seeds": {**table["seeds"], "track": 1}}
    del wrong["data.title"]
    told = " ".join(key_walk.surprises(found, wrong))
    assert "alphas: too many" in told and "alphas: too few: siamfc" in told
    assert "seeds: other jobs: track" in told and "data.title: no row" in told


def test_an_experiment_that_is_taken_away_makes_the_report_alone(folder):
    """With what its page shows of sequences: of which trackers, all experiments say."""
    for name in ("1", "2"):
        (folder / "without.yaml").write_text(f"experiments: {{'{name}': null}}\n")
        planned = key_walk.plan(key_walk.configured("without.yaml"), folder=folder)
        assert set(planned) == {
            "strips", "score_maps", "manifest", "statistics", "summary", "figures", "page",
            "publish",
        }  # fmt: skip


def test_every_key_of_the_settings_has_a_row():
    """A new key without a row fails here, before the walk."""
    rows = set(key_walk.expected())
    walked = {
        name for name, *_ in key_walk.walked_keys() if key_walk.EDITS.get(name, 0) is not None
    }
    assert walked | set(key_walk.MORE) == rows
