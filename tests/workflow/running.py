"""Snakemake over stand-ins for the stages, with and without a terminal."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

STAND_IN = """#!{python}
import pathlib, sys, time
from chromatrack.progress import progress
words = sys.argv[1:]
output = pathlib.Path(words[words.index("--output") + 1])
if words[0] == "world":
    print("said on standard output", flush=True)
    for _ in progress(range(2), what="standing in", unit="step"):
        time.sleep(0.05)
    time.sleep(1.6)
    if "vot" in words and pathlib.Path("fails").exists():
        sys.exit("chromatrack: no such \\x1b[2Jworld")
    output = output / (words[words.index("--part") + 1] + ".json")
if words[0] == "figures":
    output = output / "alpha.svg"
output.parent.mkdir(parents=True, exist_ok=True)
output.write_text("<svg xmlns='http://www.w3.org/2000/svg'/>" if words[0] == "figures" else "1")
if words[0] == "table":
    output.with_suffix(".tex").write_text("1")
"""


def set_up(folder):
    """The workflow in a folder, and a program `chromatrack` that makes files and says little."""
    for name in ("Snakefile", "config.yaml", "workflow", "config", "profiles", "envs"):
        (folder / name).symlink_to(ROOT / name)
    program = folder / "bin" / "chromatrack"
    program.parent.mkdir()
    program.write_text(STAND_IN.format(python=sys.executable))
    program.chmod(0o755)
    return folder


def call(folder, *arguments):
    """How to call snakemake there."""
    path = f"{folder / 'bin'}:{os.environ['PATH']}"
    return {
        "args": [sys.executable, "-m", "snakemake", "--cores", "2", *arguments],
        "cwd": folder,
        "env": {**os.environ, "PATH": path, "TERM": "xterm-256color"},
    }


def run(folder, *arguments):
    """Exit status and all that was printed, without a terminal."""
    done = subprocess.run(
        **call(folder, *arguments), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    return done.returncode, done.stdout


def run_on_terminal(folder, *arguments, lines=24, columns=100):
    """Exit status and all that was sent to a terminal."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    process = subprocess.Popen(
        **call(folder, *arguments), stdin=theirs, stdout=theirs, stderr=theirs,
        start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    sent = b""
    while True:
        try:
            read = os.read(ours, 65536)
        except OSError:  # Linux says so when nobody is left at the other end
            break
        if not read:
            break
        sent += read
    os.close(ours)
    return process.wait(), sent.decode("utf-8", errors="replace")
