"""Promises of a clip's labels: equalisation, geometry, frames that are kept, nearest centroids."""

import cv2
import numpy as np
import pytest

from chromatrack.cli.main import main
from chromatrack.equalize import MODES, equalize
from chromatrack.labels.cache import LabelShard
from chromatrack.labels.clip import cluster_colours, decode_clip, lab_frames, label_clip
from chromatrack.labels.kmeans import ab_histogram
from chromatrack.scratch import LINE, Scratch
from chromatrack.settings import LabelSettings
from chromatrack.video.decode import read_frames, square
from tests.videos import moving_colours, write_video

SMALL = LabelSettings(size=64, label_size=8, frame_stride=2, restarts=3)


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    """20 frames of moving colours, 96x80."""
    path = tmp_path_factory.mktemp("video") / "-moving.mp4"
    write_video(path, moving_colours(20))
    return path


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


@pytest.mark.parametrize("shape", [(8, 16), (256, 340), (256, 256)])
def test_planes_to_work_in_lie_apart(shape):
    planes = Scratch().planes("name", 3, shape)
    for number, plane in enumerate(planes):
        plane[:] = number
    assert [np.unique(plane).tolist() for plane in planes] == [[0], [1], [2]]
    assert all(plane.shape == shape and plane.flags.c_contiguous for plane in planes)
    assert len({plane.ctypes.data % LINE for plane in planes}) == 3


def test_sums_are_those_of_all_pixels(video):
    settings = LabelSettings(size=64)
    labs = np.stack([frame.copy() for frame in lab_frames(video, settings)]).reshape(-1, 3)
    levels = labs.astype(np.int64)
    expected = np.stack([levels.sum(axis=0) / 255, (levels**2).sum(axis=0) / 255**2])
    clip = decode_clip(video, settings)
    assert clip.lab_count == len(labs)
    np.testing.assert_array_equal(clip.lab_sums, expected)


def test_only_every_strideth_frame_is_kept(video):
    every = list(read_frames(video))
    kept = list(read_frames(video, stride=5))
    assert (len(every), len(kept)) == (20, 4)
    np.testing.assert_array_equal(kept[1], every[5])


def labels_of(video, settings):
    decoded = decode_clip(video, settings)
    return label_clip("clip", "", decoded, cluster_colours([decoded.histogram], settings)[0])


def test_labels_of_a_clip_mean_the_nearest_centroid(video):
    clip = labels_of(video, SMALL)
    lab = np.stack(list(lab_frames(video, SMALL)))
    assert clip.labels.shape == (10, 8, 8) and len(clip.luma_lengths) == 10
    cell = cv2.resize(np.ascontiguousarray(lab[3][..., 1:]), (8, 8), interpolation=cv2.INTER_AREA)
    distances = np.linalg.norm(cell[:, :, None].astype(float) - clip.centroids, axis=-1)
    np.testing.assert_array_equal(clip.labels[3], distances.argmin(axis=-1))
    levels = lab.reshape(-1, 3) / 255
    np.testing.assert_allclose(clip.lab_sums[0] / clip.lab_count, levels.mean(axis=0))
    np.testing.assert_allclose(clip.lab_sums[1] / clip.lab_count, (levels**2).mean(axis=0))
    nearest = np.linalg.norm(lab[..., None, 1:].astype(float) - clip.centroids, axis=-1).min(-1)
    assert clip.inertia == pytest.approx((nearest**2).sum(), rel=1e-6)


def test_what_is_clustered_is_every_pixel_or_the_grid(video):
    lab = np.stack(list(lab_frames(video, SMALL)))
    every = decode_clip(video, SMALL)
    np.testing.assert_array_equal(every.histogram, ab_histogram(lab[..., 1:]))
    grid = decode_clip(video, LabelSettings(
        size=64, label_size=8, frame_stride=2, cluster_on="label_grid"))  # fmt: skip
    np.testing.assert_array_equal(grid.histogram, ab_histogram(grid.cells))


def test_full_resolution_labels_every_pixel(video):
    settings = LabelSettings(size=64, label_size=8, frame_stride=2, full_resolution=True)
    clip = labels_of(video, settings)
    lab = np.stack(list(lab_frames(video, settings)))
    distances = np.linalg.norm(lab[4][:, :, None, 1:].astype(float) - clip.centroids, axis=-1)
    np.testing.assert_array_equal(clip.full_labels[4], distances.argmin(axis=-1))


@pytest.mark.parametrize("grey", [0, 90])
def test_grey_and_constant_clips_have_fewer_centroids(tmp_path, grey):
    random = np.random.default_rng(0)
    levels = random.integers(0, 256, (6, 64, 64, 1)) if grey else np.full((6, 64, 64, 1), 7)
    write_video(tmp_path / "grey.mp4", list(np.repeat(levels, 3, axis=-1).astype(np.uint8)))
    settings = LabelSettings(size=64, label_size=8, frame_stride=2, equalization="none")
    clip = labels_of(tmp_path / "grey.mp4", settings)
    assert 1 <= len(clip.centroids) < 8 and clip.inertia == 0
    assert clip.labels.max() < len(clip.centroids)


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
