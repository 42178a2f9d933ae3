"""Commands in the tests have a time limit."""

import ast
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
WAITING = {"run", "call", "check_call", "check_output", "urlopen"}
"""Functions that wait for a process or a server."""
ENDING = {"communicate"}
"""Methods that do; `wait` and `join` are those of threads and texts, too."""

HANGS = {
    "sleep": "def test_it():\n    time.sleep(600)\n",
    "process": "def test_it():\n    subprocess.run(['sleep', '600'], timeout=600)\n",
    "no_wait": "def test_it():\n    subprocess.Popen(['sleep', '600'])\n    time.sleep(600)\n",
    "fixture": "@pytest.fixture\ndef slow():\n    time.sleep(600)\n\ndef test_it(slow): pass\n",
}


def without_limit(path):
    """Lines of calls that may wait for ever."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        owner = ast.unparse(node.func.value)
        waits = node.func.attr in WAITING and owner in ("subprocess", "urllib.request")
        if waits or node.func.attr in ENDING:
            limits = [word for word in node.keywords if word.arg in ("timeout", None)]
            if not limits:
                yield f"{path.relative_to(TESTS)}:{node.lineno}"


def test_every_command_that_a_test_waits_for_has_a_limit():
    paths = sorted(TESTS.rglob("*.py"))
    assert len(paths) > 50
    assert [line for path in paths for line in without_limit(path)] == []


@pytest.mark.parametrize("name", HANGS)
def test_a_test_that_hangs_fails_and_so_end_its_processes(name, tmp_path):
    script = tmp_path / "test_hangs.py"
    script.write_text("import subprocess, time\nimport pytest\n\n" + HANGS[name])
    begin = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-p", "no:cacheprovider",
         "--rootdir", tmp_path, script],
        cwd=TESTS.parent, capture_output=True, text=True, timeout=120,
        env={**os.environ, "CHROMATRACK_TEST_SECONDS": "2", "MARK": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 1 and time.monotonic() - begin < 60
    assert "was not done after 2 s" in done.stdout
    for environment in Path("/proc").glob("[0-9]*/environ"):
        try:
            assert f"MARK={tmp_path}".encode() not in environment.read_bytes().split(b"\0")
        except OSError:
            continue  # another one's, or gone
