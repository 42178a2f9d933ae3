"""Label propagation: perfect embeddings follow a moving object, whatever the method."""

import numpy as np
import pytest
import torch

from chromatrack.models.build import build_colorizer
from chromatrack.models.inputs import InputScaling
from chromatrack.tracking.propagation import propagate_segments


class Brightness(torch.nn.Module):
    """Embeds a cell as a point on a circle: equal mean brightness, equal point."""

    stride, margin = 8, 0

    def forward(self, grey):
        mean = torch.nn.functional.avg_pool2d(grey, 8) * 3
        return 6 * torch.cat([torch.cos(mean), torch.sin(mean)], dim=1)


class Ideal(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk, self.head = Brightness(), torch.nn.Identity()


def scene(shift):
    image = np.full((96, 160, 3), 30, dtype=np.uint8)
    image[16:48, 16 + shift : 64 + shift] = 140
    image[56:88, 88 - shift : 120 - shift] = 250
    mask = np.zeros((96, 160), dtype=np.uint8)
    mask[image[..., 0] == 140] = 1
    mask[image[..., 0] == 250] = 5
    return image, mask


def run(model, method, frames, mask):
    return list(
        propagate_segments(
            model, InputScaling(), frames, mask, method=method,
            references=1 if method == "thesis" else 3, temperature=1.0, short_side=96,
            device=torch.device("cpu"),
        )
    )  # fmt: skip


@pytest.mark.parametrize("method", ["soft", "thesis"])
def test_moving_objects_are_followed(method):
    shifts = range(0, 33, 8)
    frames, masks = zip(*(scene(shift) for shift in shifts), strict=True)
    results = run(Ideal(), method, frames, masks[0])
    inside = slice(32, 128) if method == "thesis" else slice(None)
    for result, mask in zip(results[1:], masks[1:], strict=True):
        assert set(np.unique(result)) <= {0, 1, 5}
        agreement = (result == mask)[:, inside].mean()
        assert agreement > 0.97
    assert method == "soft" or (results[-1][:, :32] == 0).all()


def test_the_first_mask_is_returned_without_void():
    image, mask = scene(0)
    mask[0, 0] = 255
    first = run(Ideal(), "soft", [image], mask)[0]
    assert first[0, 0] == 0 and (first[1:] == mask[1:]).all()


@pytest.mark.parametrize("trunk", ["resnet18", "alexnet"])
@pytest.mark.parametrize("method", ["soft", "thesis"])
def test_real_networks_cover_the_whole_frame(trunk, method):
    torch.manual_seed(0)
    model = build_colorizer(trunk=trunk, width=0.05).eval()
    frames, masks = zip(*(scene(shift) for shift in (0, 8)), strict=True)
    results = run(model, method, frames, masks[0])
    assert [r.shape for r in results] == [(96, 160)] * 2 and results[1].dtype == np.uint8


def test_no_object_gives_background():
    image, mask = scene(0)
    assert not np.any(run(Ideal(), "soft", [image, image], np.zeros_like(mask)))
