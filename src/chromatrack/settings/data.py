"""Where the data of a run comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from chromatrack.settings.checks import positive, require

TrackingLayout = Literal["got10k", "otb", "vid"]


@dataclass(frozen=True)
class TrackingSource:
    """A folder of annotated videos to train SiamFC on."""

    layout: TrackingLayout
    """list.txt and sequences of GOT-10k, folders of OTB, or ImageNet-VID (Data/, Annotations/)."""
    root: str
    """The folder."""


@dataclass(frozen=True)
class DataSettings:
    """Where the data is. In a demo all of it comes from the synthetic world."""

    title: str = ""
    """Name of the data set, printed on every table, plot and page."""
    demo: bool = False
    """Make the synthetic world and use it."""
    kinetics_list: str | None = None
    """Clip list: label,youtube_id,time_start,time_end,split."""
    got10k: str | None = None
    """Folder that holds train/ and val/ in the GOT-10k layout."""
    tracking_train: tuple[TrackingSource, ...] | None = None
    """Folders to train SiamFC on; without it, train/ of got10k."""
    otb: str | None = None
    """Folder of OTB sequences."""
    otb_attributes: str | None = None
    """Folder of OTB attribute vectors, one NAME.txt each; without it, att/ beside the sequences."""
    otb_list: str | None = None
    """otb2013, tb50, otb2015, or a file with one target name per line; without it, every target
    found (D27c)."""
    otb_max_frames: int | None = None
    """Cut each OTB sequence to its first frames; the page says so."""
    vot: str | None = None
    """Folder of VOT sequences with list.txt."""
    vot_challenge: Literal["vot2015", "vot2016", "vot2017", "vot2018", "vot2019"] = "vot2018"
    """Whose lengths of sequences the EAO is a mean over."""
    vot_max_frames: int | None = None
    """Cut each VOT sequence to its first frames."""
    davis: str | None = None
    """Root of DAVIS-2017."""
    davis_max_frames: int | None = None
    """Cut each DAVIS sequence to its first frames."""

    def __post_init__(self) -> None:
        roots = ("kinetics_list", "got10k", "otb", "vot", "davis")
        for name in roots:
            given = getattr(self, name) is not None
            if self.demo:
                require(not given, f"{name}: cannot be set together with demo: true")
            else:
                require(given, f"{name}: expected a path (or set demo: true)")
        require(self.tracking_train != (), "tracking_train: expected at least one folder, or null")
        require(bool(self.title), "title: expected the name of the data set")
        for name in ("otb_max_frames", "vot_max_frames", "davis_max_frames"):
            value = getattr(self, name)
            require(value is None or value >= 2, f"{name}: expected 2 or more, got {value}")


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
