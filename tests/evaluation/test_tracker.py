"""The tracker: geometry, the known answer of siamfc-pytorch, and behaviour when things go wrong."""

import csv
import tracemalloc

import cv2
import numpy as np
import pytest
import torch

from chromatrack.cli.main import main
from chromatrack.data.images import read_image_rgb
from chromatrack.data.otb import read_boxes, read_sequences
from chromatrack.data.sequence import Sequence
from chromatrack.errors import InputError, WorkError
from chromatrack.evaluation import sets
from chromatrack.evaluation.benchmark import Selection
from chromatrack.geometry import center_from_ltwh, crop_square, ltwh_from_center
from chromatrack.metrics.vot import FAILED, INITIALIZED, SKIPPED, TRACKED
from chromatrack.models.build import build_fused, build_siamfc
from chromatrack.models.inputs import InputScaling
from chromatrack.settings import ComputeSettings, TrackerSettings
from chromatrack.stages.evaluation.openers import FromCheckpoint
from chromatrack.stages.evaluation.run import track
from chromatrack.stages.tools.import_weights import import_siamfc_pytorch
from chromatrack.tracking.load import load_tracker
from chromatrack.tracking.networks import response_network
from chromatrack.tracking.supervised import supervised_run
from chromatrack.tracking.tracker import SiameseTracker

CPU = torch.device("cpu")


class PeakNetwork:
    """Score maps with one peak, for tests of the geometry around a network."""

    def __init__(self, row=8, column=8, scale=1, value=1.0):
        self.peak = (scale, row, column)
        self.value = value

    def embed(self, patches, known=None):
        return (torch.zeros(len(patches)),)

    embed_exemplar = embed

    def respond(self, exemplar, search):
        maps = torch.zeros(len(search[0]), 17, 17)
        maps[self.peak] = self.value
        return maps


IMAGE = np.random.default_rng(0).integers(0, 255, (120, 160, 3)).astype(np.uint8)


def test_a_box_survives_the_round_trip():
    for box in ([0, 0, 10, 20], [-3.5, 7.25, 31.0, 45.5]):
        np.testing.assert_allclose(
            ltwh_from_center(*center_from_ltwh(np.array(box))), box, atol=1e-5
        )


@pytest.mark.parametrize("center", [(60, 80), (5, 5), (118, 2), (-400, 900), (-400, 80)])
def test_crop_equals_padding_the_whole_image(center):
    """What siamfc-pytorch does: pad the image all around, then cut."""
    side, fill = 57, np.array([10.2, 20.5, 30.7])
    pad = 1000
    padded = cv2.copyMakeBorder(IMAGE, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=fill.tolist())
    top, left = (round(c - (side - 1) / 2) + pad for c in center)
    expected = cv2.resize(padded[top : top + side, left : left + side], (31, 31))
    center_yx = np.array(center, dtype=np.float32)
    np.testing.assert_array_equal(
        crop_square(IMAGE, center_yx, side, out_size=31, fill=fill), expected
    )


@pytest.mark.parametrize("scales", [1, 3, 5])
def test_the_scale_that_wins_is_that_of_all_maps_upsampled(scales):
    """Maps that cannot win are not upsampled; of nearly equal ones the same wins as ever."""
    tracker = SiameseTracker(network=None, scales=scales)
    generator = np.random.default_rng(0)
    for close in (0, 1e-7, 1e-3, 1) * 10:
        one = generator.standard_normal((17, 17)) / tracker.penalties[:, None, None]
        maps = one + close * generator.standard_normal((scales, 17, 17))
        maps = maps.astype(np.float32) * np.float32(10.0 ** generator.integers(-6, 6))
        upsampled = np.stack(
            [cv2.resize(m, (272, 272), interpolation=cv2.INTER_CUBIC) for m in maps]
        )
        upsampled *= tracker.penalties[:, None, None]
        expected = int(np.argmax(upsampled.max(axis=(1, 2))))
        response = upsampled[expected] - upsampled[expected].min()
        response /= response.sum() + 1e-16
        best, found = tracker.heights(maps)
        assert best == expected
        np.testing.assert_array_equal(found, (1 - 0.176) * response + 0.176 * tracker.window)


def test_maps_near_the_largest_number_have_a_winner():
    tracker = SiameseTracker(network=None)
    with np.errstate(all="ignore"):
        best, found = tracker.heights(np.full((3, 17, 17), 3.3e38, dtype=np.float32))
    assert best in (0, 1, 2) and found.shape == tracker.window.shape


