"""`track` on each of the real videos: it ends, writes as many rows as frames, and says so."""

import av
import pytest

from chromatrack.cli.main import main
from chromatrack.data.tracks import read_tracks
from tests.tools.checkpoints import tiny_siamfc

VIDEOS = 28


def decoded(video):
    """How many frames a plain decoder finds, and the size of the first."""
    with av.open(f"file:{video}") as container:
        frames = container.decode(video=0)
        first = next(frames)
        return 1 + sum(1 for _ in frames), first.width, first.height


@pytest.mark.real_data
@pytest.mark.parametrize("number", range(VIDEOS))
def test_as_many_rows_as_frames(real_data, tmp_path, capsys, number):
    videos = sorted((real_data / "kinetics/source").iterdir())
    assert len(videos) == VIDEOS
    video, output = videos[number], tmp_path / "boxes.csv"
    count, width, height = decoded(video)
    side = min(width, height) // 4
    box = f"{(width - side) // 2},{(height - side) // 2},{side},{side}"
    call = ["track", str(video), "--box", box, "--tracker", "mosse", "--output", str(output)]
    assert main(call) == 0
    assert f"{count} frames, 1 target" in capsys.readouterr().out
    (track,) = read_tracks(output)
    assert track.frames.tolist() == list(range(count))


@pytest.mark.real_data
def test_with_a_network_too(real_data, tmp_path, capsys):
    checkpoint = tiny_siamfc(tmp_path / "c.pt")
    video, output = real_data / "kinetics/source/3rWDlRr3W5h.mp4", tmp_path / "boxes.csv"
    call = ["track", str(video), "--box", "130,90,60,60", "--box", "10,10,40,40"]
    assert main([*call, "--checkpoint", str(checkpoint), "--output", str(output)]) == 0
    count, *_ = decoded(video)
    assert f"{count} frames, 2 targets" in capsys.readouterr().out
    assert [len(track) for track in read_tracks(output)] == [count, count]
