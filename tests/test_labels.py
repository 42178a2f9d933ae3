"""k-means on the histogram, equalisation, geometry, and the label cache."""

import cv2
import h5py
import numpy as np
import pytest

from chromatrack.cli.main import main
from chromatrack.errors import InputError
from chromatrack.labels.cache import LabelShard, write_label_shard
from chromatrack.labels.clip import lab_frames, label_clip
from chromatrack.labels.kmeans import ab_histogram, cluster, label_table
from chromatrack.labels.samples import LabelSamples
from chromatrack.settings import LabelSettings
from chromatrack.stages.labels import lab_statistics
from chromatrack.video.decode import read_frames, square
from chromatrack.video.equalize import MODES, equalize
from tests.videos import write_video

SMALL = LabelSettings(size=64, label_size=8, frame_stride=2, restarts=3)


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    """20 frames of moving colours, 96x80."""
    path = tmp_path_factory.mktemp("video") / "-moving.mp4"
    rows, columns = np.mgrid[0:80, 0:96]
    frames = [
        np.stack(
            [(columns * 2 + 3 * i) % 256, (rows * 3) % 256, (rows + columns + 5 * i) % 256], axis=-1
        ).astype(np.uint8)
        for i in range(20)
    ]
    write_video(path, frames)
    return path


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
    nearest = label_table(result.centroids)[codes]
    assert (nearest == distances.argmin(axis=1)).mean() > 0.999


@pytest.mark.parametrize("colours", [8, 16])
def test_faiss_gives_the_same_inertia(video, colours):
    histogram = ab_histogram(lab_frames(video, SMALL)[..., 1:])
    exact = cluster(histogram, colours=colours, backend="histogram")
    faiss = cluster(histogram, colours=colours, backend="faiss")
    assert faiss.inertia == pytest.approx(exact.inertia, rel=0.01)


@pytest.mark.parametrize("distinct", [1, 3])
def test_fewer_colours_than_clusters_are_all_kept(distinct):
    values = np.array([[10, 20], [30, 40], [50, 60]], dtype=np.uint8)[:distinct]
    result = cluster(ab_histogram(values), colours=8)
    assert result.inertia == 0
    np.testing.assert_array_equal(result.centroids, values)


def test_clusters_depend_on_the_seed_alone(video):
    histogram = ab_histogram(lab_frames(video, SMALL)[..., 1:])
    first, again = (cluster(histogram, colours=8, restarts=1, seed=3) for _ in range(2))
    np.testing.assert_array_equal(first.centroids, again.centroids)


@pytest.mark.parametrize("mode", sorted(MODES))
def test_equalisation_keeps_the_shape_and_changes_the_frame(mode, video):
    frame = next(read_frames(video)) // 2
    result = equalize(frame, mode=mode)
    assert result.shape == frame.shape and result.dtype == np.uint8
    assert np.array_equal(result, frame) == (mode == "none")


def test_square_crops_the_centre_of_the_short_side():
    image = np.zeros((100, 200, 3), dtype=np.uint8)
    image[:, 50:150] = 255
    assert (square(image, size=50) == 255).all()
    assert square(image, size=64, geometry="width").shape == (64, 64, 3)
    assert square(image.transpose(1, 0, 2), size=64, geometry="width").shape == (64, 64, 3)


def test_only_every_strideth_frame_is_kept(video):
    every = list(read_frames(video))
    kept = list(read_frames(video, stride=5))
    assert (len(every), len(kept)) == (20, 4)
    np.testing.assert_array_equal(kept[1], every[5])


def test_labels_of_a_clip_mean_the_nearest_centroid(video):
    clip = label_clip("moving", video, SMALL)
    lab = lab_frames(video, SMALL)
    assert clip.labels.shape == (10, 8, 8) and len(clip.luma_jpegs) == 10
    cell = cv2.resize(np.ascontiguousarray(lab[3][..., 1:]), (8, 8), interpolation=cv2.INTER_AREA)
    distances = np.linalg.norm(cell[:, :, None].astype(float) - clip.centroids, axis=-1)
    np.testing.assert_array_equal(clip.labels[3], distances.argmin(axis=-1))
    levels = lab.reshape(-1, 3) / 255
    np.testing.assert_allclose(clip.lab_sums[0] / clip.lab_count, levels.mean(axis=0))
    np.testing.assert_allclose(clip.lab_sums[1] / clip.lab_count, (levels**2).mean(axis=0))


