"""Reading every n-th frame without decoding all others: the same frames, or a refusal."""

import subprocess

import av
import imageio_ffmpeg
import numpy as np
import pandas as pd
import pytest

from chromatrack.errors import InputError
from chromatrack.labels.cache import LabelShard
from chromatrack.labels.clip import decode_clip
from chromatrack.settings import LabelSettings
from chromatrack.stages.labels.labels import label_shard, label_video
from chromatrack.video import decode, sparse
from chromatrack.video.cut import count_frames, cut_clip
from chromatrack.video.decode import read_frames
from chromatrack.video.sparse import every_nth
from chromatrack.video.write import write_video
from tests.labels.caches import write_ledger
from tests.videos import make_video, moving_colours

SETTINGS = LabelSettings(size=64, label_size=8, frame_stride=5)


@pytest.fixture
def clip(tmp_path):
    path = tmp_path / "clip.mp4"
    write_video(path, moving_colours(43), width=96, height=80, fps=25, quality=18)
    return path


def sparsely(path, *, stride):
    """By what the ledger of a clip says, which is how many frames decoding gives."""
    known = count_frames(path).frames
    return [frame.copy() for frame in read_frames(path, known=known, ahead=True, stride=stride)]


def all_of(path, *, stride):
    return [frame.copy() for frame in read_frames(path, stride=stride)]


def alone(path):
    """Bytes in the file of each packet that no other frame is made of: nal_ref_idc is 0."""
    places = []
    with av.open(str(path)) as container:
        for packet in container.demux(video=0):
            data, at = bytes(packet), 0
            kinds = []
            while at < len(data):
                kinds.append(data[at + 4])
                at += 4 + int.from_bytes(data[at : at + 4], "big")
            slices = [kind for kind in kinds if kind & 31 in (1, 5)]
            if slices and not any(kind >> 5 & 3 for kind in slices):
                places.append((packet.pts, packet.pos, packet.size))
    return places


def damage(path, places):
    """Fill packets with noise, all but where they begin."""
    data, random = bytearray(path.read_bytes()), np.random.default_rng(0)
    for begin, size in places:
        data[begin + 8 : begin + size] = random.bytes(size - 8)
    path.write_bytes(data)


@pytest.mark.parametrize("stride", [2, 3, 5, 42, 43, 50])
def test_the_frames_are_those_that_counting_gives(clip, stride):
    expected = all_of(clip, stride=stride)
    found = sparsely(clip, stride=stride)
    assert len(found) == len(expected) > 0
    assert all(np.array_equal(*pair) for pair in zip(found, expected, strict=True))


def test_frames_that_nothing_is_made_of_are_not_decoded(clip):
    """Filled with noise, they change nothing; decoding all frames notices."""
    stamps = sorted({packet.pts for packet in av.open(str(clip)).demux(video=0) if packet.size})
    spare = [place for place in alone(clip) if place[0] not in stamps[::5]]
    assert len(spare) > 5
    expected = decode_clip(clip, SETTINGS)
    frames = count_frames(clip).frames
    damage(clip, [place[1:] for place in spare])
    with pytest.raises(InputError, match=r"clip.mp4: damaged"):
        decode_clip(clip, SETTINGS)
    found = decode_clip(clip, SETTINGS, known=frames)
    np.testing.assert_array_equal(found.luma, expected.luma)
    np.testing.assert_array_equal(found.cells, expected.cells)


