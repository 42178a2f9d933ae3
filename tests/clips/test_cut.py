"""Promises of cutting: exactly the frames of a window, and nothing less passes for all of them."""

import os
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from chromatrack.data.kinetics import read_clip_list
from chromatrack.errors import WorkError
from chromatrack.video import cut
from chromatrack.video.cut import NOTHING, count_frames, cut_clip
from chromatrack.video.missing import what_is_missing
from tests.videos import make_video, shown


@pytest.fixture(scope="module")
def long_video(tmp_path_factory):
    """14 s at 25 fps with a key frame every 60 frames."""
    return make_video(tmp_path_factory.mktemp("video") / "-long.mp4", frames=350)


def test_ten_seconds_at_25_fps_are_the_250_frames_of_the_window(long_video, tmp_path):
    clip = tmp_path / "clip.mp4"
    facts = cut_clip(long_video, clip, start=3, end=13, quality=18)
    assert (facts.frames, facts.seconds, facts.width, facts.height) == (250, 10.0, 80, 48)
    numbers, times = shown(clip)
    assert numbers == list(range(75, 325))
    assert times[0] == 0
    assert facts == count_frames(clip)


@pytest.mark.parametrize(("start", "end"), [(0, 1), (1.29, 2.71), (2.4, 2.44), (0.5, 9.99)])
def test_a_window_holds_exactly_the_frames_shown_in_it(long_video, tmp_path, start, end):
    cut_clip(long_video, tmp_path / "clip.mp4", start=start, end=end, quality=18)
    expected = [index for index in range(350) if start <= index / 25 < end]
    assert shown(tmp_path / "clip.mp4")[0] == expected


def test_a_variable_frame_rate_is_kept(tmp_path):
    times = np.cumsum([0.02 + 0.06 * (i % 3) for i in range(120)]).round(3).tolist()
    source = make_video(tmp_path / "vfr.mkv", frames=120, times=times)
    cut_clip(source, tmp_path / "clip.mp4", start=4, end=7, quality=18)
    inside = [index for index in range(120) if 4 <= times[index] - times[0] < 7]
    numbers, clip_times = shown(tmp_path / "clip.mp4")
    assert numbers == inside
    steps = np.diff([times[index] for index in inside])
    np.testing.assert_allclose(np.diff(clip_times), steps, atol=0.002)


def test_odd_sizes_lose_one_line(tmp_path):
    source = make_video(tmp_path / "odd.mkv", frames=30, size=(81, 49))
    facts = cut_clip(source, tmp_path / "clip.mp4", start=0, end=10, quality=18)
    assert (facts.frames, facts.width, facts.height) == (30, 80, 48)


def test_a_short_video_gives_what_there_is_and_beyond_its_end_nothing(long_video, tmp_path):
    assert cut_clip(long_video, tmp_path / "a.mp4", start=10, end=20, quality=18).frames == 100
    assert cut_clip(long_video, tmp_path / "b.mp4", start=20, end=30, quality=18) == NOTHING
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


