"""Where videos come from, and how clips are cut out of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from chromatrack.settings.checks import positive, require
from chromatrack.settings.keys import only, without

URL_FIELDS = ("id", "clip", "label", "split", "start", "end")
"""What an address may have in braces (`http`)."""

_URL_FIELD_LIST = ", ".join(f"{{{name}}}" for name in URL_FIELDS)


@dataclass(frozen=True)
class SourceSettings:
    """Where videos come from. Each key names the kinds that read it."""

    MANNERS: ClassVar = ("rate_limit", "sleep", "timeout", "index")
    """Keys that say how videos are had, and not which."""

    kind: Literal["ytdlp", "http", "folder", "clips", "got10k"] = "ytdlp"
    """`ytdlp`: a video site, through yt-dlp; `http`: files behind the address `url`; `folder`:
    full videos named <youtube_id>.<suffix>; `clips`: clips that are cut already, named
    <youtube_id>_<start>_<end>.mp4, in folders, .tar or .tar.gz archives (the layout of CVDF);
    `got10k`: frames of GOT-10k sequences, for the list that `chromatrack shards --got10k` makes."""
    url: str = "https://www.youtube.com/watch?v={id}"
    """Address of a video (`ytdlp`, `http`), with {id} for its id. `http` also fills in {label},
    {split}, {start}, {end} (seconds) and {clip} (<youtube_id>_<start>_<end>), percent-quoted; with
    {clip} or {start} in it, the address gives ready clips."""
    folder: str | None = None
    """Folder of videos (`folder`), clips and archives (`clips`), or sequences (`got10k`; null: the
    training set of the run)."""
    index: str | None = None
    """Folder for what is known of the archives in `folder` (`clips`); null: .index in `folder`."""
    serve: str | None = None
    """Folder that a server on 127.0.0.1 offers as the video site during the run (`ytdlp`)."""
    max_height: int = 360
    """Highest resolution that is asked for, in pixels (`ytdlp`)."""
    cookies: str | None = None
    """File of cookies in Netscape format (`ytdlp`); it is read and never written."""
    proxy: str | None = None
    """Address of a proxy (`ytdlp`, `http`); null: the environment's http_proxy and https_proxy."""
    rate_limit: int | None = None
    """Highest speed of one worker's download in bytes per second (`ytdlp`)."""
    sleep: float = 0.0
    """Seconds that yt-dlp waits before each download of one worker (`ytdlp`)."""
    timeout: float = 1800.0
    """Seconds that one download may take in all, however steadily it drips (`ytdlp`, `http`)."""

    def __post_init__(self) -> None:
        if self.kind == "http":
            names = set(re.findall(r"\{(\w*)\}", self.url))
            unknown = sorted(names - set(URL_FIELDS))
            require(not unknown, f"url: expected {_URL_FIELD_LIST}, got {{{(*unknown, '')[0]}}}")
            require(
                bool(names & {"id", "clip"}) and re.match("https?://", self.url) is not None,
                f"url: expected http(s)://... with {{id}} or {{clip}} in it, got {self.url!r}",
            )
        if self.kind == "ytdlp" and self.serve is None:
            require("{id}" in self.url, f"url: expected {{id}} in it, got {self.url!r}")
        require(
            self.proxy is None or "@" not in self.proxy,
            "proxy: a password would be written into the results; expected an address without one "
            "(the environment variables http_proxy and https_proxy may hold one)",
        )
        if self.kind in ("folder", "clips"):
            require(self.folder is not None, f"folder: expected a folder, as kind is {self.kind!r}")
        positive(self, "max_height", "timeout")
        require(self.sleep >= 0, f"sleep: expected 0 or more, got {self.sleep}")
        if self.rate_limit is not None:
            positive(self, "rate_limit")


@dataclass(frozen=True)
class BackOffSettings:
    """How the workers of a run wait for a site, and when they stop asking."""

    base: float = 5.0
    """Seconds of the first pause; it doubles with each further failure in a row."""
    cap: float = 300.0
    """Seconds of the longest pause, even where the site asks for more (Retry-After)."""
    stop_after: int = 8
    """Refusals in a row (HTTP 429, Retry-After) after which the stage stops by itself."""
    give_up_after: int = 50
    """Failures in a row that may be the site's (HTTP 403 or 5xx, no connection, a page instead of
    a video) after which the stage stops, too."""
    suspect_after: int = 20
    """Videos lost for one reason, while none is had, after which the stage stops, too: then it may
    not be the videos (an old yt-dlp, an address that is turned away)."""
    cool_down: float = 3600.0
    """Seconds after which the same source may be asked again then."""

    def __post_init__(self) -> None:
        positive(self, "stop_after", "give_up_after", "suspect_after")
        require(self.base >= 0, f"base: expected 0 or more, got {self.base}")
        require(self.cap >= self.base, f"cap: expected base ({self.base}) or more, got {self.cap}")
        require(self.cool_down >= 0, f"cool_down: expected 0 or more, got {self.cool_down}")


@dataclass(frozen=True)
class ClipSettings:
    """Shards of the clip list, downloading and cutting."""

    MANNERS: ClassVar = ("retries", "back_off")
    """Keys that say how clips are had, and not which."""

    shard_size: int = 500
    """Clips per shard; one job handles one shard."""
    minimum_seconds: float = 1.0
    """A clip that is shorter than this is recorded as too short."""
    quality: int = 18
    """x264 constant rate factor of the cut clips (0 lossless, 51 worst)."""
    retries: int = 2
    """Further attempts at a download that failed for a passing reason (not of local files)."""
    back_off: BackOffSettings = field(default_factory=BackOffSettings)
    source: SourceSettings = field(default_factory=SourceSettings)

    def __post_init__(self) -> None:
        positive(self, "shard_size")
        require(0 <= self.quality <= 51, f"quality: expected 0 to 51, got {self.quality}")
        require(self.retries >= 0, f"retries: expected 0 or more, got {self.retries}")

    def cutting(self) -> dict[str, Any]:
        """What the clips depend on."""
        own = without(self, "shard_size", *self.MANNERS)
        return {**own, "source": without(self.source, *self.source.MANNERS)}

    def manners(self) -> dict[str, Any]:
        """How they are had: an edit of it makes nothing again."""
        own = only(self, *self.MANNERS)
        return {**own, "source": only(self.source, *self.source.MANNERS)}
