"""What the tracker asks of a network, for SiamFC alone and for the combined network."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from chromatrack.models import siamfc
from chromatrack.models.auxiliary import AuxiliaryBranch
from chromatrack.models.correlation import correlate
from chromatrack.models.fused import FusedTracker
from chromatrack.models.inputs import InputScaling
from chromatrack.models.siamfc import SiamFC
from chromatrack.tracking.inference import Precision, Prepared

Embedding = tuple[Tensor | None, ...]
Patches = np.ndarray | Sequence[np.ndarray]
"""(B, S, S, 3) uint8 RGB, or parts of such a batch."""
Known = dict[int, Tensor]
"""Embeddings of patches by the number of their branch: networks that share weights share them."""


def gathered(patches: Patches, device: torch.device) -> np.ndarray | Tensor:
    """One batch. To a GPU, bytes travel, part by part, and become numbers there: on one core that
    takes longer than the network does."""
    parts = [patches] if isinstance(patches, np.ndarray) else patches
    if device.type != "cpu":
        return torch.cat([torch.from_numpy(part).to(device) for part in parts])
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


class ResponseNetwork(Protocol):
    """Embeds patches and compares embeddings."""

    alphas: tuple[float | None, ...]
    """Weights of the auxiliary that targets choose from; None alone: there is no auxiliary."""

    def only(self, variant: int) -> ResponseNetwork:
        """This network with one of its alphas, by its number; weights are shared."""

    def embed_exemplar(self, patches: Patches, known: Known | None = None) -> Embedding:
        """Embeddings of the branches, float32 in every precision.

        An exemplar is embedded once and looked for in every frame.

        Args:
            known: as of `embed`.
        """

    def embed(self, patches: Patches, known: Known | None = None) -> Embedding:
        """Embeddings of the branches.

        Args:
            known: those of these patches that have been made; those that are made now are added.
        """

    def respond(
        self, exemplar: Embedding, search: Embedding, variants: Sequence[int] = (0,)
    ) -> Tensor:
        """Score maps (T * S, n, n) float32 on the network's device, which may still compute them.

        Args:
            exemplar: of T targets.
            search: of T * S patches, those of a target one after the other.
            variants: which alpha each target is mixed with.
        """

    def respond_in_parts(
        self, exemplar: Embedding, search: Embedding, variants: Sequence[int] = (0,)
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """What `respond` gives, and the maps of SiamFC and of the auxiliary as they are mixed; None
        for one that is not computed."""


class Branch:
    """A function of a network for exemplars, always in float32, and for what is searched."""

    def __init__(self, module: nn.Module, call: Callable, *, precision: Precision, **options: Any):
        self.search = Prepared(module, call, precision=precision, **options)
        self.exemplar = self.search
        if precision != 32:
            self.exemplar = Prepared(module, call, precision=32, **options)


class SiamFCNetwork:
    """SiamFC alone."""

    alphas = (None,)

    def __init__(
        self,
        network: SiamFC,
        scaling: InputScaling,
        device: torch.device,
        *,
        precision: Precision = 32,
    ):
        self.scaling, self._device = scaling, device
        self._rgb = Branch(
            network, SiamFC.embed, channels=3, device=device, precision=precision,
            bytes_in=scaling.rgb == "byte",
        )  # fmt: skip

    def only(self, variant: int) -> SiamFCNetwork:
        """Itself: there is nothing to choose."""
        return self

    @torch.inference_mode()
    def embed_exemplar(self, patches: Patches, known: Known | None = None) -> Embedding:
        return self._embedded(patches, known, self._rgb.exemplar)

    @torch.inference_mode()
    def embed(self, patches: Patches, known: Known | None = None) -> Embedding:
        return self._embedded(patches, known, self._rgb.search)

    def _embedded(self, patches: Patches, known: Known | None, use: Prepared) -> Embedding:
        known = {} if known is None else known
        if 0 not in known:
            known[0] = use(self.scaling.rgb_tensor(gathered(patches, self._device)))
        return (known[0],)

    @torch.inference_mode()
    def respond(
        self, exemplar: Embedding, search: Embedding, variants: Sequence[int] = (0,)
    ) -> Tensor:
        return correlate(exemplar[0], search[0]) * siamfc.RESPONSE_SCALE

    def respond_in_parts(
        self, exemplar: Embedding, search: Embedding, variants: Sequence[int] = (0,)
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        response = self.respond(exemplar, search)
        return response, response, None


class FusedNetwork:
    """Both branches, mixed by alpha; a branch that no alpha needs is not computed.

    Args:
        alphas: one or more weights that targets choose from; by default that of the network.
        centred: give the maps of eq. 4.1 as they are. Otherwise their means are not taken away, and
            all is in units of SiamFC's map: the peak is at the same place, and what the tracker
            multiplies by its scale penalty has the sign that it has for SiamFC alone. So alpha 0 is
            SiamFC, to the last bit.
    """

    def __init__(
        self,
        network: FusedTracker,
        scaling: InputScaling,
        device: torch.device,
        *,
        precision: Precision = 32,
        alphas: Sequence[float] | None = None,
        centred: bool = False,
    ):
        self.scaling, self._device = scaling, device
        self.alphas = (float(network.alpha),) if alphas is None else tuple(alphas)
        statistics = network.statistics.tolist() if network.normalize else None
        self._scales = affine(statistics, centred=centred)
        self._mix = torch.tensor(self.alphas, device=device)
        options = {"device": device, "precision": precision}
        self._rgb = self._grey = None
        if any(alpha != 1 for alpha in self.alphas):
            self._rgb = Branch(
                network.siamfc, SiamFC.embed, channels=3, bytes_in=scaling.rgb == "byte", **options
            )
        if any(alpha != 0 for alpha in self.alphas):
            self._grey = Branch(
                network.auxiliary, AuxiliaryBranch.embed, channels=scaling.grey_channels,
                bytes_in=scaling.grey == "rgb_byte", **options,
            )  # fmt: skip

    def only(self, variant: int) -> FusedNetwork:
        """This network with one of its alphas; it shares the branches."""
        other = copy.copy(self)
        other.alphas, other._mix = (self.alphas[variant],), self._mix[[variant]]
        if other.alphas == (1,):
            other._rgb = None
        if other.alphas == (0,):
            other._grey = None
        return other

    @torch.inference_mode()
    def embed_exemplar(self, patches: Patches, known: Known | None = None) -> Embedding:
        return self._embedded(patches, known, lambda branch: branch.exemplar)

    @torch.inference_mode()
    def embed(self, patches: Patches, known: Known | None = None) -> Embedding:
        return self._embedded(patches, known, lambda branch: branch.search)

    def _embedded(
        self, patches: Patches, known: Known | None, use: Callable[[Branch], Prepared]
    ) -> Embedding:
        known = {} if known is None else known
        batch = gathered(patches, self._device)
        seen = (self.scaling.rgb_tensor, self.scaling.grey_tensor)
        for number, branch in enumerate((self._rgb, self._grey)):
            if branch is not None and number not in known:
                known[number] = use(branch)(seen[number](batch))
        return (
            None if self._rgb is None else known[0],
            None if self._grey is None else known[1],
        )

    @torch.inference_mode()
    def respond(
        self, exemplar: Embedding, search: Embedding, variants: Sequence[int] = (0,)
    ) -> Tensor:
        return self.respond_in_parts(exemplar, search, variants)[0]

    @torch.inference_mode()
    def respond_in_parts(
        self, exemplar: Embedding, search: Embedding, variants: Sequence[int] = (0,)
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        first = None if self._rgb is None else self._response(exemplar, search, 0)
        second = None if self._grey is None else self._response(exemplar, search, 1)
        if first is None or second is None:
            return (second if first is None else first), first, second
        alpha = self._mix[list(variants)].repeat_interleave(len(first) // len(variants))
        alpha = alpha[:, None, None]
        return (1 - alpha) * first + alpha * second, first, second

    def _response(self, exemplar: Embedding, search: Embedding, branch: int) -> Tensor:
        response = correlate(exemplar[branch], search[branch]) * siamfc.RESPONSE_SCALE
        factor, less = self._scales[branch]
        if less:
            response = response - less
        return response if factor == 1 else response * factor


def affine(
    statistics: Sequence[Sequence[float]] | None, *, centred: bool = False
) -> tuple[tuple[float, float], ...]:
    """Of each branch, what its map is multiplied by and what is taken away from it before.

    Args:
        statistics: mean and deviation of the map of each branch; None: they are not normalised.
        centred: see `FusedNetwork`.
    """
    if statistics is None:
        return ((1.0, 0.0), (1.0, 0.0))
    (mean, deviation), (other_mean, other_deviation) = statistics
    if centred:
        return ((1 / deviation, mean), (1 / other_deviation, other_mean))
    return ((1.0, 0.0), (deviation / other_deviation, 0.0))


def response_network(
    network: Any,
    scaling: InputScaling,
    device: torch.device,
    *,
    precision: Precision = 32,
    alphas: Sequence[float] | None = None,
    centred: bool = False,
) -> ResponseNetwork:
    """The adapter that fits the network."""
    if isinstance(network, FusedTracker):
        return FusedNetwork(
            network, scaling, device, precision=precision, alphas=alphas, centred=centred
        )
    return SiamFCNetwork(network, scaling, device, precision=precision)
