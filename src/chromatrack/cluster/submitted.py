"""Jobs that Slurm goes on with after the snakemake that submitted them was killed.

Snakemake would submit each of them again beside itself, and make again what they have made since.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from chromatrack.files import canonical_json, write_text
from chromatrack.settings import Settings, to_json
from chromatrack.versions import VERSIONS

LOOK = 5.0
"""Seconds between two looks at the queue."""
NOTE = ".submitted"
"""File in the folder of a run: what the last call that submitted jobs was configured with."""


def pick_up(workflow: Any, folder: str, settings: Settings) -> bool:
    """Wait for jobs that a killed call left behind, and keep what they made as it configured them.

    Args:
        workflow: Snakemake's, with its plan made.

    Returns:
        Whether the plan has to be made again.
    """
    again = wait_for_others()
    if same_call(folder, settings):
        records = workflow.persistence
        for job in workflow.dag.needrun_jobs():
            left = workflow.async_run(records.incomplete(job))
            if left and whole(job.output):
                workflow.async_run(records.finished(job))
                again = True
    if not again:
        note_call(folder, settings)
    return again


def wait_for_others() -> bool:
    """Wait until no job of Snakemake from this folder is in the queue; whether there was one."""
    waited = False
    while alive := _alive(os.getcwd()):
        if not waited:
            print(f"waiting for {alive} jobs that an earlier call has submitted", flush=True)
        waited = True
        time.sleep(LOOK)
    return waited


def _alive(folder: str) -> int:
    """How many wait, run or are about to end; none where no Slurm answers."""
    command = ["squeue", "--noheader", "--format=%Z|%k"]  # folder, and the comment of the plugin
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    return sum(line.startswith(f"{folder}|rule_") for line in done.stdout.splitlines())


def whole(outputs: Iterable[str]) -> bool:
    """Whether a job that is no longer there did all of its work: files, unlike folders, appear
    whole."""
    return all(Path(output).is_file() for output in outputs)


def note_call(folder: str, settings: Settings) -> None:
    """Keep what jobs are submitted with."""
    write_text(Path(folder) / NOTE, _configured(settings))


def same_call(folder: str, settings: Settings) -> bool:
    """Whether jobs of the last call were submitted with the settings of this one."""
    try:
        return (Path(folder) / NOTE).read_text(encoding="utf-8") == _configured(settings)
    except OSError:
        return False


def _configured(settings: Settings) -> str:
    return to_json(settings) + "\n" + canonical_json(VERSIONS) + "\n"
