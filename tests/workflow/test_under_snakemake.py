"""The next look of Snakemake's scheduler for jobs to start."""

import threading
import time

import pytest

from chromatrack.cluster import under_snakemake

job_scheduler = pytest.importorskip("snakemake.scheduling.job_scheduler")


class Scheduler(job_scheduler.JobScheduler):
    """Without a workflow: what waits for the next look."""

    def __init__(self):
        self._open_jobs = threading.Semaphore(0)


@pytest.fixture
def mended(monkeypatch):
    """Snakemake's class, mended for one test."""
    monkeypatch.setattr(
        job_scheduler.JobScheduler,
        "_schedule_reevalutation",
        job_scheduler.JobScheduler._schedule_reevalutation,
    )
    assert under_snakemake.one_timer()


def looks(scheduler, seconds):
    """How often it would look within a time, if it asks for the next look each time."""
    end, count = time.monotonic() + seconds, 0
    while scheduler._open_jobs.acquire(timeout=max(0.0, end - time.monotonic())):
        count += 1
        scheduler._schedule_reevalutation(0.1)
    return count


def test_however_many_jobs_end_there_is_one_next_look(mended):
    scheduler = Scheduler()
    before = threading.active_count()
    for _ in range(200):
        scheduler._schedule_reevalutation(0.1)  # as after each job
    assert threading.active_count() == before + 1
    assert 1 <= looks(scheduler, 1.05) <= 11  # as installed: as often as it is asked


def test_each_scheduler_has_its_own(mended):
    schedulers = [Scheduler() for _ in range(2)]
    for scheduler in schedulers:
        scheduler._schedule_reevalutation(0.05)
    assert all(scheduler._open_jobs.acquire(timeout=5) for scheduler in schedulers)


def test_another_version_of_snakemake_is_left_alone(monkeypatch):
    monkeypatch.delattr(job_scheduler.JobScheduler, "_schedule_reevalutation")
    assert not under_snakemake.one_timer()
    assert not hasattr(job_scheduler.JobScheduler, "_schedule_reevalutation")
