"""Pairs of crops: which ones, and what the augmentation does to them, against siamfc-pytorch's."""

import pickle

import cv2
import numpy as np
import pytest

from chromatrack.data.augmentation import (
    INTERPOLATIONS,
    Augmentation,
    center_crop,
    color_matrix,
)
from chromatrack.data.crops import Crops, usable_frames, write_crop_shard
from chromatrack.data.pairs import CropPairs
from chromatrack.data.sequence import Sequence
from chromatrack.errors import InputError

AS_PEER = Augmentation(search_size=239, stretch=0.05)
FRAMES = np.array([0, 1, 2, 40, 60, 200, 250])


def crop(random, color=None):
    """A crop (271, 271, 3), BGR: noise with structure, a disc of one colour in its middle."""
    image = cv2.resize(random.integers(60, 200, (30, 30, 3)).astype(np.uint8), (271, 271))
    if color:
        cv2.circle(image, (135, 135), 30, color, -1)
    return image


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    """Two crop files of two sequences each; every crop is a colour of its own in the middle."""
    folder = tmp_path_factory.mktemp("crops")
    random = np.random.default_rng(0)
    paths = []
    for shard in range(2):
        sequences = []
        for index in range(2):
            jpegs = []
            for frame in range(len(FRAMES)):
                blue_green_red = (200 * shard, 200 * index, 20 + 30 * frame)
                jpegs.append(cv2.imencode(".jpg", crop(random, blue_green_red))[1].tobytes())
            sequences.append(Crops.of(f"s{index}", FRAMES, jpegs))
        paths.append(folder / f"crops-{shard:04d}.h5")
        write_crop_shard(paths[-1], sequences, margin=8, made_by={})
    return paths


def pairs_of(shards, **changes):
    values = {"batch_size": 8, "augmentation": AS_PEER, "seed": 0, **changes}
    return CropPairs(shards, **values)


