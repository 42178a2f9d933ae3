"""An experiment is an entry: what it may say, and which networks and trackers come of it."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from chromatrack.checkpoints import save_checkpoint
from chromatrack.configuration import merge
from chromatrack.errors import InputError
from chromatrack.files import read_json, write_json, write_text
from chromatrack.models.build import build_colorizer, build_siamfc
from chromatrack.models.inputs import InputScaling
from chromatrack.plan.networks import network_of, networks
from chromatrack.plan.places import Places
from chromatrack.plan.problems import problems
from chromatrack.plan.trackers import segmentations, trackers
from chromatrack.settings import from_mapping, load_config
from chromatrack.stages.report.manifest import write_manifest

ROOT = Path(__file__).resolve().parents[2]
BASE = {
    "run": "r", "data": {"title": "t", "demo": True}, "alphas": [0.0, 0.5, 1.0], "seeds": [0, 1],
    "benchmarks": {"otb": {}},
}  # fmt: skip


def with_entries(more=None, **entries):
    base = {**merge(BASE, more or {}), "experiments": None}
    return from_mapping({**base, "experiments": {**(more or {}).get("experiments", {}), **entries}})


@pytest.mark.parametrize("name", ["baseline", "classical", "own"])
def test_names_of_other_rows_are_taken(name):
    with pytest.raises(InputError, match=f"experiments.{name}: tables have other rows"):
        with_entries(**{name: {}})


@pytest.mark.parametrize(
    ("entry", "more", "message"),
    [
        ({"layer": "layer1"}, {}, "x.layer: expected one of layer2, layer3, layer4, head, got"),
        ({"border": "crop"}, {}, "x.border: expected one of padded, cropped, got 'crop'; did"),
        ({"layer": "head", "border": "cropped"}, {}, "x.layer: head: every cell of it sees"),
        ({"layer": "head", "weights": "siamfc"}, {}, "x.layer: head: SiamFC has none"),
        ({"layer": "head", "weights": "siamfc:a.pt"}, {}, "x.layer: head: SiamFC has none"),
        ({"layer": "head", "probe": True}, {}, "x.layer: head: a probe is put on a layer of"),
        ({"layer": "head"}, {"colorization": {"head": "none"}}, "x.layer: the network has no head"),
        ({"input": "gray"}, {}, "x.input: expected one of as_trained, channel_mean, colour, got"),
        ({"input": "colour"}, {}, "x.input: colour needs a network that was trained on colours"),
        ({"equalized": True}, {"labels": {"equalization": "none"}}, "x.equalized: frames are not"),
        ({"probe": True, "train": True}, {}, "x.probe: trains its convolution alone; expected"),
        ({"probe": True, "alphas": [0.5]}, {}, "x.alphas: a probe is tested alone, got (0.5,)"),
        ({"alphas": []}, {}, "x.alphas: expected at least one value, or null"),
        ({"alphas": [0.5, 0.5]}, {}, "x.alphas: a value is given twice"),
        ({"alphas": [1.5]}, {}, "x.alphas: expected 0 to 1, got 1.5"),
        ({"alphas": ["learned"]}, {}, "x.alphas: nothing learns one where nothing is trained"),
        ({"seeds": []}, {}, "x.seeds: expected at least one value, or null"),
        ({"seeds": [0, 2]}, {}, "x.seeds: expected seeds of the run, got [2]"),
        ({"alpha": 0.3}, {}, "x.alpha: expected one of 0.0, 0.5, 1.0, got 0.3"),
        ({"alpha": 0.5, "alphas": [0.0, 1.0]}, {}, "x.alpha: expected one of its alphas, got 0.5"),
        ({"alpha": 0.5, "probe": True}, {}, "x.alpha: expected one of 1.0, got 0.5"),
        ({"weights": "siamfc"}, {"siamfc": {"checkpoint": "a.pt"}}, "x.weights: siamfc is trained"),
        ({"weights": "siamfc"}, {"seeds": [0, 1000]}, "x.weights: the second SiamFC has 1000"),
        ({"weights": "siamfc:"}, {}, "x.weights: expected pretrained, random, siamfc or the"),
        ({"weights": "pretraind"}, {}, "x.weights: expected pretrained, random, siamfc or the"),
        ({"controls": "main"}, {}, "x.controls: expected a list"),
        ({"controls": ["x"]}, {}, "x.controls: is named as a control of itself"),
        ({"controls": ["finetumed"]}, {},
         "x.controls: the run has no experiment 'finetumed'; did you mean 'finetuned'?"),
        ({"claim": "maybe"}, {}, "x.claim: expected true or false, got 'maybe'"),
        ({"controls": ["y"]}, {"experiments": {"y": {"controls": ["x"]}}},
         "y.controls: it is a control of what is a control of it"),
        ({"claims": True}, {}, "x.claims: unknown key; did you mean 'claim'?"),
    ],
    ids=str,
)  # fmt: skip
def test_a_mistake_in_an_experiment_is_one_sentence(entry, more, message):
    with pytest.raises(InputError) as raised:
        with_entries(more, x=entry, finetuned={})
    assert str(raised.value).startswith(f"experiments.{message}")
    assert "\n" not in str(raised.value)


def test_controls_of_experiments_that_the_run_does_not_have_are_of_no_effect():
    """Numbered names and trunks are other experiments, not misspelt ones."""
    with_entries(c={"controls": ["1", "sweep12", "randomresnet"]}, sweep13={}, randomalexnet={})
    demo = load_config([ROOT / "config.yaml", ROOT / "config/controls.yaml"])
    controls = demo.experiments
    assert controls["ensemble"].controls == ("1", "4")
    for name in controls:
        kept = {key: value for key, value in controls.items() if key != name}
        assert len(replace(demo, experiments=kept).experiments) == len(controls) - 1


def test_masks_of_given_networks_of_several_seeds_are_told_apart():
    """The page knows them by their titles."""
    for seeds, file in (((0, 1), "x{seed}.pt"), ((0, 1), "x.pt"), ((1,), "x.pt")):
        settings = with_entries(mine={"weights": file, "seeds": list(seeds)})
        titles = [spec.title for spec in segmentations(settings)]
        assert len(set(titles)) == len(titles)
        assert sum("experiment mine" in title for title in titles) == len(seeds) * len(
            settings.propagation.methods
        )


def said(settings):
    return [problem for problem in problems(settings) if problem.startswith("experiments.")]


def test_a_border_that_leaves_no_cell_is_told_before_any_job():
    for trunk, layer, sees in (
        ("resnet18", "layer3", 163), ("resnet18", "layer4", 227), ("resnet34", "layer2", 179),
    ):  # fmt: skip
        (told,) = said(with_entries(x={"trunk": trunk, "layer": layer, "border": "cropped"}))
        assert told.startswith(
            f"experiments.x.border: cropped: a cell of {layer} sees {sees} px of"
        )
    assert not said(with_entries(
        a={"layer": "layer2", "border": "cropped"}, b={"trunk": "alexnet", "border": "cropped"},
        c={"weights": "siamfc", "border": "cropped"}, d={},
    ))  # fmt: skip


def test_networks_are_imported_only_where_an_experiment_asks_for_their_cells():
    """Each call of Snakemake reads the configuration, and torch takes a second."""
    program = (
        "import sys\nfrom chromatrack.plan.problems import check_data\n"
        "from chromatrack.settings import from_mapping\n"
        "run = {'run': 'r', 'data': {'title': 't', 'demo': True}}\n"
        "check_data(from_mapping(run)); assert 'torch' not in sys.modules\n"
        "entry = {'x': {'layer': 'layer2', 'border': 'cropped'}}\n"
        "check_data(from_mapping({**run, 'experiments': entry}))\n"
        "assert 'torch' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=300)


def test_files_are_looked_into(tmp_path):
    resnet = {"trunk": "resnet18", "width": 0.05}
    for name, kind, network, module in (
        ("grey", "colorization", resnet, build_colorizer),
        ("lab", "colorization", {**resnet, "input": "lab"}, build_colorizer),
        ("siamfc", "siamfc", {"width": 0.05}, build_siamfc),
    ):
        save_checkpoint(
            tmp_path / f"{name}.pt", kind=kind, network=network, module=module(**network),
            scaling=InputScaling(grey="lab" if name == "lab" else "lab_l"), made_by={},
        )  # fmt: skip
    (tmp_path / "none.pt").write_text("nothing")

    def told(name, **entry):
        file = f"{'siamfc:' if name == 'siamfc' else ''}{tmp_path / name}.pt"
        return " ".join(said(with_entries(x={"weights": file, **entry})))

    assert "x: input: colour:" in told("grey", input="colour")
    assert "grey.pt is a network of grey frames" in told("grey", input="colour")
    assert not told("lab", input="colour") and not told("siamfc", input="colour")
    assert "a cell of layer4 sees 227 px" in told("grey", border="cropped")
    assert not told("siamfc", border="cropped") and not told("siamfc", layer="layer2")
    for entry in ({}, {"border": "cropped"}):
        assert "not a file of PyTorch tensors" in told("none", **entry)
    missing = told("missing", border="cropped")
    assert missing.count("missing.pt") == 1 and "does not exist" in missing


VARIANTS = [
    {}, {"layer": "layer2"}, {"layer": "layer2", "border": "cropped"}, {"layer": "head"},
    {"input": "channel_mean"}, {"equalized": True}, {"trunk": "alexnet"}, {"weights": "random"},
    {"weights": "siamfc"}, {"weights": "siamfc", "layer": "layer3"}, {"weights": "colour.pt"},
]  # fmt: skip
SAME = [
    {"train": True}, {"alphas": [0.5]}, {"seeds": [0]}, {"alpha": 0.5}, {"claim": False},
    {"probe": True}, {"controls": ["e1"]}, {"auxiliary_at_test": "random"},
]  # fmt: skip


def test_networks_have_names_of_what_is_correlated_and_share_them_where_it_is_the_same():
    settings = with_entries(**{f"e{i}": entry for i, entry in enumerate(VARIANTS)})
    names = [network_of(settings, name, 0).name for name in settings.experiments]
    assert len(set(names)) == len(VARIANTS) and len(networks(settings)) == 2 * len(VARIANTS)
    assert names[:6] == [
        "resnet18-pretrained-seed0", "resnet18-pretrained-layer2-seed0",
        "resnet18-pretrained-layer2-cropped-seed0", "resnet18-pretrained-head-seed0",
        "resnet18-pretrained-channelmean-seed0", "resnet18-pretrained-perchannel-seed0",
    ]  # fmt: skip
    # All of one training.
    trained = {network_of(settings, name, 0).checkpoint for name in list(settings.experiments)[:6]}
    assert trained == {"results/r/colorization/resnet18-pretrained-seed0/model.pt"}

    shared = with_entries(**{f"e{i}": entry for i, entry in enumerate(SAME)})
    assert {network_of(shared, name, 0).name for name in shared.experiments} == {names[0]}
    assert set(networks(shared)) == {names[0], names[0].replace("seed0", "seed1")}


def test_other_equalisations_are_other_networks():
    modes = ("per_channel", "y", "l", "clahe_l", "clahe_per_channel")
    runs = [
        with_entries({"labels": {"equalization": mode}}, x={"equalized": True}) for mode in modes
    ]
    assert len({network_of(run, "x", 0).name for run in runs}) == len(modes)


def test_a_second_siamfc_has_a_seed_and_a_training_of_its_own():
    settings = with_entries(x={"weights": "siamfc"}, y={"weights": "siamfc", "train": True})
    places = Places("r")
    for seed in (0, 1):
        network = network_of(settings, "x", seed)
        assert network.checkpoint == places.siamfc(1000 + seed) != places.siamfc(seed)
        assert network == network_of(settings, "y", seed)
        assert network.name == f"siamfc-other-seed{seed}"
    given = with_entries(x={"weights": "siamfc:second-{seed}.pt"})
    assert network_of(given, "x", 1).checkpoint == "second-1.pt"


def test_trackers_are_those_of_its_alphas_and_seeds():
    settings = with_entries(
        a={"alphas": [0.3], "seeds": [1]}, p={"probe": True}, b={"alpha": 0.5, "claim": False}
    )
    found = {}
    for spec in trackers(settings):
        found.setdefault(spec.experiment, []).append((spec.alpha, spec.seed))
    assert found["a"] == [(0.3, 1)] and found["p"] == [(1.0, 0), (1.0, 1)]
    assert len(found["b"]) == 3 * 2
    probed = next(spec for spec in trackers(settings) if spec.experiment == "p")
    # It is trained for its alpha, which it knows then.
    assert probed.checkpoint == "results/r/fused/expp-alpha1.0-seed0/model.pt"
    assert probed.given_alpha() is None


def test_the_second_siamfc_has_its_learning_curve_on_the_page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    places = Places("r")
    write_text(places.shards, "")
    write_json(places.pictures, [])
    write_json(places.single_video, {"figures": []})
    settings = with_entries(x={"weights": "siamfc"}, y={"weights": "siamfc", "train": True})
    write_manifest(settings, tmp_path / "manifest.json")
    curves = read_json(tmp_path / "manifest.json")["curves"]
    found = {name: path for name, path in curves.items() if name.startswith("SiamFC/second")}
    assert found == {
        f"SiamFC/second, seed {seed}": places.siamfc(seed, "metrics.csv") for seed in (1000, 1001)
    }
