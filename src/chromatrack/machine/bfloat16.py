"""Whether a processor has instructions for bfloat16; without, it is slower than float32."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

INSTRUCTIONS = ("avx512_bf16", "amx_bf16")


def missing() -> bool:
    """Whether this is an x86 CPU without them; one that torch does not know may have them."""
    import torch

    known = getattr(torch.cpu, "get_capabilities", dict)()
    on_x86 = str(known.get("architecture", "")).startswith("x86")
    return on_x86 and not any(known.get(name) for name in INSTRUCTIONS)


def remark(precision: int | str, device: torch.device) -> None:
    """Say on stderr that `bf16` costs time on this device, where it does."""
    if precision == "bf16" and device.type == "cpu" and missing():
        print(
            "precision: bf16 is several times slower than 32 on this CPU, which has no "
            "instructions for it",
            file=sys.stderr,
        )
