"""`chromatrack propagate` and `colorize` on videos and folders, and what is wrong with inputs."""

import csv

import av
import numpy as np
import pytest
import torch

from chromatrack.checkpoints import save_checkpoint
from chromatrack.cli.main import main
from chromatrack.data import davis
from chromatrack.data.images import write_frames
from chromatrack.evaluation.benchmark import Selection
from chromatrack.models.build import build_colorizer
from chromatrack.models.inputs import InputScaling
from chromatrack.settings import ComputeSettings, PropagationSettings
from chromatrack.stages.evaluation.propagate import propagate
from chromatrack.video.decode import read_frames
from chromatrack.video.write import write_video
from tests.videos import declare

SETTINGS = '--settings={"short_side": 64}'
FRAMES = 5


def images():
    """A bright square that goes right, on a smooth coloured ground; sides of 66 and 97."""
    y, x = np.mgrid[:66, :97]
    ground = np.stack([40 + x, 90 + 0 * x, 60 + y], axis=-1).astype(np.uint8)
    for shift in range(0, 4 * FRAMES, 4):
        image = ground.copy()
        image[20:44, 16 + shift : 40 + shift] = (250, 200, 40)
        yield image


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A network, the frames as a folder and as a video, a mask, points."""
    root = tmp_path_factory.mktemp("downstream")
    torch.manual_seed(0)
    description = {"trunk": "resnet18", "width": 0.05}
    save_checkpoint(
        root / "model.pt", kind="colorization", network=description, scaling=InputScaling(),
        module=build_colorizer(**description), made_by={},
    )  # fmt: skip
    write_frames(root / "frames", images(), pattern="%03d.jpg", first=7, quality=95)
    even = (image[:, :96] for image in images())
    write_video(root / "clip.mp4", even, width=96, height=66, fps=10, quality=18)
    mask = np.zeros((66, 97), np.uint8)
    mask[20:44, 16:40], mask[0] = 3, 255
    davis.write_mask(root / "mask.png", mask)
    (root / "points.csv").write_text("point,x,y\n-nose,28.5,32\n=1+1,60,50\n")
    return root


def call(folder, command, *options):
    return main([command, f"--checkpoint={folder / 'model.pt'}", SETTINGS, *map(str, options)])


def table(path):
    with open(path, newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


@pytest.mark.parametrize("method", ["soft", "thesis"])
def test_a_mask_becomes_indexed_masks_named_like_the_frames(folder, tmp_path, method):
    out = tmp_path / "masks"
    given = ("--mask", folder / "mask.png", f"--method={method}", folder / "frames")
    assert call(folder, "propagate", "--output", out, *given) == 0
    assert sorted(p.name for p in out.iterdir()) == [f"{n:03d}.png" for n in range(7, 12)]
    first, last = davis.read_mask(out / "007.png"), davis.read_mask(out / "011.png")
    assert set(np.unique(first)) == {0, 3} and set(np.unique(last)) <= {0, 3}
    assert last.shape == (66, 97)


def test_points_and_boxes_become_tables(folder, tmp_path):
    points, boxes = tmp_path / "points.csv", tmp_path / "boxes.csv"
    given = ("--points", folder / "points.csv", folder / "clip.mp4")
    assert call(folder, "propagate", "--output", points, *given) == 0
    rows = table(points)
    assert list(rows[0]) == ["frame", "point", "x", "y", "strength"]
    assert [row["point"] for row in rows] == ["-nose", "=1+1"] * FRAMES
    assert (rows[0]["x"], rows[0]["y"]) == ("28.500", "32.000")
    assert call(folder, "propagate", "--box=16,20,24,24", "--output", boxes, folder / "frames") == 0
    rows = table(boxes)
    assert [row["frame"] for row in rows] == [str(n) for n in range(FRAMES)]
    assert list(rows[0].values())[1:] == ["16.0000", "20.0000", "24.0000", "24.0000"]


@pytest.mark.parametrize("source", ["frames", "clip.mp4"])
def test_colorize_shows_grey_coloured_and_truth(folder, tmp_path, source):
    out = tmp_path / "coloured.mp4"
    assert call(folder, "colorize", "--output", out, folder / source) == 0
    shown = list(read_frames(out))
    assert len(shown) == FRAMES and shown[0].shape[0] == 66
    width = 97 if source == "frames" else 96
    grey, painted, truth = (
        shown[0][:, part * width : (part + 1) * width].astype(int) for part in range(3)
    )
    assert np.ptp(grey[:, :-2], axis=2).max() < 12 < np.ptp(truth, axis=2).mean()
    assert np.abs(painted - truth).mean() < 3  # the first frame's colours are given
    with av.open(str(out)) as container:
        assert container.streams.video[0].average_rate == (25 if source == "frames" else 10)


def test_a_video_of_a_phone_is_seen_upright(folder, tmp_path):
    """Its boxes and masks are those of the same frames stored upright, not lying on their side."""
    upright = list(read_frames(folder / "clip.mp4"))
    lying = (np.ascontiguousarray(np.rot90(image)) for image in upright)
    write_video(tmp_path / "stored.mp4", lying, width=66, height=96, fps=10, quality=4)
    phone = declare(tmp_path / "stored.mp4", tmp_path / "phone.mp4", degrees=270)
    tables, masks = [], []
    davis.write_mask(tmp_path / "mask.png", davis.read_mask(folder / "mask.png")[:, :96])
    for source in (folder / "clip.mp4", phone):
        out = tmp_path / f"{source.stem}.csv"
        assert call(folder, "propagate", "--box=16,20,24,24", "--output", out, source) == 0
        tables.append([[float(x) for x in row.values()] for row in table(out)])
        given = ("--mask", tmp_path / "mask.png", source)
        assert call(folder, "propagate", "--output", tmp_path / source.stem, *given) == 0
        masks.append([davis.read_mask(path) for path in sorted((tmp_path / source.stem).iterdir())])
    np.testing.assert_allclose(*tables, atol=2.5)  # pixels: a cell of the network is 8
    for one, other in zip(*masks, strict=True):
        assert one.shape == other.shape == (66, 96) and (one != other).mean() < 0.02
    assert call(folder, "colorize", "--output", tmp_path / "out.mp4", phone) == 0
    shown = next(read_frames(tmp_path / "out.mp4"))
    assert shown.shape == (66, 3 * 96, 3)
    assert np.abs(shown[:, 2 * 96 :].astype(int) - upright[0]).mean() < 6


def write(path, text):
    path.write_text(text)
    return path


def test_bad_input_is_one_sentence(folder, tmp_path, capsys):
    small = tmp_path / "small.png"
    davis.write_mask(small, np.ones((5, 5), np.uint8))
    empty = tmp_path / "empty.png"
    davis.write_mask(empty, np.zeros((66, 97), np.uint8))
    outside = write(tmp_path / "outside.csv", "point,x,y\na,1,2\nb,97,3\n")
    words = write(tmp_path / "words.csv", "point,x,y\na,one,2\n")
    other = write(tmp_path / "other.csv", "x,y\n1,2\n")
    (tmp_path / "nothing").mkdir()
    cases = [
        (("--mask", small, folder / "frames"), "small.png: expected 97x66 pixels"),
        (("--mask", empty, folder / "frames"), "at least one object"),
        (("--points", outside, folder / "frames"), "outside.csv, row 3: (97, 3) lies outside"),
        (("--points", words, folder / "frames"), "words.csv, row 2: expected numbers"),
        (("--points", other, folder / "frames"), "expected the columns point, x, y"),
        (("--box=200,0,5,5", folder / "frames"), "--box 200,0,5,5: lies outside"),
        (("--box=0,0,5,5", tmp_path / "nothing"), "no frame found"),
        (("--box=0,0,5,5", tmp_path / "nowhere"), "no such video or folder"),
        (("--box=0,0,5,5", folder / "points.csv"), "not a video that can be decoded"),
    ]
    for options, words in cases:
        assert call(folder, "propagate", "--output", tmp_path / "out", *options) == 2, words
        message = capsys.readouterr().err.strip().splitlines()[-1]
        assert words in message
        assert not (tmp_path / "out").exists()


def test_a_name_that_is_no_video_is_refused(folder, tmp_path, capsys):
    assert call(folder, "colorize", "--output", tmp_path / "out.png", folder / "frames") == 2
    assert "out.png: expected a name that ends in .mp4" in capsys.readouterr().err


def test_frames_of_another_size_are_named(folder, tmp_path, capsys):
    frames = tmp_path / "frames"
    write_frames(frames, images(), pattern="%05d.jpg", first=0, quality=90)
    write_frames(frames, [np.zeros((66, 98, 3), np.uint8)], pattern="%05d.jpg", first=3, quality=90)
    boxes = tmp_path / "boxes.csv"
    assert call(folder, "propagate", "--box=0,0,9,9", "--output", boxes, frames) == 2
    assert "frame 3 has another size than the first" in capsys.readouterr().err
    assert not boxes.exists()


@pytest.fixture
def root(tmp_path):
    """DAVIS with two sequences."""
    for name in ("-gull", "pair"):
        masks = [np.zeros((66, 97), np.uint8) for _ in range(FRAMES)]
        for shift, mask in enumerate(masks):
            mask[20:44, 16 + 4 * shift : 40 + 4 * shift] = 1
        davis.write_sequence(tmp_path / "davis", name, images(), masks)
    davis.write_names(tmp_path / "davis", ["-gull", "pair"])
    return tmp_path / "davis"


def propagated(root, output, **changes):
    given = {
        "method": "soft", "settings": PropagationSettings(short_side=64),
        "compute": ComputeSettings(device="cpu"), **changes,
    }  # fmt: skip
    return propagate(given.pop("checkpoint", None), Selection(root=root), output, **given)


def test_the_identity_repeats_the_first_mask_without_a_network(root, tmp_path):
    result = propagated(root, tmp_path / "identity" / "run.json", method="identity")
    assert result["frames"] == {"-gull": FRAMES, "pair": FRAMES}
    first = davis.read_mask(davis.masks(root, "pair")[0])
    for frame in range(FRAMES):
        path = tmp_path / "identity" / "pair" / f"{frame:05d}.png"
        np.testing.assert_array_equal(davis.read_mask(path), first)


def test_what_is_done_is_not_done_again_and_what_is_lost_is(folder, root, tmp_path):
    output = tmp_path / "run" / "run.json"
    checkpoint = folder / "model.pt"
    result = propagated(root, output, checkpoint=checkpoint)
    files = sorted((tmp_path / "run").rglob("*.png"))
    contents = {path: path.read_bytes() for path in files}
    times = {path: path.stat().st_mtime_ns for path in files}
    lost = tmp_path / "run" / "pair" / "00002.png"
    lost.unlink()  # as a kill would leave it
    assert propagated(root, output, checkpoint=checkpoint) == result
    assert {path: path.read_bytes() for path in files} == contents
    kept = tmp_path / "run" / "-gull" / "00002.png"
    assert kept.stat().st_mtime_ns == times[kept] and lost.stat().st_mtime_ns != times[lost]
    propagated(root, output, checkpoint=checkpoint, method="thesis")
    assert kept.stat().st_mtime_ns != times[kept]


def test_masks_that_were_overwritten_are_made_again(root, tmp_path):
    """Boxes and masks are kept by one mechanism, which compares bytes."""
    output = tmp_path / "run" / "run.json"
    propagated(root, output, method="identity")
    changed, kept = (tmp_path / "run" / name / "00002.png" for name in ("pair", "-gull"))
    whole, made = changed.read_bytes(), kept.stat().st_mtime_ns
    davis.write_mask(changed, np.zeros_like(davis.read_mask(changed)))
    propagated(root, output, method="identity")
    assert changed.read_bytes() == whole
    assert kept.stat().st_mtime_ns == made
    (tmp_path / "run" / "done" / "pair.json").write_text('{"identity"')  # damaged: vouches for none
    changed.write_bytes(kept.read_bytes())
    propagated(root, output, method="identity")
    assert changed.read_bytes() == whole


def test_davis_command_says_what_is_wrong(root, folder, tmp_path, capsys):
    call = ["run", "davis", f"--root={root}", f"--output={tmp_path / 'run.json'}"]
    assert main(call) == 2
    assert "--checkpoint: method soft needs one" in capsys.readouterr().err
    mask = davis.masks(root, "pair")[0]
    davis.write_mask(mask, np.zeros((66, 90), np.uint8))
    assert main([*call, "--method=identity"]) == 2
    assert "00000.png: expected the size of the frames, 97x66" in capsys.readouterr().err
