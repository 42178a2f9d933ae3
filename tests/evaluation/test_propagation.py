"""Label propagation: perfect features follow whatever moves, whatever the method and the label."""

import dataclasses

import numpy as np
import pytest
import torch

from chromatrack.errors import WorkError
from chromatrack.models.build import build_colorizer
from chromatrack.models.colorizer import Colorizer
from chromatrack.models.inputs import InputScaling
from chromatrack.models.similarity import affinity, copy_labels
from chromatrack.settings import PropagationSettings
from chromatrack.tracking import copying, targets
from chromatrack.tracking.copying import copy_similar
from chromatrack.tracking.propagation import propagate
from chromatrack.tracking.recipe import THESIS, Recipe, recipe
from chromatrack.tracking.view import View

SOFT = recipe("soft", PropagationSettings(short_side=96, temperature=0.01))
SMALL_THESIS = dataclasses.replace(THESIS, short_side=96)
RECIPES = {
    "soft": SOFT,
    "embedding": dataclasses.replace(SOFT, features="embedding"),
    "middle": dataclasses.replace(SOFT, features="middle"),
    "everywhere": dataclasses.replace(SOFT, top_k=None, radius=None),
    "thesis": SMALL_THESIS,
}


class Brightness(torch.nn.Module):
    """Embeds a cell as a point on a circle: equal mean brightness, equal point."""

    stride, margin = 8, 0

    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, grey):
        self.calls += len(grey)
        mean = torch.nn.functional.avg_pool2d(grey, 8) * 3
        return 6 * torch.cat([torch.cos(mean), torch.sin(mean)], dim=1)

    def middle(self, grey):
        return self(grey)


class Ideal(Colorizer):
    def __init__(self):
        super().__init__(trunk=Brightness(), head=torch.nn.Identity())


def scene(shift):
    image = np.full((96, 160, 3), 30, dtype=np.uint8)
    image[16:48, 16 + shift : 64 + shift] = 140
    image[56:88, 88 - shift : 120 - shift] = 250
    mask = np.zeros((96, 160), dtype=np.uint8)
    mask[image[..., 0] == 140] = 1
    mask[image[..., 0] == 250] = 5
    return image, mask


def planes_of(model, how: Recipe, frames, labels):
    return list(
        propagate(
            model, InputScaling(), frames, labels, recipe=how, device=torch.device("cpu")
        )
    )  # fmt: skip


def segments_of(model, how, frames, mask):
    objects = targets.object_ids(mask)
    planes = planes_of(model, how, frames, targets.segment_planes(mask))
    return [targets.segments(frame, objects) for frame in planes]


@pytest.mark.parametrize("name", RECIPES)
def test_moving_objects_are_followed(name):
    shifts = range(0, 33, 8)
    frames, masks = zip(*(scene(shift) for shift in shifts), strict=True)
    results = segments_of(Ideal(), RECIPES[name], frames, masks[0])
    inside = slice(32, 128) if name == "thesis" else slice(None)
    for result, mask in zip(results[1:], masks[1:], strict=True):
        assert set(np.unique(result)) <= {0, 1, 5}
        assert (result == mask)[:, inside].mean() > 0.97
    assert name != "thesis" or (results[-1][:, :32] == 0).all()


def test_the_thesis_way_divides_as_in_training():
    """Inner products over 16 are those of embeddings a quarter as long."""
    frames, masks = zip(*(scene(shift) for shift in (0, 8)), strict=True)
    planes = targets.segment_planes(masks[0])
    how = dataclasses.replace(SMALL_THESIS, hard=False)
    divided, shorter, plain = Ideal(), Ideal(), Ideal()
    divided.temperature = 16.0
    shorter.head = Scaled(0.25)
    found = [planes_of(model, how, frames, planes)[1] for model in (divided, shorter, plain)]
    torch.testing.assert_close(found[0], found[1])
    assert (found[0] - found[2]).abs().max() > 0.05


class Scaled(torch.nn.Module):
    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def forward(self, features):
        return self.factor * features


def test_features_that_are_no_numbers_are_told(monkeypatch):
    frames, masks = zip(*(scene(shift) for shift in (0, 8)), strict=True)
    model = Ideal()
    forward = type(model.trunk).forward
    monkeypatch.setattr(type(model.trunk), "forward", lambda *given: forward(*given) * np.nan)
    with pytest.raises(WorkError, match="features that are not finite; check its weights"):
        segments_of(model, RECIPES["soft"], frames, masks[0])


