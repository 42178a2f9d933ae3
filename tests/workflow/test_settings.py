"""The configuration: what is accepted, and what a mistake is told."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pytest
import yaml

from chromatrack.configuration import as_plain, build, merge, read_yaml
from chromatrack.errors import InputError
from chromatrack.plan.problems import check_data, problems
from chromatrack.plan.trackers import trackers
from chromatrack.settings import (
    LabelSettings,
    Settings,
    TrackerSettings,
    from_json,
    from_mapping,
    load_config,
    to_json,
)

ROOT = Path(__file__).resolve().parents[2]
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
        ("alphas", [], "alphas: expected at least one value"),
        ("run", "../thesis", "run: expected letters"),
        ("data.got10k", "somewhere", "data.got10k: cannot be set together with demo"),
        ("experiments", {"2": {"trunk": "vgg"}}, "experiments.2.trunk: expected one of"),
        ("compute.device", "gpu", "compute.device: expected auto, cpu, cuda"),
        ("benchmarks", {"otb": {"max_frame": 2}}, "benchmarks.otb.max_frame: unknown key; did you"),
        ("benchmarks.otb.max_frames", 1, "benchmarks.otb.max_frames: expected 2 or more, got 1"),
        ("benchmarks", {"otbs": {}}, "benchmarks.otbs: unknown benchmark; did you mean 'otb'?"),
        ("nonsense", 1, "nonsense: unknown key; valid keys are"),
        ("alphas", [0.5, "learnt"], "alphas[1]: expected a number or learned, got 'learnt'; did"),
        ("propagation.top_k", "x", "propagation.top_k: expected a whole number, got 'x'"),
        ("siamfc", 3, "siamfc: expected keys and values, got 3"),
    ],
)
def test_a_mistake_names_its_key(path, value, message):
    with pytest.raises(InputError) as raised:
        from_mapping(with_key(path, value))
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_missing_data_names_the_key():
    with pytest.raises(InputError, match=r"data.title: expected the name"):
        from_mapping({"run": "a", "data": {}})
    settings = from_mapping({"run": "a", "data": {"title": "x"}, "benchmarks": ["davis"]})
    assert "benchmarks.davis.root: expected the folder of" in "\n".join(problems(settings))


def test_paths_that_do_not_exist_are_found_before_any_job(tmp_path):
    data = {"title": "x", "kinetics_list": str(tmp_path), "got10k": str(tmp_path / "none")}
    settings = from_mapping({"run": "a", "data": data})
    with pytest.raises(InputError, match=r"data.got10k: .*none.* does not exist"):
        check_data(settings)


def test_numbers_are_read_as_people_write_them(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("siamfc: {learning_rate: 1e-3, momentum: 1}")
    assert read_yaml(path)["siamfc"]["learning_rate"] == 1e-3
    assert from_mapping(merge(MINIMAL, read_yaml(path))).siamfc.momentum == 1.0


def test_a_slice_survives_its_way_through_the_command_line():
    settings = dataclasses.replace(LabelSettings(), colours=5, tolerance=1e-4)
    assert from_json(LabelSettings, to_json(settings)) == settings


@dataclasses.dataclass(frozen=True)
class Inner:
    size: int = 1

    def __post_init__(self):
        if self.size < 0:
            raise ValueError("size: expected 0 or more")


@dataclasses.dataclass(frozen=True)
class Outer:
    name: str
    pair: tuple[int, float] = (1, 2.0)
    many: tuple[Inner, ...] = ()
    by_name: dict[str, str | Inner | None] = dataclasses.field(default_factory=dict)
    number: float | Literal["learned"] = 1.0
    bits: Literal[32, "bf16"] = 32
    flag: bool = False


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"pair": ["4", "1e-3"]}, {"pair": (4, 1e-3)}),
        ({"pair": [4, 2]}, {"pair": (4, 2.0)}),
        ({"bits": "32"}, {"bits": 32}),
        ({"flag": "true"}, {"flag": True}),
        ({"number": "0.5"}, {"number": 0.5}),
        ({"number": "learned"}, {"number": "learned"}),
        ({"many": [{}, {"size": "2"}]}, {"many": (Inner(), Inner(2))}),
        (
            {"by_name": {"a": "there", "b": {"size": 2}, 3: None}},
            {"by_name": {"a": "there", "b": Inner(2), "3": None}},
        ),
    ],
)
def test_what_is_accepted(given, expected):
    assert build(Outer, {"name": "x", **given}) == Outer("x", **expected)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"name": 3}, "name: expected text, got 3"),
        ({"pair": [1]}, "pair: expected 2 values, got 1"),
        ({"pair": [1.0, 1]}, "pair[0]: expected a whole number, got 1.0"),
        ({"pair": [1, True]}, "pair[1]: expected a number, got True"),
        ({"flag": 1}, "flag: expected true or false, got 1"),
        ({"bits": "bf61"}, "bits: expected one of 32, bf16, got 'bf61'; did you mean 'bf16'?"),
        ({"bits": True}, "bits: expected one of 32, bf16, got True"),
        ({"many": [{}, {"sizes": 1}]}, "many[1].sizes: unknown key; did you mean 'size'?"),
        ({"many": [{"size": -1}]}, "many[0].size: expected 0 or more"),
        ({"by_name": {"b": {"size": "x"}}}, "by_name.b.size: expected a whole number, got 'x'"),
        ({"by_name": {"b": {"sise": 1}}}, "by_name.b.sise: unknown key; did you mean 'size'?"),
        ({"by_name": {"b": {"size": -1}}}, "by_name.b.size: expected 0 or more"),
        ({"by_name": {"b": 4}}, "by_name.b: expected text or keys and values, got 4"),
        ({"by_name": ["b"]}, "by_name: expected keys and values, got ['b']"),
    ],
)
def test_what_a_wrong_value_is_told(given, message):
    with pytest.raises(InputError) as raised:
        build(Outer, {"name": "x", **given})
    assert str(raised.value) == message


def test_a_missing_key_is_named():
    with pytest.raises(InputError, match="part: missing key 'name'"):
        build(Outer, {"flag": True}, "part")


@dataclasses.dataclass(frozen=True)
class Files:
    one: Path
    named: Mapping[str, Path] = dataclasses.field(default_factory=dict)
    told: Mapping[str, str] = dataclasses.field(default_factory=dict)
    parts: Mapping[str, Inner] = dataclasses.field(default_factory=dict)
    maybe: Path | None = None
    number: float | Literal["learned"] | None = None
    flag: bool = False


def test_paths_are_text_in_files_and_come_back():
    value = {"one": "a/b.json", "named": {"x": "c"}, "told": {}, "parts": {"p": {"size": 2}},
             "maybe": None, "number": None, "flag": False}  # fmt: skip
    built = build(Files, value)
    assert (built.one, built.named, built.maybe) == (Path("a/b.json"), {"x": Path("c")}, None)
    assert built.parts == {"p": Inner(2)}
    assert as_plain(built) == value and build(Files, as_plain(built)) == built


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"one": 3}, "one: expected the path of a file, got 3"),
        ({"one": ""}, "one: expected the path of a file, got ''"),
        ({"maybe": []}, "maybe: expected the path of a file, got []"),
        ({"named": ["a"]}, "named: expected names and paths, got ['a']"),
        ({"named": {"x": 1}}, "named.x: expected the path of a file, got 1"),
        ({"told": ["a"]}, "told: expected keys and values, got ['a']"),
        ({"parts": {"p": {"sise": 1}}}, "parts.p.sise: unknown key; did you mean 'size'?"),
    ],
)
def test_what_a_wrong_path_is_told(given, message):
    with pytest.raises(InputError) as raised:
        build(Files, {"one": "a", **given})
    assert str(raised.value) == message


def test_what_a_program_wrote_is_taken_as_it_stands(monkeypatch):
    monkeypatch.setenv("NAME", "other")
    given = {"one": "~/$NAME", "named": {"x": "${NOT_SET}"}, "told": {"a": "${NAME}"}}
    built = build(Files, given, exact=True)
    assert (built.one, built.named["x"]) == (Path("~/$NAME"), Path("${NOT_SET}"))
    assert built.told == {"a": "${NAME}"}
    assert build(Files, {"one": "$NAME/x"}).one == Path("other/x")
    for key, text in (("number", "0.5"), ("flag", "true"), ("parts", {"p": {"size": "2"}})):
        assert build(Files, {"one": "a", key: text})
        with pytest.raises(InputError, match=f"{key}.*: expected"):
            build(Files, {"one": "a", key: text}, exact=True)


@pytest.mark.parametrize("value", [None, [], 3])
def test_what_is_no_configuration_at_all(value):
    with pytest.raises(InputError, match=r"^expected keys and values, got"):
        build(Files, value)
    with pytest.raises(InputError, match=r"^--settings: expected keys and values, got"):
        from_json(Files, json.dumps(value))
    with pytest.raises(InputError, match=r"^--settings: missing key 'one'"):
        from_json(Files, "{}")


def test_home_folders_in_paths(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("DATA", "~/data")

    def name(text):
        return build(Outer, {"name": text}).name

    assert name("~/videos") == "/home/me/videos"
    assert name("~root/x") == str(Path("~root/x").expanduser())
    assert name("${DATA}/otb") == name("${NOT_SET:-~/data}/otb") == "/home/me/data/otb"
    for text in ("~", "~5 frames", "a ~/b", "/a/~/b", "~nobody.of.this.name/x"):
        assert name(text) == text


def test_environment_variables_in_paths(monkeypatch):
    monkeypatch.delenv("NOWHERE", raising=False)
    settings = from_mapping(with_key("benchmarks.otb", "${NOWHERE:-there}/x"))
    assert settings.benchmarks["otb"].root == "there/x"
    with pytest.raises(InputError, match=r"benchmarks.otb.root: .* NOWHERE is not set"):
        from_mapping(with_key("benchmarks.otb", "${NOWHERE}"))


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
    complete = as_plain(settings)
    # One benchmark stands for the keys of all, and one experiment.
    for tree in (written, complete):
        tree["benchmarks"] = {"otb": tree["benchmarks"]["otb"]}
        tree["experiments"] = {"1": tree["experiments"]["1"]}
    assert keys_of(written) == keys_of(complete)
    own = {name: getattr(settings, name) for name in ("run", "data", "benchmarks", "compute")}
    assert settings == Settings(**own)


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
    assert list(settings.experiments) == ["1", "2", "4", "ensemble"]
    number = from_mapping({**MINIMAL, "experiments": {"1": {}, 1: None, "2": {}}})
    assert list(number.experiments) == ["2"]


def test_trackers_of_a_run():
    settings = from_mapping({**MINIMAL, "alphas": [0.0, 0.5, "learned"], "seeds": [0, 1]})
    specs = trackers(settings)
    names = [spec.name for spec in specs]
    assert len(names) == len(set(names)) == 2 + 2 * (2 * 2 + 3 * 3) + 6
    assert names[:2] == ["baseline-seed0", "baseline-seed1"]
    assert "exp2-alphalearned-seed1" in names
    assert "exp1-alphalearned-seed0" not in names
    by_name = {spec.name: spec for spec in specs}
    assert by_name["exp1-alpha0.5-seed1"].checkpoint == "results/test/fused/exp1-seed1/model.pt"
    assert (
        by_name["exp2-alpha0.5-seed1"].checkpoint
        == "results/test/fused/exp2-alpha0.5-seed1/model.pt"
    )


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
