"""The synthetic world: exact annotations, every attribute, the same bytes each time."""

import csv
import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from chromatrack import files
from chromatrack.cli.main import main
from chromatrack.data import davis, got10k, kinetics, otb, vot
from chromatrack.data.images import read_image_rgb
from chromatrack.data.otb_attributes import ATTRIBUTES
from chromatrack.errors import InputError
from chromatrack.settings import WorldSettings
from chromatrack.stages.world.world import make_world
from chromatrack.world import photos, projection, random_scenes, shapes
from chromatrack.world.datasets import SCRIPTS, Set, generator
from chromatrack.world.motion import Pose
from chromatrack.world.render import render
from chromatrack.world.scene import Scene

TINY = WorldSettings(
    seed=3, width=160, height=128, kinetics_videos=2, kinetics_seconds=2.0, got10k_train=2,
    got10k_val=1, got10k_frames=20, otb_frames=20, vot_frames=20, davis_frames=20,
)  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Path:
    output = tmp_path_factory.mktemp("world") / "w"
    make_world(TINY, output)
    return output


def test_video_bytes_do_not_depend_on_stale_memory(tmp_path):
    """x264 reads memory that it did not write unless its macroblock tree is off."""
    code = (
        "import sys; from pathlib import Path; from chromatrack.settings import WorldSettings; "
        "from chromatrack.world import datasets; "
        "settings = WorldSettings(seed=3, width=160, height=128, kinetics_seconds=2.0); "
        "datasets.write_kinetics(Path(sys.argv[1]), settings, 1)"
    )
    for stale in ("1", "170"):
        subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / stale)],
            env=os.environ | {"MALLOC_PERTURB_": stale},
            check=True,
            timeout=300,
        )
    assert digests(tmp_path / "1") == digests(tmp_path / "170")


def digests(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): files.digest_file(path)
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def test_rebuilding_gives_the_same_bytes_and_removes_leftovers(world):
    before = digests(world)
    (world / "otb" / "Cat" / "img" / "0999.jpg").touch()
    (world / "vot" / "cat" / "groundtruth.txt").write_text("broken")
    make_world(TINY, world)
    assert digests(world) == before
    assert [path.name for path in world.parent.iterdir()] == [world.name]


def test_manifest_says_what_made_it(world):
    manifest = files.read_json(world / "manifest.json")
    assert (manifest["stage"], manifest["settings"]["seed"]) == ("world", 3)
    assert manifest["counts"]["otb"] == {"folders": 11, "targets": 12}
    assert str(world) not in (world / "manifest.json").read_text()


