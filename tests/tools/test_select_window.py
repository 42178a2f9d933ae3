"""`track --select` on a screen: Xvfb is one, and xdotool draws the box."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from chromatrack.data.images import write_frames

NEEDED = [name for name in ("Xvfb", "xdotool") if shutil.which(name) is None]
if importlib.util.find_spec("tkinter") is None:
    NEEDED.append("tkinter")
pytestmark = pytest.mark.skipif(bool(NEEDED), reason=f"there is no {', '.join(NEEDED)}")


@pytest.fixture
def screen():
    """An environment with a screen of its own."""
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "800x600x24", "-nolisten", "tcp"],
        pass_fds=[writing], stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(writing)
    with os.fdopen(reading) as told:
        number = told.readline().strip()
    try:
        yield {**os.environ, "DISPLAY": f":{number}"}
    finally:
        server.kill()
        server.wait()


def xdotool(screen, *words):
    return subprocess.run(
        ["xdotool", *words], env=screen, capture_output=True, text=True, timeout=20
    ).stdout.strip()


class Tracking:
    """`track --select` on frames, once its window is there."""

    def __init__(self, screen, frames, output):
        self.screen = screen
        self.process = subprocess.Popen(
            [sys.executable, "-m", "chromatrack.cli.main", "track", str(frames), "--select",
             "--tracker", "klt", "--output", str(output)],
            env=screen, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            # What a script starts in the background ignores Ctrl-C, and so do these tests there.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )  # fmt: skip
        for _ in range(600):
            self.window = xdotool(screen, "search", "--onlyvisible", "--name", "Draw a box")
            if self.window or self.process.poll() is not None:
                break
            time.sleep(0.1)
        assert self.window

    def press(self, key):
        xdotool(self.screen, "windowfocus", self.window, "key", key)

    def ended(self):
        """Code and what was printed."""
        try:
            told, wrong = self.process.communicate(timeout=60)
        finally:
            self.process.kill()
        return self.process.returncode, told + wrong


def test_the_box_that_is_drawn_is_followed(screen, tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (240, 320, 3)).astype(np.uint8)
    write_frames(tmp_path / "frames", [noise] * 3, pattern="%04d.jpg", first=1, quality=95)
    output = tmp_path / "boxes.csv"
    tracking = Tracking(screen, tmp_path / "frames", output)
    told = xdotool(screen, "getwindowgeometry", "--shell", tracking.window).splitlines()
    place = dict(line.split("=") for line in told)
    left, top = int(place["X"]) + 80, int(place["Y"]) + 60
    xdotool(screen, "mousemove", str(left), str(top), "mousedown", "1")
    for step in (20, 50):
        xdotool(screen, "mousemove", str(left + step), str(top + step))
        time.sleep(0.2)
    xdotool(screen, "mouseup", "1")
    tracking.press("Return")
    code, told = tracking.ended()
    assert code == 0 and "3 frames, 1 target" in told, told
    first = output.read_text().splitlines()[1].split(",")
    assert [float(value) for value in first[3:7]] == [80, 60, 50, 50]


def test_a_window_that_is_closed_gives_no_box(screen, tmp_path):
    black = np.zeros((60, 80, 3), np.uint8)
    write_frames(tmp_path / "frames", [black] * 2, pattern="%04d.jpg", first=1, quality=95)
    output = tmp_path / "boxes.csv"
    tracking = Tracking(screen, tmp_path / "frames", output)
    tracking.press("Escape")
    code, told = tracking.ended()
    assert code == 2 and told.strip().endswith("--select: no box was drawn"), told
    assert not output.exists()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_an_idle_window_sees_signals(screen, tmp_path, number, code):
    black = np.zeros((60, 80, 3), np.uint8)
    write_frames(tmp_path / "frames", [black] * 2, pattern="%04d.jpg", first=1, quality=95)
    tracking = Tracking(screen, tmp_path / "frames", tmp_path / "boxes.csv")
    tracking.process.send_signal(number)
    found, told = tracking.ended()
    assert found == code and "Traceback" not in told, told
