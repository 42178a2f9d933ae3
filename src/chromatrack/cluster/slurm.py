"""What the partitions of a Slurm cluster give, and what no partition can."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from chromatrack.errors import InputError
from chromatrack.plan.needs import Needs

SINFO = ("sinfo", "--noheader", "--exact", "--format=%P|%a|%l|%c|%m|%G")
FIELDS = 6
UNLIMITED = 10**9
REMEDY = (
    "name another partition or ask for less (--set-resources RULE:slurm_partition=NAME; a training "
    "that is out of time continues), or compute.device: cpu (docs/clusters.md)"
)


@dataclass(frozen=True)
class Nodes:
    """Nodes of one kind in a partition: what the largest job on one of them may have.

    Attributes:
        partition: its name.
        default: whether jobs go there that name none.
        minutes: the longest job.
    """

    partition: str
    default: bool
    minutes: int
    cpus: int
    mem_mb: int
    gpus: int

    def __str__(self) -> str:
        limit = "no limit of time" if self.minutes == UNLIMITED else f"{self.minutes} min"
        return (
            f"{self.partition}{' (default)' if self.default else ''}: {limit}, {self.cpus} CPUs, "
            f"{self.mem_mb} MB, {self.gpus} GPUs"
        )


@dataclass(frozen=True)
class Request:
    """What a job asks for; None as partition: the default one."""

    rule: str
    minutes: int
    cpus: int
    mem_mb: int
    gpus: int
    partition: str | None = None

    @classmethod
    def of(cls, rule: str, threads: int, resources: Mapping[str, Any]) -> Request:
        """Of a job of Snakemake, as its Slurm plugin reads the resources."""
        return cls(
            rule,
            minutes=_number(resources.get("runtime")),
            cpus=_number(resources.get("cpus_per_task")) or threads,
            mem_mb=_number(resources.get("mem_mb")),
            gpus=_number(resources.get("gpu")) or _of_gres(str(resources.get("gres", ""))),
            partition=resources.get("slurm_partition") or None,
        )

    def may_use(self, nodes: Nodes, chosen: Any) -> bool:
        """Whether such a job is sent to the partition of these nodes."""
        if self.partition is not None:
            return nodes.partition in self.partition.split(",")
        return bool(chosen) or nodes.default

    def lacks(self, nodes: Nodes) -> list[str]:
        """What these nodes do not give."""
        asked = {
            "min": (self.minutes, nodes.minutes),
            "CPUs": (self.cpus, nodes.cpus),
            "MB": (self.mem_mb, nodes.mem_mb),
            "GPUs": (self.gpus, nodes.gpus),
        }
        return [f"{much} {unit}, {most} at most" for unit, (much, most) in asked.items()
                if much > most]  # fmt: skip


def planned(workflow: Any, *, added: Iterable[str]) -> Iterator[Request]:
    """What the jobs ask for that Snakemake has planned.

    Args:
        workflow: Snakemake's, with its plan made.
        added: rules of which a checkpoint adds jobs, one for each shard: one of each is asked for.
    """
    for job in workflow.dag.needrun_jobs():
        if not job.is_local:
            yield Request.of(job.rule.name, job.threads, job.resources)
    for name in added:
        asked = workflow.get_rule(name).expand_resources({"shard": ""}, [], 1)
        yield Request.of(name, asked["_cores"], asked)


def read() -> list[Nodes]:
    """The nodes of all partitions that are up.

    Raises:
        InputError: no Slurm answers.
    """
    try:
        done = subprocess.run(SINFO, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InputError(f"slurm: sinfo does not answer ({error})") from None
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise InputError(f"slurm: sinfo does not answer ({said[-1]})")
    return parse(done.stdout)


def parse(text: str) -> list[Nodes]:
    """What `SINFO` prints."""
    found = []
    for line in text.splitlines():
        parts = line.strip().split("|")
        if len(parts) != FIELDS:
            raise InputError(f"slurm: expected {FIELDS} fields of sinfo, got {line.strip()!r}")
        partition, up, limit, cpus, memory, gres = parts
        if up == "up":
            found.append(
                Nodes(
                    partition.rstrip("*"), partition.endswith("*"), _minutes(limit),
                    _number(cpus), _number(memory), _of_gres(gres),
                )
            )  # fmt: skip
    return found


def check(requests: Iterable[Request], nodes: Collection[Nodes], chosen: Any) -> None:
    """Look for jobs that would wait for ever.

    Args:
        chosen: true where the plugin chooses among all partitions (slurm-partition-config).

    Raises:
        InputError: there are some; one sentence names them, and the remedy.
    """
    told: dict[str, str] = {}
    for request in requests:
        there = [kind for kind in nodes if request.may_use(kind, chosen)]
        if not any(not request.lacks(kind) for kind in there):
            told.setdefault(request.rule, _said(request, there, nodes))
    if told:
        first = [f"{rule} ({text})" for rule, text in list(told.items())[:3]]
        more = [f"{len(told) - 3} rules more"] if len(told) > 3 else []
        raise InputError(
            f"slurm: no partition gives what these ask for: {', '.join(first + more)}; {REMEDY}"
        )


def _said(request: Request, there: list[Nodes], nodes: Collection[Nodes]) -> str:
    if not there:
        return f"there is no partition {request.partition or 'by default'}"
    nearest = min(there, key=lambda kind: (len(request.lacks(kind)), -kind.minutes))
    others = sorted({other.partition for other in nodes if not request.lacks(other)})
    hint = f"; partition {', '.join(others)} has it" if others else ""
    return f"{', '.join(request.lacks(nearest))}{hint}"


def within(needs: Needs, nodes: Collection[Nodes]) -> Needs:
    """Needs that grew with the attempt, but no more than a partition gives."""
    fitting = [kind for kind in nodes if kind.gpus >= needs.gpu]
    if not fitting or needs.attempt == 1:
        return needs
    return replace(
        needs,
        mem_mb=min(needs.mem_mb, max(kind.mem_mb for kind in fitting)),
        runtime=min(needs.runtime, max(kind.minutes for kind in fitting)),
    )


def _number(value: Any) -> int:
    """A count that may have a unit or a plus behind it; 0 for what has none."""
    match = re.match(r"\d+", str(value))
    return int(match[0]) if match else 0


def _of_gres(text: str) -> int:
    """GPUs in a list such as gpu:a100:4(S:0-1),gpu:v100:no_consume:2,nvme:1."""
    counts = [re.fullmatch(r"gpu(?::[^:()]+)*?(?::(\d+))?(?:\(.*\))?", one)
              for one in re.split(r",(?![^(]*\))", text)]  # fmt: skip
    return sum(int(match[1] or 1) for match in counts if match)


def _minutes(limit: str) -> int:
    """minutes[:seconds], hours:minutes:seconds, days-hours[:minutes[:seconds]], or infinite."""
    if not re.fullmatch(r"\d+(:\d+){0,2}|\d+-\d+(:\d+){0,2}", limit):
        return UNLIMITED
    days, dash, clock = limit.rpartition("-")
    parts = [int(part) for part in clock.split(":")]
    if not dash and len(parts) < 3:
        return parts[0]
    hours, minutes = (*parts, 0)[:2]
    return (int(days or 0) * 24 + hours) * 60 + minutes