def test_the_trunk_sees_every_frame_once():
    model = Ideal()
    frames, masks = zip(*(scene(shift) for shift in range(6)), strict=True)
    segments_of(model, RECIPES["embedding"], frames, masks[0])
    assert model.trunk.calls == 6


def test_the_first_mask_is_returned_without_void():
    image, mask = scene(0)
    mask[0, 0] = 255
    first = segments_of(Ideal(), SOFT, [image], mask)[0]
    assert first[0, 0] == 0 and (first[1:] == mask[1:]).all()


@pytest.mark.parametrize("trunk", ["resnet18", "alexnet"])
@pytest.mark.parametrize("name", RECIPES)
def test_real_networks_cover_the_whole_frame(trunk, name):
    torch.manual_seed(0)
    model = build_colorizer(trunk=trunk, width=0.05).eval()
    frames, masks = zip(*(scene(shift) for shift in (0, 8)), strict=True)
    results = segments_of(model, RECIPES[name], frames, masks[0])
    assert [r.shape for r in results] == [(96, 160)] * 2 and results[1].dtype == np.uint8


def test_no_object_gives_background():
    image, mask = scene(0)
    assert not np.any(segments_of(Ideal(), SOFT, [image, image], np.zeros_like(mask)))


def test_the_first_frame_brings_back_what_was_hidden():
    """A covered object is back once it shows again only if the first frame is a reference."""
    (image, mask), empty = scene(0), np.full((96, 160, 3), 30, dtype=np.uint8)
    frames = [image, *[empty] * 4, image]
    for first_frame in (True, False):
        how = dataclasses.replace(SOFT, references=2, first_frame=first_frame)
        last = segments_of(Ideal(), how, frames, mask)[-1]
        assert (last == mask).mean() > 0.99 if first_frame else not last.any()


def test_centering_takes_away_what_all_features_share():
    """An offset that all features have drowns their differences, unless it is taken away."""

    class Offset(Brightness):
        def forward(self, grey):
            return super().forward(grey) + 500

    model = Ideal()
    model.trunk = Offset()
    frames, masks = zip(*(scene(shift) for shift in (0, 8, 16)), strict=True)
    agreement = {}
    for center in (True, False):
        how = dataclasses.replace(RECIPES["everywhere"], center=center, temperature=0.07)
        last = segments_of(model, how, frames, masks[0])[-1]
        agreement[center] = (last == masks[-1]).mean()
    assert agreement[True] > 0.97 > agreement[False]


def random_grids(seed=0, references=3, channels=5, labels=4, size=(6, 7)):
    make = torch.Generator().manual_seed(seed)
    features = torch.randn(references + 1, channels, *size, generator=make)
    return features[:-1], torch.rand(references, labels, *size, generator=make), features[-1]


def test_without_limits_it_is_the_formula_of_the_thesis():
    references, labels, target = random_grids()
    weights = affinity(references[None], target[None], temperature=0.7)
    expected = copy_labels(weights, labels[None])[0]
    torch.testing.assert_close(copy_similar(references, labels, target, temperature=0.7), expected)


@pytest.mark.parametrize("top_k", [None, 1, 4, 1000])
@pytest.mark.parametrize("radius", [None, 0, 2])
def test_limits_agree_with_loops_and_with_any_size_of_band(top_k, radius, monkeypatch):
    references, labels, target = random_grids()
    count, _, height, width = references.shape
    expected = torch.zeros(labels.shape[1:])
    for y in range(height):
        for x in range(width):
            found = [
                (float(references[r, :, v, u] @ target[:, y, x]) / 0.5, labels[r, :, v, u])
                for r in range(count) for v in range(height) for u in range(width)
                if radius is None or max(abs(v - y), abs(u - x)) <= radius
            ]  # fmt: skip
            found = sorted(found, key=lambda pair: -pair[0])[:top_k]
            weights = torch.softmax(torch.tensor([score for score, _ in found]), dim=0)
            expected[:, y, x] = sum(w * v for w, (_, v) in zip(weights, found, strict=True))
    for entries, near_rows in ((1, 2), (1 << 24, 2), (1 << 24, 100), (600, 100)):
        monkeypatch.setattr(copying, "NEAR_ROWS", near_rows)
        mixed = copy_similar(
            references, labels, target,
            temperature=0.5, top_k=top_k, radius=radius, entries=entries,
        )  # fmt: skip
        torch.testing.assert_close(mixed, expected)


