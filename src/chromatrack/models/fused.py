"""The combined tracker network: two score maps, normalised and mixed (thesis 4.3)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from chromatrack.models.auxiliary import AuxiliaryBranch
from chromatrack.models.siamfc import SiamFC


class FusedTracker(nn.Module):
    """(1 - alpha) * Norm(SiamFC score map) + alpha * Norm(auxiliary score map), eq. 4.1.

    An alpha of 0 or 1 leaves the other branch out altogether, so that the result is that
    branch's own score map, bit for bit, when `normalize` is off.

    Args:
        siamfc, auxiliary: the two branches.
        alpha: weight of the auxiliary branch in [0, 1]; None makes it a learned parameter
            that starts at 0.5.
        normalize: subtract the mean and divide by the standard deviation of each branch.
        statistics: mean and standard deviation of the SiamFC branch, then of the other one.
    """

    def __init__(
        self,
        *,
        siamfc: SiamFC,
        auxiliary: AuxiliaryBranch,
        alpha: float | None,
        normalize: bool,
        statistics: tuple[tuple[float, float], tuple[float, float]] = ((0.0, 1.0), (0.0, 1.0)),
    ):
        super().__init__()
        if alpha is not None and not 0 <= alpha <= 1:
            raise ValueError(f"alpha: expected 0 to 1, got {alpha}")
        self.siamfc = siamfc
        self.auxiliary = auxiliary
        self.fixed_alpha = alpha
        self.alpha_logit = nn.Parameter(torch.zeros(())) if alpha is None else None
        self.normalize = normalize
        self.register_buffer("statistics", torch.tensor(statistics, dtype=torch.float32))

    @property
    def alpha(self) -> float | Tensor:
        """The weight of the auxiliary branch, in [0, 1]."""
        return self.fixed_alpha if self.alpha_logit is None else torch.sigmoid(self.alpha_logit)

    def embed(self, rgb: Tensor, other: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """(B, 3, S, S) and (B, 1 or 3, S, S) -> embeddings of the two branches; None if unused."""
        return (
            None if self.fixed_alpha == 1 else self.siamfc.embed(rgb),
            None if self.fixed_alpha == 0 else self.auxiliary.embed(other),
        )

    def respond(
        self,
        exemplar: tuple[Tensor | None, Tensor | None],
        search: tuple[Tensor | None, Tensor | None],
    ) -> Tensor:
        """Embeddings of exemplar and search patches -> the mixed score maps (M, 1, n, n)."""
        alpha = self.alpha
        if self.fixed_alpha == 0:
            return self._normalized(self.siamfc.respond(exemplar[0], search[0]), 0)
        if self.fixed_alpha == 1:
            return self._normalized(self.auxiliary.respond(exemplar[1], search[1]), 1)
        first = self._normalized(self.siamfc.respond(exemplar[0], search[0]), 0)
        second = self._normalized(self.auxiliary.respond(exemplar[1], search[1]), 1)
        return (1 - alpha) * first + alpha * second

    def forward(
        self, exemplar_rgb: Tensor, exemplar_other: Tensor, search_rgb: Tensor, search_other: Tensor
    ) -> Tensor:
        """Patches (B, 3 or 1, S, S) -> mixed score maps (B, 1, n, n)."""
        return self.respond(
            self.embed(exemplar_rgb, exemplar_other), self.embed(search_rgb, search_other)
        )

    def _normalized(self, response: Tensor, branch: int) -> Tensor:
        if not self.normalize:
            return response
        mean, deviation = self.statistics[branch]
        return (response - mean) / deviation
