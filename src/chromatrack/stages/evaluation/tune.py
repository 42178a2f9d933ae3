"""Settings of a tracker, searched on GOT-10k val (docs/tune.md). Never on a test set."""

from __future__ import annotations

import functools
import os
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from chromatrack.configuration import as_plain
from chromatrack.data import got10k as layout
from chromatrack.data.sequence import Sequence as Target
from chromatrack.errors import InputError
from chromatrack.evaluation import sets
from chromatrack.files import (
    canonical_json,
    check_writable,
    digest_text,
    made_by,
    read_json,
    write_json,
    write_text,
)
from chromatrack.locks import holding
from chromatrack.machine.compute import prepare
from chromatrack.metrics import got10k
from chromatrack.settings import ComputeSettings, TrackerSettings, TuneSettings
from chromatrack.settings.keys import only
from chromatrack.stages.evaluation.overlaps import counted_overlaps
from chromatrack.stages.evaluation.sequences import run_sequences
from chromatrack.stages.evaluation.tracks import identity
from chromatrack.tracking.load import load_tracker, used_alpha
from chromatrack.tracking.search_space import RANGES, Values, check_optimiser, next_values
from chromatrack.versions import VERSIONS

BENCHMARK = "got10k"
BENCHMARK_TITLE = "GOT-10k val"
OTHER_PART = re.compile(r"(?:^|[^a-z])(test|train|training)$")
"""How folders of the other parts of GOT-10k are called, in small letters."""


def check_benchmark(name: str) -> None:
    """Whether settings may be chosen on a benchmark.

    Raises:
        InputError: it is one that trackers are compared on.
    """
    if name == BENCHMARK:
        return
    expected = f"expected {BENCHMARK}, with the folder of GOT-10k val as --root"
    said = re.sub(r"[^a-z0-9]", "", name.lower())  # OTB-2015, vot2018
    families = (one.rstrip("0123456789") for one in sets.NAMES if one != BENCHMARK)
    if "test" in said or said.startswith(tuple(families)):
        raise InputError(
            f"{name}: is a test set, whose scores say nothing once settings were chosen on it; "
            f"{expected}"
        )
    raise InputError(f"{name}: is no benchmark that settings are chosen on; {expected}")


def tune(
    checkpoint: Path,
    root: Path,
    output: Path,
    *,
    settings: TuneSettings,
    tracker: TrackerSettings,
    compute: ComputeSettings,
    alpha: float | None = None,
) -> dict[str, Any]:
    """Try settings of a tracker on validation sequences, the configured ones first.

    Writes, and returns, all trials and the chosen one: that with the highest average overlap; of
    equal ones, the earlier. Beside `output` goes a configuration with it, FILE.yaml. Trials lie in
    a folder of the name of `output`: after a kill, those that were done are not done again, and
    the result is that of an undisturbed search.

    Args:
        root: list.txt and sequences of GOT-10k val.
        tracker: what the search starts from; settings that are not searched stay as they are.
        alpha: to start from, of a combined network; None: the trained one.

    Raises:
        InputError: no sequence, a test set, or nothing to try.
        WorkError: another process searches for the same output.
    """
    check_writable(output)
    if output.suffix != ".json":
        raise InputError(f"{output}: expected a file that ends with .json")
    if settings.trials < 1:
        raise InputError("tune.trials: is 0, which means no search")
    if settings.trials > 1:  # the first one is as configured
        check_optimiser()
    targets = _targets(root, settings.max_frames)
    first = _configured(tracker, used_alpha(checkpoint, alpha))
    source = made_by(
        "tune",
        settings={"tune": only(settings, *settings.SEARCHED), "tracker": as_plain(tracker),
                  "first": first, "version": [VERSIONS["tune"], VERSIONS["track"]]},
        inputs={"checkpoint": checkpoint, "list.txt": root / "list.txt"},
    )  # fmt: skip
    source["inputs"]["sequences"] = digest_text(
        canonical_json([identity(target, {}, truth=target.boxes_ltwh) for target in targets])
    )
    prepare(compute)
    folder = output.with_suffix("")
    with holding(folder):
        trials = _kept(folder, source)
        for number in range(len(trials), settings.trials):
            values = first
            if number:
                done = [(trial["values"], trial["average_overlap"]) for trial in trials]
                values = next_values(list(first), done, seed=settings.seed)
            work = folder / f"trial-{number:04d}"
            score = _score(checkpoint, targets, work, values, tracker, compute)
            trials.append({"values": values, "average_overlap": score})
            write_json(_place(folder, number), trials[-1])
            shutil.rmtree(work)
            best = max(trial["average_overlap"] for trial in trials)
            print(
                f"{number + 1} of {settings.trials}: AO {score:.4f}, best {best:.4f}",
                file=sys.stderr,
            )
    result = _result(trials[: settings.trials], targets, source)
    # First, so that a finished result has it beside it.
    write_text(output.with_suffix(".yaml"), _overlay(result, output, tracker))
    write_json(output, result)
    return result


