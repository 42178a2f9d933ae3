"""Sources whose answers a test writes."""

from contextlib import contextmanager

import pytest

from chromatrack.stages.clips import fetch
from tests.videos import make_video


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A video, and a file that is none."""
    folder = tmp_path_factory.mktemp("site")
    make_video(folder / "-clip0.mp4", frames=100)
    (folder / "broken.mp4").write_bytes(b"\x00" * 5000)
    return folder


class ScriptedSource:
    """Gives a video or raises what it is told, and remembers what was asked."""

    def __init__(self, video, failures):
        self.video, self.failures, self.asked = video, failures, []

    ready = False

    def get(self, row, target_dir):
        self.asked.append(row.youtube_id)
        if self.failures.get(row.youtube_id):
            raise self.failures[row.youtube_id].pop(0)
        return self.video

    def version(self, row):
        return ""


@pytest.fixture
def scripted(site, monkeypatch):
    """Replaces the source; returns a function that says what fails how often."""

    def use(**failures):
        source = ScriptedSource(site / "-clip0.mp4", failures)

        @contextmanager
        def open_source(_):
            yield source

        monkeypatch.setattr(fetch, "open_source", open_source)
        return source

    return use
