"""Making one clip: cut it, or take it as it is; check it; put it in its place if it is good."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from chromatrack.data.kinetics import ClipRow
from chromatrack.errors import UnwritableError, WorkError
from chromatrack.fetch.ledger import CORRUPT, DONE, TOO_SHORT, Outcome
from chromatrack.files import digest_file, whole_file
from chromatrack.video.cut import ClipFacts, count_frames, cut_clip
from chromatrack.video.missing import what_is_missing


def place_cut(
    video: Path, row: ClipRow, clip: Path, *, work: Path, quality: int, minimum_seconds: float
) -> Outcome:
    """Cut the window of `row` out of a video.

    Args:
        clip: where the clip goes; afterwards there is a good one or none.
        work: folder on the same file system, for what is not checked yet.
    """
    part = work / "clip.mp4"
    window = {"start": row.time_start, "end": row.time_end}
    try:
        facts = cut_clip(video, part, **window, quality=quality)
        fault = what_is_missing(video, facts, **window)
        if facts.frames <= 1 and count_frames(video).frames <= 1:
            fault = "the site gave a picture and no video"  # as some do where they refuse
    except UnwritableError:
        raise  # no fault of the video
    except WorkError as error:
        facts, fault = ClipFacts(0, 0.0, 0, 0), str(error)
    return _judge(part, facts, fault, clip, minimum_seconds)


LONGER = 1.25, 0.5
"""Factor and seconds by which a ready clip may be longer than its window: programs that cut between
key frames take a little more, and the whole video is none."""


def place_ready(
    found: Path, row: ClipRow, clip: Path, *, work: Path, minimum_seconds: float
) -> Outcome:
    """Take a clip that is cut already; one outside `work` belongs to others and is left as it is.

    Args:
        found: the clip as the source gives it, of the window of `row`.
        clip, work: as in `place_cut`.
    """
    facts = count_frames(found)
    fault = what_is_missing(found, facts)
    if not fault and not facts.frames:
        fault = "the file holds no frame"
    if not fault and not facts.ordered:
        fault = "its frames do not follow one another in time"
    if not fault and facts.damaged:
        fault = f"{facts.damaged} of its packets do not decode as they should"
    window = row.time_end - row.time_start
    if not fault and facts.seconds > LONGER[0] * window + LONGER[1]:
        fault = f"has {facts.seconds:g} s, and its window {window:g} s"
    part = work / "clip.mp4"
    if not fault:
        _take(found, part, work)
    return _judge(part, facts, fault, clip, minimum_seconds)


def _take(found: Path, part: Path, work: Path) -> None:
    part.unlink(missing_ok=True)
    found = found.resolve()
    if found.is_relative_to(work.resolve()):
        os.replace(found, part)
        return
    try:
        os.link(found, part)
    except OSError:  # another file system, or one without hard links
        with whole_file(part) as copy:
            shutil.copyfile(found, copy)


def _judge(part: Path, facts: ClipFacts, fault: str, clip: Path, minimum_seconds: float) -> Outcome:
    """The outcome; the part becomes the clip if it is good, and goes if it is not."""
    shown = {name: getattr(facts, name) for name in ("frames", "seconds", "width", "height")}
    if not fault and facts.frames > 0 and facts.seconds >= minimum_seconds:
        size, digest = part.stat().st_size, digest_file(part)
        os.replace(part, clip)
        part.unlink(missing_ok=True)  # renaming does nothing where both are links to one file
        return Outcome(DONE, bytes=size, sha256=digest, **shown)
    for path in (part, clip):
        path.unlink(missing_ok=True)
    if fault:
        return Outcome(CORRUPT, **shown, message=fault)
    message = f"the video has {facts.seconds:g} s in this window"
    return Outcome(TOO_SHORT, permanent=True, **shown, message=message)
