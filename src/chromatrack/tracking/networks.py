"""What the tracker asks of a network, for SiamFC alone and for the combined network."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from chromatrack.models.fused import FusedTracker
from chromatrack.models.inputs import InputScaling
from chromatrack.models.siamfc import SiamFC

Embedding = tuple[Tensor | None, ...]


class ResponseNetwork(Protocol):
    """Embeds patches and compares embeddings."""

    def embed(self, patches: np.ndarray) -> Embedding:
        """(B, S, S, 3) uint8 RGB -> embeddings of the branches."""

    def respond(self, exemplar: Embedding, search: Embedding) -> np.ndarray:
        """Score maps (B, n, n) float32."""


class SiamFCNetwork:
    """SiamFC alone."""

    def __init__(self, network: SiamFC, scaling: InputScaling, device: torch.device):
        self.network = network.eval().to(device, memory_format=torch.channels_last)
        self.scaling = scaling
        self.device = device

    @torch.inference_mode()
    def embed(self, patches: np.ndarray) -> Embedding:
        return (self.network.embed(self.scaling.rgb_tensor(patches).to(self.device)),)

    @torch.inference_mode()
    def respond(self, exemplar: Embedding, search: Embedding) -> np.ndarray:
        return self.network.respond(exemplar[0], search[0])[:, 0].cpu().numpy()


class FusedNetwork:
    """Both branches, mixed by alpha; a branch that alpha leaves out is not computed."""

    def __init__(self, network: FusedTracker, scaling: InputScaling, device: torch.device):
        self.network = network.eval().to(device, memory_format=torch.channels_last)
        self.scaling = scaling
        self.device = device

    @torch.inference_mode()
    def embed(self, patches: np.ndarray) -> Embedding:
        alpha = self.network.fixed_alpha
        rgb = None if alpha == 1 else self.scaling.rgb_tensor(patches).to(self.device)
        grey = None if alpha == 0 else self.scaling.grey_tensor(patches).to(self.device)
        return self.network.embed(rgb, grey)

    @torch.inference_mode()
    def respond(self, exemplar: Embedding, search: Embedding) -> np.ndarray:
        return self.network.respond(exemplar, search)[:, 0].float().cpu().numpy()


def response_network(
    network: Any, scaling: InputScaling, device: torch.device
) -> SiamFCNetwork | FusedNetwork:
    """The adapter that fits the network."""
    kind = FusedNetwork if isinstance(network, FusedTracker) else SiamFCNetwork
    return kind(network, scaling, device)