@pytest.mark.parametrize(("row", "column"), [(8, 8), (7, 8), (8, 10)])
def test_the_box_moves_with_the_peak(row, column):
    tracker = SiameseTracker(network=PeakNetwork(row, column), window_influence=0)
    box = np.array([60.0, 40.0, 30.0, 30.0])
    tracker.init(IMAGE, box)
    scale = tracker.search_side / 255
    moved = tracker.update(IMAGE)
    # The upsampled peak of an off-centre cell lies within half an upsampled cell of its place.
    expected = np.array([(column - 8) * 8 * scale, (row - 8) * 8 * scale])
    np.testing.assert_allclose(moved[:2] - box[:2], expected, atol=0.5 * 8 * scale / 8 + 1e-3)
    np.testing.assert_allclose(moved[2:], box[2:], rtol=1e-6)


def test_the_size_follows_the_best_scale_at_its_rate():
    tracker = SiameseTracker(network=PeakNetwork(scale=2))
    tracker.init(IMAGE, np.array([60.0, 40.0, 30.0, 20.0]))
    factor = 1 - 0.59 + 0.59 * 1.0375
    np.testing.assert_allclose(tracker.update(IMAGE)[2:], [30 * factor, 20 * factor], rtol=1e-6)


class Noise:
    """A network whose score maps say nothing."""

    def __init__(self, constant):
        self.generator = torch.Generator().manual_seed(0)
        self.constant = constant

    def embed(self, patches, known=None):
        return (torch.zeros(len(patches)),)

    embed_exemplar = embed

    def respond(self, exemplar, search):
        maps = torch.randn(len(search[0]), 17, 17, generator=self.generator)
        return torch.zeros_like(maps) if self.constant else maps


@pytest.mark.parametrize("clamp", [False, True])
@pytest.mark.parametrize(
    "network",
    [
        *(PeakNetwork(place, place, scale) for place in (0, 16) for scale in (0, 2)),
        Noise(constant=False),
        Noise(constant=True),
    ],
    ids=["up-shrinks", "up-grows", "down-shrinks", "down-grows", "noise", "constant"],
)
def test_a_lost_target_stays_bounded(network, clamp):
    """1,000 frames: the square is 2 px to 1.5 diagonals, and the search touches the image."""
    tracker = SiameseTracker(network=network, window_influence=0, clamp=clamp)
    tracker.init(IMAGE, np.array([60.0, 40.0, 30.0, 20.0]))
    diagonal, size = np.hypot(120, 160), np.array([120, 160])
    for _ in range(1000):
        box = tracker.update(IMAGE)
        assert np.isfinite(box).all() and (box[2:] > 0).all() and (box[2:] < 1.5 * diagonal).all()
        assert 2 <= tracker.exemplar_side <= 1.5 * diagonal
        beyond = 0 if clamp else tracker.search_side / 2 * 1.04  # it may have shrunk since
        assert (tracker.center_yx >= -beyond).all()
        assert (tracker.center_yx <= size - 1 + beyond).all()


def test_a_target_that_leaves_far_costs_no_more_memory():
    """siamfc-pytorch pads the image by as much as the target is outside."""
    tracker = SiameseTracker(network=PeakNetwork(0, 0, scale=2), window_influence=0)
    tracker.init(IMAGE, np.array([60.0, 40.0, 30.0, 20.0]))
    tracemalloc.start()
    for _ in range(200):
        tracker.update(IMAGE)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    largest = 3 * 3 * (1.0375 * 1.5 * np.hypot(120, 160) * 255 / 127) ** 2  # bytes of three squares
    assert peak < 2 * largest + 4e6


def test_clamp_keeps_the_centre_inside():
    tracker = SiameseTracker(network=PeakNetwork(0, 0), clamp=True)
    tracker.init(IMAGE, np.array([5.0, 5.0, 30.0, 20.0]))
    for _ in range(5):
        box = tracker.update(IMAGE)
    center, _ = center_from_ltwh(box)
    assert (center >= -1e-3).all()


def test_wrong_use_is_told():
    with pytest.raises(WorkError, match="before it was given a target"):
        SiameseTracker(network=PeakNetwork()).update(IMAGE)
    with pytest.raises(InputError, match="positive width and height"):
        SiameseTracker(network=PeakNetwork()).init(IMAGE, np.array([1, 1, 0, 5]))
    tracker = SiameseTracker(network=PeakNetwork(value=np.nan))
    tracker.init(IMAGE, np.array([1, 1, 20, 20]))
    with pytest.raises(WorkError, match="not finite"):
        tracker.update(IMAGE)


