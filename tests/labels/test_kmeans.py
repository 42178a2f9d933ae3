"""Promises of k-means on the histogram: it is the k-means of all pixels, whatever computes it."""

import cv2
import numpy as np
import pytest

from chromatrack.labels import lloyd, lloyd_torch, seeding
from chromatrack.labels.clip import decode_clip
from chromatrack.labels.kmeans import ab_histogram, cluster, cluster_many, label_table
from chromatrack.settings import LabelSettings

BACKENDS = ["histogram", "torch", "faiss"]


def cloud(seed, colours=900):
    """A histogram of `colours` random colours with random weights."""
    random = np.random.default_rng(seed)
    histogram = np.zeros(65536, dtype=np.int64)
    histogram[random.choice(65536, colours, replace=False)] = random.integers(1, 5000, colours)
    return histogram


def points_of(histogram):
    codes = np.flatnonzero(histogram)
    return np.stack([codes >> 8, codes & 255], axis=1).astype(float), histogram[codes].astype(float)


def lloyd_by_definition(points, weights, centroids):
    """Lloyd's iteration written down, to convergence."""
    while True:
        nearest = ((points[:, None] - centroids) ** 2).sum(axis=2).argmin(axis=1)
        moved = np.stack(
            [
                np.average(points[nearest == i], axis=0, weights=weights[nearest == i])
                if (nearest == i).any()
                else centroids[i]
                for i in range(len(centroids))
            ]
        )
        if np.allclose(moved, centroids, atol=1e-12):
            return centroids
        centroids = moved


@pytest.mark.parametrize("seed", range(5))
def test_intervals_and_running_sums_are_lloyds_iteration(seed):
    points, weights = points_of(cloud(seed))
    starts = seeding.starts(points, weights, colours=8, restarts=3, seed=seed)
    [refined] = lloyd.refine([(points, weights, starts)], tolerance=0.0, max_iterations=500)
    for start, centroids in zip(starts, refined, strict=True):
        expected = lloyd_by_definition(points, weights, start)
        expected = expected[np.argsort(expected[:, 1], kind="stable")]
        np.testing.assert_allclose(centroids, expected, atol=1e-9)


def test_centroids_on_one_line_and_on_one_point_are_no_trouble():
    points, weights = points_of(cloud(1))
    starts = np.array([[[10.0, 50], [200, 50], [90, 50]], [[10.0, 50], [10, 50], [90, 50]]])
    [refined] = lloyd.refine([(points, weights, starts)], tolerance=0.0, max_iterations=500)
    assert np.isfinite(refined).all()
    [batched] = lloyd_torch.refine([(points, weights, starts)], tolerance=0.0, max_iterations=500)
    np.testing.assert_allclose(batched, refined, atol=1e-9)


def test_histogram_kmeans_is_kmeans_of_all_pixels():
    random = np.random.default_rng(0)
    centers = np.array([[60, 60], [120, 180], [200, 90]])
    pixels = (centers[random.integers(3, size=3000)] + random.normal(0, 4, (3000, 2))).round()
    pixels = pixels.clip(0, 255).astype(np.uint8)
    result = cluster(ab_histogram(pixels), colours=3, backend="histogram")
    distances = np.linalg.norm(pixels[:, None].astype(float) - result.centroids[None], axis=2)
    assert result.inertia == pytest.approx((distances.min(axis=1) ** 2).sum(), rel=1e-4)
    for index in range(3):  # converged: each centroid is the mean of its pixels
        mine = pixels[distances.argmin(axis=1) == index]
        np.testing.assert_allclose(result.centroids[index], mine.mean(axis=0), atol=1e-3)
    np.testing.assert_allclose(result.centroids, centers, atol=1)
    codes = pixels[:, 0].astype(int) * 256 + pixels[:, 1]
    np.testing.assert_array_equal(label_table(result.centroids)[codes], distances.argmin(axis=1))


@pytest.mark.parametrize("colours", [8, 16])
@pytest.mark.parametrize("backend", ["torch", "faiss"])
def test_backends_find_the_same_inertia(backend, colours):
    clouds = [cloud(seed, 200 + 300 * seed) for seed in range(4)]
    expected = cluster_many(clouds, colours=colours, backend="histogram")
    found = cluster_many(clouds, colours=colours, backend=backend)
    for one, other in zip(found, expected, strict=True):
        assert one.inertia == pytest.approx(other.inertia, rel=0.01)


