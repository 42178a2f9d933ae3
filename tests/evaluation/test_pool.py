"""Processes that track: whatever one raises is raised here, as one sentence."""

import os

import pytest

from chromatrack.errors import InputError, WorkError
from chromatrack.tracking.contract import Failed
from chromatrack.tracking.pool import in_pool


class Raising:
    """Raises in a job."""

    def __init__(self, error):
        self.error = error

    def __call__(self):
        return self.work

    def work(self, job):
        raise self.error


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (InputError("a.jpg: broken"), InputError, "a.jpg: broken"),
        (PermissionError(13, "denied", "a.jpg"), PermissionError, "[Errno 13] denied: 'a.jpg'"),
        (MemoryError(), WorkError,
         "not enough memory; lower compute.threads, or ask for more memory"),
        (KeyError("x\ny"), WorkError, "KeyError: 'x\\ny'"),
    ],
)  # fmt: skip
def test_what_a_process_raises_is_raised_here(error, kind, message, capfd):
    with pytest.raises(kind) as raised:
        list(in_pool(2, Raising(error), [("a", 0), ("b", 1), ("c", 2)]))
    assert str(raised.value) == message
    assert "Traceback" not in capfd.readouterr().err


def counting():
    return count_up


def count_up(to):
    yield from range(to)
    if to == 3:
        os._exit(9)


def test_a_job_gives_its_results_as_it_has_them_and_keeps_them_where_it_dies():
    found = list(in_pool(2, counting, [("a", 2), ("b", 3), ("c", 4)]))
    (died,) = [one for one in found if isinstance(one, Failed)]
    assert died.name == "b" and "died" in str(died.error)
    assert sorted(one for one in found if one is not died) == sorted([0, 1, 0, 1, 2, 0, 1, 2, 3])
