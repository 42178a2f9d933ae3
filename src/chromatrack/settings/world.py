"""The synthetic world."""

from __future__ import annotations

from dataclasses import dataclass

from chromatrack.settings.checks import positive, require

_FRAMES = ("seed", "width", "height")
READ_BY = {
    "kinetics": (*_FRAMES, "fps", "kinetics_videos", "kinetics_seconds"),
    "got10k": (*_FRAMES, "fps", "got10k_train", "got10k_val", "got10k_frames"),
    "otb": (*_FRAMES, "otb_frames"),
    "vot": (*_FRAMES, "fps", "vot_frames"),
    "davis": (*_FRAMES, "davis_frames"),
}
"""Part of the world -> the keys that it depends on; other benchmarks are made like otb."""


@dataclass(frozen=True)
class WorldSettings:
    """The synthetic world: small videos with exact annotations in the formats of the real sets."""

    seed: int = 0
    """Everything in the world follows from it."""
    width: int = 340
    """Width of the frames in pixels."""
    height: int = 256
    """Height of the frames in pixels."""
    fps: int = 25
    """Frames per second of the Kinetics-like videos."""
    kinetics_videos: int = 12
    """Number of Kinetics-like videos."""
    kinetics_seconds: float = 6.0
    """Length of each Kinetics-like video."""
    got10k_train: int = 24
    """Number of GOT-10k training sequences."""
    got10k_val: int = 4
    """Number of GOT-10k validation sequences."""
    got10k_frames: int = 40
    """Frames of each GOT-10k sequence."""
    otb_frames: int = 50
    """Frames of each OTB sequence."""
    vot_frames: int = 50
    """Frames of each VOT sequence."""
    davis_frames: int = 25
    """Frames of each DAVIS sequence."""

    def __post_init__(self) -> None:
        positive(self, "fps", "kinetics_videos", "kinetics_seconds", "got10k_train", "got10k_val")
        require(self.kinetics_seconds >= 2, "kinetics_seconds: expected 2 or more")
        for name in ("got10k_frames", "otb_frames", "vot_frames", "davis_frames"):
            require(getattr(self, name) >= 20, f"{name}: expected 20 frames or more")
        for name in ("width", "height"):
            value = getattr(self, name)
            require(value >= 128 and value % 2 == 0, f"{name}: expected an even number >= 128")
