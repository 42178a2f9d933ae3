"""Where videos come from, and how clips are cut out of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from chromatrack.settings.checks import positive, require


@dataclass(frozen=True)
class SourceSettings:
    """Where the full videos come from."""

    kind: Literal["ytdlp", "folder"] = "ytdlp"
    """`ytdlp`: download with yt-dlp from `url`; `folder`: files named <youtube_id>.<suffix>."""
    url: str = "https://www.youtube.com/watch?v={id}"
    """Address of a video, with {id} for its id (`ytdlp`)."""
    folder: str | None = None
    """Folder of full videos (`folder`)."""
    serve: str | None = None
    """Folder that a server on 127.0.0.1 offers as the video site during the run (`ytdlp`)."""
    max_height: int = 360
    """Highest resolution that is asked for, in pixels (`ytdlp`)."""

    def __post_init__(self) -> None:
        if self.kind == "ytdlp" and self.serve is None:
            require("{id}" in self.url, f"url: expected {{id}} in it, got {self.url!r}")
        positive(self, "max_height")


@dataclass(frozen=True)
class ClipSettings:
    """Shards of the clip list, downloading and cutting."""

    shard_size: int = 500
    """Clips per shard; one job handles one shard."""
    minimum_seconds: float = 1.0
    """A clip that is shorter than this is recorded as too short."""
    quality: int = 18
    """x264 constant rate factor of the cut clips (0 lossless, 51 worst)."""
    retries: int = 2
    """Further attempts at a download that failed for a passing reason."""
    source: SourceSettings = field(default_factory=SourceSettings)

    def __post_init__(self) -> None:
        positive(self, "shard_size")
        require(0 <= self.quality <= 51, f"quality: expected 0 to 51, got {self.quality}")
        require(self.retries >= 0, f"retries: expected 0 or more, got {self.retries}")
