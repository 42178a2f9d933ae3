"""Weights of siamfc-pytorch: what is harmless comes in, and of all else it is told what it is."""

import os

import numpy as np
import pytest
import torch
import torchvision

from chromatrack.errors import InputError
from chromatrack.models.build import build_siamfc
from chromatrack.stages.tools.foreign_weights import import_weights
from chromatrack.stages.tools.import_weights import import_siamfc_pytorch


class Harmful:
    """Runs code where a pickle of it is loaded."""

    def __reduce__(self):
        return os.mkdir, ("harmed",)


@pytest.fixture(scope="module")
def siamfc_state():
    torch.manual_seed(1)
    return build_siamfc().state_dict()


WRAPPED = {
    "plain": lambda state: state,
    "DataParallel": lambda state: {f"module.{name}": value for name, value in state.items()},
    "compiled, parallel": lambda state: {f"_orig_mod.module.{n}": v for n, v in state.items()},
    "wrapped": lambda state: {"epoch": 3, "state_dict": state, "best": np.float64(0.58)},
    "wrapped, parallel": lambda state: {
        "model": {f"module.{name}": value for name, value in state.items()},
        "losses": np.arange(3.0), "step": np.int64(7), "done": np.bool_(True),
    },
    "deep": lambda state: {"checkpoint": {"net": state}},
    "NumPy": lambda state: {name: value.numpy() for name, value in state.items()},
    "NumPy's counts": lambda state: {
        name: value if value.ndim else np.int64(value.item()) for name, value in state.items()
    },
    "old, without counts": lambda state: {
        name: value for name, value in state.items() if "num_batches" not in name
    },
}  # fmt: skip


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("name", WRAPPED)
def test_weights_come_in_however_they_are_wrapped(name, zipped, siamfc_state, tmp_path):
    path = tmp_path / "w.pth"
    torch.save(WRAPPED[name](siamfc_state), path, _use_new_zipfile_serialization=zipped)
    for kind in ("auto", "siamfc-pytorch"):
        assert import_weights(kind, path, tmp_path / "c.pt") == ["found: siamfc-pytorch"]
        found = torch.load(tmp_path / "c.pt", weights_only=True)["state"]
        assert set(found) == set(siamfc_state)
        for key, value in siamfc_state.items():
            assert torch.equal(found[key], value), key


CONV3 = "backbone.conv3.0.weight"
FOREIGN = {
    "several": (lambda s: {"model": s, "ema": s}, "expected one .*, got several: 'model', 'ema'"),
    "missing": (
        lambda s: {"state_dict": {f"module.{k}": v for k, v in s.items() if k != CONV3}},
        f"but {CONV3} is missing",
    ),
    "surplus": (lambda s: {**s, "head.w": torch.ones(1)}, "head.w is no weight of siamfc-pytorch"),
    "half parallel": (
        lambda s: {k if "conv1" in k else f"module.{k}": v for k, v in s.items()},
        "module.backbone.* is no weight",
    ),
    "others": (
        lambda s: {"features.0.weight": torch.ones(3), "epoch": 1},
        "such as backbone.conv1.0.weight, got the keys 'features.0.weight', 'epoch'$",
    ),
    "nothing": (lambda s: {}, "got an empty dict"),
    "a list": (lambda s: [1, 2], "got a list"),
    "a tensor": (lambda s: torch.ones(2), "got a Tensor"),
    "a text": (lambda s: {**s, CONV3: "weights"}, f"{CONV3}: expected a tensor, got a str"),
    "no number": (lambda s: {**s, CONV3: s[CONV3] * np.nan}, f"{CONV3} holds a value that is no"),
    "whole numbers": (
        lambda s: {**s, CONV3: s[CONV3].to(torch.int32)},
        f"{CONV3} holds torch.int32",
    ),
    "complex": (lambda s: {**s, CONV3: s[CONV3] * 1j}, f"{CONV3} holds torch.complex64, expected"),
    "sparse": (lambda s: {**s, CONV3: s[CONV3].to_sparse()}, f"{CONV3}: expected a dense tensor"),
    "a whole network": (lambda s: build_siamfc(width=0.1), r"holds chromatrack\.models\.siamfc\.S"),
    "code": (lambda s: {"state_dict": s, "x": Harmful()}, r"holds posix\.mkdir, and code is not"),
}


@pytest.mark.parametrize("name", FOREIGN)
@pytest.mark.filterwarnings("ignore:Validating sparse tensor")
def test_what_foreign_weights_hold_is_told(name, siamfc_state, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make, message = FOREIGN[name]
    torch.save(make(siamfc_state), tmp_path / "w.pth")
    with pytest.raises(InputError, match=message) as caught:
        import_siamfc_pytorch(tmp_path / "w.pth", tmp_path / "c.pt")
    assert str(caught.value).startswith(f"{tmp_path / 'w.pth'}: ")
    assert [path.name for path in tmp_path.iterdir()] == ["w.pth"]  # nothing was run or written
    assert np.dtype not in torch.serialization.get_safe_globals()


@pytest.mark.parametrize("under", ["model.", "net.", "_orig_mod.module."])
def test_what_all_names_of_a_resnet_begin_with_is_taken_away(tmp_path, under):
    state = torchvision.models.resnet18(weights=None).state_dict()
    file = {"state_dict": {under + name: value for name, value in state.items()}}
    file |= {"state_dict_ema": state, "epoch": 3}
    torch.save(file, tmp_path / "w.pth")
    told = import_weights("auto", tmp_path / "w.pth", tmp_path / "c.pt")
    assert told[0] == f"found: torchvision, under state_dict > {under}"
    assert told[2].endswith("; not looked at: state_dict_ema")
