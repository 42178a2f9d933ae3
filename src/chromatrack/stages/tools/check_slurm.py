"""What the jobs of a run ask of a cluster: `chromatrack doctor --slurm`."""

from __future__ import annotations

from chromatrack.cluster import slurm
from chromatrack.plan import needs
from chromatrack.settings import Settings


def check_slurm(settings: Settings) -> list[str]:
    """What the jobs of a run ask for at first, beside what the partitions of a cluster give.

    Raises:
        InputError: no Slurm answers, or no partition gives what a job asks for.
    """
    nodes = slurm.read()
    lines = [f"partition {kind}" for kind in nodes]
    requests = []
    for rule in needs.WORK:
        for_all = {"benchmark": next(iter(settings.benchmarks), "")}
        if rule in ("track", "track_alphas") and not settings.benchmarks:
            continue
        job = needs.of_job(settings, rule, **for_all if rule == "track_alphas" else {})
        threads = settings.compute.threads if job.gpu else 1
        lines.append(
            f"{rule} asks for {job.mem_mb} MB, {job.runtime} min, {job.gpu} GPUs, {threads} CPUs"
        )
        requests.append(slurm.Request(rule, job.runtime, threads, job.mem_mb, job.gpu))
    slurm.check(requests, nodes, chosen=True)
    return lines
