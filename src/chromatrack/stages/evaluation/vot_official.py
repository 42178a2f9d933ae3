"""The supervised experiment of VOT, run and scored by vot-toolkit itself."""

from __future__ import annotations

import importlib.metadata
import json
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from collections.abc import Sequence as Sequences
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chromatrack.data import vot
from chromatrack.data.sequence import Sequence
from chromatrack.data.vot_results import measure_trajectory
from chromatrack.data.vot_workspace import (
    EXPERIMENT,
    identifier,
    read_trajectories,
    write_workspace,
)
from chromatrack.errors import InputError, WorkError
from chromatrack.files import (
    canonical_json,
    digest_file,
    digest_text,
    made_by,
    read_json,
    write_json,
)
from chromatrack.metrics.vot import (
    BURN_IN,
    EAO_INTERVALS,
    RESTART_AFTER,
    summarize,
)
from chromatrack.settings import ComputeSettings, TrackerSettings, to_json
from chromatrack.stages.evaluation.openers import FromCheckpoint, named
from chromatrack.versions import VERSIONS

REPETITIONS = 15
"""Of the challenge; the toolkit stops after three equal ones."""
TOOLKIT = Path(__file__).resolve().parents[4] / ".venv-vot" / "bin" / "python"
"""Python of the environment that `./run vot` makes beside the sources."""
MARK = "chromatrack.json"


@dataclass(frozen=True)
class VotTracker:
    """A tracker as vot-toolkit starts it.

    Attributes:
        name: its own name.
        arguments: of `chromatrack vot-tracker`.
        settings, inputs: what its boxes depend on (`files.made_by`).
    """

    name: str
    arguments: tuple[str, ...]
    settings: dict
    inputs: dict[str, Path]


def of_checkpoint(
    checkpoint: Path,
    *,
    name: str,
    settings: TrackerSettings,
    compute: ComputeSettings,
    alpha: float | None = None,
    random_auxiliary: int | None = None,
) -> VotTracker:
    """The tracker of a checkpoint."""
    tracker = FromCheckpoint(checkpoint, settings, alpha, random_auxiliary)
    tracker.used_alpha()  # what is wrong with it is said here, not by the toolkit
    arguments = [f"--checkpoint={checkpoint}", f"--settings={to_json(settings)}"]
    arguments += [f"--compute={to_json(compute)}"]
    arguments += [] if alpha is None else [f"--alpha={alpha}"]
    arguments += [] if random_auxiliary is None else [f"--random-auxiliary={random_auxiliary}"]
    return VotTracker(name, tuple(arguments), tracker.shown(), {"checkpoint": checkpoint})


def of_name(tracker: str, options: Mapping[str, Any], *, name: str) -> VotTracker:
    """A tracker of OpenCV, or module:Class with its options."""
    opener = named(tracker, options)
    opener.check()  # what is wrong with it is said here, not by the toolkit
    arguments = [f"--option={key}={json.dumps(value)}" for key, value in options.items()]
    return VotTracker(name, (f"--tracker={tracker}", *arguments), opener.shown(), opener.inputs())


def make_workspace(
    tracker: VotTracker,
    root: Path,
    folder: Path,
    *,
    challenge: str = "vot2018",
    max_frames: int | None = None,
) -> list[Sequence]:
    """Write a workspace with one tracker and the sequences of `root`; returns these.

    What a tracker left there is kept if it was made by the same weights, settings and sequences.

    Raises:
        InputError: the folder holds something else, or there are no sequences.
    """
    sequences = [sequence.first(max_frames) for sequence in vot.read_sequences(root)]
    if not sequences:
        raise InputError(f"{root}: expected sequences in list.txt, found none")
    made = _made(tracker, challenge, max_frames)
    version = VERSIONS["vot-official"]
    frames = [_fingerprint(one) for one in sequences]
    identity = digest_text(canonical_json([made, version, frames]))
    mark = folder / MARK
    if folder.exists() and any(folder.iterdir()):
        if not mark.is_file():
            raise InputError(f"{folder}: expected an empty folder or a workspace of chromatrack")
        if read_json(mark).get("identity") != identity:
            shutil.rmtree(folder)
    write_json(mark, {"identity": identity, "made_by": made})
    write_workspace(
        folder,
        sequences,
        stack=stack(challenge),
        tracker=identifier(tracker.name),
        command=_command(tracker),
    )
    return sequences


def stack(challenge: str) -> dict:
    """The experiment `baseline` of the toolkit's own stack of a challenge.

    Its other experiments, real time and without restarts, are left out.
    """
    low, high = EAO_INTERVALS[challenge]
    return {
        "type": "supervised",
        "repetitions": REPETITIONS,
        "skip_initialize": RESTART_AFTER,
        "analyses": [
            {"type": "supervised_average_ar", "sensitivity": 30, "burnin": BURN_IN},
            {"type": "supervised_eao_score", "low": low, "high": high},
        ],
    }


