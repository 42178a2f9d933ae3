"""What tests share: a limit on their time, and where the real files are."""

import os
from pathlib import Path

import pytest

from tests.time_limit import limited

ROOT = Path(__file__).resolve().parent.parent
os.environ.setdefault("CHROMATRACK_CARDS", "off")  # tests beside each other share a GPU


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup():
    with limited():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call():
    with limited():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown():
    with limited():
        return (yield)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of the real files; the test is skipped where there is none."""
    folder = Path(os.environ.get("CHROMATRACK_REAL_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_absolute():
        folder = ROOT / folder
    if not folder.is_dir():
        pytest.skip(f"no real files at {folder} (set CHROMATRACK_REAL_DATA)")
    return folder
