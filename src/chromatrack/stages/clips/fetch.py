"""One shard of the clip list -> clips and a ledger with one row per clip."""

from __future__ import annotations

import json
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chromatrack.data.kinetics import ClipRow, no_clips, read_clip_list
from chromatrack.errors import InputError, WorkError
from chromatrack.fetch.adopt import adopt_clips
from chromatrack.fetch.gate import Gate, GateClosed
from chromatrack.fetch.ledger import Journal, write_if_changed, write_ledger
from chromatrack.fetch.sentences import meaning
from chromatrack.fetch.shard import ShardWork
from chromatrack.fetch.sources import open_source
from chromatrack.fetch.way import way_digest
from chromatrack.fetch.words import UPDATE
from chromatrack.files import made_by
from chromatrack.progress import progress
from chromatrack.settings import ClipSettings

GATE = "gate.json"
"""Name of the file of the back-off in the folder of clips, where no other is named."""


def fetch_shard(
    shard: Path,
    clips: Path,
    ledger: Path,
    *,
    settings: ClipSettings,
    gate: Path | None = None,
    retry_failed: bool = False,
) -> None:
    """Fetch and cut the clips of one shard, and write the ledger whole.

    A clip that cannot be had is a row of the ledger and stops nothing. What an earlier run (killed
    or not) has done is kept as long as the settings that shape it are the same; its passing
    failures are tried again, its permanent ones are not.

    Args:
        shard: clip list.
        clips: folder for <clip_id>.mp4 and for journal-<name of the shard>.jsonl.
        ledger: CSV with `chromatrack.fetch.ledger.COLUMNS`, rows in the order of the list; what
            made it stands beside it in a JSON of that name. One that says the same already is left
            alone.
        gate: file of the back-off; calls that name the same one wait and stop together. None: one
            in `clips`.
        retry_failed: try permanent failures again too.

    Raises:
        InputError: the list is empty or unreadable, or the source is not there.
        WorkError: `clips` cannot be written, another process works on the same shard, or the site
            refuses to answer; then there is no ledger, and the journal keeps what is earned.
    """
    rows, problems = read_clip_list(shard)
    if not rows:
        raise InputError(no_clips(shard, problems))
    if problems:
        print(f"{shard}: {len(problems)} rows left out ({problems[0]})", file=sys.stderr)
    shard, clips, ledger = Path(shard), Path(clips), Path(ledger)
    try:
        clips.mkdir(parents=True, exist_ok=True)
        with (
            open_source(settings.source) as source,
            Journal(clips / f"journal-{shard.stem}.jsonl") as journal,
            _workspace(clips / f".work-{shard.stem}") as folder,
            progress(total=len(rows), what="fetching clips", unit="clip") as bar,
        ):
            adopted = adopt_clips(rows, journal, clips)
            if adopted:
                print(f"{shard.stem}: {adopted} clips were in other shards", file=sys.stderr)
            door = Gate(
                gate or clips / GATE,
                settings.back_off,
                source=way_digest(settings.source),
                retry_failed=retry_failed,
            )
            work = ShardWork(
                source, journal, door, clips, folder, settings, retry_failed=retry_failed
            )
            try:
                for windows in _by_download(rows, ready=source.ready):
                    work.fetch(windows)
                    bar.update(len(windows))
            except GateClosed as closed:
                raise _stopped(closed, shard, rows=len(rows), left=work.count_left(rows)) from None
            outcomes = {row.clip_id: journal.entries[row.clip_id].outcome for row in rows}
    except OSError as error:
        raise WorkError(f"{clips}: cannot be written ({error.strerror or error})") from error
    made = made_by("fetch", settings=settings.cutting(), inputs={"shard": shard})
    made_text = json.dumps(made, indent=2, ensure_ascii=False) + "\n"
    write_if_changed(ledger.with_suffix(".json"), made_text)
    write_ledger(ledger, rows, outcomes)
    counts = Counter(outcome.status for outcome in outcomes.values())
    print(", ".join(f"{count} {status}" for status, count in counts.most_common()), file=sys.stderr)
    said = next((one.message for one in outcomes.values() if one.status == "site"), "")
    if said:  # too few, or among others: the gate stayed open
        print(f"site: {said}; {meaning(said).remedy or UPDATE}", file=sys.stderr)


def _stopped(closed: GateClosed, shard: Path, *, rows: int, left: int) -> WorkError:
    return WorkError(
        f"{shard.stem}: stopped with {left} of {rows} clips left: {closed.reason}; "
        f"{closed.remedy}, and call again: what is done is kept"
    )


def _by_download(rows: list[ClipRow], *, ready: bool) -> list[list[ClipRow]]:
    """The rows that share a download, in the order in which the list first names it.

    Args:
        ready: the source has clips, one download per row; else the windows of a video share one.
    """
    downloads: dict[str, list[ClipRow]] = {}
    for row in rows:
        downloads.setdefault(row.clip_id if ready else row.youtube_id, []).append(row)
    return list(downloads.values())


@contextmanager
def _workspace(folder: Path) -> Iterator[Path]:
    """An empty folder beside the clips (renaming out of it is atomic); what a kill left goes."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
