"""Videos whose picture changes its size inside a window: every frame at its own time."""

import subprocess

import imageio_ffmpeg
import numpy as np
import pytest

from chromatrack.video.cut import count_frames, cut_clip
from chromatrack.video.decode import read_frames
from tests.videos import make_video, shown

CODECS = {"libx264": ".ts", "libvpx-vp9": ".webm"}


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize(("start", "end"), [(1, 3), (0, 4), (2.4, 3.6)])
def test_times_and_frames_are_those_of_the_window(tmp_path, codec, start, end):
    suffix = CODECS[codec]
    for name, size in (("small", (80, 48)), ("large", (160, 96))):
        make_video(tmp_path / f"{name}{suffix}", frames=50, size=size, codec=codec)
    (tmp_path / "list.txt").write_text(f"file 'small{suffix}'\nfile 'large{suffix}'\n")
    whole = tmp_path / f"whole{suffix}"
    join = ["-y", "-loglevel", "error", "-f", "concat", "-i", tmp_path / "list.txt", "-c", "copy"]
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), *join, whole], check=True, timeout=60)
    clip = tmp_path / "clip.mp4"
    facts = cut_clip(whole, clip, start=start, end=end, quality=10)
    frames = round(25 * end) - round(25 * start)
    assert (facts.frames, facts.ordered) == (frames, True)
    assert facts.seconds == pytest.approx(end - start, abs=0.002)
    assert count_frames(clip) == facts
    numbers, times = shown(clip)
    assert numbers == [number % 50 for number in range(round(25 * start), round(25 * end))]
    np.testing.assert_allclose(times, np.arange(frames) / 25, atol=0.002)
    assert {image.shape for image in read_frames(clip)} == {next(read_frames(clip)).shape}