def test_equal_input_gives_equal_bytes_and_names_are_only_names(long_video, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plain, odd = Path("clip.mp4"), Path("-y concat:$(id);'%d.mp4")
    source = Path("-i.mp4")
    source.write_bytes(long_video.read_bytes())
    for target in (plain, odd):
        cut_clip(source, target, start=1, end=2, quality=18)
    assert plain.read_bytes() == odd.read_bytes()
    assert sorted(os.listdir()) == sorted([str(plain), str(odd), str(source)])


def test_what_is_no_video_is_said_to_be_none(tmp_path):
    source = tmp_path / "page.mp4"
    source.write_text("<html>not found</html>")
    with pytest.raises(WorkError, match="no video"):
        cut_clip(source, tmp_path / "clip.mp4", start=0, end=10, quality=18)
    assert count_frames(source) == NOTHING
    assert not (tmp_path / "clip.mp4").exists()


def packets(path):
    with av.open(str(path.absolute())) as container:
        return [packet for packet in container.demux(video=0) if packet.size]


def test_a_clip_has_no_hidden_lead_in(long_video, tmp_path):
    """Neither packets that an edit list hides, nor other frames for a decoder that ignores it."""
    clip = tmp_path / "clip.mp4"
    cut_clip(long_video, clip, start=3, end=13, quality=18)
    found = packets(clip)
    assert len(found) == 250
    assert not any(packet.is_discard for packet in found)
    assert min(packet.pts for packet in found) == 0
    reader = cv2.VideoCapture(str(clip))
    count = 0
    while reader.read()[0]:
        count += 1
    assert count == 250


def test_a_retimed_video_is_cut_by_the_times_it_shows(long_video, tmp_path):
    """The same frames at half speed, without encoding them again: 12.5 frames a second."""
    slow = tmp_path / "slow.mp4"
    with av.open(str(long_video)) as source, av.open(str(slow), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.pts, packet.dts, packet.duration = (
                    2 * packet.pts, 2 * packet.dts, 2 * packet.duration)  # fmt: skip
                packet.stream = stream
                target.mux(packet)
    facts = cut_clip(slow, tmp_path / "clip.mp4", start=4, end=14, quality=18)
    numbers, times = shown(tmp_path / "clip.mp4")
    assert numbers == list(range(50, 175))
    np.testing.assert_allclose(np.diff(times), 0.08, atol=1e-6)
    assert facts.seconds == pytest.approx(10.0, abs=1e-3)
    assert what_is_missing(slow, facts, start=4, end=14) == ""


def cut_short(path, folder, part):
    """The first part of a file's bytes, as a broken download leaves them."""
    data = path.read_bytes()
    short = folder / f"short{path.suffix}"
    short.write_bytes(data[: int(len(data) * part)])
    return short


def test_a_download_that_ended_early_is_told_from_a_short_video(long_video, tmp_path):
    faststart = tmp_path / "faststart.mp4"  # the index comes first, as sites serve it
    cut_clip(long_video, faststart, start=0, end=14, quality=18)
    clip = tmp_path / "clip.mp4"

    def missing(source, start, end):
        facts = cut_clip(source, clip, start=start, end=end, quality=18)
        return what_is_missing(source, facts, start=start, end=end)

    assert missing(faststart, 10, 20) == ""  # 4 s of it, as the video ends there
    assert missing(faststart, 20, 30) == ""
    short = cut_short(faststart, tmp_path, 0.5)
    assert missing(short, 0, 2) == ""  # what is there is whole
    assert "of 14.00 s" in missing(short, 5, 15)
    assert "of 14.00 s" in missing(short, 12, 22)
    assert missing(short, 20, 30) == ""  # beyond the end, whatever was lost


def test_frames_that_do_not_decode_are_missing(long_video, tmp_path):
    damaged = tmp_path / "damaged.mp4"
    data = bytearray(long_video.read_bytes())
    for packet in packets(long_video)[100:200]:
        data[packet.pos : packet.pos + packet.size] = bytes(packet.size)
    damaged.write_bytes(data)
    facts = cut_clip(damaged, tmp_path / "clip.mp4", start=3, end=9, quality=18)
    assert "do not decode" in what_is_missing(damaged, facts, start=3, end=9)
    assert "do not decode" in what_is_missing(damaged, count_frames(damaged))


def test_ffmpeg_has_a_time_limit(long_video, tmp_path, monkeypatch):
    monkeypatch.setattr(cut, "_command", lambda *_, **__: ["sleep", "60"])
    with pytest.raises(WorkError, match="did not cut the video within"):
        cut_clip(long_video, tmp_path / "clip.mp4", start=0, end=0.05, quality=18, patience=-2)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.real_data
def test_real_videos_that_are_cut_short_never_pass_for_whole(real_data, tmp_path):
    """31 windows of the first 60 % of real videos: whole nevertheless, or said to be broken."""
    rows, _ = read_clip_list(real_data / "kinetics/mini_train.csv")
    clip, verdicts = tmp_path / "clip.mp4", []
    for row in rows:
        window = {"start": row.time_start, "end": row.time_end}
        for video in (real_data / "kinetics/source").glob(f"{row.youtube_id}.*"):
            short = cut_short(video, tmp_path, 0.6)
            try:
                facts = cut_clip(short, clip, **window, quality=51)
                verdicts.append(what_is_missing(short, facts, **window))
            except WorkError as error:
                verdicts.append(str(error))
            if not verdicts[-1]:
                assert facts.frames == cut_clip(video, clip, **window, quality=51).frames
    assert len(verdicts) == 31
    assert verdicts.count("") == 4  # their windows end early, or 40 % of the file is sound
