"""chromatrack: video colorization as a second backbone beside the SiamFC tracker."""

__version__ = "0.1.0"
