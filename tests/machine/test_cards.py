"""Jobs of one machine take different GPUs; stand-ins are in their place."""

import os
import subprocess
import sys
import time
from contextlib import ExitStack

import pytest

from chromatrack.machine import cards

JOB = """
import sys, time
from chromatrack.settings import ComputeSettings
from chromatrack.machine import cards
from chromatrack.machine.compute import choose_device, prepare
count = int(sys.argv[1])
choose_device(ComputeSettings(devices=count), processes=count)
prepare(ComputeSettings(devices=count))
print(cards.hold(count, 0), flush=True)
time.sleep(600)
"""


@pytest.fixture
def start(monkeypatch):
    """Jobs on stand-in cards of a name that no other test has."""
    here = f"test{os.getpid()}"
    monkeypatch.setenv(cards.NAMES, f"{here}-a,{here}-b")
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    with ExitStack() as stack:

        def begin(count=1):
            job = subprocess.Popen(
                [sys.executable, "-c", JOB, str(count)],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            )  # fmt: skip
            stack.callback(job.communicate, timeout=60)
            stack.callback(job.kill)
            return job

        yield begin


def test_each_job_has_a_card_and_the_third_waits_until_one_is_killed(start):
    first, second = start(), start()
    held = {first: first.stdout.readline(), second: second.stdout.readline()}
    assert sorted(held.values()) == ["[0]\n", "[1]\n"]
    third = start()
    assert third.stderr.readline().startswith("waiting for 1 of 2 GPUs, which other jobs have")
    second.kill()
    begin = time.monotonic()
    assert third.stdout.readline() == held[second]
    assert time.monotonic() - begin < 20


def test_a_job_takes_all_its_cards_or_none(start):
    one = start()
    assert one.stdout.readline() == "[0]\n"
    both = start(2)
    assert both.stderr.readline().startswith("waiting for 2 of 2 GPUs")
    other = start()
    assert other.stdout.readline() == "[1]\n"  # which `both` did not keep
    one.kill(), other.kill()
    assert both.stdout.readline() == "[0, 1]\n"


def test_the_processes_of_a_job_have_its_cards(monkeypatch):
    monkeypatch.setenv(cards.NAMES, "a,b,c")
    monkeypatch.setenv(cards.HELD, "2,0")
    assert cards.hold(2, 0) == [2, 0] and cards.hold(1, 0) == [2]


def test_cards_are_those_that_are_visible(monkeypatch):
    monkeypatch.delenv(cards.NAMES, raising=False)
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3, GPU-5c")
    assert cards._names(2) == ["3", "GPU-5c"]
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    assert cards._names(2) == ["0", "1"] and cards._names(0) == []


@pytest.mark.parametrize("name, value", [(cards.NAMES, "off"), ("SLURM_JOB_ID", "7")])
def test_no_locks_are_taken_where_cards_are_shared_or_slurm_gives_them(name, value, monkeypatch):
    monkeypatch.delenv(cards.NAMES, raising=False)
    monkeypatch.setenv(name, value)
    assert cards.hold(2, 4) == [0, 1] and cards.hold(1, 0) == []
