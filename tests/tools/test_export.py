"""Exported networks: the boxes of the checkpoint, from one file, through the same commands."""

import csv
import json
import sys

import numpy as np
import onnx
import pytest
import torch

from benchmarks.tracking import frame_by_frame
from chromatrack import graphs
from chromatrack.checkpoints import save_checkpoint
from chromatrack.cli.main import main
from chromatrack.data import otb
from chromatrack.data.got10k import read_sequence
from chromatrack.errors import InputError
from chromatrack.exported import KEY, load_exported
from chromatrack.models.build import build_fused, build_siamfc
from chromatrack.models.inputs import InputScaling
from chromatrack.settings import ComputeSettings, TrackerSettings, WorldSettings
from chromatrack.stages.tools.import_weights import import_siamfc_pytorch
from chromatrack.tracking.load import load_tracker, used_alpha
from chromatrack.tracking.single import track_sequence
from chromatrack.world.datasets import write_got10k

CPU = torch.device("cpu")
FRAMES = 100
SMALL = {"width": 0.25, "channels": "as_run"}
FUSED = {
    "siamfc": SMALL,
    "auxiliary": {"kind": "colorization", "network": {"trunk": "resnet18", "width": 0.125}},
    "alpha": 0.3,
    "normalize": True,
    "statistics": ((0.1, 2.0), (-0.2, 0.5)),
}
RANDOM = np.random.default_rng(0)
EXEMPLARS = RANDOM.integers(0, 255, (2, 127, 127, 3)).astype(np.uint8)
PATCHES = RANDOM.integers(0, 255, (6, 255, 255, 3)).astype(np.uint8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """siamfc.pt and fused.pt with lively weights, and what `export` makes of them."""
    folder = tmp_path_factory.mktemp("exported")
    torch.manual_seed(0)
    for kind, description, build in (
        ("siamfc", SMALL, build_siamfc),
        ("fused", FUSED, build_fused),
    ):
        network = build(**description).eval()
        save_checkpoint(
            folder / f"{kind}.pt", kind=kind, network=description, scaling=InputScaling(),
            module=network, made_by={},
        )  # fmt: skip
        assert main(["export", str(folder / f"{kind}.pt"), "--format", "onnx"]) == 0
    return folder


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
def test_boxes_of_100_frames_are_those_of_the_checkpoint(kind, folder, target, capsys):
    """From the same place in each frame: random weights make flat maps, two cells of which may tie.
    A box is then a cell away, and from there on two courses would be compared."""
    maps, moved, gaps = frame_by_frame(folder / f"{kind}.pt", folder / f"{kind}.onnx", [target])
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
def test_maps_of_every_alpha_and_both_units(options, variants, folder):
    ours, theirs = (
        response(network(folder / f"fused.{suffix}", **options), variants)
        for suffix in ("pt", "onnx")
    )
    assert ours.shape == theirs.shape == (6, 17, 17)
    assert (ours - theirs).abs().max() <= 1e-5 * ours.abs().max()


def test_maps_of_both_branches(folder):
    both = []
    for suffix in ("pt", "onnx"):
        one = network(folder / f"fused.{suffix}")
        embedded = one.embed_exemplar(EXEMPLARS), one.embed(PATCHES)
        both.append(one.branch_maps(*embedded))
    for ours, theirs in zip(*both, strict=True):
        assert (ours - theirs).abs().max() <= 1e-5 * ours.abs().max()


@pytest.mark.parametrize("targets", [1, 2, 5])
def test_any_number_of_targets_and_patches_goes_through(targets, folder):
    one = network(folder / "siamfc.onnx")
    exemplars = np.repeat(EXEMPLARS[:1], targets, axis=0)
    maps = one.respond(one.embed_exemplar(exemplars), one.embed(np.repeat(PATCHES[:1], targets, 0)))
    assert maps.shape == (targets, 17, 17)
    assert (maps - maps[0]).abs().max() <= 1e-5 * maps[0].abs().max()


def test_the_whole_file_runs_in_onnxruntime_alone(folder):
    """As another program would: patches in, score maps out, alpha where it is given."""
    import onnxruntime

    session = onnxruntime.InferenceSession(
        str(folder / "fused.onnx"), providers=["CPUExecutionProvider"]
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
        expected = response(network(folder / "fused.pt", alpha=alpha)).reshape(2, 3, 17, 17)
        assert np.abs(found - expected.numpy()).max() <= 1e-5 * expected.abs().max()


def test_onnxs_own_tool_cuts_it_into_its_parts(folder, tmp_path):
    """As docs/export.md shows it."""
    import onnx.utils
    import onnxruntime

    given = {
        "exemplar_rgb": RANDOM.random((2, 3, 127, 127), dtype=np.float32),
        "search_rgb": RANDOM.random((2, 3, 3, 255, 255), dtype=np.float32),
    }

    def run(name, inputs, output):
        onnx.utils.extract_model(
            str(folder / "siamfc.onnx"), str(tmp_path / name), list(inputs), [output]
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
        str(folder / "siamfc.onnx"), providers=["CPUExecutionProvider"]
    )
    (expected,) = whole.run(["response"], given)
    np.testing.assert_allclose(run("response.onnx", parts, "response"), expected, atol=1e-6)


def test_the_file_says_what_a_tracker_has_to_know(folder):
    model = onnx.load(folder / "fused.onnx")
    told = json.loads({one.key: one.value for one in model.metadata_props}[KEY])
    assert told["alpha"] == 0.3 and told["kind"] == "fused"
    assert told["sizes"] == {"exemplar": 127, "search": 255, "stride": 8}
    assert told["tracker"]["window_influence"] == 0.176
    assert set(told["made_by"]["inputs"]) == {"checkpoint"}
    assert used_alpha(folder / "fused.onnx") == used_alpha(folder / "fused.pt") == 0.3
    assert used_alpha(folder / "siamfc.onnx") is None
    assert load_exported(folder / "fused.onnx").scaling == InputScaling()


def test_equal_weights_are_in_the_file_once(folder):
    assert (folder / "siamfc.onnx").stat().st_size < 1.2 * (folder / "siamfc.pt").stat().st_size


def test_run_takes_it_as_any_checkpoint(folder, target, tmp_path):
    (tmp_path / "val").mkdir()
    (tmp_path / "val" / "list.txt").write_text(f"{target.name}\n")
    (tmp_path / "val" / target.name).symlink_to(target.frames[0].parent)
    for suffix in ("pt", "onnx"):
        call = ["run", "got10k", "--root", str(tmp_path / "val"), "--max-frames", "5",
                "--checkpoint", str(folder / f"fused.{suffix}"),
                "--output", str(tmp_path / suffix / "run.json"),
                "--compute", '{"device": "cpu"}']  # fmt: skip
        assert main(call) == 0
    runs = [json.loads((tmp_path / suffix / "run.json").read_text()) for suffix in ("pt", "onnx")]
    assert runs[0]["results"] == runs[1]["results"] and runs[1]["alpha"] == 0.3
    assert runs[0]["device"] == runs[1]["device"] == "cpu"


def test_track_takes_it_as_any_checkpoint(folder, target, tmp_path):
    box = ",".join(f"{value:g}" for value in target.boxes_ltwh[0])
    frames = tmp_path / "frames"
    frames.mkdir()
    for path in target.frames[:5]:
        (frames / path.name).symlink_to(path)
    found = []
    for suffix in ("pt", "onnx"):
        output = tmp_path / f"{suffix}.csv"
        call = ["track", str(frames), "--box", box, "--alpha", "0.7", "--checkpoint",
                str(folder / f"fused.{suffix}"), "--output", str(output),
                "--compute", '{"device": "cpu"}']  # fmt: skip
        assert main(call) == 0
        with open(output, newline="") as handle:
            rows = list(csv.DictReader(handle))
        found.append([[float(row[key]) for key in ("left", "top", "width", "height")]
                      for row in rows])  # fmt: skip
    assert len(found[0]) == 5
    assert np.abs(np.array(found[0]) - found[1]).max() <= 0.01


def damage_cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def damage_text(path):
    path.write_text("no network at all\n")


def damage_empty(path):
    path.write_bytes(b"")


def edited(edit, redo=True):
    """A file whose model is edited; a digest that is right again, or the old one."""

    def damage(path):
        model = onnx.load(path)
        about = json.loads(model.metadata_props[0].value)
        edit(model, about)
        if redo:
            about["graph"] = graphs.digest(model)
        onnx.helper.set_model_props(model, {KEY: json.dumps(about)})
        path.write_bytes(model.SerializeToString())

    return damage


def flip(model, about):
    raw = bytearray(model.graph.initializer[0].raw_data)
    raw[100] ^= 0x40
    model.graph.initializer[0].raw_data = bytes(raw)


def elsewhere(model, about):
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")


def own_operator(model, about):
    model.graph.node[0].domain = "evil.example"


def no_response(model, about):
    del model.graph.output[:]


def wrong_scaling(model, about):
    about["scaling"]["grey_std"] = 0


def more_scaling(model, about):
    about["scaling"]["__class__"] = "os.system"


def scaled(**values):
    def edit(model, about):
        about["scaling"] |= values

    return edit


def wrong_alpha(model, about):
    about["alpha"] = 7


def no_alpha(model, about):
    del about["alpha"]


def wrong_operator(model, about):
    model.graph.node[0].op_type = "Nonsense"


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (damage_cut, "not an ONNX file, or cut off"),
        (damage_text, "not an ONNX file, or cut off"),
        (damage_empty, "not an ONNX file, or cut off"),
        (edited(flip, redo=False), "damaged exported network (its graph is not the one it had)"),
        (edited(elsewhere), "expected its weights in the file, it points elsewhere"),
        (edited(own_operator), "is no operator of the ONNX standard"),
        (edited(no_response), "damaged exported network (it has no response)"),
        (edited(wrong_scaling), "expected deviations of more than 0"),
        (edited(more_scaling), "unexpected keyword argument '__class__'"),
        (edited(scaled(grey_channels="x")), "grey_channels: expected 1 or 3, got 'x'"),
        (edited(scaled(rgb_mean=[0.5])), "rgb_mean: expected 3 numbers, got 1"),
        (edited(scaled(ab_std=["a", 1])), "ab_std: expected a number, got 'a'"),
        (edited(scaled(rgb=["unit"])), "rgb: expected text, got ['unit']"),
        (edited(scaled(grey="nonsense")), "which is no kind of input"),
        (edited(wrong_alpha), "alpha: expected 0 to 1, got 7"),
        (edited(no_alpha), "'alpha' is missing"),
        (edited(wrong_operator), "onnxruntime cannot run it"),
    ],
)
def test_a_damaged_file_is_one_sentence(damage, sentence, folder, tmp_path, capsys):
    path = tmp_path / "model.onnx"
    path.write_bytes((folder / "fused.onnx").read_bytes())
    damage(path)
    with pytest.raises(InputError) as raised:
        load_tracker(path, settings=TrackerSettings(), device=CPU)
    assert sentence in str(raised.value) and str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_foreign_onnx_file_is_one_sentence(tmp_path):
    value = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    node = onnx.helper.make_node("Identity", ["x"], ["y"])
    other = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1])
    onnx.save(
        onnx.helper.make_model(onnx.helper.make_graph([node], "g", [value], [other])),
        tmp_path / "foreign.onnx",
    )
    with pytest.raises(InputError, match="an ONNX file of another program; expected one that"):
        load_tracker(tmp_path / "foreign.onnx", settings=TrackerSettings(), device=CPU)
    with pytest.raises(InputError, match="no such file"):
        load_tracker(tmp_path / "absent.onnx", settings=TrackerSettings(), device=CPU)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"alpha": 0.5}, "is SiamFC alone, alpha has nothing to weigh"),
        ({"random_auxiliary": 1}, "exported networks keep their weights"),
        ({"settings": TrackerSettings(precision="bf16")}, "expected tracker.precision: 32"),
    ],
)
def test_what_an_exported_network_cannot_do_is_said(options, sentence, folder):
    with pytest.raises(InputError, match=sentence):
        load_tracker(
            folder / "siamfc.onnx", **{"settings": TrackerSettings(), "device": CPU, **options}
        )