def test_a_shard_is_the_same_bytes(clip, tmp_path, monkeypatch):
    ledger = write_ledger(tmp_path / "ledger.csv", [clip])
    rows = pd.read_csv(ledger)
    rows["frames"] = count_frames(clip).frames
    rows.to_csv(ledger, index=False)
    asked = []
    with monkeypatch.context() as patch:
        patch.setattr(
            decode, "every_nth", lambda *_, **which: asked.append(which) or every_nth(*_, **which)
        )
        label_shard(tmp_path / "ledger.csv", tmp_path, tmp_path / "sparse.h5", settings=SETTINGS)
    assert asked == [{"stride": 5, "frames": 43}]
    label_video(clip, tmp_path / "whole.h5", settings=SETTINGS)
    shards = [LabelShard(tmp_path / f"{name}.h5") for name in ("sparse", "whole")]
    for frame in range(9):
        luma = [shard.frames.encoded(frame)[0].tobytes() for shard in shards]
        labels = [shard.frames.labels(frame) for shard in shards]
        assert luma[0] == luma[1] and np.array_equal(*labels)
    np.testing.assert_array_equal(shards[0].centroids, shards[1].centroids)


def test_damage_of_a_frame_that_is_wanted_is_told_as_ever(clip):
    with av.open(str(clip)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    second = packets[1]  # in the order of decoding: what follows is made of it
    damage(clip, [(second.pos, second.size)])
    told = []
    for known in (0, 43):
        with pytest.raises(InputError, match=r"clip.mp4: .*decode") as error:
            decode_clip(clip, SETTINGS, known=known)
        told.append(str(error.value))
    assert told[0] == told[1]


@pytest.mark.parametrize("suffix", ["avi", "mkv"])
def test_where_the_file_does_not_say_when_frames_are_shown_all_are_decoded(tmp_path, suffix):
    path = tmp_path / f"clip.{suffix}"
    write_video(path, moving_colours(43), width=96, height=80, fps=25, quality=18)
    with pytest.raises(sparse.Irregular):
        sparsely(path, stride=5)
    found, expected = (decode_clip(path, SETTINGS, known=known) for known in (43, 0))
    np.testing.assert_array_equal(found.luma, expected.luma)


def test_stamps_that_an_avi_left_are_not_believed(tmp_path):
    """They are in the order of decoding; nothing in the MP4 that they are copied to says so."""
    write_video(tmp_path / "clip.avi", moving_colours(43), width=96, height=80, fps=25, quality=18)
    copied = copy(tmp_path / "clip.avi", tmp_path / "copied.mp4")
    with pytest.raises(sparse.Irregular):
        sparsely(copied, stride=3)


def test_frames_that_the_ledger_does_not_count_are_counted(clip):
    for known in (42, 44, 86):
        with pytest.raises(sparse.Irregular):
            list(read_frames(clip, known=known, stride=5))


def test_only_streams_of_x264_are_believed(clip):
    """Of others a decoder may have to guess how far frames are out of order."""
    clip.write_bytes(clip.read_bytes().replace(b"x264 - core", b"y264 - core"))
    assert len(all_of(clip, stride=5)) == 9
    with pytest.raises(sparse.Irregular):
        sparsely(clip, stride=5)


def copy(source, target):
    """The packets of a video in another container, as FFmpeg copies them."""
    subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", source, "-c", "copy", target],
        check=True,
        timeout=60,
    )
    return target


def test_another_codec_and_a_large_file_are_decoded_whole(clip, tmp_path, monkeypatch):
    other = make_video(tmp_path / "other.mp4", frames=20, codec="mpeg4")
    with pytest.raises(sparse.Irregular):
        sparsely(other, stride=5)
    monkeypatch.setattr(sparse, "LARGEST", clip.stat().st_size)
    assert len(sparsely(clip, stride=5)) == 9
    monkeypatch.setattr(sparse, "LARGEST", clip.stat().st_size - 1)
    with pytest.raises(sparse.Irregular):
        sparsely(clip, stride=5)


def test_real_videos_cut_into_clips(real_data, tmp_path):
    """Of many encoders, frame rates and sizes."""
    for source in sorted((real_data / "kinetics" / "source").iterdir())[::3]:
        target = tmp_path / f"clip{source.stem}.mp4"
        cut_clip(source, target, start=0.0, end=2.0, quality=23)
        found, expected = sparsely(target, stride=5), all_of(target, stride=5)
        assert len(found) == len(expected) > 0, source.name
        assert all(np.array_equal(*pair) for pair in zip(found, expected, strict=True))
