"""Fixtures of the tests of labels."""

import pytest

from tests.labels.caches import write_ledger
from tests.videos import moving_colours, write_video


@pytest.fixture
def shard(tmp_path):
    """A folder of four clips of 20, 20, 8 and 20 frames, and their ledger."""
    clips = tmp_path / "clips"
    clips.mkdir()
    for index, frames in enumerate((20, 20, 8, 20)):
        write_video(clips / f"-clip{index}_000000_000010.mp4", moving_colours(frames, shift=index))
    return write_ledger(tmp_path / "ledger.csv", sorted(clips.iterdir())), clips
