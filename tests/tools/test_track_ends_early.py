"""`chromatrack track` that ends early: what is kept, and what is told before it begins."""

import json
import os
import re
import signal
import sys
import time
from pathlib import Path

import av
import numpy as np
import pytest

from chromatrack.cli.main import main
from chromatrack.data.images import write_frames
from chromatrack.errors import InputError
from chromatrack.signals import ENDING, told_as_interrupts
from chromatrack.stages.tools.side_by_side import SideBySide
from chromatrack.tracking.together import Together
from tests.tools.test_full_disk import limit
from tests.tools.tracked import BOX, rows_of, track
from tests.videos import make_video


def cut(video, target):
    """A copy of a video whose last quarter is not there."""
    content = video.read_bytes()
    target.write_bytes(content[: len(content) * 3 // 4])
    return target


def test_what_was_tracked_before_damage_is_kept(made, tmp_path, capsys):
    whole = make_video(tmp_path / "w.mkv", frames=120)
    torn = cut(whole, tmp_path / "torn.mkv")
    outputs = [tmp_path / "o.csv", tmp_path / "o.mp4"]
    call = ["track", str(torn), "--tracker", "mosse", "--box", "10,10,24,24"]
    code = main([*call, "--output", str(outputs[0]), "--video", str(outputs[1])])
    told = capsys.readouterr()
    assert code == 2 and "torn.mkv: " in told.err.splitlines()[-1]
    rows = rows_of(outputs[0])
    assert 2 <= len(rows) < 120 and f"{len(rows)} frames" in told.out
    assert "before it stopped" in told.out
    with av.open(str(outputs[1])) as container:
        assert sum(1 for _ in container.decode(video=0)) == len(rows)


class Falls:
    """A tracker that fails in the fifth frame."""

    score, lost = 0.25, True

    def __init__(self, after=4):
        self.after = after

    def init(self, image, box): ...

    def update(self, image):
        self.after -= 1
        if self.after == 0:
            raise ZeroDivisionError("by zero")
        return [1, 2, 3, 4]


def test_a_class_of_ones_own_says_its_score_and_what_it_found_is_kept(made, tmp_path, capsys):
    output = tmp_path / "o.csv"
    call = [
        "track",
        str(made / "v.mp4"),
        "--tracker",
        "tests.tools.test_track_ends_early:Falls",
        "--box",
        BOX,
    ]
    assert main([*call, "--output", str(output)]) == 1
    assert (
        "frame 4: tracker tests.tools.test_track_ends_early:Falls: update failed (ZeroDivisionError"
        in (capsys.readouterr().err)
    )
    rows = rows_of(output)
    assert len(rows) == 4 and (rows[1]["score"], rows[1]["lost"]) == ("0.25", "1")
    output.unlink()
    video = tmp_path / "o.mp4"
    early = [*call, "--option", "after=1", "--video", str(video)]
    assert main([*early, "--output", str(output)]) == 1
    assert len(rows_of(output)) == 1 and video.exists(), "the first frame is kept, too"
    assert main([*call[:3], "kcf", *call[4:], "--option", "a=1", "--output", str(output)]) == 2
    assert "kcf has none" in capsys.readouterr().err


class FallsSaying(Falls):
    """A tracker whose `score` or `lost` fails, or is no number, in the fifth frame."""

    def __init__(self, what):
        super().__init__(after=5)
        self.what = what

    def update(self, image):
        self.after -= 1
        return [1, 2, 3, 4]

    @property
    def score(self):
        if self.after == 1 and self.what == "score":
            raise RuntimeError("later")
        return float("inf") if self.after == 1 and self.what == "infinite" else 0.5

    @property
    def lost(self):
        if self.after == 1 and self.what == "lost":
            raise RuntimeError("later")
        return False


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("score", "score failed (RuntimeError: later)"),
        ("lost", "lost failed (RuntimeError: later)"),
        ("infinite", "expected a number in score, got inf"),
    ],
)
def test_what_a_class_says_beside_its_box_may_fail_too(made, tmp_path, capsys, what, said):
    outputs = [tmp_path / "o.csv", tmp_path / "o.json"]
    call = ["track", str(made / "v.mp4"), "--box", BOX, "--option", f"what={what}"]
    call += ["--tracker", "tests.tools.test_track_ends_early:FallsSaying"]
    assert main([*call, *(part for path in outputs for part in ("--output", str(path)))]) == 1
    assert f"frame 4: tracker tests.tools.test_track_ends_early:FallsSaying: {said}" in (
        capsys.readouterr().err
    )
    assert len(rows_of(outputs[0])) == 4
    assert len(json.loads(outputs[1].read_text())["tracks"][0]["frames"]) == 4


