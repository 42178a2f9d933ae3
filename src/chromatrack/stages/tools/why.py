"""What Snakemake plans, and why, in one line per rule: `chromatrack why`."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from chromatrack.errors import InputError

FOLLOWS = "input files updated by another job"
"""Reason of a job that is planned because an earlier one is."""

_JOB = re.compile(r"(?:local)?(?:rule|checkpoint) (\w+):")
_REASON = re.compile(r"\s+reason: (.*)")
_KINDS = {
    "Params have changed": "settings changed",
    "Set of input files has changed": "other inputs",
    "Missing output files": "not made yet",
    "Updated input files": "inputs are newer",
    "Input files updated by another job": FOLLOWS,
    "Forced execution": "asked for",
    "Software environment": "environment changed",
    "Code has changed": "code changed",
}


@dataclass
class Planned:
    """The jobs of one rule.

    Attributes:
        jobs: how many.
        reasons: why, each once; a job may have several.
    """

    jobs: int = 0
    reasons: set[str] = field(default_factory=set)

    @property
    def starts(self) -> bool:
        """Whether it is planned for a reason of its own, and not after another rule alone."""
        return self.reasons != {FOLLOWS}


def plan(arguments: Sequence[str], *, folder: str | Path = ".") -> dict[str, Planned]:
    """A dry run of Snakemake: rule -> its jobs, in the order of the work.

    Args:
        arguments: of snakemake, such as targets and --configfile.

    Raises:
        InputError: Snakemake refuses; its own words.
    """
    # Whatever follows --quiet would be taken for one of its values: it stands before an option.
    command = [sys.executable, "-m", "snakemake", "--quiet", "host", "--cores", "1", "-n"]
    done = subprocess.run([*command, *arguments], cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise InputError(_refusal((done.stdout + "\n" + done.stderr).splitlines()))
    return _read(done.stdout.splitlines() + done.stderr.splitlines())


def _refusal(lines: Sequence[str]) -> str:
    """The sentence in what Snakemake says when it refuses."""
    said = [" ".join(line.split()) for line in lines if line.strip()]
    said = [line for line in said if not line.startswith(("File ", "Using workflow", "Traceback"))]
    for line in said:
        if line.startswith("configuration:"):
            return line
    for number, line in enumerate(said):
        if re.match(r"\w+(Exception|Error)\b", line):
            ours = [one for one in said[number:] if one.startswith("WorkflowError: ")]
            return (ours or [" ".join(said[number : number + 2])])[0]
    return said[-1] if said else "snakemake failed"


def _read(lines: Iterable[str]) -> dict[str, Planned]:
    found: dict[str, Planned] = {}
    rule = None
    for line in lines:
        if match := _JOB.fullmatch(line):
            rule = found.setdefault(match[1], Planned())
            rule.jobs += 1
        elif rule is not None and (match := _REASON.fullmatch(line)):
            rule.reasons |= {told for said, told in _KINDS.items() if said in match[1]} or {
                match[1]
            }
    return found


def why(arguments: Sequence[str]) -> list[str]:
    """One line per rule: how many jobs, and why."""
    found = plan(arguments)
    if not found:
        return ["nothing to be done"]
    width = max(map(len, found))
    return [
        f"{rule:<{width}}  {one.jobs:>5}  {', '.join(sorted(one.reasons))}"
        for rule, one in found.items()
    ]
