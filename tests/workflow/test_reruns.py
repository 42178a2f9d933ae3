"""What an edit of any key makes again: which rules read it, and no others."""

from dataclasses import fields, is_dataclass, replace

import pytest

from chromatrack.plan.networks import networks
from chromatrack.plan.slices import composed, fine_tuned, of_network, reported, slices
from chromatrack.plan.viewer import strips_read
from chromatrack.settings import Settings, from_mapping

BASE = from_mapping({
    "run": "r",
    "seeds": [0],
    "data": {"title": "t", "demo": True},
    "benchmarks": [],
    "labels": {"chroma": True},
    "clips": {"source": {"kind": "folder", "folder": "a"}},
})  # fmt: skip

# Key -> rules that run again because of it; those after them follow by their inputs.
COLORIZATION = {"colorization", "single_video"}
PAIRS = {"siamfc", "fine_tune"}
ALL_LABELS = {"labels", "analyze_labels", "single_video"}
EXPECTED = {
    "clips.shard_size": {"shards"},
    "clips.retries": set(),
    "clips.back_off": set(),
    "labels.colours": {"labels", "analyze_labels"},
    "labels.luma": {"labels", "single_video"},
    "labels.luma_quality": {"labels", "single_video"},
    "labels.chroma": {"labels"},
    "labels.full_resolution": {"labels"},
    "labels": ALL_LABELS,
    "analysis": {"analyze_labels"},
    **{
        f"colorization.{name}": {"colorization", "initial_colorization", "single_video"}
        for name in ("width", "embedding", "positions", "head", "padding", "input",
                     "channel_dropout", "normalization", "temperature", "directions")
    },
    **{
        f"colorization.{name}": set()
        for name in ("checkpoint_every", "keep_every", "validate_every", "validation_batches")
    },
    **{
        f"colorization.{name}": {"colorization"}
        for name in ("steps", "drop_at", "loss", "validation_clips")
    },
    "colorization": COLORIZATION,
    "single_video": {"single_video"},
    "crops.shard_size": {"crop_lists"},
    "crops": {"crops"},
    **{f"siamfc.{name}": {"siamfc"} for name in ("width", "channels", "input_scaling")},
    **{
        f"siamfc.{name}": {"siamfc"}
        for name in ("epochs", "pairs_per_epoch", "learning_rate", "final_learning_rate",
                     "clip_norm")
    },
    "siamfc.checkpoint_every": set(),
    "siamfc.keep_every": set(),
    "siamfc.validation_frames": {"validate_siamfc"},
    "siamfc.select": {"choose_siamfc"},
    "siamfc.checkpoint": set(),  # another input of what reads the network
    "siamfc.min_gap": {"siamfc", "fine_tune", "response_statistics"},
    "siamfc.max_gap": {"siamfc", "fine_tune", "response_statistics"},
    "siamfc": PAIRS,
    "fusion.normalize": {"compose", "fine_tune"},
    "fusion": {"response_statistics"},
    "fine_tune": {"fine_tune"},
    "tune.result": set(),  # told on the page
    "tune": {"tune"},
    "clips": {"fetch"},
}  # fmt: skip

# Where the next valid value is none that a rule of thumb finds.
EDITED = {
    "colorization.input": "lab",
    "colorization.local_window": 5,
    "colorization.temperature": 1.0,
    "clips.back_off": replace(BASE.clips.back_off, base=1.0),
    "analysis.chosen": ("x",),
    "analysis.equalizations": ("none",),
    "analysis.colours": (8,),
    "single_video.clip": "x",
    "single_video.colours": (8,),
    "single_video.losses": ("nll",),
    "single_video.drop_at": 9,
    "single_video.show_at": (0,),
    "labels.label_size": 64,
    "labels.size": 512,
    "siamfc.search_size": 255,
    "siamfc.shift": 4,
    "siamfc.select": "best_ao",
    "siamfc.clip_norm": 10.0,
    "siamfc.checkpoint": "model.pt",
    "fine_tune.clip_norm": 10.0,
    "tune.result": "tuned.json",
}


def edited(part, field):
    """Another valid value of a key."""
    value = getattr(getattr(BASE, part), field.name)
    name = f"{part}.{field.name}"
    if name in EDITED:
        return EDITED[name]
    if isinstance(value, bool):
        return not value
    if isinstance(value, int) and field.name != "precision":
        return value + 1
    if isinstance(value, float):
        return value * 0.5 or 0.25
    return next(choice for choice in choices(part, field.name) if choice != value)


def choices(part, name):
    from typing import get_args, get_type_hints

    return get_args(get_type_hints(type(getattr(BASE, part)))[name])


