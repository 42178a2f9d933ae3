"""Exported networks: the boxes of the checkpoint, from one file, through the same commands."""

import csv
import json

import numpy as np
import onnx
import pytest
import torch

from benchmarks.tracking import frame_by_frame
from chromatrack.cli.main import main
from chromatrack.data import otb
from chromatrack.data.got10k import read_sequence
from chromatrack.exported import KEY, load_exported
from chromatrack.models.inputs import InputScaling
from chromatrack.settings import ComputeSettings, TrackerSettings, WorldSettings
from chromatrack.stages.tools.import_weights import import_siamfc_pytorch
from chromatrack.tracking.load import load_tracker, used_alpha
from chromatrack.tracking.single import track_sequence
from chromatrack.world.datasets import write_got10k

CPU = torch.device("cpu")
FRAMES = 100
RANDOM = np.random.default_rng(0)
EXEMPLARS = RANDOM.integers(0, 255, (2, 127, 127, 3)).astype(np.uint8)
PATCHES = RANDOM.integers(0, 255, (6, 255, 255, 3)).astype(np.uint8)


@pytest.fixture(scope="module")
def target(tmp_path_factory):
    """A synthetic sequence."""
    settings = WorldSettings(got10k_frames=FRAMES, width=240, height=180)
    root = tmp_path_factory.mktemp("world")
    name = write_got10k(root, settings, "val", 0)
    return read_sequence(root / "val" / name)


def parity(checkpoint, exported, target, **options):
    """Largest difference of a coordinate over the frames of a target, in pixels."""
    boxes = [
        track_sequence(
            load_tracker(path, settings=TrackerSettings(), device=CPU, **options), target
        )
        for path in (checkpoint, exported)
    ]
    return float(np.abs(boxes[0][0] - boxes[1][0]).max())


@pytest.mark.parametrize("kind", ["siamfc", "fused"])
def test_boxes_of_100_frames_are_those_of_the_checkpoint(kind, exported, target, capsys):
    """From the same place in each frame: random weights make flat maps, two cells of which may tie.
    A box is then a cell away, and from there on two courses would be compared."""
    maps, moved, gaps = frame_by_frame(exported / f"{kind}.pt", exported / f"{kind}.onnx", [target])
    apart = moved > 0.01
    with capsys.disabled():
        told = f"{moved[~apart].max():.6f} px, but for {apart.sum()} ties"
        print(f"\n{kind}: boxes of {len(target)} frames differ by at most {told}")
    assert len(target) == FRAMES and len(moved) == FRAMES - 1
    assert maps <= 1e-5
    assert apart.sum() <= 5 and np.all(gaps[apart] <= 1e-5)  # each of them is a tie


def test_boxes_of_trained_weights_on_a_real_sequence(real_data, tmp_path, capsys):
    import_siamfc_pytorch(real_data / "siamfc_reference" / "weights.pth", tmp_path / "siamfc.pt")
    assert main(["export", str(tmp_path / "siamfc.pt")]) == 0
    target = max(otb.read_sequences(real_data / "otb"), key=len).first(FRAMES)
    apart = parity(tmp_path / "siamfc.pt", tmp_path / "siamfc.onnx", target)
    with capsys.disabled():
        print(f"\n{target.name}: boxes of {len(target)} frames differ by at most {apart:.6f} px")
    assert len(target) == FRAMES
    assert apart <= 0.01


def network(path, **options):
    return load_tracker(path, settings=TrackerSettings(**options.pop("tracker", {})), device=CPU,
                        **options).network  # fmt: skip


def response(network, variants=(0,)):
    return network.respond(network.embed_exemplar(EXEMPLARS), network.embed(PATCHES), variants)


@pytest.mark.parametrize(
    ("options", "variants"),
    [({}, (0,)), ({"alpha": 0.0}, (0,)), ({"alpha": 1.0}, (0,)), ({"alpha": 0.9}, (0,)),
     ({"alphas": (0.0, 0.7)}, (0, 1)), ({"tracker": {"penalty_on": "normalized"}}, (0,))],
    ids=str,
)  # fmt: skip
def test_maps_of_every_alpha_and_both_units(options, variants, exported):
    ours, theirs = (
        response(network(exported / f"fused.{suffix}", **options), variants)
        for suffix in ("pt", "onnx")
    )
    assert ours.shape == theirs.shape == (6, 17, 17)
    assert (ours - theirs).abs().max() <= 1e-5 * ours.abs().max()


