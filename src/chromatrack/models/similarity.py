"""Colorization by pointing: the similarity of embeddings and the copying of labels (thesis 3.2.2).

Two forms of one computation. `affinity` and `copy_labels` write the matrix out: B x h w x R h w
numbers. `copied_labels`, and `log_likelihood` on top of it, leave it to a fused kernel that never
holds the matrix; the plain form is its reference. Everything runs in float32 at least, whatever the
embeddings are: half precision would round the scores of a network that is sure, and the network
itself is what takes the time.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.checkpoint import checkpoint

UNDERFLOW = 1e-20
"""Below this probability, float32 (from 1e-38 on) is left for log space."""


def directions(embeddings: Tensor) -> Tensor:
    """(..., T, E, h, w) -> the same shape: unit vectors, after their common mean is taken away.

    What all cells of all frames have in common tells none from another; behind a ReLU it is most of
    an embedding.
    """
    embeddings = embeddings.to(torch.promote_types(embeddings.dtype, torch.float32))
    embeddings = embeddings - embeddings.mean(dim=(-4, -2, -1), keepdim=True)
    return F.normalize(embeddings, dim=-3)


def affinity(
    reference: Tensor, target: Tensor, *, temperature: float = 1.0, window: int | None = None
) -> Tensor:
    """Similarity of every target position to every reference position (eq. 3.11).

    Args:
        reference: (B, R, E, h, w) embeddings of the reference frames.
        target: (B, E, h, w) embedding of the target frame.
        temperature: divides the inner products.
        window: a target position sees the reference cells up to so many rows and columns away;
            None: all.

    Returns:
        (B, h * w, R * h * w) float32; rows sum to one.
    """
    queries, keys = _vectors(reference, target)
    seen = _seen(reference, window)
    with _no_autocast(target):
        scores = queries @ keys.transpose(1, 2) / temperature
        if seen is not None:
            scores = scores.masked_fill(~seen, float("-inf"))
        return torch.softmax(scores, dim=-1)


def copy_labels(weights: Tensor, labels: Tensor) -> Tensor:
    """Mix the labels of the references with the affinity as weights (eq. 3.12).

    Args:
        weights: (B, h * w, R * h * w), rows sum to one.
        labels: (B, R, K, h, w) distribution over K labels at each position.

    Returns:
        (B, K, h, w) distribution over the labels of the target.
    """
    with _no_autocast(weights):
        return _as_map(weights @ _values(labels).to(weights.dtype), labels.shape[-2:])


def copied_labels(
    reference: Tensor,
    target: Tensor,
    labels: Tensor,
    *,
    temperature: float = 1.0,
    window: int | None = None,
) -> Tensor:
    """`copy_labels(affinity(reference, target), labels)` by PyTorch's fused attention.

    The arguments are those of these two; the result is (B, K, h, w) float32.
    """
    queries, keys = _vectors(reference, target)
    values = _values(labels).to(queries.dtype)
    # The fused kernels want vectors of one length; zeros change neither product.
    length = max(queries.shape[-1], values.shape[-1])
    queries, keys, padded = (
        F.pad(tensor, (0, length - tensor.shape[-1])) for tensor in (queries, keys, values)
    )
    with _no_autocast(target):
        mixed = F.scaled_dot_product_attention(
            queries[:, None],
            keys[:, None],
            padded[:, None],
            attn_mask=_seen(reference, window),
            scale=1 / temperature,
        )
    return _as_map(mixed[:, 0, :, : values.shape[-1]], labels.shape[-2:])


def log_likelihood(
    reference: Tensor,
    target: Tensor,
    reference_labels: Tensor,
    target_labels: Tensor,
    *,
    colours: int,
    temperature: float = 1.0,
    window: int | None = None,
) -> tuple[Tensor, Tensor]:
    """Logarithm of the copied probability of the true labels (log of eq. 3.12).

    Where that probability underflows, because the network is surely wrong, its logarithm would have
    neither a value nor a gradient. These positions, usually few, are computed in log space: the
    log-sum-exp of the scores of the references that have the true label less that of all.

    Args:
        reference, target: as in `affinity`.
        reference_labels: (B, R, h, w) int64.
        target_labels: (B, h, w) int64.
        colours: K.

    Returns:
        (B, h, w) float32 logarithms, and (B, h, w) bool: whether any reference cell in sight has
        the label. Where none has, the logarithm is given as 0, without gradient.
    """
    one_hot = F.one_hot(reference_labels, colours).permute(0, 1, 4, 2, 3)
    copied = copied_labels(reference, target, one_hot, temperature=temperature, window=window)
    shares = copied.gather(1, target_labels[:, None]).flatten(1)  # (B, h * w)
    lost = shares < UNDERFLOW
    logs = torch.where(lost, 1.0, shares).log()
    possible = torch.ones_like(lost)
    queries, keys = _vectors(reference, target)
    seen = _seen(reference, window)
    for sample in lost.any(dim=1).nonzero().flatten().tolist():
        rows = lost[sample].nonzero().flatten()
        with _no_autocast(target):
            # Computed once more on the way back, so that no matrix is kept.
            exact, found = checkpoint(
                _log_share,
                queries[sample, rows] / temperature,
                keys[sample],
                reference_labels[sample].flatten(),
                target_labels[sample].flatten()[rows],
                None if seen is None else seen[rows],
                use_reentrant=False,
            )
        logs[sample, rows] = exact
        possible[sample, rows] = found
    return logs.view(target_labels.shape), possible.view(target_labels.shape)


def predict_labels(
    embeddings: Tensor,
    labels: Tensor,
    *,
    colours: int,
    temperature: float = 1.0,
    window: int | None = None,
) -> tuple[Tensor, Tensor]:
    """Copy the labels of all frames but the last to the last.

    Args:
        embeddings: (B, T, E, h, w) of a sample.
        labels: (B, T, g, g) int64; see `seen_cells`.
        colours: K.
        temperature, window: see `affinity`.

    Returns:
        (B, K, h, w) predicted distribution and (B, h, w) true labels of the last frame.
    """
    labels = seen_cells(labels, embeddings)
    one_hot = F.one_hot(labels[:, :-1], colours).permute(0, 1, 4, 2, 3)
    predicted = copied_labels(
        embeddings[:, :-1], embeddings[:, -1], one_hot, temperature=temperature, window=window
    )
    return predicted, labels[:, -1]


def seen_cells(labels: Tensor, embeddings: Tensor) -> Tensor:
    """The central cells of (..., g, g) labels: a trunk without padding gives h x w of them."""
    height, width = embeddings.shape[-2:]
    top = (labels.shape[-2] - height) // 2
    left = (labels.shape[-1] - width) // 2
    return labels[..., top : top + height, left : left + width]


def local_window(
    height: int, width: int, radius: int, device: torch.device | None = None
) -> Tensor:
    """(h * w, h * w) bool: cells at most `radius` rows and `radius` columns apart."""
    rows = torch.arange(height, device=device)
    columns = torch.arange(width, device=device)
    near_rows = (rows[:, None] - rows).abs() <= radius
    near_columns = (columns[:, None] - columns).abs() <= radius
    near = near_rows[:, None, :, None] & near_columns[None, :, None, :]  # (h, w, h, w)
    return near.reshape(height * width, height * width)


def _seen(reference: Tensor, window: int | None) -> Tensor | None:
    """(h * w, R * h * w) bool, or None where everything is in sight."""
    if window is None:
        return None
    frames, height, width = reference.shape[1], *reference.shape[-2:]
    return local_window(height, width, window, reference.device).repeat(1, frames)


def _vectors(reference: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Queries (B, h * w, E) and keys (B, R * h * w, E), float32 (or float64, if they are)."""
    kind = torch.promote_types(target.dtype, torch.float32)
    keys = reference.permute(0, 1, 3, 4, 2).flatten(1, 3)
    queries = target.flatten(2).transpose(1, 2).contiguous()  # the fused kernels insist on it
    return queries.to(kind), keys.to(kind)


