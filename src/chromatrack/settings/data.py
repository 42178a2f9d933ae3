"""Where the data of a run comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from chromatrack.settings.checks import require

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
    """What networks are trained on; benchmarks have a part of their own. In a demo all of it comes
    from the synthetic world."""

    title: str = ""
    """Name of the data set, printed on every table, plot and page."""
    demo: bool = False
    """Make the synthetic world and use it wherever no other data are named."""
    kinetics_list: str | None = None
    """Clip list: label,youtube_id,time_start,time_end,split; without it, no network is
    pretrained."""
    got10k: str | None = None
    """Folder that holds train/ and val/ in the GOT-10k layout: to train SiamFC on, and to choose
    its network by."""
    tracking_train: tuple[TrackingSource, ...] | None = None
    """Folders to train SiamFC on; without it, train/ of got10k."""

    def __post_init__(self) -> None:
        for name in ("kinetics_list", "got10k"):
            given = getattr(self, name) is not None
            require(not (self.demo and given), f"{name}: cannot be set together with demo: true")
        require(self.tracking_train != (), "tracking_train: expected at least one folder, or null")
        require(bool(self.title), "title: expected the name of the data set")
