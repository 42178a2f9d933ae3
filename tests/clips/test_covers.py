"""Promises of streams: the video is what moves, whatever stands before it."""

import subprocess

import av
import imageio_ffmpeg
import numpy as np
import pytest

from chromatrack.cli.main import main
from chromatrack.data.kinetics import ClipRow, write_clip_list
from chromatrack.errors import InputError, WorkError
from chromatrack.fetch.ledger import read_ledger
from chromatrack.labels.clip import decode_clip
from chromatrack.settings import ClipSettings, LabelSettings, SourceSettings, to_json
from chromatrack.stages.clips.fetch import fetch_shard
from chromatrack.video.cut import count_frames, cut_clip
from chromatrack.video.decode import read_frames
from chromatrack.video.footage import open_footage
from chromatrack.video.missing import what_is_missing
from chromatrack.video.opened import open_video
from tests.videos import make_streams, make_video

GREYS = list(range(0, 200, 10))


def greys(path):
    return [round(float(frame.mean()) / 10) * 10 for frame in read_frames(path)]


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "mov", "avi"])
@pytest.mark.parametrize("sound", [False, True])
@pytest.mark.parametrize("marked", [False, True])
def test_a_cover_before_the_video_is_passed_over(tmp_path, suffix, sound, marked):
    streams = ["cover", "video", *(["sound"] if sound else [])]
    path = make_streams(tmp_path / f"cover.{suffix}", streams, marked=marked)
    if not marked:
        with av.open(str(path)) as container:
            assert container.streams.video[0].codec_context.name == "mjpeg"
    assert greys(path) == GREYS
    assert open_footage(path).rate == 25
    whole = count_frames(path)
    assert (whole.frames, whole.width, whole.height, whole.damaged) == (20, 64, 48, 0)
    assert what_is_missing(path, whole) == ""
    assert decode_clip(path, LabelSettings(size=32, frame_stride=1)).luma_lengths.shape == (20,)
    facts = cut_clip(path, tmp_path / "clip.mp4", start=0.2, end=0.6, quality=10)
    assert (facts.frames, what_is_missing(path, facts, start=0.2, end=0.6)) == (10, "")
    if suffix != "avi":  # its clock begins when its sound does
        assert greys(tmp_path / "clip.mp4") == GREYS[5:15]


def remuxed(path, *words):
    """What FFmpeg makes of these inputs and options."""
    call = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-y", *map(str, words)]
    subprocess.run([*call, str(path)], check=True, timeout=60, stdin=subprocess.DEVNULL)
    return path


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "mov", "ts"])
def test_a_video_behind_its_sound_is_there_to_its_last_frame(tmp_path, suffix):
    """With frames that wait for later ones: the decoder has to be told that no more comes."""
    video = make_video(tmp_path / "v.mp4", frames=20)
    path = remuxed(
        tmp_path / f"behind.{suffix}", "-f", "lavfi", "-i", "sine=d=0.8", "-i", video,
        "-map", "0:a", "-map", "1:v", "-c:v", "copy",
    )  # fmt: skip
    with av.open(str(path)) as container:
        assert container.streams[0].type == "audio"
    assert len(list(read_frames(path))) == 20
    whole = count_frames(path)
    assert (whole.frames, what_is_missing(path, whole)) == (20, "")
    assert decode_clip(path, LabelSettings(size=32, frame_stride=1)).luma_lengths.shape == (20,)


def test_a_flash_video_is_as_long_as_it_says(tmp_path):
    """Its clock begins later than 0 where frames wait, and its end is told on that clock."""
    video = make_video(tmp_path / "v.mp4", frames=20)
    path = remuxed(tmp_path / "v.flv", "-i", video, "-c", "copy")
    whole = count_frames(path)
    assert (whole.frames, what_is_missing(path, whole)) == (20, "")
    (tmp_path / "cut.flv").write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    cut = count_frames(tmp_path / "cut.flv")
    assert "the file ends at" in what_is_missing(tmp_path / "cut.flv", cut)


