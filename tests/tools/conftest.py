"""Fixtures of the tests of tools."""

import pytest
import torch

from chromatrack.checkpoints import save_checkpoint
from chromatrack.cli.main import main
from chromatrack.data.images import write_frames
from chromatrack.models.build import build_fused, build_siamfc
from chromatrack.models.inputs import InputScaling
from tests.tools.checkpoints import tiny_fused, tiny_siamfc
from tests.videos import moving_colours, write_video

SMALL = {"width": 0.25, "channels": "as_run"}
FUSED = {
    "siamfc": SMALL,
    "auxiliary": {"kind": "colorization", "network": {"trunk": "resnet18", "width": 0.125}},
    "alpha": 0.3,
    "normalize": True,
    "statistics": ((0.1, 2.0), (-0.2, 0.5)),
}


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


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """siamfc.pt and fused.pt with lively weights, and what `export` makes of them."""
    exported = tmp_path_factory.mktemp("exported")
    torch.manual_seed(0)
    for kind, description, build in (
        ("siamfc", SMALL, build_siamfc),
        ("fused", FUSED, build_fused),
    ):
        network = build(**description).eval()
        save_checkpoint(
            exported / f"{kind}.pt", kind=kind, network=description, scaling=InputScaling(),
            module=network, made_by={},
        )  # fmt: skip
        assert main(["export", str(exported / f"{kind}.pt"), "--format", "onnx"]) == 0
    return exported