def test_export_names_what_is_wrong(folder, tmp_path, capsys):
    assert main(["export", str(folder / "siamfc.pt"), "--output", str(tmp_path / "m.pt")]) == 2
    assert "expected a file that ends with .onnx" in capsys.readouterr().err
    assert main(["export", str(folder / "siamfc.onnx"), "--output", str(tmp_path / "m.onnx")]) == 2
    assert "siamfc.onnx: an exported network" in capsys.readouterr().err


def test_a_missing_package_is_one_sentence(monkeypatch, folder):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(InputError, match=r"onnxruntime is not installed.*chromatrack\[onnx\]"):
        load_tracker(folder / "siamfc.onnx", settings=TrackerSettings(), device=CPU)


def test_batched_tracking_gives_the_same_boxes(folder, target):
    from chromatrack.tracking.batch import track_together

    tracker = load_tracker(
        folder / "fused.onnx", settings=TrackerSettings(), device=CPU, alphas=(0.0, 0.5)
    )
    found = {t.variant: t.boxes_ltwh for t in track_together(tracker, [(target.first(8), (0, 1))])}
    for variant, alpha in enumerate((0.0, 0.5)):
        alone = load_tracker(
            folder / "fused.onnx", settings=TrackerSettings(), device=CPU, alpha=alpha
        )
        boxes, _ = track_sequence(alone, target.first(8))
        assert np.abs(found[variant] - boxes).max() <= 0.01


def test_it_pickles_into_processes(folder, target, tmp_path):
    from chromatrack.stages.evaluation.openers import FromCheckpoint
    from chromatrack.stages.evaluation.sequences import run_sequences

    compute = ComputeSettings(device="cpu", threads=2, tracking="processes")
    opener = FromCheckpoint(folder / "siamfc.onnx", TrackerSettings()).opener(compute)
    short = [target.first(4), target.since(4).first(3)]
    named = [short[0], type(short[1])("other", short[1].frames, short[1].boxes_ltwh)]
    found = run_sequences(opener, named, tmp_path, source={}, compute=compute)
    assert {name: entry["frames"] for name, entry in found.items()} == {target.name: 4, "other": 3}
