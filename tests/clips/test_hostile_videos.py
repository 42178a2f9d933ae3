"""Promises of reading videos that are damaged or odd: the right frames, or one sentence.

`CHROMATRACK_MUTATIONS=1500` makes as many mutations per container as the bar asks for and prints
what came of them (`pytest -s`); what a lossy codec decodes without noticing cannot be told.
"""

import os
import random
import time
from collections import Counter

import av
import numpy as np
import pytest

from chromatrack.cli.main import main
from chromatrack.errors import InputError, WorkError
from chromatrack.labels.clip import decode_clip
from chromatrack.settings import LabelSettings
from chromatrack.video import write
from chromatrack.video.cut import NOTHING, count_frames, cut_clip
from chromatrack.video.decode import read_frames
from chromatrack.video.footage import open_footage
from chromatrack.video.missing import what_is_missing
from tests.videos import declare, make_video, moving_colours, shown, write_video

MUTATIONS = int(os.environ.get("CHROMATRACK_MUTATIONS", "120"))
FRAMES = 30
PATIENCE = 20.0
"""Seconds that reading a file of 30 small frames may take, on a busy machine."""


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    """One video per container: name -> its bytes."""
    folder = tmp_path_factory.mktemp("videos")
    for suffix in ("mp4", "mov", "mkv", "ts"):
        write_video(folder / f"video.{suffix}", moving_colours(FRAMES))
    make_video(folder / "video.webm", frames=FRAMES, codec="libvpx")
    make_video(folder / "video.avi", frames=FRAMES, codec="mpeg4")
    write_video(folder / "plain.mp4", moving_colours(FRAMES))
    declare(folder / "plain.mp4", folder / "phone.mp4", degrees=90)
    cut_clip(folder / "plain.mp4", folder / "faststart.mp4", start=0, end=9, quality=10)
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def flip(data, chance):
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def scatter(data, chance):
    for _ in range(20):
        data[chance.randrange(len(data))] = chance.randrange(256)


def cut_tail(data, chance):
    del data[chance.randrange(len(data)) :]


def blank(data, chance):
    start = chance.randrange(len(data))
    data[start : start + 200] = bytes(len(data[start : start + 200]))


def insert(data, chance):
    place = chance.randrange(len(data))
    data[place:place] = bytes(chance.randrange(1, 50))


def change_header(data, chance):
    data[chance.randrange(min(len(data), 600))] = chance.randrange(256)


DAMAGES = (flip, scatter, cut_tail, blank, insert, change_header)


def outcome(path):
    """Frames that a file gives, or 0 and the sentence; checked to be one that names the file."""
    try:
        return sum(1 for _ in read_frames(path)), ""
    except InputError as error:
        said = str(error)
        assert said.startswith(f"{path}: ") and "\n" not in said and len(said) < 400
        return 0, said


@pytest.mark.parametrize(
    "name", ["video.mp4", "phone.mp4", "faststart.mp4", "video.mov", "video.mkv", "video.webm",
             "video.avi", "video.ts"],
)  # fmt: skip
def test_mutations_give_frames_or_one_sentence(videos, tmp_path, name):
    chance, counts = random.Random(name), Counter()
    for _ in range(MUTATIONS):
        damage = chance.choice(DAMAGES)
        data = bytearray(videos[name])
        damage(data, chance)
        path = tmp_path / name
        path.write_bytes(data)
        began = time.monotonic()
        frames, said = outcome(path)
        facts = count_frames(path)
        fault = what_is_missing(path, facts)
        assert time.monotonic() - began < PATIENCE
        assert frames <= FRAMES + 3  # no frame is made up but by a clock that was damaged
        if not said:  # both ways to read it agree, or the check is the stricter one
            assert facts.frames == frames
        assert "\n" not in fault
        whole = "all frames" if frames == FRAMES else "fewer frames"
        counts["one sentence" if said else whole] += 1
    print(f"\n{name}: {MUTATIONS} mutations, 0 tracebacks: {dict(counts)}")
    assert counts["fewer frames"] <= 0.05 * MUTATIONS  # what no container tells, such as TS


