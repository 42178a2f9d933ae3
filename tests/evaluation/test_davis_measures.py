"""DAVIS: J, F and their statistics against a plain restatement of the official code."""

import numpy as np
import pytest
from skimage.morphology import dilation, disk

from chromatrack.data import davis as davis_data
from chromatrack.metrics import davis


def disc(y: int, x: int) -> np.ndarray:
    rows, columns = np.ogrid[:480, :854]
    return (rows - y) ** 2 + (columns - x) ** 2 <= 60**2


def test_davis_agrees_with_the_official_evaluation_on_moving_discs():
    pairs = [(disc(240, 400 + i), disc(240 + i, 400)) for i in range(10)]
    j = davis.statistics(np.array([davis.region_similarity(*pair) for pair in pairs]))
    f = davis.statistics(np.array([davis.contour_accuracy(*pair) for pair in pairs]))
    assert j.mean == pytest.approx(0.876820, abs=5e-7)
    assert j.decay == pytest.approx(0.184481, abs=5e-7)
    assert f.mean == pytest.approx(0.854339, abs=5e-7)
    assert f.recall == pytest.approx(0.9)
    assert f.decay == pytest.approx(0.450413, abs=5e-7)


def test_empty_masks():
    empty, full = np.zeros((48, 64), bool), np.ones((48, 64), bool)
    square = empty.copy()
    square[10:20, 10:20] = True
    assert davis.region_similarity(empty, empty) == 1
    assert davis.contour_accuracy(empty, empty) == 1
    for other in (square, full):
        assert davis.region_similarity(empty, other) == 0
    assert davis.contour_accuracy(empty, square) == davis.contour_accuracy(square, empty) == 0
    # A mask that fills the frame has no boundary, so officially it equals the empty one.
    assert davis.contour_accuracy(full, empty) == 1


def test_void_is_background():
    ids = np.array([[0, 1, 2], [255, 255, 1]], np.uint8)
    np.testing.assert_array_equal(davis.object_mask(ids, 1), [[0, 1, 0], [0, 0, 1]])
    assert not davis.object_mask(ids, 255).any()


def plain_boundary(mask: np.ndarray) -> np.ndarray:
    """A pixel is boundary if the one to the right, below or diagonally below differs."""
    height, width = mask.shape
    found = np.zeros_like(mask)
    for down, right in ((0, 1), (1, 0), (1, 1)):
        here = mask[: height - down, : width - right]
        found[: height - down, : width - right] |= here != mask[down:, right:]
    return found


def plain_f(result: np.ndarray, truth: np.ndarray) -> float:
    """F over the whole frame as the official code defines it, dilated by skimage's disk."""
    near = disk(int(np.ceil(0.008 * np.linalg.norm(truth.shape))))
    own, other = plain_boundary(result), plain_boundary(truth)
    if not own.any() or not other.any():
        return float(own.any() == other.any())
    precision = (own & dilation(other, near)).sum() / own.sum()
    recall = (other & dilation(own, near)).sum() / other.sum()
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def plain_decay(values: np.ndarray) -> float:
    edges = [round(1 + part * (len(values) - 1) / 4 + 1e-10) - 1 for part in range(5)]
    return np.mean(values[: edges[1] + 1]) - np.mean(values[edges[3] :])


def blobs(random: np.random.Generator, size: tuple[int, int], count: int) -> np.ndarray:
    """Ids of random ellipses that touch borders, hide each other, and are sometimes nothing."""
    ids = np.zeros(size, np.uint8)
    y, x = np.ogrid[: size[0], : size[1]]
    for number in range(1, count + 1):
        row, column = random.integers(0, size[0]), random.integers(0, size[1])
        a, b = random.integers(1, 40, 2) if random.random() > 0.15 else (1, -1)
        if b > 0:
            ids[((y - row) / a) ** 2 + ((x - column) / b) ** 2 <= 1] = number
    return ids


@pytest.mark.parametrize("size", [(40, 60), (120, 214), (65, 33)])
def test_j_and_f_agree_with_a_plain_restatement(size):
    random = np.random.default_rng(size[0])
    for _ in range(30):
        result, truth = blobs(random, size, 3), blobs(random, size, 3)
        for number in (1, 2, 3):
            pair = davis.object_mask(result, number), davis.object_mask(truth, number)
            both, either = (pair[0] & pair[1]).sum(), (pair[0] | pair[1]).sum()
            assert davis.region_similarity(*pair) == (both / either if either else 1)
            assert davis.contour_accuracy(*pair) == pytest.approx(plain_f(*pair), abs=1e-12)


@pytest.mark.parametrize("frames", [1, 2, 3, 4, 5, 7, 48, 255])
def test_statistics_agree_with_a_plain_restatement(frames):
    values = np.random.default_rng(frames).random(frames)
    found = davis.statistics(values)
    assert found.mean == pytest.approx(values.sum() / frames)
    assert found.recall == (values > 0.5).sum() / frames
    assert found.decay == pytest.approx(plain_decay(values))


def test_statistics_beyond_256_frames():
    values = np.concatenate([np.ones(300), np.zeros(300)])
    statistics = davis.statistics(values)
    assert (statistics.mean, statistics.recall, statistics.decay) == (0.5, 0.5, 1.0)


@pytest.mark.real_data
def test_real_masks_agree_with_a_plain_restatement(real_data):
    root = real_data / "davis"
    for name in davis_data.read_names(root):
        paths = davis_data.masks(root, name)
        for early, late in ((0, 3), (10, 30)):
            pair = [davis_data.read_mask(paths[index]) == 1 for index in (early, late)]
            assert davis.contour_accuracy(*pair) == pytest.approx(plain_f(*pair), abs=1e-12)
