"""The configuration: what is accepted, and what a mistake is told."""

import dataclasses
from pathlib import Path

import pytest
import yaml

from chromatrack import layout
from chromatrack.configuration import as_plain, merge, read_yaml
from chromatrack.errors import InputError
from chromatrack.experiments import trackers
from chromatrack.settings import (
    LabelSettings,
    Settings,
    TrackerSettings,
    from_json,
    from_mapping,
    load_config,
    to_json,
)

ROOT = Path(__file__).resolve().parent.parent
MINIMAL = {"run": "test", "data": {"title": "Test", "demo": True}}


def with_key(path, value):
    nested = value
    for key in reversed(path.split(".")):
        nested = {key: nested}
    return merge(MINIMAL, nested)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("siamfc.batchsize", 4, "siamfc.batchsize: unknown key; did you mean 'batch_size'?"),
        ("siamfc.loss", "balance", "expected one of balanced, mean, got 'balance'; did you mean"),
        ("labels.colours", "eight", "labels.colours: expected a whole number, got 'eight'"),
        ("labels.colours", 1, "labels.colours: expected 2 to 255, got 1"),
        ("labels.colours", True, "labels.colours: expected a whole number, got True"),
        ("alphas", [0.5, 1.5], "alphas: expected 0 to 1, got 1.5"),
        ("alphas", [0.5, 0.5], "alphas: a value is given twice"),
        ("alphas", 0.5, "alphas: expected a list"),
        ("run", "../thesis", "run: expected letters"),
        ("data.otb", "somewhere", "data.otb: cannot be set together with demo"),
        ("experiments", {"2": {"trunk": "vgg"}}, "experiments.2.trunk: expected one of"),
        ("compute.device", "gpu", "compute.device: expected auto, cpu, cuda"),
        ("nonsense", 1, "nonsense: unknown key; valid keys are"),
    ],
)
def test_a_mistake_names_its_key(path, value, message):
    with pytest.raises(InputError) as raised:
        from_mapping(with_key(path, value))
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_missing_data_names_the_key():
    with pytest.raises(InputError, match=r"data.kinetics_list: expected a path"):
        from_mapping({"run": "a", "data": {"title": "x"}})


def test_paths_that_do_not_exist_are_found_before_any_job(tmp_path):
    roots = {k: str(tmp_path) for k in ("kinetics_list", "got10k", "otb", "vot", "davis")}
    settings = from_mapping({"run": "a", "data": {"title": "x", **roots}})
    with pytest.raises(InputError, match=r"data.got10k: .*list.txt does not exist"):
        layout.check_data(settings)


def test_numbers_are_read_as_people_write_them(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("siamfc: {learning_rate: 1e-3, momentum: 1}")
    assert read_yaml(path)["siamfc"]["learning_rate"] == 1e-3
    assert from_mapping(merge(MINIMAL, read_yaml(path))).siamfc.momentum == 1.0


def test_a_slice_survives_its_way_through_the_command_line():
    settings = dataclasses.replace(LabelSettings(), colours=5, tolerance=1e-4)
    assert from_json(LabelSettings, to_json(settings)) == settings


def test_environment_variables_in_paths(monkeypatch):
    monkeypatch.delenv("NOWHERE", raising=False)
    roots = {k: "${NOWHERE:-there}/x" for k in ("kinetics_list", "got10k", "otb", "vot", "davis")}
    settings = from_mapping({"run": "a", "data": {"title": "x", **roots}})
    assert settings.data.otb == "there/x"
    with pytest.raises(InputError, match="NOWHERE is not set"):
        from_mapping({"run": "a", "data": {"title": "x", **roots, "otb": "${NOWHERE}"}})


def test_the_shipped_configurations_are_valid():
    assert load_config([ROOT / "config.yaml"]).data.demo
    mini = load_config([ROOT / "config.yaml", ROOT / "config/mini.yaml"])
    assert mini.run == "mini" and not mini.data.demo
    as_run = load_config([ROOT / "config/thesis.yaml", ROOT / "config/thesis_as_run.yaml"])
    assert as_run.colorization.loss == "double_softmax"
    assert as_run.experiments["3"].auxiliary_at_test == "random"
    assert as_run.experiments["3"].weights == "random"


def test_thesis_yaml_is_complete_and_holds_the_defaults():
    """It is the reference of every key, so every key must be in it, with its default."""
    written = yaml.safe_load((ROOT / "config/thesis.yaml").read_text())
    settings = load_config([ROOT / "config/thesis.yaml"])
    assert keys_of(written) == keys_of(as_plain(settings))
    defaults = Settings(run=settings.run, data=settings.data, compute=settings.compute)
    assert settings == defaults


def keys_of(mapping, prefix=""):
    found = set()
    for key, value in mapping.items():
        found |= (
            keys_of(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}"}
        )
    return found


def test_null_leaves_an_experiment_out():
    settings = load_config(
        [ROOT / "config.yaml", ROOT / "config/mini.yaml", ROOT / ".ci/mini.yaml"]
    )
    assert list(settings.experiments) == ["1", "2", "4"]
    number = from_mapping({**MINIMAL, "experiments": {"1": {}, 1: None, "2": {}}})
    assert list(number.experiments) == ["2"]


def test_trackers_of_a_run():
    settings = from_mapping({**MINIMAL, "alphas": [0.0, 0.5, "learned"], "seeds": [0, 1]})
    specs = trackers(settings)
    names = [spec.name for spec in specs]
    assert len(names) == len(set(names)) == 2 + 2 * (2 * 2 + 3 * 3)
    assert names[:2] == ["baseline-seed0", "baseline-seed1"]
    assert "exp2-alphalearned-seed1" in names
    assert "exp1-alphalearned-seed0" not in names
    by_name = {spec.name: spec for spec in specs}
    assert by_name["exp1-alpha0.5-seed1"].checkpoint == "fused/exp1-seed1/model.pt"
    assert by_name["exp2-alpha0.5-seed1"].checkpoint == "fused/exp2-alpha0.5-seed1/model.pt"


@pytest.mark.parametrize(
    "wrong",
    [
        {"scales": -1}, {"scales": 2}, {"scale_step": 0}, {"scale_step": float("nan")},
        {"window_influence": 7}, {"template_rate": 5}, {"upsampled_size": 1_000_000},
    ],
)  # fmt: skip
def test_settings_of_a_tracker_that_cannot_be_are_told(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        TrackerSettings(**wrong)