def vot_official(
    tracker: VotTracker,
    root: Path,
    output: Path,
    *,
    challenge: str = "vot2018",
    max_frames: int | None = None,
    toolkit: Path | None = None,
) -> dict:
    """Let vot-toolkit evaluate a tracker; its measures, and ours of the same run, as JSON.

    The workspace is the folder beside `output` that is named like it; a call that was stopped goes
    on with the sequences that are missing.

    Args:
        toolkit: Python that has vot-toolkit; None: `.venv-vot`, or the one that runs this.

    Returns:
        What the file holds: accuracy, robustness_toolkit and eao as the toolkit computed them;
        failures and robustness (per 100 frames) counted in its runs; `ours`, the measures of
        `metrics/vot.py` on the same runs; frames, challenge, toolkit (its version), made_by.

    Raises:
        InputError: there is no toolkit.
        WorkError: the toolkit or the tracker failed.
    """
    python = _find_toolkit(toolkit)
    folder = output.with_suffix("")
    if folder == output:
        raise InputError(f"{output}: expected a name with .json, the workspace is named without it")
    sequences = make_workspace(tracker, root, folder, challenge=challenge, max_frames=max_frames)
    name = identifier(tracker.name)
    log = folder / "log.txt"
    log.unlink(missing_ok=True)
    _run([python, "-m", "vot", "evaluate", "--workspace", folder.resolve(), name], log)
    ours = summarize(_runs(folder, name, sequences, log), challenge)
    (folder / "analysis" / "last.json").unlink(missing_ok=True)
    analysis = ["--workspace", folder.resolve(), "--format", "json", "--name", "last", name]
    _run([python, "-m", "vot", "analysis", *analysis], log)
    official = _measures(folder / "analysis" / "last.json", log)
    result = {
        **{key: official[key] for key in ("accuracy", "robustness_toolkit", "eao")},
        **{key: ours[key] for key in ("failures", "robustness", "eao_interval", "eao_until")},
        "ours": {key: ours[key] for key in ("accuracy", "robustness_toolkit", "eao")},
        "challenge": challenge,
        "frames": ours["frames"],
        "toolkit": official["toolkit"],
        "made_by": _made(tracker, challenge, max_frames),
    }
    write_json(output, result)
    return result


def _made(tracker: VotTracker, challenge: str, max_frames: int | None) -> dict:
    settings = {**tracker.settings, "challenge": challenge, "max_frames": max_frames}
    return made_by("vot-official", settings=settings, inputs=tracker.inputs)


def _fingerprint(sequence: Sequence) -> list:
    frames = [[str(path.resolve()), digest_file(path)] for path in sequence.frames]
    return [sequence.name, vot.regions(sequence).tolist(), frames]


def _command(tracker: VotTracker) -> list[str]:
    """The toolkit starts a tracker in a folder of its own, from which it goes back to this one."""
    sources = [
        os.path.abspath(part) for part in os.environ.get("PYTHONPATH", "").split(":") if part
    ]
    environment = ["env", f"PYTHONPATH={os.pathsep.join(sources)}"] if sources else []
    program = [*environment, sys.executable, "-m", "chromatrack.cli.main", "vot-tracker"]
    return [*program, f"--folder={os.getcwd()}", *tracker.arguments]


def _find_toolkit(given: Path | None) -> Path:
    if given is not None or TOOLKIT.is_file():
        python = given or TOOLKIT
        if not os.access(python, os.X_OK) or python.is_dir():
            raise InputError(f"--toolkit: {python} is no program")
        # Not resolved: a virtual environment is known by the place of the link to its Python.
        return Path(os.path.abspath(python))
    try:
        importlib.metadata.version("vot-toolkit")
    except importlib.metadata.PackageNotFoundError:
        raise InputError(
            "vot-toolkit is missing: `./run vot` makes an environment for it in .venv-vot; "
            "--toolkit names the Python of another one"
        ) from None
    return Path(sys.executable)


def _run(command: Sequences[str | Path], log: Path) -> None:
    """Run the toolkit; what it and the tracker say is added to a log."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    environment |= {
        "VOT_RESULTS_BINARY": "false",
        "VOT_PERSISTENT_CACHE": "false",
        # It asks GitHub for newer versions of itself; it shall neither wait for that nor be heard.
        "https_proxy": "http://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
    }
    with open(log, "ab") as handle:
        done = subprocess.run(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=handle,
            stderr=subprocess.STDOUT,
            env=environment,
            check=False,
        )
    if done.returncode != 0:
        raise WorkError(f"vot-toolkit failed (exit code {done.returncode}){_last_words(log)}")


def _last_words(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return f": {lines[-1]:.200}; see {log}" if lines else ""


def _runs(folder: Path, name: str, sequences: Sequences[Sequence], log: Path) -> dict[str, list]:
    """The toolkit's runs as `metrics/vot.py` takes them."""
    runs = {}
    for sequence in sequences:
        trajectories = read_trajectories(folder, name, sequence.name)
        # An error of the tracker ends the toolkit without an exit code.
        if not trajectories or any(len(one) != len(sequence) for one in trajectories):
            raise WorkError(f"{sequence.name}: vot-toolkit did not finish it{_last_words(log)}")
        runs[sequence.name] = [measure_trajectory(one, sequence, folder) for one in trajectories]
    return runs


def _measures(path: Path, log: Path) -> dict:
    """accuracy, robustness_toolkit, eao and version in an analysis of `stack`."""
    if not path.is_file():
        raise WorkError(f"vot-toolkit left no analysis{_last_words(log)}")
    analysis = read_json(path)
    try:
        average, score = analysis["results"][EXPERIMENT]["results"]
        ((accuracy, robustness, *_),), ((eao,),) = average, score  # of the one tracker
        accuracy, robustness, eao = float(accuracy), float(robustness), float(eao)
    except (KeyError, TypeError, ValueError):
        raise WorkError(f"{path}: expected accuracy, robustness and EAO of one tracker") from None
    return {
        "accuracy": accuracy,
        "robustness_toolkit": robustness,
        # The mean of nothing: no sequence is as long as the interval.
        "eao": None if math.isnan(eao) else eao,
        "toolkit": str(analysis.get("toolkit")),
    }