def _check_root(root: Path) -> None:
    """An `InputError` where the folder, or the one that it leads to, says it is of another part."""
    for folder in (Path(os.path.abspath(root)), Path(os.path.realpath(root))):
        found = OTHER_PART.search(folder.name.lower())
        if found:
            part = "test" if found[1] == "test" else "training"
            where = f"{root}" if folder.name == root.name else f"{root} ({folder})"
            raise InputError(
                f"{where}: is called as the {part} set, on which no settings are chosen; expected "
                "the folder of GOT-10k val"
            )


def _targets(root: Path, frames: int | None) -> list[Target]:
    _check_root(root)
    targets = layout.read_sequences(root)
    if not targets:
        raise InputError(f"{root / 'list.txt'}: expected at least one sequence")
    for target in targets:
        hidden = len(target) > 1 and not np.isfinite(target.boxes_ltwh[1:]).any()
        lies_in = Path(os.path.realpath(root / target.name))
        if "_Test_" in target.name + lies_in.name or hidden:
            raise InputError(
                f"{root}: {target.name} is of the test set of GOT-10k, on which no settings are "
                "chosen; expected GOT-10k val"
            )
    return [target.first(frames) for target in targets]


def _configured(tracker: TrackerSettings, alpha: float | None) -> Values:
    """The values that the search starts from."""
    found = {name: getattr(tracker, name) for name in RANGES if name != "alpha"}
    return found if alpha is None else {**found, "alpha": alpha}


def _kept(folder: Path, source: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The trials of an earlier call that was about the same; of any other, none are left."""
    about = folder / "search.json"
    if not about.is_file() or canonical_json(read_json(about)) != canonical_json(source):
        for path in folder.glob("trial-*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        write_json(about, source)
    trials = []
    while (path := _place(folder, len(trials))).is_file():
        trials.append(read_json(path))
        shutil.rmtree(path.with_suffix(""), ignore_errors=True)  # killed before it was taken away
    return trials


def _place(folder: Path, number: int) -> Path:
    return folder / f"trial-{number:04d}.json"


def _score(
    checkpoint: Path,
    targets: Sequence[Target],
    work: Path,
    values: Values,
    tracker: TrackerSettings,
    compute: ComputeSettings,
) -> float:
    """Average overlap of the tracker with these values; its boxes lie in `work`."""
    alpha = values.get("alpha")
    used = replace(tracker, **{name: values[name] for name in values if name != "alpha"})
    run_sequences(
        functools.partial(
            load_tracker, checkpoint, settings=used, device=prepare(compute), alpha=alpha
        ),
        targets,
        work,
        source=made_by("tune", settings=values, inputs={"checkpoint": checkpoint}),
        compute=compute,
    )
    return got10k.summarize(counted_overlaps(targets, work / "boxes")).average_overlap


def _result(
    trials: Sequence[dict[str, Any]], targets: Sequence[Target], source: dict[str, Any]
) -> dict[str, Any]:
    scores = [trial["average_overlap"] for trial in trials]
    chosen = scores.index(max(scores))
    return {
        "benchmark": BENCHMARK_TITLE,
        "sequences": len(targets),
        "frames": sum(map(len, targets)),
        "tried": len(trials),
        "chosen": chosen,
        "values": trials[chosen]["values"],
        "average_overlap": scores[chosen],
        "configured": {"values": trials[0]["values"], "average_overlap": scores[0]},
        "trials": list(trials),
        "made_by": {**source, "settings": {**source["settings"], "trials": len(trials)}},
    }


def _overlay(result: Mapping[str, Any], output: Path, tracker: TrackerSettings) -> str:
    """A configuration with the chosen settings, to be laid over the one that was searched with."""
    values = dict(result["values"])
    alpha = values.pop("alpha", None)
    said = [
        f"# Chosen by `chromatrack tune` among {result['tried']} settings on {BENCHMARK_TITLE}: AO "
        f"{result['average_overlap']:.4f}, {result['configured']['average_overlap']:.4f} as "
        "configured."
    ]
    if alpha is not None:
        said.append(f"# With alpha {alpha:g} (--alpha {alpha:g}, or `alphas` of an experiment).")
    content = {"tracker": values, "tune": {"trials": 0, "result": str(output)}}
    return "\n".join([*said, yaml.safe_dump(content, sort_keys=False)])
