"""`chromatrack track`: the rate of its video, labels of its alphas, outputs that would be one."""

from fractions import Fraction

import av
import pytest

from chromatrack.cli.main import main
from chromatrack.data.tracks import read_tracks
from chromatrack.video.write import write_video
from tests.tools.tracked import BOX, track
from tests.videos import moving_colours


@pytest.mark.parametrize("rate", [Fraction(25, 2), Fraction(1, 5), Fraction(30000, 1001)])
def test_the_video_has_the_rate_of_the_one_it_is_of(tmp_path, rate):
    source, shown = tmp_path / "v.mp4", tmp_path / "o.mp4"
    frames = moving_colours(6)
    write_video(source, frames, width=96, height=80, fps=rate, quality=20)
    call = ["track", str(source), "--tracker", "klt", "--box", BOX, "--video", str(shown)]
    assert main([*call, "--output", str(tmp_path / "o.csv")]) == 0
    with av.open(str(shown)) as container:
        assert container.streams.video[0].average_rate == rate


def test_alphas_that_are_nearly_one_have_labels_of_their_own(made, tmp_path):
    output = tmp_path / "o.csv"
    call = ["--alpha", "0.1234567,0.12345678,0.5", "--box", BOX, "--to", "2"]
    assert track(made, *call, "--output", str(output), network="fused.pt") == 0
    alphas = [found.alpha for found in read_tracks(output)]
    assert alphas == ["0.1234567", "0.12345678", "0.5"]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--box", "a b=20,15,24,24", "--box", "a-b=30,15,24,24", "--show-scores", "s"], "s/a-b"),
        (["--box", BOX, "--show-scores", "o.csv"], "o.csv"),
        (["--box", BOX, "--video", "x.mp4", "--show-scores", "./x.mp4"], "x.mp4"),
    ],
)
def test_two_outputs_that_are_one_are_told_before_the_first_frame(
    made, tmp_path, monkeypatch, capsys, more, told
):
    monkeypatch.chdir(tmp_path)
    assert track(made, *more, "--output", "o.csv") == 2
    assert f"{told}: two results would be written there" in capsys.readouterr().err
    assert not any(tmp_path.iterdir())
