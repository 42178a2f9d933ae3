"""Damaged and foreign ONNX files, and what an exported network cannot do, are one sentence."""

import json
import sys

import onnx
import pytest
import torch

from chromatrack import graphs
from chromatrack.cli.main import main
from chromatrack.errors import InputError
from chromatrack.exported import KEY
from chromatrack.settings import TrackerSettings
from chromatrack.tracking.load import load_tracker

CPU = torch.device("cpu")


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
def test_a_damaged_file_is_one_sentence(damage, sentence, exported, tmp_path, capsys):
    path = tmp_path / "model.onnx"
    path.write_bytes((exported / "fused.onnx").read_bytes())
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
def test_what_an_exported_network_cannot_do_is_said(options, sentence, exported):
    with pytest.raises(InputError, match=sentence):
        load_tracker(
            exported / "siamfc.onnx", **{"settings": TrackerSettings(), "device": CPU, **options}
        )


def test_export_names_what_is_wrong(exported, tmp_path, capsys):
    call = ["export", "--output", str(tmp_path / "m.pt"), str(exported / "siamfc.pt")]
    assert main(call) == 2
    assert "expected a file that ends with .onnx" in capsys.readouterr().err
    call = ["export", "--output", str(tmp_path / "m.onnx"), str(exported / "siamfc.onnx")]
    assert main(call) == 2
    assert "siamfc.onnx: an exported network" in capsys.readouterr().err


def test_a_missing_package_is_one_sentence(monkeypatch, exported):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(InputError, match=r"onnxruntime is not installed.*chromatrack\[onnx\]"):
        load_tracker(exported / "siamfc.onnx", settings=TrackerSettings(), device=CPU)
