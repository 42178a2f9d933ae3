"""What tests share: where the real files are."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of the real files; the test is skipped where there is none."""
    folder = Path(os.environ.get("CHROMATRACK_REAL_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_absolute():
        folder = ROOT / folder
    if not folder.is_dir():
        pytest.skip(f"no real files at {folder} (set CHROMATRACK_REAL_DATA)")
    return folder
