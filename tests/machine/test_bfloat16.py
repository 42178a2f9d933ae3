"""A CPU without instructions for bfloat16 says so, once, where bf16 was asked for."""

import pytest
import torch

from chromatrack.machine import bfloat16

X86 = {"architecture": "x86_64", "avx2": True, "avx512_bf16": False, "amx_bf16": False}


@pytest.mark.parametrize(
    ("known", "missing"),
    [
        (X86, True),
        (X86 | {"avx512_bf16": True}, False),
        (X86 | {"amx_bf16": True}, False),
        ({"architecture": "aarch64"}, False),
        ({}, False),
    ],
)
def test_what_torch_knows_of_the_processor_decides(known, missing, monkeypatch, capsys):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: known, raising=False)
    assert bfloat16.missing() is missing
    cpu = torch.device("cpu")
    bfloat16.remark(32, cpu)
    bfloat16.remark("bf16", torch.device("cuda"))
    assert capsys.readouterr().err == ""
    bfloat16.remark("bf16", cpu)
    assert ("slower than 32 on this CPU" in capsys.readouterr().err) is missing


def test_an_old_torch_that_cannot_tell_says_nothing(monkeypatch, capsys):
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    bfloat16.remark("bf16", torch.device("cpu"))
    assert capsys.readouterr().err == ""
