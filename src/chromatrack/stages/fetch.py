"""One shard of the clip list -> clips and a ledger with one row per clip."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chromatrack.configuration import as_plain
from chromatrack.data.kinetics import ClipRow, read_clip_list
from chromatrack.errors import InputError, WorkError
from chromatrack.fetch.failures import FetchError
from chromatrack.fetch.ledger import DONE, TOO_SHORT, Entry, Journal, Outcome, write_ledger
from chromatrack.fetch.sources import Source, open_source
from chromatrack.files import canonical_json, digest_file, digest_text, made_by, write_json
from chromatrack.progress import progress
from chromatrack.settings import ClipSettings
from chromatrack.video.cut import cut_clip

BACKOFF_SECONDS = 1.0
"""Pause before the second attempt at a download; it doubles with each further one."""


def fetch_shard(shard: Path, clips: Path, ledger: Path, *, settings: ClipSettings) -> None:
    """Fetch and cut the clips of one shard, and write the ledger whole.

    A clip that cannot be had is a row of the ledger and stops nothing. What an earlier run (killed
    or not) has done is kept as long as the settings that shape it are the same; its passing
    failures are tried again, its permanent ones are not.

    Args:
        shard: clip list.
        clips: folder for <clip_id>.mp4 and for journal-<name of the shard>.jsonl.
        ledger: CSV with `chromatrack.fetch.ledger.COLUMNS`, rows in the order of the list; what
            made it stands beside it in a JSON of that name.

    Raises:
        InputError: the list is empty or unreadable, or the source is not there.
        WorkError: `clips` cannot be written, or another process works on the same shard.
    """
    rows, problems = read_clip_list(shard)
    if problems:
        print(f"{shard}: {len(problems)} rows left out ({problems[0]})", file=sys.stderr)
    if not rows:
        raise InputError(f"{shard}: expected at least one clip")
    shard, clips, ledger = Path(shard), Path(clips), Path(ledger)
    try:
        clips.mkdir(parents=True, exist_ok=True)
        with (
            open_source(settings.source) as source,
            Journal(clips / f"journal-{shard.stem}.jsonl") as journal,
            _workspace(clips / f".work-{shard.stem}") as work,
        ):
            shard_work = _ShardWork(source, journal, clips, work, settings)
            with progress(total=len(rows), what="fetching clips", unit="clip") as bar:
                for youtube_id, windows in _by_video(rows).items():
                    shard_work.fetch_video(youtube_id, windows)
                    bar.update(len(windows))
            outcomes = {row.clip_id: journal.entries[row.clip_id].outcome for row in rows}
    except OSError as error:
        raise WorkError(f"{clips}: cannot be written ({error.strerror or error})") from error
    source = made_by("fetch", settings=as_plain(settings), inputs={"shard": shard})
    write_json(ledger.with_suffix(".json"), source)
    write_ledger(ledger, rows, outcomes)
    counts = Counter(outcome.status for outcome in outcomes.values())
    print(", ".join(f"{count} {status}" for status, count in counts.most_common()), file=sys.stderr)


def _by_video(rows: list[ClipRow]) -> dict[str, list[ClipRow]]:
    """The windows of each video, videos in the order in which the list first names them."""
    videos: dict[str, list[ClipRow]] = {}
    for row in rows:
        videos.setdefault(row.youtube_id, []).append(row)
    return videos


@contextmanager
def _workspace(folder: Path) -> Iterator[Path]:
    """An empty folder beside the clips (renaming out of it is atomic); what a kill left goes."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _ShardWork:
    """The work on one shard: what it reads from, writes to and goes by."""

    def __init__(
        self, source: Source, journal: Journal, clips: Path, work: Path, settings: ClipSettings
    ) -> None:
        self._source = source
        self._journal = journal
        self._clips = clips
        self._work = work
        self._settings = settings
        self._source_digest = digest_text(canonical_json(as_plain(settings.source)))

    def fetch_video(self, youtube_id: str, windows: list[ClipRow]) -> None:
        """Get one video and cut those of its windows that are not settled; record each."""
        version = self._source.version(youtube_id)
        pending = [row for row in windows if not self._settled(row, version)]
        if not pending:
            return
        folder = self._work / "video"
        try:
            video, attempts = self._download(youtube_id, folder)
            for row in pending:
                if isinstance(video, FetchError):
                    outcome = Outcome(
                        video.status, video.permanent, attempts, message=video.message
                    )
                    self._clip(row).unlink(missing_ok=True)
                else:
                    outcome = self._cut(row, video, attempts)
                entry = Entry(outcome, self._recipe(row), self._source_digest, version)
                self._journal.record(row.clip_id, entry)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _settled(self, row: ClipRow, version: str) -> bool:
        """Whether an earlier run has decided this clip for good."""
        entry = self._journal.entries.get(row.clip_id)
        if entry is None or entry.recipe != self._recipe(row):
            return False
        if entry.outcome.status == DONE:
            # A video that was replaced is cut again; one that has gone costs nothing earned.
            replaced = version and entry.version and version != entry.version
            return not replaced and _size(self._clip(row)) == entry.outcome.bytes
        # A failure says something about one source only.
        same_source = (entry.source, entry.version) == (self._source_digest, version)
        return entry.outcome.permanent and same_source

    def _recipe(self, row: ClipRow) -> str:
        shape = (row.time_start, row.time_end, self._settings.quality,
                 self._settings.minimum_seconds, self._settings.source.max_height)  # fmt: skip
        return digest_text(canonical_json(shape))

    def _clip(self, row: ClipRow) -> Path:
        return self._clips / f"{row.clip_id}.mp4"

    def _download(self, youtube_id: str, folder: Path) -> tuple[Path | FetchError, int]:
        """The video, or why there is none, and how many attempts it took."""
        attempt = 0
        while True:
            attempt += 1
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            try:
                return self._source.get(youtube_id, folder), attempt
            except FetchError as error:
                if error.permanent or attempt > self._settings.retries:
                    return error, attempt
            time.sleep(BACKOFF_SECONDS * 2 ** (attempt - 1))

    def _cut(self, row: ClipRow, video: Path, attempts: int) -> Outcome:
        """Cut one window, check the clip, and put it in its place if it is good."""
        part, clip = self._work / "clip.mp4", self._clip(row)
        clip.unlink(missing_ok=True)
        window = {"start": row.time_start, "end": row.time_end}
        try:
            facts = cut_clip(video, part, **window, quality=self._settings.quality)
        except WorkError as error:
            return Outcome("corrupt", attempts=attempts, message=str(error))
        shown = {name: getattr(facts, name) for name in ("frames", "seconds", "width", "height")}
        if facts.frames == 0 or facts.seconds < self._settings.minimum_seconds:
            part.unlink(missing_ok=True)
            message = f"the video has {facts.seconds:g} s in this window"
            return Outcome(TOO_SHORT, True, attempts, **shown, message=message)
        size, digest = part.stat().st_size, digest_file(part)
        os.replace(part, clip)
        return Outcome(DONE, False, attempts, bytes=size, sha256=digest, **shown)


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
