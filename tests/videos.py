"""Small videos for tests."""

import subprocess
from fractions import Fraction

import av
import cv2
import imageio_ffmpeg
import numpy as np

BITS = 10


def write_video(path, frames, *, fps=25):
    """Write (H, W, 3) uint8 RGB frames as H.264."""
    with av.open(f"file:{path}", "w") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "10", "preset": "ultrafast"}
        for frame in frames:
            for packet in stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)


def moving_colours(count, *, shift=0):
    """Frames of 96x80 pixels with many colours that move, (H, W, 3) uint8 RGB."""
    rows, columns = np.mgrid[0:80, 0:96]
    return [
        np.stack(
            [(columns * 2 + 3 * i) % 256, (rows * 3) % 256, (rows + columns + 5 * i) % 256], axis=-1
        ).astype(np.uint8)
        for i in range(shift, shift + count)
    ]


def make_video(path, *, frames, times=None, size=(80, 48), rate=25, codec="libx264"):
    """A video whose frame i shows i in binary: ten columns, black or white."""
    width, height = size
    with av.open(str(path.absolute()), "w") as container:
        options = {"g": "60", "bf": "2", "threads": "1", "preset": "ultrafast"}
        stream = container.add_stream(codec, rate=rate, options=options)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p" if width % 2 == 0 and height % 2 == 0 else "yuv444p"
        stream.codec_context.time_base = Fraction(1, 1000) if times else Fraction(1, rate)
        for index in range(frames):
            bits = [(index >> bit) & 1 for bit in range(BITS)]
            column = np.repeat(np.array(bits, np.uint8) * 220 + 16, -(-width // BITS))[:width]
            image = np.repeat(np.tile(column, (height, 1))[..., None], 3, axis=2)
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts = round(times[index] * 1000) if times else index
            frame.time_base = stream.codec_context.time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def shown(path):
    """Numbers that the frames of a video show, and their times in seconds."""
    numbers, times = [], []
    with av.open(str(path.absolute())) as container:
        for frame in container.decode(video=0):
            line = frame.to_ndarray(format="gray")[frame.height // 2]
            centres = [int((bit + 0.5) * -(-frame.width // BITS)) for bit in range(BITS)]
            numbers.append(sum(int(line[min(x, len(line) - 1)] > 128) << bit
                               for bit, x in enumerate(centres)))  # fmt: skip
            times.append(frame.time)
    return numbers, times


def corners(width=64, height=48):
    """An image whose four quarters are red, green, blue and white: no two orientations agree."""
    image = np.empty((height, width, 3), np.uint8)
    top, left = height // 2, width // 2
    image[:top, :left], image[:top, left:] = (200, 30, 30), (30, 200, 30)
    image[top:, :left], image[top:, left:] = (30, 30, 200), (220, 220, 220)
    return image


def seen(image):
    """The quarters of what `corners` became, row by row: "RGBW" as it was drawn."""
    height, width = image.shape[:2]
    letters = ""
    for row in (height // 4, 3 * height // 4):
        for column in (width // 4, 3 * width // 4):
            pixel = image[row, column].astype(int)
            letters += "W" if pixel.min() > 128 else "RGB"[int(pixel.argmax())]
    return letters


def declare(video, target, *, degrees, mirrored=False):
    """A copy of a video that says it is to be shown turned against the clock, then mirrored."""
    mirror = ["-display_hflip"] if mirrored else []
    subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-display_rotation", str(degrees), *mirror,
         "-i", str(video), "-c", "copy", str(target)], check=True, timeout=60,
    )  # fmt: skip
    return target


def turned(image, degrees, mirrored=False):
    """What such a video shows of an image."""
    image = np.rot90(image, degrees // 90)
    return image[:, ::-1] if mirrored else image


EXIF = {1: (0, False), 2: (0, True), 3: (180, False), 4: (180, True),
        5: (270, True), 6: (270, False), 7: (90, True), 8: (90, False)}  # fmt: skip
"""EXIF orientation -> what `turned` makes of the stored pixels (TIFF 6.0, tag 274)."""


def exif_jpeg(image, orientation):
    """(H, W, 3) RGB as the bytes of a JPEG file that declares an orientation."""
    coded = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 98])[1].tobytes()
    entry = b"\x12\x01\x03\x00\x01\x00\x00\x00" + bytes([orientation, 0, 0, 0])
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0" + entry + bytes(4)
    return coded[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + coded[2:]


def make_streams(path, streams, *, marked=False, frames=20):
    """A file of these streams in this order: "cover", "video" (brighter by the frame), "sound".

    Args:
        marked: the cover is declared to be one.
    """
    with av.open(f"file:{path}", "w") as container:
        made = {}
        for kind in streams:
            if kind == "sound":
                made[kind] = container.add_stream("aac", rate=44100, layout="mono")
                continue
            codec = "mjpeg" if kind == "cover" else "libx264"
            stream = made[kind] = container.add_stream(codec, rate=25)
            stream.width, stream.height = 64, 48
            stream.pix_fmt = "yuvj420p" if kind == "cover" else "yuv420p"
            if kind == "video":
                stream.options = {"bf": "0"}  # AVI cannot say when B-frames are shown
            if kind == "cover" and marked:
                stream.disposition = av.stream.Disposition.attached_pic
        if "cover" in made:
            packet = av.Packet(exif_jpeg(corners(), 1))
            packet.stream, packet.time_base = made["cover"], Fraction(1, 25)
            packet.pts = packet.dts = 0
            packet.is_keyframe = True
            container.mux(packet)
        if "video" in made:
            for index in range(frames):
                grey = np.full((48, 64, 3), 10 * index, np.uint8)
                container.mux(
                    made["video"].encode(av.VideoFrame.from_ndarray(grey, format="rgb24"))
                )
            container.mux(made["video"].encode())
        if "sound" in made:
            for index in range(frames * 44100 // (25 * 1024)):
                silence = np.zeros((1, 1024), np.float32)
                frame = av.AudioFrame.from_ndarray(silence, format="fltp", layout="mono")
                frame.sample_rate, frame.pts = 44100, 1024 * index
                container.mux(made["sound"].encode(frame))
            container.mux(made["sound"].encode())
    return path
