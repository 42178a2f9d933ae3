"""Small videos for tests."""

from fractions import Fraction

import av
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
