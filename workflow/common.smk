# How the configuration reaches the rules: each rule depends on the JSON of what its output depends on,
# and on the version of its stage. What a job may use of the machine, and how often it saves, travels
# as a resource, because a change of it must not make anything again.
import os
import re
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from snakemake.exceptions import WorkflowError

from chromatrack.cluster import slurm, submitted
from chromatrack.plan import arguments, layout
from chromatrack.errors import InputError, WorkError
from chromatrack.plan.networks import network_of, networks, siamfc_checkpoint
from chromatrack.plan.trackers import tuned
from chromatrack.files import canonical_json
from chromatrack.locks import holding
from chromatrack.plan.needs import of_job
from chromatrack.plan.problems import check_data
from chromatrack.plan.places import SUMMARY, Places
from chromatrack.cluster.under_snakemake import find_own_commands, one_timer
from chromatrack.settings import from_mapping, to_json
from chromatrack.settings.keys import cadence
from chromatrack.settings.world import READ_BY
from chromatrack.plan.shown import listed
from chromatrack.plan.slices import composed, fine_tuned, of_network, reported, slices
from chromatrack.plan.slices import world as world_slice
from chromatrack.versions import VERSIONS

try:
    SETTINGS = from_mapping(config)
    check_data(SETTINGS)
except InputError as error:
    raise WorkflowError(f"configuration: {error}")

find_own_commands()
one_timer()

PLACES = Places(SETTINGS.run)
RUN = PLACES.folder
DATA = layout.data_paths(SETTINGS)
COMPUTE = to_json(SETTINGS.compute)
NETWORKS = networks(SETTINGS)
TUNED = tuned(SETTINGS)
HELD = ExitStack()
CLUSTER = []


def one_of(names):
    """A pattern of these names and no others."""
    return "|".join(re.escape(name) for name in sorted(names)) or r"(?!)"


wildcard_constraints:
    seed=r"\d+",
    trunk=r"[a-z0-9]+",
    network=r"[A-Za-z0-9-]+-seed\d+",
    shard=r"(shard|crops)-\d+",
    benchmark=one_of(SETTINGS.benchmarks),
    protocol=r"[a-z]+",
    tracker=r"[A-Za-z0-9][A-Za-z0-9_.-]*",
    experiment=r"[A-Za-z0-9]+",


def of_world(part):
    """The file after which a part of the synthetic world is there; nothing for real data."""
    return [PLACES.world(part)] if DATA.world else []


def label_shards(wildcards):
    """Label caches of all shards of the clip list; none where the run has no clips."""
    return [PLACES.labels(shard) for shard in _clip_shards()]


def ledgers(wildcards):
    """Ledgers of all shards of the clip list; none where the run has no clips."""
    return [PLACES.ledger(shard) for shard in _clip_shards()]


def _clip_shards():
    if not layout.has_clips(SETTINGS):
        return []
    return listed(checkpoints.shards.get().output.index)


def crop_shards(wildcards):
    """Crop shards of all training sequences."""
    index = checkpoints.crop_lists.get().output.index
    return [PLACES.crops(shard) for shard in listed(index)]


def measured(wildcards):
    """The two checkpoints whose score maps are measured."""
    network = NETWORKS[wildcards.network]
    return {
        "siamfc": siamfc_checkpoint(SETTINGS, network.seed),
        "auxiliary": network.checkpoint,
    }


def branches(wildcards):
    """The two checkpoints and the statistics that a combined tracker is made of."""
    network = network_of(SETTINGS, wildcards.experiment, int(wildcards.seed))
    return {
        "siamfc": siamfc_checkpoint(SETTINGS, int(wildcards.seed)),
        "auxiliary": network.checkpoint,
        "statistics": PLACES.statistics(network.name),
    }


def remade_with(stage, inputs):
    """A version that changes, too, when a file from outside the run takes another's place."""
    return lambda wildcards: arguments.versioned(
        SETTINGS, stage, inputs(wildcards).values()
    )


def needs(rule):
    """Memory, time and GPUs of a job, which grow with its attempt."""

    def part(name):
        def answer(wildcards, attempt):
            try:
                job = of_job(SETTINGS, rule, attempt=attempt, **wildcards)
            except InputError as error:
                raise WorkflowError(str(error))
            return getattr(slurm.within(job, CLUSTER), name)

        return answer

    return {name: part(name) for name in ("mem_mb", "runtime", "gpu")}


def ask_cluster():
    """Before anything is submitted, say what no partition gives."""
    if workflow.executor_plugin.name != "slurm":
        return
    try:
        if submitted.pick_up(workflow, RUN, SETTINGS):
            os.execv(sys.executable, sys.orig_argv)
        CLUSTER.extend(slurm.read())
        jobs = slurm.planned(workflow, added=("fetch", "labels", "crops"))
        slurm.check(jobs, CLUSTER, workflow.executor_settings.partition_config)
    except InputError as error:
        raise WorkflowError(str(error))


def asked(function):
    """What a function of `chromatrack.plan.arguments` says of the wildcards of a job."""

    def answer(wildcards):
        try:
            return function(SETTINGS, **wildcards)
        except InputError as error:
            raise WorkflowError(str(error))

    return answer


def each_tracker(place):
    """A function of benchmark, protocol and tracker, for all trackers of a benchmark."""
    return lambda wildcards: [
        place(wildcards.benchmark, wildcards.protocol, name)
        for name in arguments.all_of(SETTINGS, **wildcards)
    ]


def as_is(text):
    """A parameter that may hold braces: Snakemake looks for wildcards in plain text."""
    return lambda wildcards: text


def read_by(rule):
    """The settings that a rule's output depends on, as its stage takes them."""
    return as_is(canonical_json(slices(SETTINGS)[rule]))


def told_of(slice_of, wildcard):
    """The settings that an output depends on by one of its wildcards."""
    return lambda wildcards: canonical_json(
        slice_of(SETTINGS, getattr(wildcards, wildcard))
    )


def all_cores(wildcards):
    """Threads of a job that has the machine to itself; a cluster, which has no number of cores, gives it
    a node (profiles/slurm)."""
    try:
        return workflow.cores
    except WorkflowError:
        return 1


def hold_run():
    """Let no second process work on the same run; the lock goes with the process that holds it."""
    try:
        HELD.enter_context(holding(RUN))
    except WorkError as error:
        raise WorkflowError(str(error))


def where_results_are():
    """The last lines of a run: what is there to look at."""
    places = {
        "table": SUMMARY,
        "plots": PLACES.figures,
        "page": PLACES.page,
    }
    lines = [
        f"  {what}:  {path}" for what, path in places.items() if Path(path).exists()
    ]
    return "\n".join(["", SETTINGS.data.title, *lines])
