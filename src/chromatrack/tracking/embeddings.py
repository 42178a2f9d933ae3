"""Embeddings of several targets in one tensor, and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import torch

from chromatrack.tracking.networks import Embedding


def joined(embeddings: Iterable[Embedding]) -> Embedding:
    """Those of several batches as one."""
    branches = zip(*embeddings, strict=True)
    return tuple(None if branch[0] is None else torch.cat(branch) for branch in branches)


def rows(embedded: Embedding) -> Iterator[Embedding]:
    """The embeddings of a batch one by one."""
    count = len(next(branch for branch in embedded if branch is not None))
    for row in range(count):
        yield tuple(None if branch is None else branch[row : row + 1] for branch in embedded)


def of_places(embedded: Embedding, places: Sequence[Sequence[int]]) -> Embedding:
    """Embeddings (places * scales, ...) of groups of trackers -> (trackers * scales, ...).

    Args:
        places: of each group, the number of the place of each of its trackers, from 0.
    """
    ends = np.cumsum([0, *(max(numbers) + 1 for numbers in places)])
    found = np.concatenate(
        [np.add(numbers, end) for numbers, end in zip(places, ends, strict=False)]
    )
    if len(found) == ends[-1]:
        return embedded

    def taken(branch: torch.Tensor) -> torch.Tensor:
        index = torch.as_tensor(found, device=branch.device)
        return branch.unflatten(0, (int(ends[-1]), -1))[index].flatten(0, 1)

    return tuple(None if branch is None else taken(branch) for branch in embedded)
