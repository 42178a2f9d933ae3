"""What tests of evaluation share: sequences and networks to track with, and vot-toolkit.

Tests that need the toolkit look for it where `./run vot` puts it, or in CHROMATRACK_VOT_PYTHON.
"""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from chromatrack.checkpoints import save_checkpoint
from chromatrack.data import otb
from chromatrack.models.build import build_fused, build_siamfc
from chromatrack.models.inputs import InputScaling
from tests.conftest import ROOT
from tests.evaluation.tracked import SEQUENCES, measure_batch_norm


@pytest.fixture(scope="module")
def otb_root(tmp_path_factory):
    """Four sequences of noise in which a square moves, one of them of one frame."""
    folder = tmp_path_factory.mktemp("otb")
    generator = np.random.default_rng(0)
    for name, count in SEQUENCES.items():
        still = generator.integers(0, 255, (90, 120, 3)).astype(np.uint8)
        boxes = np.array([[30.0 + 3 * i, 25 + 2 * i, 24, 18] for i in range(count)])
        frames = []
        for left, top, width, height in boxes.astype(int):
            frame = still.copy()
            frame[top : top + height, left : left + width] = (250, 40, 10)
            frames.append(frame)
        otb.write_sequence(folder, name, frames, [boxes])
    return folder


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory):
    """Small untrained networks: SiamFC alone, and both branches."""
    folder = tmp_path_factory.mktemp("checkpoints")
    torch.manual_seed(0)
    small = {"width": 0.1, "channels": "as_run"}
    fused = {
        "siamfc": small, "alpha": 0.5, "normalize": True,
        "auxiliary": {"kind": "colorization", "network": {"trunk": "resnet18", "width": 0.1}},
        "statistics": ((0.0, 1.0), (0.0, 8.0)),
    }  # fmt: skip
    made = {"siamfc": (small, build_siamfc(**small)), "fused": (fused, build_fused(**fused))}
    for backbone in (made["siamfc"][1].backbone, made["fused"][1].siamfc.backbone):
        measure_batch_norm(backbone)
    for kind, (network, module) in made.items():
        save_checkpoint(
            folder / f"{kind}.pt", kind=kind, network=network, scaling=InputScaling(),
            module=module, made_by={},
        )  # fmt: skip
    return folder


@pytest.fixture(scope="session")
def toolkit() -> Path:
    """Python of an environment with vot-toolkit; the test is skipped where there is none."""
    pytest.importorskip("trax", reason="no vot-trax (pip install 'chromatrack[vot]')")
    python = Path(os.environ.get("CHROMATRACK_VOT_PYTHON", ROOT / ".venv-vot/bin/python"))
    if not python.is_file():
        pytest.skip(f"no vot-toolkit at {python} (./run vot, or set CHROMATRACK_VOT_PYTHON)")
    return python