def test_maps_of_both_branches_and_of_their_mix(exported):
    both = []
    for suffix in ("pt", "onnx"):
        one = network(exported / f"fused.{suffix}")
        embedded = one.embed_exemplar(EXEMPLARS), one.embed(PATCHES)
        both.append(one.respond_in_parts(*embedded))
    for ours, theirs in zip(*both, strict=True):
        assert (ours - theirs).abs().max() <= 1e-5 * ours.abs().max()


@pytest.mark.parametrize("targets", [1, 2, 5])
def test_any_number_of_targets_and_patches_goes_through(targets, exported):
    one = network(exported / "siamfc.onnx")
    exemplars = np.repeat(EXEMPLARS[:1], targets, axis=0)
    maps = one.respond(one.embed_exemplar(exemplars), one.embed(np.repeat(PATCHES[:1], targets, 0)))
    assert maps.shape == (targets, 17, 17)
    assert (maps - maps[0]).abs().max() <= 1e-5 * maps[0].abs().max()


def test_the_whole_file_runs_in_onnxruntime_alone(exported):
    """As another program would: patches in, score maps out, alpha where it is given."""
    import onnxruntime

    session = onnxruntime.InferenceSession(
        str(exported / "fused.onnx"), providers=["CPUExecutionProvider"]
    )
    scaling = InputScaling()
    search = PATCHES.reshape(2, 3, *PATCHES.shape[1:])
    given = {
        "exemplar_rgb": scaling.rgb_tensor(EXEMPLARS).numpy(),
        "exemplar_auxiliary": scaling.grey_tensor(EXEMPLARS).numpy(),
        "search_rgb": scaling.rgb_tensor(PATCHES).reshape(2, 3, 3, 255, 255).numpy(),
        "search_auxiliary": scaling.grey_tensor(PATCHES).reshape(2, 3, 1, 255, 255).numpy(),
    }
    assert len(search) == 2
    for alpha in (None, 0.8):
        more = {} if alpha is None else {"alpha": np.full((1, 1, 1, 1), alpha, dtype=np.float32)}
        (found,) = session.run(["response"], given | more)
        expected = response(network(exported / "fused.pt", alpha=alpha)).reshape(2, 3, 17, 17)
        assert np.abs(found - expected.numpy()).max() <= 1e-5 * expected.abs().max()


def test_onnxs_own_tool_cuts_it_into_its_parts(exported, tmp_path):
    """As docs/export.md shows it."""
    import onnx.utils
    import onnxruntime

    given = {
        "exemplar_rgb": RANDOM.random((2, 3, 127, 127), dtype=np.float32),
        "search_rgb": RANDOM.random((2, 3, 3, 255, 255), dtype=np.float32),
    }

    def run(name, inputs, output):
        onnx.utils.extract_model(
            str(exported / "siamfc.onnx"), str(tmp_path / name), list(inputs), [output]
        )
        session = onnxruntime.InferenceSession(
            str(tmp_path / name), providers=["CPUExecutionProvider"]
        )
        return session.run([output], {k: v for k, v in inputs.items() if v is not None})[0]

    parts = {
        "siamfc_exemplar": run(
            "z.onnx", {"exemplar_rgb": given["exemplar_rgb"]}, "siamfc_exemplar"
        ),
        "siamfc_search": run("x.onnx", {"search_rgb": given["search_rgb"]}, "siamfc_search"),
        "units": None,
    }
    whole = onnxruntime.InferenceSession(
        str(exported / "siamfc.onnx"), providers=["CPUExecutionProvider"]
    )
    (expected,) = whole.run(["response"], given)
    np.testing.assert_allclose(run("response.onnx", parts, "response"), expected, atol=1e-6)


