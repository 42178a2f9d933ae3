"""Small checkpoints with random weights."""

import torch

from chromatrack.checkpoints import save_checkpoint
from chromatrack.models.build import build_fused, build_siamfc
from chromatrack.models.inputs import InputScaling

WIDTH = 0.125


def tiny_siamfc(path):
    """Write SiamFC; returns the path."""
    torch.manual_seed(0)
    network = {"width": WIDTH}
    return _saved(path, "siamfc", network, build_siamfc(**network))


def tiny_fused(path, *, alpha=0.5):
    """Write a combined network, whose auxiliary is a SiamFC on grey frames; returns the path."""
    torch.manual_seed(0)
    colorizer = {"trunk": "alexnet", "width": WIDTH, "embedding": 8}
    network = {
        "siamfc": {"width": WIDTH},
        "auxiliary": {"kind": "colorization", "network": colorizer},
        "alpha": alpha,
        "normalize": True,
        "statistics": ((0.0, 1.0), (0.0, 1.0)),
    }
    return _saved(path, "fused", network, build_fused(**network))


def _saved(path, kind, network, module):
    save_checkpoint(
        path, kind=kind, network=network, scaling=InputScaling(), module=module.eval(), made_by={}
    )
    return path
