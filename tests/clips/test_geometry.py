"""Promises of geometry: what a container or a picture declares holds wherever it is decoded."""

import re
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

import chromatrack
from chromatrack.data.davis import read_mask
from chromatrack.data.images import read_image_rgb
from chromatrack.data.kinetics import ClipRow
from chromatrack.errors import InputError, WorkError
from chromatrack.fetch.sources import open_source
from chromatrack.labels.clip import lab_frames
from chromatrack.settings import LabelSettings, SourceSettings
from chromatrack.video.cut import count_frames, cut_clip
from chromatrack.video.decode import read_frames
from chromatrack.video.footage import open_footage
from chromatrack.video.missing import what_is_missing
from chromatrack.video.opened import NoVideo, open_video
from chromatrack.video.orientation import of_matrix
from tests.videos import EXIF, corners, declare, exif_jpeg, seen, turned, write_video

LYING = [(degrees, mirrored) for degrees in (0, 90, 180, 270) for mirrored in (False, True)]
SHOWN = {(0, False): "RGBW", (0, True): "GRWB", (180, False): "WBGR", (180, True): "BWRG",
         (90, False): "GWRB", (90, True): "WGBR", (270, False): "BRWG",
         (270, True): "RBGW"}  # fmt: skip


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    path = tmp_path_factory.mktemp("plain") / "plain.mp4"
    write_video(path, [corners()] * 10)
    return path


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "mov"])
@pytest.mark.parametrize(("degrees", "mirrored"), LYING)
def test_a_video_and_its_clip_show_the_same_pixels(plain, tmp_path, degrees, mirrored, suffix):
    video = declare(plain, tmp_path / f"-lying.{suffix}", degrees=degrees, mirrored=mirrored)
    expected = turned(corners(), degrees, mirrored)
    frames = list(read_frames(video))
    assert len(frames) == 10
    assert {seen(frame) for frame in frames} == {SHOWN[degrees, mirrored]}
    assert np.abs(frames[0].astype(int) - expected).mean() < 4  # of each pixel, not only quarters
    clip = tmp_path / "clip.mp4"
    facts = cut_clip(video, clip, start=0, end=1, quality=10)
    height, width = expected.shape[:2]
    assert (facts.width, facts.height, facts.frames) == (width, height, 10)
    whole = count_frames(video)
    assert (whole.width, whole.height, whole.damaged) == (width, height, 0)
    assert what_is_missing(video, facts) == ""
    (first, *_), (again, *_) = list(read_frames(clip)), frames
    assert first.shape == again.shape == expected.shape
    assert np.abs(first.astype(int) - again).mean() < 4
    with open_video(clip) as opened:  # nothing is declared any more: it is upright
        assert next(opened.container.decode(opened.stream)).rotation == 0


def test_labels_and_footage_see_what_is_shown(plain, tmp_path):
    video = declare(plain, tmp_path / "phone.mp4", degrees=270)
    upright = tmp_path / "upright.mp4"
    write_video(upright, [np.ascontiguousarray(turned(corners(), 270))] * 10)
    settings = LabelSettings(size=32, frame_stride=3, equalization="none")
    pairs = zip(lab_frames(video, settings), lab_frames(upright, settings), strict=True)
    differences = [np.abs(one.astype(int) - other).mean() for one, other in pairs]
    assert len(differences) == 4 and max(differences) < 3
    footage = open_footage(video)
    assert footage.first.shape == (64, 48, 3) and footage.rate == 25
    assert {seen(frame) for frame in footage.frames} == {"BRWG"}


def test_a_rotation_that_is_no_quarter_turn_is_said(plain, tmp_path):
    video = declare(plain, tmp_path / "askew.mp4", degrees=33)
    with pytest.raises(InputError, match=r"askew\.mp4: declares a rotation of -?33 degrees"):
        next(read_frames(video))
    nearly = declare(plain, tmp_path / "nearly.mp4", degrees=90)
    assert seen(next(read_frames(nearly))) == "GWRB"
    with pytest.raises(WorkError, match=r"rotation of -?33 degrees, no multiple of 90"):
        cut_clip(video, tmp_path / "clip.mp4", start=0, end=1, quality=18)
    assert not (tmp_path / "clip.mp4").exists()


@pytest.mark.parametrize("numbers", [[0] * 9, [1 << 16, 900, 0, -900, 1 << 16, 0, 0, 0, 1 << 30]])
def test_a_matrix_that_says_nothing_leaves_a_frame_alone(numbers):
    image = corners()
    assert of_matrix(np.array(numbers)).apply(image) is image


def test_pixels_are_no_wider_and_no_fewer_than_stored(tmp_path):
    """A pixel's aspect is left to players, in videos and in clips alike."""
    path = tmp_path / "anamorphic.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.sample_aspect_ratio = 2
        for _ in range(5):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(corners(), format="rgb24")))
        container.mux(stream.encode())
    facts = cut_clip(path, tmp_path / "clip.mp4", start=0, end=1, quality=18)
    assert (facts.width, facts.height) == (64, 48)
    assert next(read_frames(path)).shape == next(read_frames(tmp_path / "clip.mp4")).shape