def test_template_rate_mixes_embeddings():
    class Counting(PeakNetwork):
        count = 0.0

        def embed(self, patches, known=None):
            self.count += 1
            return (torch.full((len(patches),), self.count), None)

        embed_exemplar = embed

    tracker = SiameseTracker(network=Counting(), template_rate=0.25)
    tracker.init(IMAGE, np.array([60.0, 40.0, 30.0, 20.0]))
    tracker.update(IMAGE)  # embeddings: 1 exemplar, 2 search, 3 new exemplar
    assert tracker.exemplar[0].item() == 0.75 * 1 + 0.25 * 3 and tracker.exemplar[1] is None


@pytest.mark.parametrize("alphas", [None, (0.0, 0.4)])
@pytest.mark.parametrize("normalize", [False, True])
def test_a_fused_tracker_at_alpha_0_gives_the_boxes_of_siamfc(normalize, alphas):
    """To the last bit, alone or mixed with others, though normalised maps are shifted (D31)."""
    torch.manual_seed(0)
    small = {"width": 0.1, "channels": "as_run"}
    model = build_fused(
        siamfc=small, auxiliary={"kind": "colorization", "network": {"trunk": "resnet18"}},
        alpha=0.0, normalize=normalize, statistics=((-0.3, 0.7), (40.0, 3.0)),
    )  # fmt: skip
    alone = build_siamfc(**small)
    alone.load_state_dict(model.siamfc.state_dict())
    boxes = []
    for network in (model, alone):
        given = alphas if network is model else None
        adapter = response_network(network, InputScaling(), CPU, alphas=given)
        tracker = SiameseTracker(network=adapter)
        tracker.init(IMAGE, np.array([60.0, 40.0, 30.0, 20.0]))
        boxes.append([tracker.update(np.roll(IMAGE, 3 * i, axis=1)) for i in range(1, 4)])
    np.testing.assert_array_equal(*boxes)


def test_supervised_run_starts_again_five_frames_after_a_failure(tmp_path):
    class Away:
        """Follows for two frames, then loses the target."""

        def init(self, image, box_ltwh):
            self.box, self.calls = np.array(box_ltwh), 0

        def update(self, image):
            self.calls += 1
            return self.box if self.calls <= 2 else self.box + 90

    paths = []
    for index in range(12):
        paths.append(tmp_path / f"{index:08d}.png")
        cv2.imwrite(str(paths[-1]), IMAGE)
    polygon = np.tile([10, 10, 40, 10, 40, 40, 10, 40], (12, 1)).astype(float)
    boxes = np.tile([10, 10, 30, 30], (12, 1)).astype(float)
    sequence = Sequence("s", tuple(paths), boxes, polygons=polygon)
    overlaps, states, _ = supervised_run(Away(), sequence)
    I, T, F, S = INITIALIZED, TRACKED, FAILED, SKIPPED  # noqa: E741
    assert states.tolist() == [I, T, T, F, S, S, S, S, I, T, T, F]
    assert overlaps[1] > 0.9 and overlaps[3] == 0


@pytest.mark.real_data
@pytest.mark.parametrize("way", ["processes", "batched"])
def test_imported_siamfc_pytorch_weights_give_its_boxes(real_data, tmp_path, way):
    """The known answer: siamfc-pytorch's own boxes; all frames are in benchmarks/tracking.py."""
    reference, names, frames = real_data / "siamfc_reference", ["Crossing", "MotorRolling"], 40
    import_siamfc_pytorch(reference / "weights.pth", tmp_path / "siamfc.pt")
    (tmp_path / "names.txt").write_text("\n".join(names))
    track(
        sets.get("otb"),
        Selection(root=real_data / "otb", names=str(tmp_path / "names.txt"), max_frames=frames),
        FromCheckpoint(tmp_path / "siamfc.pt", TrackerSettings()), tmp_path / "run.json",
        protocol="ope", compute=ComputeSettings(device="cpu", threads=2, tracking=way),
    )  # fmt: skip
    for name in names:
        expected = read_boxes(reference / "boxes" / f"{name}.txt")[:frames]
        found = read_boxes(tmp_path / "boxes" / f"{name}.txt")
        np.testing.assert_allclose(found, expected, atol=0.01)