def test_a_picture_in_a_video_s_codec_is_passed_over(tmp_path):
    picture = make_video(tmp_path / "p.mp4", frames=1)
    video = make_video(tmp_path / "v.mp4", frames=20)
    path = remuxed(
        tmp_path / "two.mp4", "-i", picture, "-i", video, "-map", "0:v", "-map", "1:v", "-c", "copy"
    )
    assert len(list(read_frames(path))) == 20
    assert cut_clip(path, tmp_path / "clip.mp4", start=0, end=0.8, quality=10).frames == 20


def test_of_two_videos_the_first_counts_and_pictures_alone_are_a_video(tmp_path):
    """Motion JPEG is a video like any other where it has no real video beside it."""
    path = tmp_path / "pictures.avi"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        sound = container.add_stream("aac", rate=44100, layout="mono")
        for value in GREYS:
            grey = np.full((48, 64, 3), value, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        container.mux(stream.encode())
        container.mux(sound.encode())
    assert greys(path) == GREYS


@pytest.mark.parametrize(
    ("streams", "marked", "suffix", "said"),
    [(["sound"], False, "mov", "holds sound, but no video"),
     (["sound"], False, "mkv", "holds sound, but no video"),
     (["cover", "sound"], True, "mov", "holds sound"),
     (["cover", "sound"], True, "mp4", "holds sound and a cover picture, but no video"),
     (["cover", "sound"], False, "mp4", "holds sound and a cover picture, but no video"),
     (["cover", "sound"], False, "mkv", "holds sound and a cover picture, but no video"),
     (["sound", "cover"], False, "avi", "holds sound and a cover picture, but no video")],
)  # fmt: skip
def test_sound_with_a_cover_is_no_video(tmp_path, capsys, streams, marked, suffix, said):
    folder = tmp_path / "site"
    folder.mkdir()
    path = make_streams(folder / f"-song.{suffix}", streams, marked=marked)
    with pytest.raises(InputError, match=f"-song.*: {said}"):
        list(read_frames(path))
    with pytest.raises(InputError, match=said):
        open_footage(path)
    with pytest.raises(WorkError, match=said):
        cut_clip(path, tmp_path / "clip.mp4", start=0, end=1, quality=18)
    write_clip_list(tmp_path / "shard.csv", [ClipRow("", "-song", 0.0, 1.0, "")])
    settings = ClipSettings(source=SourceSettings(kind="folder", folder=str(folder)))
    fetch_shard(tmp_path / "shard.csv", tmp_path / "c", tmp_path / "l.csv", settings=settings)
    (entry,) = read_ledger(tmp_path / "l.csv").itertuples()
    assert (entry.status, entry.permanent) == ("corrupt", False)
    assert said in entry.message


def test_a_ready_clip_with_a_cover_is_good_and_one_of_sound_is_told(tmp_path):
    folder = tmp_path / "ready"
    folder.mkdir()
    make_streams(folder / "good_000000_000001.mp4", ["cover", "video", "sound"], frames=25)
    make_streams(folder / "song_000000_000001.mp4", ["cover", "sound"], frames=25)
    rows = [ClipRow("", name, 0.0, 1.0, "") for name in ("good", "song")]
    write_clip_list(tmp_path / "shard.csv", rows)
    source = SourceSettings(kind="clips", folder=str(folder), index=str(tmp_path / "index"))
    arguments = ["fetch", f"--shard={tmp_path / 'shard.csv'}", f"--clips={tmp_path / 'clips'}",
                 f"--ledger={tmp_path / 'l.csv'}",
                 "--settings", to_json(ClipSettings(source=source))]  # fmt: skip
    assert main(arguments) == 0
    good, song = read_ledger(tmp_path / "l.csv").itertuples()
    assert (good.status, good.frames, good.width, good.height) == ("done", 25, 64, 48)
    assert song.status == "corrupt"
    assert song.message == "holds sound and a cover picture, but no video"


def test_the_stream_that_is_chosen_decodes_alone(tmp_path):
    path = make_streams(tmp_path / "cover.mp4", ["cover", "video", "sound"])
    with open_video(path) as video:
        assert (video.stream.index, video.stream.codec_context.name) == (1, "h264")
        assert {packet.stream.index for packet in video.packets()} == {1}