@pytest.mark.real_data
def test_backends_find_the_same_inertia_on_real_clips(real_data):
    videos = sorted((real_data / "kinetics" / "source").iterdir())[::5]
    settings = LabelSettings(frame_stride=25)
    histograms = [decode_clip(video, settings).histogram for video in videos]
    for colours in (8, 16):
        options = {"colours": colours, "max_iterations": 300}
        exact, *others = (cluster_many(histograms, backend=name, **options) for name in BACKENDS)
        for found in others:
            ratios = [one.inertia / two.inertia for one, two in zip(found, exact, strict=True)]
            np.testing.assert_allclose(ratios, 1, atol=0.01)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("distinct", [1, 3, 8])
def test_fewer_colours_than_clusters_are_all_kept(distinct, backend):
    values = np.array([[10 * i, 250 - 20 * i] for i in range(distinct)], dtype=np.uint8)
    result = cluster(ab_histogram(values), colours=8, backend=backend)
    assert result.inertia == 0
    np.testing.assert_array_equal(result.centroids, values)


@pytest.mark.parametrize("backend", BACKENDS)
def test_one_colour_more_than_clusters(backend):
    values = np.array([[i, 128] for i in range(9)], dtype=np.uint8)  # two bins, nine colours
    result = cluster(ab_histogram(values), colours=8, backend=backend)
    assert result.inertia == pytest.approx(0.5)
    assert len(np.unique(result.centroids, axis=0)) == 8


def test_a_clip_does_not_depend_on_its_neighbours_and_follows_the_seed():
    clouds = [cloud(seed) for seed in range(3)]
    together = cluster_many(clouds, colours=8, backend="torch", restarts=2, seed=3)
    alone = cluster(clouds[1], colours=8, backend="torch", restarts=2, seed=3)
    np.testing.assert_array_equal(together[1].centroids, alone.centroids)
    other = cluster(clouds[1], colours=8, backend="torch", restarts=1, seed=4)
    assert not np.array_equal(other.centroids, alone.centroids)


def test_starts_are_distinct_and_better_than_random_ones():
    points, weights = points_of(cloud(2))
    starts = seeding.starts(points, weights, colours=16, restarts=20, seed=0)
    assert all(len(np.unique(start, axis=0)) == 16 for start in starts)
    inertia = lambda c: (weights * ((points[:, None] - c) ** 2).sum(2).min(1)).sum()  # noqa: E731
    random = np.random.default_rng(0)
    uniform = [points[random.choice(len(points), 16, replace=False)] for _ in range(20)]
    assert np.mean([*map(inertia, starts)]) < 0.9 * np.mean([*map(inertia, uniform)])


def test_the_iteration_cap_ends_a_start():
    histogram = cloud(0)
    capped = cluster(histogram, colours=8, backend="histogram", restarts=1, max_iterations=1)
    free = cluster(histogram, colours=8, backend="histogram", restarts=1)
    assert capped.inertia > free.inertia


def test_label_table_gives_the_first_of_equally_near_centroids():
    table = label_table(np.array([[10, 10], [10, 14], [200, 200]]))
    assert table[10 * 256 + 12] == 0 and table[10 * 256 + 13] == 1 and table[65535] == 2


def test_a_label_table_of_some_colours_holds_what_lies_between_them():
    codes = np.array([100 * 256 + 90, 140 * 256 + 130, 120 * 256 + 150])
    centroids = np.array([[101.5, 92.0], [130.0, 128.0], [119.0, 149.5]])
    every, some = (label_table(centroids, of).reshape(256, 256) for of in (None, codes))
    np.testing.assert_array_equal(some[100:141, 90:151], every[100:141, 90:151])
    assert len(np.unique(some)) == 3


def test_calc_hist_counts_as_ab_histogram_does():
    ab = np.random.default_rng(0).integers(0, 256, (64, 64, 2), dtype=np.uint8)
    counted = cv2.calcHist([ab], [0, 1], None, [256, 256], [0, 256, 0, 256])
    np.testing.assert_array_equal(counted.ravel(), ab_histogram(ab))