@pytest.mark.parametrize("name", ["video.mp4", "faststart.mp4", "video.mkv", "video.mov"])
def test_a_tail_that_is_cut_off_is_always_said(videos, tmp_path, name):
    """Up to the last two frames; those of Matroska's index at the end are no frames."""
    data, path = videos[name], tmp_path / name
    for tenths in range(9):
        path.write_bytes(data[: len(data) * tenths // 10])
        frames, said = outcome(path)
        assert frames == 0 and said
        with pytest.raises(InputError, match=name):
            decode_clip(path, LabelSettings(size=32, frame_stride=1))


def test_nothing_is_left_of_a_damaged_video(videos, tmp_path):
    """Also where the frames before the damage were good."""
    path, out = tmp_path / "-short.mkv", tmp_path / "out.mkv"
    path.write_bytes(videos["video.mkv"][: len(videos["video.mkv"]) // 2])
    with pytest.raises(InputError, match=r"-short\.mkv: (cut short|damaged)"):
        write.write_video(out, read_frames(path), width=96, height=80, fps=25, quality=18)
    assert sorted(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("content", [b"", b"\0", b"\0" * 5000, b"<html>no</html>", b"GIF89a"])
@pytest.mark.parametrize("suffix", ["mp4", "mkv", "avi", "jpg", "txt", ""])
def test_what_is_no_video_is_one_sentence(tmp_path, content, suffix):
    path = tmp_path / (f"odd.{suffix}" if suffix else "odd")
    path.write_bytes(content)
    assert outcome(path)[1]
    assert count_frames(path) == NOTHING
    with pytest.raises(InputError, match="odd"):
        open_footage(path)
    with pytest.raises(WorkError):
        cut_clip(path, tmp_path / "clip.mp4", start=0, end=1, quality=18)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", ["txt", "nfo", "asc", "ans", "diz"])
def test_text_is_no_video_although_ffmpeg_paints_it(tmp_path, capsys, suffix):
    path = tmp_path / f"boxes.{suffix}"
    path.write_text("31,21,24,20\n" * 400)
    assert outcome(path)[1] == f"{path}: is text, not a video" and count_frames(path) == NOTHING
    with pytest.raises(WorkError, match="is text, not a video"):
        cut_clip(path, tmp_path / "clip.mp4", start=0, end=1, quality=18)
    call = ["--tracker", "kcf", "--box", "3,3,20,20", "--output", str(tmp_path / "o.csv")]
    assert main(["track", str(path), *call]) == 2
    assert capsys.readouterr().err == f"chromatrack track: {path}: is text, not a video\n"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "avi", "ts", "jpg", "png", "txt", "csv", ""])
def test_a_wrong_suffix_changes_nothing(videos, tmp_path, suffix):
    for name in ("video.mp4", "video.mkv", "video.webm", "video.ts"):
        path = tmp_path / (f"odd.{suffix}" if suffix else "odd")
        path.write_bytes(videos[name])
        assert outcome(path) == (FRAMES, "")
        facts = cut_clip(path, tmp_path / "clip.mp4", start=0.2, end=0.6, quality=18)
        assert (facts.frames, what_is_missing(path, facts, start=0.2, end=0.6)) == (10, "")


@pytest.mark.parametrize(
    "name", ["-i.mp4", "%d.mp4", "concat:a|b.mp4", "a'b\"$(id);.mp4", "new\nline.mp4", "\udcff.mp4"]
)
def test_a_name_is_only_a_name(videos, tmp_path, name):
    path = tmp_path / name
    path.write_bytes(videos["video.mp4"])
    assert sum(1 for _ in read_frames(path)) == FRAMES
    assert count_frames(path).frames == FRAMES
    assert cut_clip(path, tmp_path / "clip.mp4", start=0, end=0.4, quality=18).frames == 10


def test_a_variable_frame_rate_gives_every_frame_once(tmp_path):
    times = np.cumsum([0.02 + 0.06 * (i % 3) for i in range(60)]).round(3).tolist()
    for suffix in ("mkv", "mp4"):
        path = make_video(tmp_path / f"vfr.{suffix}", frames=60, times=times)
        assert outcome(path) == (60, "")
        assert shown(path)[0] == list(range(60))


@pytest.mark.parametrize("size", [(81, 49), (33, 17), (2, 2), (1, 1), (64, 1)])
def test_odd_sizes(tmp_path, size):
    path = tmp_path / "odd.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height = size
        stream.pix_fmt = "bgr0"
        for value in range(0, 250, 50):
            grey = np.full((size[1], size[0], 3), value, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        container.mux(stream.encode())
    frames = list(read_frames(path))
    assert [frame.shape for frame in frames] == [(size[1], size[0], 3)] * 5
    assert [int(frame.max()) for frame in frames] == [0, 50, 100, 150, 200]
    if min(size) > 1:
        facts = cut_clip(path, tmp_path / "clip.mp4", start=0, end=1, quality=18)
        assert (facts.width, facts.height) == (size[0] // 2 * 2, size[1] // 2 * 2)
    else:  # H.264 has no such frame
        with pytest.raises(WorkError, match="FFmpeg cannot cut the video"):
            cut_clip(path, tmp_path / "clip.mp4", start=0, end=1, quality=18)
        assert list(tmp_path.iterdir()) == [path]