@pytest.mark.parametrize("name", ["soft", "thesis"])
def test_points_keep_their_place_within_a_cell(name):
    places = np.array([[70.0, 33.0], [43.5, 20.2]])
    view = View((96, 160), short_side=96, stride=8, central_square=False)
    assert view.cell == 8
    start = targets.point_planes(places, (96, 160), sigma=view.cell)
    np.testing.assert_allclose(start.sum(axis=0), 1, rtol=1e-5)
    # Nothing moves and every cell is its own: positions survive the grid.
    texture = np.random.default_rng(0).permutation(240).astype(np.uint8).reshape(12, 20, 1)
    still = np.repeat(np.kron(texture, np.ones((8, 8, 1), np.uint8)), 3, axis=2)
    how = dataclasses.replace(RECIPES[name], top_k=1)
    found = targets.points(planes_of(Ideal(), how, [still] * 3, start)[-1], sigma=view.cell)
    assert np.abs(found[:, :2] - places).max() < (2 if name == "soft" else 8)
    assert (found[:, 2] > 0.7).all()


def test_a_point_without_label_is_gone():
    found = targets.points(torch.zeros(2, 20, 30), sigma=8)
    assert np.isnan(found[0, :2]).all() and found[0, 2] == 0


@pytest.mark.parametrize("box", [[30, 20, 16, 24], [30.5, 20.25, 15.5, 24], [-4, 80, 20, 30]])
def test_a_box_survives_the_round_trip(box):
    planes = targets.box_planes(np.array(box), (96, 160))
    left, top = max(0, box[0]), max(0, box[1])
    right, bottom = min(160, box[0] + box[2]), min(96, box[1] + box[3])
    found = targets.box(torch.from_numpy(planes))
    np.testing.assert_allclose(found, [left, top, right - left, bottom - top], atol=1)
    assert planes[1].sum() == pytest.approx((right - left) * (bottom - top))
    assert targets.box(torch.from_numpy(planes[::-1].copy())) is not None
    assert targets.box(torch.zeros(2, 96, 160)) is None


def test_a_box_follows_its_target():
    frames, _ = zip(*(scene(shift) for shift in range(0, 33, 8)), strict=True)
    planes = targets.box_planes(np.array([16, 16, 48, 32]), (96, 160))
    found = [targets.box(frame) for frame in planes_of(Ideal(), SOFT, frames, planes)]
    for shift, box in zip(range(0, 33, 8), found, strict=True):
        np.testing.assert_allclose(box, [16 + shift, 16, 48, 32], atol=1.5)


def test_colours_are_carried_and_lightness_is_the_frames_own():
    frames = []
    for shift in (0, 8, 16):
        image, mask = scene(shift)
        image[mask == 1] = (180, 120, 90)
        frames.append(image)
    start = targets.colour_planes(frames[0])
    for image, planes in zip(frames, planes_of(Ideal(), SOFT, frames, start), strict=True):
        painted = targets.coloured(image, planes)
        assert np.abs(painted.astype(int) - image).mean() < 1.5
    grey = np.full_like(frames[0], 90)
    plain = targets.coloured(grey, torch.full((2, 96, 160), 128.0))
    assert np.abs(plain.astype(int) - grey).max() <= 2


def test_views_fit_any_frame():
    for size in [(480, 854), (96, 160), (7, 5), (300, 301)]:
        for square in (False, True):
            view = View(size, short_side=256, stride=8, central_square=square)
            image = np.zeros((*size, 3), np.uint8)
            rows, columns = view.grid
            assert view.shrink(image).shape == (8 * rows, 8 * columns, 3)
            assert min(view.grid) == 32 and (not square or view.grid == (32, 32))
            planes = view.to_grid(np.ones((2, *size)))
            frame = view.to_frame(torch.from_numpy(planes), smooth=True)
            assert frame.shape == (2, *size) and frame.amax() == pytest.approx(1)
            if not square:
                assert frame.amin() == pytest.approx(1)