def test_foreign_files_are_not_overwritten(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match=r"thesis\.txt"):
        make_world(TINY, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    assert main(["world", "--output", str(tmp_path), "--settings", json.dumps({"sed": 1})]) == 2


def test_seeds_differ():
    first, second = (generator(WorldSettings(seed=seed), "otb", "Cat") for seed in (0, 1))
    assert first.random() != second.random()


def test_kinetics_list_and_videos(world):
    rows, problems = kinetics.read_clip_list(world / "kinetics" / "train.csv")
    assert problems == []
    with open(world / "kinetics" / "train.csv", newline="") as handle:
        header = next(csv.reader(handle))
    assert header == ["label", "youtube_id", "time_start", "time_end", "split"]
    assert rows[0].youtube_id.startswith("-")
    assert all(len(row.youtube_id) == 11 for row in rows)
    assert rows[1].youtube_id == rows[2].youtube_id
    source = world / "kinetics" / "source"
    there = {path.stem for path in source.iterdir()}
    assert {row.youtube_id for row in rows} - there == {rows[-1].youtube_id}
    for path in source.iterdir():
        with av.open(str(path)) as video:
            stream = video.streams.video[0]
            assert (stream.codec.name, stream.pix_fmt) == ("h264", "yuv420p")
            assert (stream.width, stream.height, stream.average_rate) == (160, 128, 25)
            assert len(list(video.decode(stream))) == 50
    assert all(0 <= row.time_start < row.time_end <= 2.0 for row in rows[:-1])


def test_each_attribute_occurs_in_two_sequences(world):
    sequences = otb.read_sequences(world / "otb", attributes=world / "otb_attributes")
    folders = {name: set() for name in ATTRIBUTES}
    for sequence in sequences:
        for name in sequence.attributes:
            folders[name].add(sequence.frames[0].parent.parent.name)
    assert {name: len(found) for name, found in folders.items() if len(found) < 2} == {}
    assert {"Pair-1", "Pair-2"} <= {sequence.name for sequence in sequences}


def test_attributes_follow_the_definitions_of_otb(world):
    for sequence in otb.read_sequences(world / "otb", attributes=world / "otb_attributes"):
        boxes_ltwh = sequence.boxes_ltwh
        areas = boxes_ltwh[:, 2] * boxes_ltwh[:, 3]
        ratio = areas / areas[0]
        centres = boxes_ltwh[:, :2] + boxes_ltwh[:, 2:] / 2
        steps = np.linalg.norm(np.diff(centres, axis=0), axis=1)
        shown = set(sequence.attributes)
        assert ("LR" in shown) == (areas.min() < 400), sequence.name
        assert ("SV" in shown) == (ratio.max() > 2 or ratio.min() < 0.5), sequence.name
        assert ("FM" in shown) == (steps.max() > 20), sequence.name


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_boxes_hug_the_masks(name):
    """Where nothing hides the target, its box is the bounds of its mask, within a pixel."""
    width, height = 160, 128
    script = SCRIPTS[name](Set(width, height), generator(TINY, "otb", name))
    checked = 0
    for shot in render(script.scene, frames=20, width=width, height=height):
        for index, view in enumerate(shot.views):
            left, top, wide, high = view.box_ltwh
            inside = left >= 0 and top >= 0 and left + wide <= width and top + high <= height
            if view.occluded > 0 or not inside:
                continue
            rows, columns = np.nonzero(shot.ids == index + 1)
            bounds = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
            np.testing.assert_allclose(bounds, (left, top, left + wide, top + high), atol=1.0)
            turned = view.polygon.reshape(4, 2)
            assert (turned.min(axis=0) <= (left + 0.01, top + 0.01)).all()
            assert (turned.max(axis=0) >= (left + wide - 0.01, top + high - 0.01)).all()
            checked += 1
    assert checked >= 5


def test_masks_are_where_the_object_was_painted():
    """A white object on black, without noise and shadow: bright pixels and mask are the same."""
    script = SCRIPTS["Jellyfish"](Set(160, 128), generator(TINY, "otb", "Jellyfish"))
    actor = script.scene.actors[0]
    white = dataclasses.replace(
        actor.sprite,
        textures=tuple(np.full_like(texture, 255) for texture in actor.sprite.textures),
    )
    scene = Scene(
        background=np.zeros((256, 320, 3), np.uint8),
        actors=(dataclasses.replace(actor, sprite=white, shadow=0.0),),
        noise=0.0,
    )
    for shot in render(scene, frames=20, width=160, height=128):
        bright = shot.rgb[..., 0] > 127
        different = (bright != (shot.ids == 1)).sum()
        assert bright.sum() > 300
        assert different <= 0.03 * bright.sum()


def test_an_object_in_front_hides_the_one_behind():
    """The occluded share and the visible mask add up, and the box does not care."""
    script = SCRIPTS["Portrait"](Set(160, 128), generator(TINY, "otb", "Portrait"))
    alone = dataclasses.replace(script.scene, actors=script.scene.actors[:1])
    hidden = 0.0
    for shot, free in zip(
        render(script.scene, frames=20, width=160, height=128),
        render(alone, frames=20, width=160, height=128),
        strict=True,
    ):
        view = shot.views[0]
        np.testing.assert_array_equal(view.box_ltwh, free.views[0].box_ltwh)
        share = (shot.ids == 1).sum() / (free.ids == 1).sum()
        assert view.occluded == pytest.approx(1 - share)
        hidden = max(hidden, view.occluded)
    assert hidden > 0.4


def test_projection_round_trip():
    pose = Pose(80.0, 60.0, 50.0, angle=30.0, tilt=-45.0, bend=0.1, phase=0.3, gain=1.0)
    outline = shapes.star(5, 0.5) / 2
    np.testing.assert_allclose(
        projection.to_object(projection.to_image(outline, pose), pose), outline, atol=1e-6
    )


def test_got10k_boxes_stay_in_the_image_and_cover_agrees(world):
    for split, count in (("train", 2), ("val", 1)):
        sequences = got10k.read_sequences(world / "got10k" / split)
        assert [len(sequence) for sequence in sequences] == [20] * count
        for sequence in sequences:
            boxes_ltwh = sequence.boxes_ltwh
            assert (boxes_ltwh[:, :2] >= 0).all()
            assert (boxes_ltwh[:, :2] + boxes_ltwh[:, 2:] <= (160, 128)).all()
            assert sequence.visible.mean() > 0.5


def test_davis_masks_hold_several_objects(world):
    root = world / "davis"
    names = davis.read_names(root)
    assert len(names) == 3
    for name in names:
        masks = [davis.read_mask(path) for path in davis.masks(root, name)]
        assert len(masks) == len(davis.frames(root, name)) == 20
        assert masks[0].shape == read_image_rgb(davis.frames(root, name)[0]).shape[:2]
        assert len(set(np.unique(masks[0])) - {0}) >= 2


def test_vot_polygons_turn_with_the_object(world):
    sequences = vot.read_sequences(world / "vot")
    assert [len(sequence) for sequence in sequences] == [20] * 3
    for sequence in sequences:
        corners = sequence.polygons.reshape(-1, 4, 2)
        edges = np.roll(corners, -1, axis=1) - corners
        dots = (edges * np.roll(edges, -1, axis=1)).sum(axis=2)
        np.testing.assert_allclose(dots, 0, atol=0.5)
    tops = sequences[0].polygons[:, :4].reshape(-1, 2, 2)
    angles = np.degrees(np.arctan2(*(tops[:, 1] - tops[:, 0]).T[::-1]))
    assert np.ptp(angles) > 30


def test_training_and_test_parts_share_no_photograph():
    test_photos = {shapes.CUTOUTS[name][0] for name in random_scenes.TEST_CUTOUTS}
    train_photos = {shapes.CUTOUTS[name][0] for name in random_scenes.TRAIN_CUTOUTS}
    test_photos |= {*photos.TEST_BACKGROUNDS, *random_scenes.TEST_TEXTURES}
    train_photos |= {*photos.TRAIN_BACKGROUNDS, *random_scenes.TRAIN_TEXTURES}
    assert not test_photos & train_photos
    assert test_photos | train_photos == set(photos.FILES)
