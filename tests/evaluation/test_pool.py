"""Processes that track: whatever one raises is raised here, as one sentence."""

import pytest

from chromatrack.errors import InputError, WorkError
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
