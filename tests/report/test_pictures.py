"""Pictures of labels and of coloured frames."""

import json

import numpy as np
from PIL import Image

from chromatrack.cli.main import main
from chromatrack.settings import LabelSettings
from chromatrack.stages.labels import labels as stage
from chromatrack.video.write import write_video
from tests.labels.caches import write_ledger
from tests.videos import moving_colours
from tests.videos import write_video as write_clip

GREY, RED, GREEN = (120, 120, 120), (200, 40, 40), (40, 160, 40)


def test_labels_and_coloured_frames_are_drawn(tmp_path):
    clips = tmp_path / "clips"
    clips.mkdir()
    write_clip(clips / "a_000000_000010.mp4", moving_colours(8))
    ledger = write_ledger(tmp_path / "ledger.csv", sorted(clips.iterdir()))
    small = LabelSettings(size=64, label_size=8, frame_stride=2, restarts=3)
    stage.label_shard(ledger, clips, tmp_path / "shard.h5", settings=small)
    panels = np.zeros((5, 64, 192, 3), np.uint8)
    for column, colour in enumerate((GREY, RED, GREEN)):
        panels[:, :, 64 * column : 64 * (column + 1)] = colour
    write_video(tmp_path / "resnet18.mp4", panels, width=192, height=64, fps=5, quality=12)
    output = tmp_path / "pictures" / "pictures.json"
    options = ["--labels", tmp_path / "shard.h5", "--colorized", tmp_path / "resnet18.mp4"]
    assert main(["pictures", *map(str, options), f"--output={output}"]) == 0
    labels, coloured = json.loads(output.read_text())
    assert "colour labels" in labels["caption"] and "by resnet18" in coloured["caption"]
    shown = np.array(Image.open(labels["png"]))
    assert shown.shape == (200, 6 * 204, 3)  # luma and labels of three frames
    assert (shown[:, :200].std(axis=2) == 0).all() and shown[:, 204:404].std(axis=2).max() > 10
    shown = np.array(Image.open(coloured["png"]))
    assert shown.shape == (200, 3 * 604, 3)
    for column, colour in enumerate((GREY, RED, GREEN)):
        assert np.abs(shown[100, 100 + 200 * column].astype(int) - colour).max() < 12


def test_a_run_without_either_has_none(tmp_path):
    output = tmp_path / "pictures.json"
    assert main(["pictures", f"--output={output}"]) == 0
    assert json.loads(output.read_text()) == []