def seen_pair(exemplar, search):
    """(shard, sequence, early, late) as the colours in the middle of two patches tell."""
    z, x = (patch[len(patch) // 2, len(patch) // 2].astype(int) for patch in (exemplar, search))
    assert [v > 100 for v in z[1:]] == [v > 100 for v in x[1:]], "patches of two targets"
    return int(z[2] > 100), int(z[1] > 100), round((z[0] - 20) / 30), round((x[0] - 20) / 30)


def test_pairs_are_of_one_target_in_order_and_within_the_gap(shards):
    pairs = pairs_of(shards, batch_size=2000, augmentation=Augmentation(), min_gap=2, max_gap=60)
    batch = pairs.batch(0)
    counts = {}
    for exemplar, search in zip(batch.exemplars, batch.searches, strict=True):
        key = seen_pair(exemplar, search)
        counts[key] = counts.get(key, 0) + 1
    possible = {
        (shard, sequence, early, late)
        for shard in range(2)
        for sequence in range(2)
        for early in range(len(FRAMES))
        for late in range(len(FRAMES))
        if 2 <= FRAMES[late] - FRAMES[early] <= 60
    }
    assert set(counts) == possible
    expected = 2000 / len(possible)
    assert all(0.5 * expected < count < 1.6 * expected for count in counts.values())


def test_a_batch_follows_from_its_step_alone(shards):
    first = pairs_of(shards)
    third = first.batch(3)
    assert third.exemplars.shape == (8, 127, 127, 3) and third.searches.shape == (8, 239, 239, 3)
    again = pickle.loads(pickle.dumps(first))  # as a loader process gets it
    for one, other in zip(third, again.batch(3), strict=True):
        np.testing.assert_array_equal(one, other)
    assert not np.array_equal(again.batch(4).searches, third.searches)
    assert not np.array_equal(pairs_of(shards, seed=1).batch(3).searches, third.searches)


def test_processes_and_batch_sizes_cut_one_order(shards):
    whole = pairs_of(shards, batch_size=8).batch(1)
    for part in (slice(0, 4), slice(4, 8)):
        for one, other in zip(pairs_of(shards).batch(1, part), whole, strict=True):
            np.testing.assert_array_equal(one, other[part])
    np.testing.assert_array_equal(
        pairs_of(shards, batch_size=4).batch(2).searches, whole.searches[:4]
    )


class PeerChoices:
    """A generator that hands out what was asked for, and what siamfc-pytorch would have drawn."""

    def __init__(self, *, scales, interpolations, corners):
        self.scales, self.interpolations = list(scales), list(interpolations)
        self.corners = list(corners)

    def uniform(self, low, high, size=None):
        return self.scales.pop(0) - 1

    def integers(self, high, size=None):
        if size is None:
            return self.interpolations.pop(0)
        return np.array(self.corners.pop(0))


def assert_same(rgb, bgr, interpolation):
    """Bit for bit, but for Lanczos: OpenCV rounds floats and bytes differently, by one level."""
    level = 1 if INTERPOLATIONS[interpolation] == cv2.INTER_LANCZOS4 else 0
    assert np.abs(rgb[..., ::-1].astype(int) - bgr).max() <= level


def peer_center_crop(image, size):
    """`CenterCrop` of siamfc-pytorch, restated."""
    height, width = image.shape[:2]
    top, left = round((height - size) / 2.0), round((width - size) / 2.0)
    pad = max(0, -top, -left)
    if pad > 0:
        color = np.mean(image, axis=(0, 1))
        image = cv2.copyMakeBorder(image, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=color)
        top, left = top + pad, left + pad
    return image[top : top + size, left : left + size]


def peer_transform(image, *, scale, interpolation, corner):
    """RandomStretch, CenterCrop(255 - 8), RandomCrop(255 - 2 * 8) of siamfc-pytorch, restated."""
    size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
    image = cv2.resize(image, size, interpolation=interpolation)
    image = peer_center_crop(image, 247)
    top, left = corner
    return image[top : top + 239, left : left + 239]


@pytest.mark.parametrize("size", [255, 271])
@pytest.mark.parametrize("interpolation", range(len(INTERPOLATIONS)))
@pytest.mark.parametrize("scale", [0.95, 0.9731, 1.0, 1.0123, 1.05])
def test_every_step_is_siamfc_pytorchs(size, interpolation, scale):
    """Of crops of 255 px, as it cuts them, and of ours, which have a margin."""
    random = np.random.default_rng(1)
    z, x = (center_crop(crop(random), size) for _ in range(2))
    corners = [(8, 0), (3, 5)]
    exemplar, search = np.empty((127, 127, 3), np.uint8), np.empty((239, 239, 3), np.uint8)
    offsets = AS_PEER.pair(
        z, x,
        PeerChoices(scales=[scale] * 2, interpolations=[interpolation] * 2, corners=corners),
        exemplar=exemplar, search=search,
    )  # fmt: skip
    how = {"scale": scale, "interpolation": INTERPOLATIONS[interpolation]}
    assert_same(search, peer_transform(x, **how, corner=corners[1]), interpolation)
    # The exemplar comes out of the middle of its crop, which is stretched alone.
    middle = peer_center_crop(z, 151)
    side = round(151 * scale)
    stretched = cv2.resize(middle, (side, side), interpolation=INTERPOLATIONS[interpolation])
    expected = peer_center_crop(stretched, 135)[8:, :127]
    assert_same(exemplar, expected, interpolation)
    assert offsets == (4 - 3 - (4 - 8), 4 - 5 - (4 - 0))


@pytest.mark.parametrize("interpolation", range(len(INTERPOLATIONS)))
@pytest.mark.parametrize("scale", [0.95, 0.9731, 1.0, 1.0123, 1.05])
def test_the_exemplar_shows_the_same_places_as_siamfc_pytorchs(interpolation, scale):
    """Though its middle is stretched alone: the colours of the crop tell where a pixel is from."""
    places = np.zeros((271, 271, 3), np.float32)
    places[..., 0], places[..., 1] = np.mgrid[:271, :271] * (255 / 270)
    ramp = places.round().astype(np.uint8)
    exemplar, search = np.empty((127, 127, 3), np.uint8), np.empty((239, 239, 3), np.uint8)
    choices = PeerChoices(
        scales=[scale] * 2, interpolations=[interpolation] * 2, corners=[(8, 0), (3, 5)]
    )
    AS_PEER.pair(ramp, ramp, choices, exemplar=exemplar, search=search)
    how = {"scale": scale, "interpolation": INTERPOLATIONS[interpolation], "corner": (8, 0)}
    peer = peer_center_crop(peer_transform(ramp, **how), 127).astype(int)
    # A pixel or less, of 0.94 levels, and the rounding of both.
    assert np.abs(exemplar[..., ::-1] - peer).max() <= 2


@pytest.mark.parametrize("size", [120, 121, 246, 247, 248, 249, 250, 251])
def test_center_crop_is_siamfc_pytorchs_where_it_pads_and_rounds(size):
    patch = np.random.default_rng(0).integers(0, 256, (size, size, 3)).astype(np.uint8)
    np.testing.assert_array_equal(center_crop(patch, 247), peer_center_crop(patch, 247))


@pytest.mark.parametrize(("search_size", "shift"), [(239, 0), (239, 16), (255, 8), (255, 0)])
def test_offsets_say_where_the_target_is(search_size, shift):
    """A dot in the middle of both crops: its places in the patches differ by the offset."""
    dot = np.zeros((271, 271, 3), np.uint8)
    dot[135, 135] = 255
    augmentation = Augmentation(search_size=search_size, shift=shift)
    exemplar = np.empty((127, 127, 3), np.uint8)
    search = np.empty((search_size, search_size, 3), np.uint8)
    seen = []
    for seed in range(300):
        offset = augmentation.pair(
            dot, dot, np.random.default_rng(seed), exemplar=exemplar, search=search
        )
        z = np.array(np.unravel_index(exemplar[..., 0].argmax(), (127, 127))) - 63
        x = np.array(np.unravel_index(search[..., 0].argmax(), search.shape[:2]))
        x = x - (search_size - 1) // 2
        np.testing.assert_array_equal(x - z, offset)
        seen.append((*z, *x))
    jitter = 0 if search_size == 255 else 4
    low, high = np.min(seen, axis=0), np.max(seen, axis=0)
    expected = np.array([jitter, jitter, shift or jitter, shift or jitter])
    assert low.tolist() == (-expected).tolist() and high.tolist() == expected.tolist()


def test_a_shift_that_the_crops_have_no_room_for_is_refused(shards):
    message = r"crops-0000.h5: crops of 271 px, but siamfc.shift needs 303 px; raise crops.margin"
    with pytest.raises(InputError, match=message):
        pairs_of(shards, augmentation=Augmentation(search_size=239, shift=32))


def test_grey_pairs_are_the_grey_of_opencv(shards):
    plain = pairs_of(shards).batch(0)
    grey = pairs_of(shards, augmentation=Augmentation(search_size=239, stretch=0.05, grey=1.0))
    for colored, patches in zip(plain[:2], grey.batch(0)[:2], strict=True):
        for one, other in zip(colored, patches, strict=True):
            expected = cv2.cvtColor(one, cv2.COLOR_RGB2GRAY).astype(int)
            assert np.abs(other.astype(int) - expected[..., None]).max() <= 1


def test_some_pairs_are_grey_and_then_both_patches(shards):
    augmentation = Augmentation(search_size=239, stretch=0.05, grey=0.3)
    batch = pairs_of(shards, batch_size=300, augmentation=augmentation).batch(0)
    z, x = (
        (patches.max(axis=-1) == patches.min(axis=-1)).all(axis=(1, 2)) for patches in batch[:2]
    )
    assert (z == x).all() and 0.2 < z.mean() < 0.4


def test_color_matrix_is_brightness_contrast_and_saturation():
    random = np.random.default_rng(0)
    rgb = random.uniform(80, 150, (50, 3))
    mean = rgb.mean(axis=0)

    def changed(**factors):
        values = {"brightness": 1, "contrast": 1, "saturation": 1, **factors}
        matrix = color_matrix(mean, **values)
        return rgb @ matrix[:, :3].T + matrix[:, 3]

    np.testing.assert_allclose(changed(), rgb)
    np.testing.assert_allclose(changed(brightness=1.2), 1.2 * rgb)
    weights = [0.299, 0.587, 0.114]
    np.testing.assert_allclose(changed(contrast=0.5), 0.5 * rgb + 0.5 * (mean @ weights))
    grey = (rgb @ weights)[:, None]
    np.testing.assert_allclose(changed(saturation=0.7), 0.7 * rgb + 0.3 * grey)
    np.testing.assert_allclose(changed(brightness=0, contrast=2, saturation=3), 0 * rgb)


def test_color_jitter_changes_each_patch_and_stays_in_its_range(shards):
    plain = pairs_of(shards).batch(0)
    options = Augmentation(search_size=239, stretch=0.05, color_jitter=0.2)
    jittered = pairs_of(shards, augmentation=options).batch(0)
    ratios = []
    for before, after in zip(plain[:2], jittered[:2], strict=True):
        for one, other in zip(before, after, strict=True):
            ratios.append(other.mean() / one.mean())
    assert 0.78 < min(ratios) < 0.97 and 1.03 < max(ratios) < 1.22
    assert len({round(ratio, 3) for ratio in ratios}) > 8  # both patches of a pair, each its own


def test_usable_frames():
    boxes = np.array(
        [[0, 0, 50, 50], [0, 0, 19, 50], [0, 0, 501, 200], [0, 0, 200, 40], [0, 0, 30, 30.0]]
    )
    visible = np.array([True, True, True, True, False])
    sequence = Sequence("s", (), boxes, visible=visible)
    assert usable_frames(sequence).tolist() == [0]


def test_damaged_shards_are_named(shards, tmp_path):
    other = tmp_path / "other.h5"
    other.write_bytes(b"no HDF5")
    with pytest.raises(InputError, match=r"other.h5: not a readable crop shard"):
        pairs_of([other])
    cut = tmp_path / "cut.h5"
    write_crop_shard(cut, [Crops.of("s", np.arange(3), [b"no JPEG"] * 3)], margin=8, made_by={})
    with pytest.raises(InputError, match=r"cut.h5: damaged: crop \d is no JPEG of 271 px"):
        pairs_of([cut]).batch(0)
    alone = tmp_path / "alone.h5"
    write_crop_shard(alone, [Crops.of("s", np.array([0, 200]), [b"", b""])], margin=8, made_by={})
    with pytest.raises(InputError, match="no sequence in 1 crop shards has two usable frames"):
        pairs_of([alone])