def _no_autocast(tensor: Tensor) -> torch.autocast:
    """Mixed precision would make the products of float32 tensors bfloat16 again."""
    return torch.autocast(tensor.device.type, enabled=False)


def _values(labels: Tensor) -> Tensor:
    return labels.permute(0, 1, 3, 4, 2).flatten(1, 3)  # (B, R * h * w, K)


def _as_map(mixed: Tensor, size: torch.Size) -> Tensor:
    return mixed.transpose(1, 2).unflatten(2, tuple(size)).contiguous()


def _log_share(
    queries: Tensor, keys: Tensor, has: Tensor, wanted: Tensor, seen: Tensor | None
) -> tuple[Tensor, Tensor]:
    """(N, E), (M, E), (M,), (N,), (N, M) -> (N,) logarithms and (N,) whether any has the label."""
    scores = queries @ keys.T
    same = wanted[:, None] == has
    if seen is not None:
        scores = scores.masked_fill(~seen, float("-inf"))
        same &= seen
    possible = same.any(dim=-1)
    # A row without the label would be -inf - lse, and its gradient NaN: all of the row is 0.
    same |= ~possible[:, None]
    matching = scores.masked_fill(~same, float("-inf"))
    return matching.logsumexp(dim=-1) - scores.logsumexp(dim=-1), possible
