"""The rival of benchmarks/siamfc_training.py learns the same task."""

import torch

from benchmarks.siamfc_pytorch import balanced_loss, create_labels
from chromatrack.losses import logistic_loss, target_map


def test_the_rival_of_the_benchmark_has_the_same_loss():
    response = torch.randn(8, 1, 15, 15)
    labels = create_labels(response.shape)
    assert torch.equal(labels[0, 0], target_map(15))
    torch.testing.assert_close(
        balanced_loss(response, labels), logistic_loss(response, target_map(15))
    )
