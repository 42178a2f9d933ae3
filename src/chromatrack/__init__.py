"""chromatrack: video colorization as a second backbone beside the SiamFC tracker."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chromatrack.interface import load

__version__ = "0.1.0"
__all__ = ["__version__", "load"]


def __getattr__(name: str):
    """`chromatrack.load`, with what it needs imported when it is asked for (docs/python.md)."""
    if name == "load":
        from chromatrack.interface import load

        return load
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
