# How the configuration reaches the rules: each rule depends on the JSON of its own slice alone, and
# on the version of its stage. What a job may use of the machine travels as a resource, because a
# change of it must not make anything again.
import re
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import get_args

from snakemake.exceptions import WorkflowError

from chromatrack import layout
from chromatrack.errors import InputError, WorkError
from chromatrack.experiments import (
    got10k_trackers,
    segmentations,
    trackers,
    trunks,
)
from chromatrack.files import holding
from chromatrack.settings import (
    BackOffSettings,
    Classical,
    ComputeSettings,
    PropagationSettings,
    from_mapping,
    slice_json,
    to_json,
)
from chromatrack.versions import VERSIONS

try:
    SETTINGS = from_mapping(config)
    layout.check_data(SETTINGS)
except InputError as error:
    raise WorkflowError(f"configuration: {error}")

RUN = str(layout.run_folder(SETTINGS))
DATA = layout.data_paths(SETTINGS)
WORLD = [str(DATA.world)] if DATA.world else []
TRACKERS = {spec.name: spec for spec in trackers(SETTINGS)}
CLASSICAL = list(SETTINGS.baselines)
GOT10K = got10k_trackers(SETTINGS)
SEGMENTATIONS = {spec.name: spec for spec in segmentations(SETTINGS)}
# Experiments that train nothing: one checkpoint for all their alphas.
TESTED = {
    spec.experiment
    for spec in TRACKERS.values()
    if spec.settings and not spec.settings.train
}
TESTED_NAMES = {spec.name for spec in TRACKERS.values() if spec.experiment in TESTED}
TESTED_ALPHAS = [alpha for alpha in SETTINGS.alphas if alpha != "learned"]
HELD = ExitStack()
# What the report shows and depends on: everything but what a job may use of the machine.
REPORTED = to_json(replace(SETTINGS, compute=ComputeSettings()))
COMPUTE = to_json(SETTINGS.compute)
# Trackers of checkpoints and classical ones have rules of their own for the same files.
SIAMESE_NAME = r"(baseline|exp)[A-Za-z0-9.]*-[A-Za-z0-9.-]+"
CLASSICAL_NAME = "|".join(get_args(Classical))


def one_of(names):
    """A pattern of these names and no others."""
    return "|".join(re.escape(name) for name in sorted(names)) or r"(?!)"


wildcard_constraints:
    seed=r"\d+",
    trunk=r"[a-z0-9]+",
    weights="pretrained|random",
    shard=r"(shard|crops)-\d+",
    tracker=r"[A-Za-z0-9.-]+",
    otb="otb|otb_tre|otb_sre",
    segmentation=r"[a-z0-9-]+",
    experiment=r"[A-Za-z0-9]+",


def listed(index):
    """Names, without suffix, of the shards that an index file lists."""
    return [Path(line).stem for line in Path(index).read_text().split()]


def label_shards(wildcards):
    """Label caches of all shards of the clip list."""
    index = checkpoints.shards.get().output.index
    return [f"{RUN}/labels/{shard}.h5" for shard in listed(index)]


def ledgers(wildcards):
    """Ledgers of all shards of the clip list."""
    index = checkpoints.shards.get().output.index
    return [f"{RUN}/clips/ledgers/{shard}.csv" for shard in listed(index)]


def crop_shards(wildcards):
    """Crop shards of all training sequences."""
    index = checkpoints.crop_lists.get().output.index
    return [f"{RUN}/crops/{shard}.h5" for shard in listed(index)]


def branches(wildcards):
    """The two checkpoints and the statistics that a fused tracker is made of."""
    name = f"{wildcards.experiment}"
    experiment = SETTINGS.experiments[name]
    network = f"{experiment.trunk}-{experiment.weights}-seed{wildcards.seed}"
    return {
        "siamfc": f"{RUN}/siamfc/seed{wildcards.seed}/model.pt",
        "colorization": f"{RUN}/colorization/{network}/model.pt",
        "statistics": f"{RUN}/statistics/{network}.json",
    }


def tracker_checkpoint(wildcards):
    """Checkpoint of a tracker."""
    return f"{RUN}/{TRACKERS[wildcards.tracker].checkpoint}"


def protocol(wildcards):
    """How OTB is run: one pass, or from the starts of TRE or SRE."""
    return {"otb_tre": "tre", "otb_sre": "sre"}.get(wildcards.otb, "ope")


def each_alpha(wildcards):
    """run.json of each alpha, as `track-otb --alphas` takes it."""
    name = f"exp{wildcards.experiment}-alpha{{alpha}}-seed{wildcards.seed}"
    return f"{RUN}/{wildcards.otb}/{name}/run.json"


def auxiliary_options(wildcards):
    """Of an experiment whose colorization branch is random when it is tested."""
    random = SETTINGS.experiments[wildcards.experiment].auxiliary_at_test == "random"
    return [f"--random-auxiliary={wildcards.seed}"] if random else []


def tracker_options(wildcards):
    """What the command line of a tracker says beside its checkpoint."""
    spec = TRACKERS[wildcards.tracker]
    options = []
    if spec.settings and not spec.settings.train:
        options.append(f"--alpha={spec.alpha}")
    if spec.settings and spec.settings.auxiliary_at_test == "random":
        options.append(f"--random-auxiliary={spec.seed}")
    return options


def vot_tracker_checkpoint(wildcards):
    """Checkpoint of a tracker; a classical one has none."""
    return [] if wildcards.tracker in CLASSICAL else tracker_checkpoint(wildcards)


def vot_tracker_options(wildcards):
    """What `vot-official` is told of a tracker."""
    if wildcards.tracker in CLASSICAL:
        return [f"--classical={wildcards.tracker}"]
    weights = f"--checkpoint={tracker_checkpoint(wildcards)}"
    return [weights, *tracker_options(wildcards)]


def segmentation_checkpoint(wildcards):
    """Checkpoint behind a way to propagate segments; none for the identity."""
    network = SEGMENTATIONS[wildcards.segmentation].network
    return f"{RUN}/colorization/{network}/model.pt" if network else []


def segmentation_settings(wildcards):
    """Its settings: what a method does not look at must not make it again."""
    soft = SEGMENTATIONS[wildcards.segmentation].method == "soft"
    kept = (
        replace(SETTINGS.propagation, methods=("soft",))
        if soft
        else PropagationSettings()
    )
    return to_json(kept)


def as_is(text):
    """A parameter that may hold braces: Snakemake looks for wildcards in plain text."""
    return lambda wildcards: text


def option(name, value):
    """`--name=value`, or nothing for None."""
    return [] if value is None else [f"{name}={value}"]


def hold_run():
    """Let no second process work on the same run; the lock goes with the process that holds it."""
    try:
        HELD.enter_context(holding(RUN))
    except WorkError as error:
        raise WorkflowError(str(error))


def where_results_are():
    """The last lines of a run: what is there to look at."""
    places = {
        "table": "results/otb2015_summary.csv",
        "plots": f"{RUN}/report/figures",
        "page": f"{RUN}/report/index.html",
    }
    lines = [
        f"  {what}:  {path}" for what, path in places.items() if Path(path).exists()
    ]
    return "\n".join(["", SETTINGS.data.title, *lines])