ODD = {
    "nan": [1, 2, float("nan"), 4], "negative": [1, 2, -3, 4], "zero": [1, 2, 3, 0],
    "none": None, "few": [1, 2, 3], "words": "a box", "exit": sys.exit,
}  # fmt: skip


class Odd(Falls):
    """A tracker that gives something else than a box in a later frame."""

    def __init__(self, what, after=4):
        super().__init__(after)
        self.what = ODD[what]

    def update(self, image):
        self.after -= 1
        if self.after:
            return [1, 2, 3, 4]
        return self.what(3) if callable(self.what) else self.what


@pytest.mark.parametrize("after", [1, 4])
@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("nan", "expected numbers from update, got [1, 2, nan, 4]"),
        ("negative", "expected a box of positive width and height, got 1,2,-3,4"),
        ("zero", "expected a box of positive width and height, got 1,2,3,0"),
        ("none", "expected left, top, width, height from update, got None"),
        ("few", "expected left, top, width, height from update, got [1, 2, 3]"),
        ("words", "expected left, top, width, height from update, got 'a box'"),
        ("exit", "update failed (SystemExit: 3)"),
    ],
)
def test_what_is_no_box_is_one_sentence_and_the_frames_before_are_kept(
    made, tmp_path, capsys, what, said, after
):
    output, name = tmp_path / "o.csv", "tests.tools.test_track_ends_early:Odd"
    call = ["track", str(made / "v.mp4"), "--tracker", name, "--box", BOX, "--from", "2",
            "--option", f"what={what}", "--option", f"after={after}"]  # fmt: skip
    assert main([*call, "--output", str(output)]) == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == f"chromatrack track: frame {2 + after}: tracker {name}: {said}"
    assert [row["frame"] for row in rows_of(output)] == [str(2 + n) for n in range(after)]


@pytest.mark.parametrize("kind", [InputError, OSError, MemoryError])
def test_every_error_has_the_number_of_its_frame(made, tmp_path, monkeypatch, capsys, kind):
    update = Together.update
    left = iter(range(4))

    def fails(self, image):
        if next(left, None) is None:
            raise kind("something is wrong")
        return update(self, image)

    monkeypatch.setattr(Together, "update", fails)
    assert track(made, "--box", BOX, "--output", str(tmp_path / "o.csv"), "--from", "1") != 0
    assert "chromatrack track: frame 6: something is wrong" in capsys.readouterr().err