def test_a_clean_aperture_cuts_nothing_off(plain, tmp_path):
    """FFmpeg would crop the clip, and PyAV would not crop the video."""
    data = bytearray(plain.read_bytes())
    assert data.find(b"mdat") < data.find(b"moov")  # no offset into the pictures moves
    numbers = (32, 1, 24, 1, (-16) & 0xFFFFFFFF, 2, 0, 1)
    box = (40).to_bytes(4, "big") + b"clap" + b"".join(n.to_bytes(4, "big") for n in numbers)
    end, place = 0, 0
    for name in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"avc1"):
        place = data.find(name, place) - 4
        size = int.from_bytes(data[place : place + 4], "big")
        data[place : place + 4] = (size + len(box)).to_bytes(4, "big")
        end, place = place + size, place + 8
    data[end:end] = box
    video = tmp_path / "clap.mp4"
    video.write_bytes(data)
    facts = cut_clip(video, tmp_path / "clip.mp4", start=0, end=1, quality=10)
    assert (facts.width, facts.height) == (64, 48)
    assert next(read_frames(video)).shape == (48, 64, 3)
    assert seen(next(read_frames(tmp_path / "clip.mp4"))) == "RGBW"


@pytest.mark.parametrize("orientation", EXIF)
def test_pictures_lie_as_they_declare(tmp_path, orientation):
    expected = turned(corners(), *EXIF[orientation])
    (tmp_path / "00000.jpg").write_bytes(exif_jpeg(corners(), orientation))
    exif = Image.Exif()
    exif[0x112] = orientation
    Image.fromarray(corners()).save(tmp_path / "00001.png", exif=exif)
    for name, tolerance in (("00000.jpg", 4), ("00001.png", 0)):
        image = read_image_rgb(tmp_path / name)
        assert image.shape == expected.shape
        assert np.abs(image.astype(int) - expected).mean() <= tolerance
    ids = np.arange(12, dtype=np.uint8).reshape(3, 4)
    mask = Image.fromarray(ids, mode="P")
    mask.putpalette(bytes(range(256)) * 3)
    mask.save(tmp_path / "mask.png", exif=exif)
    np.testing.assert_array_equal(read_mask(tmp_path / "mask.png"), turned(ids, *EXIF[orientation]))


@pytest.mark.parametrize("orientation", EXIF)
def test_a_clip_of_a_sequence_lies_as_its_frames_do(tmp_path, orientation):
    folder = tmp_path / "got10k" / "GOT-10k_Train_000001"
    folder.mkdir(parents=True)
    for number in range(1, 6):
        (folder / f"{number:08d}.jpg").write_bytes(exif_jpeg(corners(), orientation))
    row = ClipRow("", folder.name, 0.0, 1.0, "train")
    with open_source(SourceSettings(kind="got10k", folder=str(folder.parent))) as source:
        video = source.get(row, tmp_path)
    cut_clip(video, tmp_path / "clip.mp4", start=0, end=1, quality=10)
    frame, first = next(read_frames(tmp_path / "clip.mp4")), read_image_rgb(folder / "00000001.jpg")
    assert frame.shape == first.shape
    assert np.abs(frame.astype(int) - first).mean() < 4


def test_nothing_else_opens_videos_or_pictures():
    """One door each; `write` and GOT-10k's sequences only write."""
    doors = {
        r"\bav\.open\(": {"video/opened.py", "video/write.py", "fetch/sources/got10k.py"},
        r"VideoCapture|streams\.video": {"video/opened.py", "video/camera.py"},
        # Beside the door: masks, and the figures that the page shows.
        r"\bImage\.open\(": {"data/images.py", "data/davis.py", "reporting/page/pictures.py"},
        r"\bimread\(": set(),
        # Beside the door: JPEGs that crops and labels wrote themselves.
        r"\bimdecode\(": {"data/images.py", "data/crops.py", "data/pairs.py", "labels/frames.py"},
    }
    root = Path(chromatrack.__file__).parent
    for pattern, allowed in doors.items():
        found = {str(path.relative_to(root)) for path in root.rglob("*.py")
                 if re.search(pattern, path.read_text())}  # fmt: skip
        assert found <= allowed, pattern


def test_what_is_no_file_or_no_video_is_one_sentence(tmp_path):
    with pytest.raises(InputError, match="nothing: no such file"):
        next(read_frames(tmp_path / "nothing"))
    for name in ("a folder", "nothing"):
        (tmp_path / "a folder").mkdir(exist_ok=True)
        with pytest.raises(NoVideo), open_video(tmp_path / name):
            pass


def test_one_converter_sees_what_each_frame_says(tmp_path):
    """Frames of one stream may change in size and in the range of their colours."""
    parts = []
    for number, (size, form) in enumerate([((64, 48), "yuv420p"), ((96, 80), "yuvj420p")] * 2):
        path = tmp_path / f"{number}.ts"
        with av.open(str(path), "w", format="mpegts") as container:
            stream = container.add_stream("libx264", rate=25)
            stream.width, stream.height = size
            stream.pix_fmt = form
            for place in range(5):
                frame = av.VideoFrame.from_ndarray(corners(*size), format="rgb24")
                frame.pts = 5 * number + place
                container.mux(stream.encode(frame.reformat(format=form)))
            container.mux(stream.encode(None))
        parts.append(path.read_bytes())
    video = tmp_path / "changing.ts"
    video.write_bytes(b"".join(parts))
    with av.open(str(video)) as container:
        alone = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    with open_video(video) as opened:
        frames = [frame for packet in opened.packets() for frame in packet.decode()]
        together = [opened.upright(frame) for frame in frames]
    assert [image.shape for image in together] == [(48, 64, 3)] * 5 + [(80, 96, 3)] * 5 + [
        (48, 64, 3)
    ] * 5 + [(80, 96, 3)] * 5
    assert len({frame.color_range for frame in frames}) == 2
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_array_equal(one, other)
