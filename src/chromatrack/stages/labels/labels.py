"""Clips of a shard -> label cache."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from chromatrack.configuration import as_plain
from chromatrack.errors import InputError
from chromatrack.fetch.ledger import read_ledger
from chromatrack.files import canonical_json, check_writable, digest_file, digest_text, made_by
from chromatrack.labels import made
from chromatrack.labels.cache import ClipLabels, write_label_shard
from chromatrack.labels.clip import Summary, cluster_colours, decode_clip, label_clip
from chromatrack.labels.parts import Parts
from chromatrack.locks import holding
from chromatrack.progress import progress
from chromatrack.settings import LabelSettings
from chromatrack.versions import VERSIONS

TOGETHER = 64
"""Clips that are clustered together; their histograms are in memory at one time."""

_NOT_OF_DECODING = ("colours", "backend", "restarts", "tolerance", "max_iterations", "seed")
_CLIP_ID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")


@dataclass(frozen=True)
class _Clip:
    clip_id: str
    sha256: str
    frames: int


def label_shard(ledger: Path, clips: Path, output: Path, *, settings: LabelSettings) -> None:
    """Label every clip of a shard that its ledger calls done.

    A killed job has lost the clip in hand: decoded clips are kept in a folder beside the output
    until it is written. A clip that is missing or cannot be decoded is listed in the cache, with
    the reason, and stops nothing. Memory does not grow with the number of clips. What was made of
    the same clips with the same settings before is put back at once.

    Args:
        ledger: the shard's ledger.
        clips: folder that holds <clip_id>.mp4.
        output: HDF5 file, see `labels/cache.py`.

    Raises:
        InputError: the ledger cannot be read or names a clip that is no name of a clip.
        WorkError: another process works on the same shard.
    """
    wanted = _done(ledger)
    output = Path(output)
    folder = output.parent / f".work-{output.stem}"
    inputs = digest_text(canonical_json([[clip.clip_id, clip.sha256] for clip in wanted]))
    source = _made_by("labels", settings, {"clips": inputs})
    with holding(folder):
        if made.restore(output, source):
            print(f"{output}: its {len(wanted)} clips have not changed", file=sys.stderr)
            shutil.rmtree(folder)
            return
        parts = Parts(folder, _recipe(settings))
        kept, left_out = _decode(wanted, clips, parts, settings)
        write_label_shard(
            output,
            _labelled(kept, parts, settings),
            [summary.sizes for _, summary in kept],
            settings=settings,
            made_by=source,
            left_out=list(left_out.items()),
        )
        made.keep(output)
        parts.remove()


def label_video(video: Path, output: Path, *, settings: LabelSettings) -> None:
    """Label one video without the workflow; a shard with one clip."""
    if not video.is_file():
        raise InputError(f"{video}: no such file")
    check_writable(output)
    decoded = decode_clip(video, settings)
    digest = digest_file(video)
    clip = label_clip(
        video.stem, digest, decoded, cluster_colours([decoded.histogram], settings)[0]
    )
    sizes = [decoded.summary.sizes]
    source = _made_by("label", settings, {"video": digest})
    write_label_shard(output, [clip], sizes, settings=settings, made_by=source)


def _done(ledger: Path) -> list[_Clip]:
    rows = read_ledger(ledger)
    done = rows[rows["status"] == "done"]
    for clip_id in done["clip_id"]:
        if not _CLIP_ID.fullmatch(clip_id):
            raise InputError(f"{ledger}: clip_id: expected id_start_end, got {clip_id!r:.80}")
    columns = (done[name].tolist() for name in ("clip_id", "sha256", "frames"))
    return [_Clip(*row) for row in zip(*columns, strict=True)]


def _decode(
    wanted: Sequence[_Clip], clips: Path, parts: Parts, settings: LabelSettings
) -> tuple[list[tuple[_Clip, Summary]], dict[str, str]]:
    """Decode every clip that has no part yet.

    Returns:
        The clips that have one now, and why the others were left out, by id.
    """
    kept, left_out = [], {}
    for clip in progress(wanted, what="decoding clips", unit="clip"):
        decoded = parts.load(clip.clip_id, clip.sha256)
        if decoded is not None:
            kept.append((clip, decoded.summary))
            continue
        video = clips / f"{clip.clip_id}.mp4"
        try:
            if not video.is_file():
                raise InputError(f"{video}: no such file")
            if digest_file(video) != clip.sha256:
                raise InputError(f"{video}: is not the file that the ledger lists (SHA-256)")
            # Its bytes are those that were decoded from end to end when it was cut.
            decoded = decode_clip(video, settings, known=clip.frames)
        except InputError as error:
            print(f"left out: {error}", file=sys.stderr)
            left_out[clip.clip_id] = str(error).removeprefix(f"{video}: ")
            continue
        parts.keep(clip.clip_id, clip.sha256, decoded)
        kept.append((clip, decoded.summary))
    return kept, left_out


def _labelled(
    kept: Sequence[tuple[_Clip, Summary]], parts: Parts, settings: LabelSettings
) -> Iterator[ClipLabels]:
    with progress(total=len(kept), what="clustering", unit="clip") as bar:
        for begin in range(0, len(kept), TOGETHER):
            group = kept[begin : begin + TOGETHER]
            clusters = cluster_colours([summary.histogram for _, summary in group], settings)
            for (clip, _), found in zip(group, clusters, strict=True):
                part = parts.load(clip.clip_id, clip.sha256)
                yield label_clip(clip.clip_id, clip.sha256, part, found)
                bar.update()


def _recipe(settings: LabelSettings) -> dict:
    decoding = {
        name: value for name, value in as_plain(settings).items() if name not in _NOT_OF_DECODING
    }
    return {"version": VERSIONS["labels"], "settings": decoding}


def _made_by(stage: str, settings: LabelSettings, digests: dict[str, str]) -> dict:
    source = made_by(stage, settings=as_plain(settings))
    return source | {"version": VERSIONS["labels"], "inputs": digests}