@pytest.fixture
def interruptible():
    """Ctrl-C is ignored in whatever a shell put into the background, SIGHUP under nohup."""
    usual = {signal.SIGINT: signal.default_int_handler, **dict.fromkeys(ENDING, signal.SIG_DFL)}
    before = {number: signal.signal(number, handler) for number, handler in usual.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


class Interrupted(Falls):
    """A tracker during whose fifth frame somebody presses Ctrl-C, or sends another signal."""

    def __init__(self, number=int(signal.SIGINT)):
        super().__init__()
        self.number = number

    def update(self, image):
        self.after -= 1
        if self.after == 0:
            os.kill(os.getpid(), self.number)
            time.sleep(5)
        return [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("number", "code", "said"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "ended by SIGTERM"),
     (signal.SIGHUP, 129, "ended by SIGHUP")],
)  # fmt: skip
def test_an_interrupt_keeps_what_was_tracked(
    made, tmp_path, capsys, interruptible, number, code, said
):
    output, video = tmp_path / "o.csv", tmp_path / "o.mp4"
    name = "tests.tools.test_track_ends_early:Interrupted"
    call = ["track", str(made / "v.mp4"), "--tracker", name, "--box", BOX, "--video", str(video)]
    assert main([*call, "--option", f"number={int(number)}", "--output", str(output)]) == code
    told = capsys.readouterr()
    assert told.err.splitlines()[-1].endswith(said) and "before it stopped" in told.out
    assert len(rows_of(output)) == 4 and sorted(os.listdir(tmp_path)) == ["o.csv", "o.mp4"]
    with av.open(str(video)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 4


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
def test_a_second_interrupt_does_not_disturb_what_the_first_began(
    made, tmp_path, monkeypatch, interruptible, first
):
    finish, output, video = SideBySide.finish, tmp_path / "o.csv", tmp_path / "o.mp4"

    def pressed_again(outputs):
        os.kill(os.getpid(), signal.SIGINT)
        finish(outputs)
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(SideBySide, "finish", pressed_again)
    call = ["track", str(made / "v.mp4"), "--box", BOX, "--video", str(video)]
    call += ["--tracker", "tests.tools.test_track_ends_early:Interrupted"]
    call += ["--option", f"number={int(first)}", "--output", str(output)]
    assert main(call) == 128 + first
    assert len(rows_of(output)) == 4 and video.exists()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_later_interrupt_ends_what_the_first_began(interruptible, monkeypatch):
    now = iter([0.0, 0.0, 1.0, 10.0, 10.0])
    monkeypatch.setattr("chromatrack.signals.time.monotonic", lambda: next(now))
    with told_as_interrupts():
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_an_interrupt_before_the_command_is_known_is_a_sentence(monkeypatch, capsys):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr("chromatrack.cli.main.build_parser", interrupted)
    assert main(["track", "v.mp4"]) == 130
    assert capsys.readouterr().err == "chromatrack: interrupted\n"


def test_a_full_disk_for_the_video_keeps_the_boxes(made, tmp_path, monkeypatch, capsys):
    from chromatrack.errors import UnwritableError
    from chromatrack.streams import Sink

    checks = []

    def fails(self):
        checks.append(self)
        if len(checks) > 5:
            raise UnwritableError(f"{self.name}: cannot be written (No space left on device)")

    monkeypatch.setattr(Sink, "check", fails)
    output, video = tmp_path / "o.csv", tmp_path / "o.mp4"
    call = ["track", str(made / "v.mp4"), "--tracker", "mosse", "--box", BOX]
    assert main([*call, "--output", str(output), "--video", str(video)]) == 1
    assert "No space left" in capsys.readouterr().err
    assert len(rows_of(output)) >= 5 and not video.exists()


def noisy_frames(folder, *, count):
    """A folder of frames whose video is large."""
    noise = np.random.default_rng(0).integers(0, 256, (count, 96, 128, 3)).astype(np.uint8)
    write_frames(folder, noise, pattern="%05d.png", first=0, quality=95)
    return folder


def test_what_is_said_to_be_kept_is_there(tmp_path, monkeypatch, capsys):
    """A limit on the size of files: the video fails in the middle, the boxes do not."""
    frames = noisy_frames(tmp_path / "frames", count=24)
    monkeypatch.chdir(tmp_path)
    outputs = ["--output", "f.csv", "--output", "f.json", "--video", "f.mp4"]
    with limit(20_000):
        code = main(["track", str(frames), "--tracker", "kcf", "--box", BOX, *outputs])
    told = capsys.readouterr()
    assert code == 1
    assert "24 frames, 1 target in f.csv, f.json; " in told.out
    last = told.err.splitlines()[-1]
    assert re.search(r": frame \d+: f.mp4: cannot be written \(File too large\)$", last)
    assert len(rows_of("f.csv")) == 24 and json.loads(Path("f.json").read_text())["complete"]
    assert sorted(os.listdir()) == ["f.csv", "f.json", "frames"]


def test_boxes_that_cannot_be_written_take_no_others_with_them(tmp_path, monkeypatch, capsys):
    frames = noisy_frames(tmp_path / "frames", count=24)
    monkeypatch.chdir(tmp_path)
    outputs = ["--output", "f.csv", "--output", "f.json", "--output", "f.txt"]
    with limit(1000):
        code = main(["track", str(frames), "--tracker", "kcf", "--box", BOX, *outputs])
    told = capsys.readouterr()
    assert code == 1 and "24 frames, 1 target in f.txt; " in told.out
    last = told.err.splitlines()[-1]
    assert "f.csv: cannot be written (File too large); f.json: cannot be" in last
    assert sorted(os.listdir()) == ["f.txt", "frames"]


@pytest.mark.parametrize(
    "outputs",
    [
        ["--output", "uu.csv", "--output", "locked/m.csv"],
        ["--output", "uu.csv", "--video", "locked/new/m.mp4"],
        ["--output", "uu.csv", "--show-scores", "locked/scores"],
    ],
)
def test_what_cannot_be_written_is_told_before_the_first_frame(
    made, tmp_path, monkeypatch, capsys, outputs
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "locked").write_text("a file where a folder has to be")
    monkeypatch.setattr(Together, "init", lambda *_: pytest.fail("a frame was looked at"))
    assert track(made, "--box", BOX, *outputs) == 1
    said = capsys.readouterr().err
    assert "locked" in said and "cannot be written (Not a directory)" in said
    assert os.listdir() == ["locked"]


def test_a_disk_that_is_full_from_the_start_is_told_before_the_first_frame(
    made, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(Together, "init", lambda *_: pytest.fail("a frame was looked at"))
    with limit(0):
        assert track(made, "--box", BOX, "--output", str(tmp_path / "new" / "o.csv")) == 1
    assert "o.csv: cannot be written (File too large)" in capsys.readouterr().err
    assert not any(tmp_path.iterdir())
