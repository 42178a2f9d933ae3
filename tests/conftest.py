"""What tests share: a limit on their time, where the real files are, and a browser."""

import os
import shutil
from pathlib import Path

import pytest

from tests.time_limit import limited

ROOT = Path(__file__).resolve().parent.parent
os.environ.setdefault("CHROMATRACK_CARDS", "off")  # tests beside each other share a GPU
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")


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


@pytest.fixture(scope="module")
def browser():
    """Chromium; tests are skipped where there is none."""
    named = os.environ.get("CHROMATRACK_CHROMIUM")
    executable = named or next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if executable is None:
        pytest.skip(f"no browser: none of {', '.join(CHROMIUMS)} (set CHROMATRACK_CHROMIUM)")
    playwright = pytest.importorskip("playwright.sync_api", reason="no playwright to drive one")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield chromium
        chromium.close()