@pytest.mark.real_data
@pytest.mark.parametrize(
    "name",
    ["Couple", "Crossing", "Dog1", "Football1", "Girl", "Jogging-1", "Jogging-2", "MotorRolling",
     "Skiing"],
)  # fmt: skip
def test_responses_from_the_recorded_states(real_data, tmp_path, name):
    """From the state before an update: the same three score maps to 1e-3, the same box."""
    reference = real_data / "siamfc_reference"
    import_siamfc_pytorch(reference / "weights.pth", tmp_path / "siamfc.pt")
    tracker = load_tracker(tmp_path / "siamfc.pt", settings=TrackerSettings(), device=CPU)
    (sequence,) = read_sequences(real_data / "otb", names=[name])
    tracker.init(read_image_rgb(sequence.frames[0]), sequence.boxes_ltwh[0])
    seen = []
    respond = tracker.network.respond
    tracker.network.respond = lambda *args: seen.append(respond(*args)) or seen[-1]
    steps = np.load(reference / "steps" / f"{name}.npz")
    for state, response, box in zip(*(steps[k] for k in ("state", "response", "box")), strict=True):
        tracker.center_yx, tracker.size_hw = (state[i : i + 2].astype(np.float32) for i in (1, 3))
        tracker.exemplar_side, tracker.search_side = state[5], state[6]
        found = tracker.update(read_image_rgb(sequence.frames[int(state[0])]))
        assert np.abs(seen[-1].numpy() - response).max() <= 1e-3 * np.abs(response).max()
        np.testing.assert_allclose(found, box - [1, 1, 0, 0], atol=1e-2)


def test_track_command(tmp_path, capsys):
    from tests.videos import declare, write_video

    torch.manual_seed(0)
    weights, checkpoint = tmp_path / "w.pth", tmp_path / "c.pt"
    torch.save(build_siamfc().state_dict(), weights)
    assert (
        main(["import-weights", "siamfc-pytorch", str(weights), "--output", str(checkpoint)]) == 0
    )
    video = tmp_path / "v.mp4"
    write_video(video, [IMAGE] * 4)
    output = tmp_path / "boxes.csv"
    call = ["track", str(video), "--checkpoint", str(checkpoint), "--output", str(output)]
    assert main([*call, "--box", "10,20,30,40"]) == 0
    rows = list(csv.reader(output.read_text().splitlines()))
    assert rows[0][3:7] == ["left", "top", "width", "height"] and len(rows) == 5
    assert [float(v) for v in rows[1][3:7]] == [10, 20, 30, 40]
    output.unlink()
    capsys.readouterr()
    assert main([*call, "--box=400,20,30,40"]) == 2
    assert "lies outside the first frame (160x120 pixels)" in capsys.readouterr().err
    phone = declare(video, tmp_path / "phone.mp4", degrees=90)
    assert main(["track", str(phone), *call[2:], "--box=130,20,9,9"]) == 2
    assert "lies outside the first frame (120x160 pixels)" in capsys.readouterr().err
    assert main([*call, "--box=0,0,1e6,1e6"]) == 2
    assert "is larger than the image (160x120 pixels)" in capsys.readouterr().err
    assert main([*call, "--box", "10,20,30,40", "--alpha", "0.5"]) == 2
    assert "is SiamFC alone" in capsys.readouterr().err
    assert main([*call[:-1], str(tmp_path), "--box", "10,20,30,40"]) == 2
    assert "is a folder, expected the name of a file" in capsys.readouterr().err
    damaged = torch.load(checkpoint, weights_only=True)
    damaged["network"]["width"] = 0.5
    torch.save(damaged, tmp_path / "damaged.pt")
    call_damaged = [*call[:3], str(tmp_path / "damaged.pt"), *call[4:], "--box", "10,20,30,40"]
    assert main(call_damaged) == 2
    assert "damaged.pt: damaged checkpoint" in capsys.readouterr().err
    with pytest.raises(SystemExit) as raised:
        main([*call, "--box", "10,20,0,40"])
    assert raised.value.code == 2
    assert main([*call[:1], str(tmp_path / "none.mp4"), *call[2:], "--box", "1,2,3,4"]) == 2
    assert not output.exists()


def test_foreign_weights_are_refused(tmp_path, capsys):
    state = build_siamfc(width=0.5).state_dict()
    torch.save(state, tmp_path / "half.pth")
    assert (
        main(["import-weights", "siamfc-pytorch", str(tmp_path / "half.pth"), "--output", "x"]) == 2
    )
    assert (
        "backbone.conv1.0.weight has shape (48, 3, 11, 11), expected (96,"
        in capsys.readouterr().err
    )
    import pickle

    (tmp_path / "code.pth").write_bytes(pickle.dumps(ComputeSettings))
    assert (
        main(["import-weights", "siamfc-pytorch", str(tmp_path / "code.pth"), "--output", "x"]) == 2
    )
    assert "not a file of PyTorch tensors" in capsys.readouterr().err