def test_the_file_says_what_a_tracker_has_to_know(exported):
    model = onnx.load(exported / "fused.onnx")
    told = json.loads({one.key: one.value for one in model.metadata_props}[KEY])
    assert told["alpha"] == 0.3 and told["kind"] == "fused"
    assert told["sizes"] == {"exemplar": 127, "search": 255, "stride": 8}
    assert told["tracker"]["window_influence"] == 0.176
    assert set(told["made_by"]["inputs"]) == {"checkpoint"}
    assert used_alpha(exported / "fused.onnx") == used_alpha(exported / "fused.pt") == 0.3
    assert used_alpha(exported / "siamfc.onnx") is None
    assert load_exported(exported / "fused.onnx").scaling == InputScaling()


def test_equal_weights_are_in_the_file_once(exported):
    assert (exported / "siamfc.onnx").stat().st_size < 1.2 * (exported / "siamfc.pt").stat().st_size


def test_run_takes_it_as_any_checkpoint(exported, target, tmp_path):
    (tmp_path / "val").mkdir()
    (tmp_path / "val" / "list.txt").write_text(f"{target.name}\n")
    (tmp_path / "val" / target.name).symlink_to(target.frames[0].parent)
    for suffix in ("pt", "onnx"):
        call = ["run", "got10k", "--root", str(tmp_path / "val"), "--max-frames", "5",
                "--checkpoint", str(exported / f"fused.{suffix}"),
                "--output", str(tmp_path / suffix / "run.json"),
                "--compute", '{"device": "cpu"}']  # fmt: skip
        assert main(call) == 0
    runs = [json.loads((tmp_path / suffix / "run.json").read_text()) for suffix in ("pt", "onnx")]
    assert runs[0]["results"] == runs[1]["results"] and runs[1]["alpha"] == 0.3
    assert runs[0]["device"] == runs[1]["device"] == "cpu"


def test_track_takes_it_as_any_checkpoint(exported, target, tmp_path):
    box = ",".join(f"{value:g}" for value in target.boxes_ltwh[0])
    frames = tmp_path / "frames"
    frames.mkdir()
    for path in target.frames[:5]:
        (frames / path.name).symlink_to(path)
    found = []
    for suffix in ("pt", "onnx"):
        output = tmp_path / f"{suffix}.csv"
        call = ["track", str(frames), "--box", box, "--alpha", "0.7", "--checkpoint",
                str(exported / f"fused.{suffix}"), "--output", str(output),
                "--compute", '{"device": "cpu"}']  # fmt: skip
        assert main(call) == 0
        with open(output, newline="") as handle:
            rows = list(csv.DictReader(handle))
        found.append([[float(row[key]) for key in ("left", "top", "width", "height")]
                      for row in rows])  # fmt: skip
    assert len(found[0]) == 5
    assert np.abs(np.array(found[0]) - found[1]).max() <= 0.01


def test_batched_tracking_gives_the_same_boxes(exported, target):
    from chromatrack.tracking.batch import track_together

    tracker = load_tracker(
        exported / "fused.onnx", settings=TrackerSettings(), device=CPU, alphas=(0.0, 0.5)
    )
    found = {t.variant: t.boxes_ltwh for t in track_together(tracker, [(target.first(8), (0, 1))])}
    for variant, alpha in enumerate((0.0, 0.5)):
        alone = load_tracker(
            exported / "fused.onnx", settings=TrackerSettings(), device=CPU, alpha=alpha
        )
        boxes, _ = track_sequence(alone, target.first(8))
        assert np.abs(found[variant] - boxes).max() <= 0.01


def test_it_pickles_into_processes(exported, target, tmp_path):
    from chromatrack.stages.evaluation.openers import FromCheckpoint
    from chromatrack.stages.evaluation.sequences import run_sequences

    compute = ComputeSettings(device="cpu", threads=2, tracking="processes")
    opener = FromCheckpoint(exported / "siamfc.onnx", TrackerSettings()).opener(compute)
    short = [target.first(4), target.since(4).first(3)]
    named = [short[0], type(short[1])("other", short[1].frames, short[1].boxes_ltwh)]
    found = run_sequences(opener, named, tmp_path, source={}, compute=compute)
    assert {name: entry["frames"] for name, entry in found.items()} == {target.name: 4, "other": 3}
