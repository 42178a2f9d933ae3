"""Fixtures of the tests of tools."""

import pytest

from chromatrack.data.images import write_frames
from tests.tools.checkpoints import tiny_fused, tiny_siamfc
from tests.videos import moving_colours, write_video


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A video of 12 frames, its frames as a folder, and two checkpoints."""
    folder = tmp_path_factory.mktemp("track")
    frames = moving_colours(12)
    write_video(folder / "v.mp4", frames)
    write_frames(folder / "frames", frames, pattern="%05d.jpg", first=0, quality=95)
    tiny_siamfc(folder / "siamfc.pt")
    tiny_fused(folder / "fused.pt")
    return folder