PARTS = ("clips", "labels", "analysis", "colorization", "single_video", "crops", "siamfc", "fusion",
         "fine_tune", "tune")  # fmt: skip
KEYS = [
    (part, field)
    for part in PARTS
    for field in fields(getattr(BASE, part))
    if (part, field.name) != ("clips", "source")
]


def told(settings):
    """Rule -> what its jobs depend on."""
    tested = {True: {}, False: {}}
    for name, experiment in settings.experiments.items():
        slice_of = fine_tuned if experiment.trains else composed
        tested[experiment.trains][name] = slice_of(settings, name)
    measured = {name: of_network(settings, name) for name in networks(settings)}
    return {
        **slices(settings),
        "compose": tested[False],
        "fine_tune": tested[True],
        "response_statistics": measured,
    }


def changed(settings, base=BASE):
    before, after = told(base), told(settings)
    return {rule for rule in before if before[rule] != after[rule]}


@pytest.mark.parametrize(("part", "field"), KEYS, ids=[f"{p}.{f.name}" for p, f in KEYS])
def test_an_edit_re_runs_the_rules_that_read_the_key(part, field):
    base = BASE
    if field.name == "channel_dropout":
        base = put(base, "colorization", input="lab")
    if field.name == "directions":
        base = put(base, "colorization", temperature=0.07)
    settings = put(base, part, **{field.name: edited(part, field)})
    expected = EXPECTED.get(f"{part}.{field.name}", EXPECTED[part])
    assert changed(settings, base) == expected
    # The report says what results depend on, and is made again for nothing else.
    matters = bool(expected) or field.name in ("checkpoint", "result")
    assert (reported(settings) != reported(base)) == matters


def put(settings: Settings, part, /, **values):
    return replace(settings, **{part: replace(getattr(settings, part), **values)})


def test_as_run_the_size_of_patches_matters_to_the_statistics_too():
    base = put(BASE, "fusion", statistics_mode="train")
    assert changed(put(base, "siamfc", search_size=255), base) == PAIRS | {"response_statistics"}


def with_experiment(base, name, **values):
    changed = replace(base.experiments[name], **values)
    return replace(base, experiments={**base.experiments, name: changed})


@pytest.mark.parametrize(
    "branch",
    [{"layer": "layer2"}, {"layer": "layer2", "border": "cropped"}, {"input": "channel_mean"},
     {"equalized": True}],
    ids=str,
)  # fmt: skip
def test_what_an_experiment_correlates_makes_its_own_statistics_and_networks_again(branch):
    edited = with_experiment(BASE, "2", **branch)
    assert changed(edited) == {"fine_tune", "response_statistics"}
    others = [name for name in BASE.experiments if name != "2"]
    assert all(composed(edited, name) == composed(BASE, name) for name in others)
    before, after = told(BASE)["response_statistics"], told(edited)["response_statistics"]
    assert before.items() <= after.items() and len(after) == len(before) + 1
    assert strips_read(edited) == strips_read(BASE)  # new scores make them again, not the key


def test_the_equalisation_of_frames_is_that_of_patches_that_are_equalised():
    base = with_experiment(BASE, "1", equalized=True)
    edited = put(base, "labels", equalization="y")
    assert changed(edited, base) == ALL_LABELS | {"compose", "response_statistics"}


@pytest.mark.parametrize("plan", [{"controls": ("1",)}, {"claim": False}, {"alpha": 0.3}], ids=str)
def test_what_is_planned_of_an_experiment_makes_the_report_alone(plan):
    edited = with_experiment(BASE, "2", **plan)
    assert changed(edited) == set() and strips_read(edited) == strips_read(BASE)
    assert reported(edited) != reported(BASE)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [("rate_limit", 9, set()), ("sleep", 1.0, set()), ("timeout", 9.0, set()),
     ("index", "i", set()), ("folder", "b", {"fetch"}), ("max_height", 720, {"fetch"})],
)  # fmt: skip
def test_how_a_source_is_asked_makes_nothing_again(name, value, expected):
    base = replace(BASE, data=replace(BASE.data, demo=False, kinetics_list="x", got10k="y"))
    settings = put(base, "clips", source=replace(base.clips.source, **{name: value}))
    assert changed(settings, base) == expected


def test_every_part_that_rules_here_read_is_covered():
    read_elsewhere = {"data", "world", "tracker", "propagation", "compute", "statistics"}
    parts = {f.name for f in fields(Settings) if is_dataclass(getattr(BASE, f.name))}
    assert parts == set(PARTS) | read_elsewhere