def write_shard(path, video, names=("a", "b"), settings=SMALL):
    clips = [label_clip(name, video, settings) for name in names]
    write_label_shard(
        path, clips, colours=settings.colours, label_size=8, frame_stride=2, made_by={"stage": "x"}
    )
    return clips


def test_the_cache_gives_back_what_was_written_and_equal_bytes(video, tmp_path):
    clips = write_shard(tmp_path / "one.h5", video)
    write_shard(tmp_path / "two.h5", video)
    assert (tmp_path / "one.h5").read_bytes() == (tmp_path / "two.h5").read_bytes()
    shard = LabelShard(tmp_path / "one.h5")
    assert shard.clip_ids == ["a", "b"] and shard.clip_offsets.tolist() == [0, 10, 20]
    np.testing.assert_array_equal(shard.labels(13), clips[1].labels[3])
    assert shard.luma(13).shape == (64, 64)
    with h5py.File(tmp_path / "one.h5") as plain:
        assert plain.attrs["colours"] == 8 and plain["labels"].shape == (20, 8, 8)


def test_an_empty_shard_can_be_written_and_read(tmp_path):
    write_label_shard(tmp_path / "none.h5", [], colours=8, label_size=8, frame_stride=2, made_by={})
    assert LabelShard(tmp_path / "none.h5").clip_ids == []
    with pytest.raises(InputError, match="not one labelled clip"):
        lab_statistics([tmp_path / "none.h5"], tmp_path / "lab.json")


def test_samples_span_one_clip_and_follow_from_the_step(video, tmp_path):
    write_shard(tmp_path / "s.h5", video)
    options = {"frames": 4, "batch_size": 16, "colours": 8}
    samples = LabelSamples([tmp_path / "s.h5"], seed=1, **options)
    assert len(samples.starts) == 2 * 7
    assert not {7, 8, 9} & set(samples.starts[:, 1].tolist())  # these would cross into clip b
    luma, labels = samples.batch(5)
    assert luma.shape == (16, 4, 64, 64) and labels.shape == (16, 4, 8, 8)
    again = LabelSamples([tmp_path / "s.h5"], seed=1, **options)
    again.batch(0)
    np.testing.assert_array_equal(again.batch(5)[1], labels)
    other = LabelSamples([tmp_path / "s.h5"], seed=2, **options).batch(5)[1]
    assert not np.array_equal(other, labels)
    ordered = LabelSamples([tmp_path / "s.h5"], sampling="sequential", **options)
    assert ordered.starts[:, 1].tolist() == [0, 4, 10, 14]


def test_samples_refuse_what_cannot_be_trained_on(video, tmp_path):
    write_shard(tmp_path / "s.h5", video)
    with pytest.raises(InputError, match=r"s.h5: holds 8 colours, expected 16"):
        LabelSamples([tmp_path / "s.h5"], frames=4, batch_size=2, colours=16)
    with pytest.raises(InputError, match="the 11 kept frames that a sample spans"):
        LabelSamples([tmp_path / "s.h5"], frames=11, batch_size=2, colours=8)
    (tmp_path / "broken.h5").write_bytes(b"no HDF5")
    with pytest.raises(InputError, match=r"broken.h5: not a readable HDF5 file"):
        LabelSamples([tmp_path / "broken.h5"], frames=4, batch_size=2, colours=8)


def test_label_command(video, tmp_path, capsys):
    output = tmp_path / "labels.h5"
    assert main(["label", str(video), "--k", "4", "--output", str(output)]) == 0
    assert LabelShard(output).colours == 4
    text = tmp_path / "text.mp4"
    text.write_text("no video")
    capsys.readouterr()
    assert main(["label", str(text), "--output", str(tmp_path / "no.h5")]) == 2
    assert "text.mp4: not a video that can be decoded" in capsys.readouterr().err
    assert not (tmp_path / "no.h5").exists()
    assert main(["label", str(video), "--k", "1", "--output", str(tmp_path / "no.h5")]) == 2
