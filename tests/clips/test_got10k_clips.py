"""Promises of GOT-10k as a video corpus: its sequences as a list, as videos, as clips."""

from pathlib import Path

import numpy as np
import pytest

from chromatrack.data import got10k
from chromatrack.data.got10k_clips import read_clip_rows
from chromatrack.data.images import read_image_rgb
from chromatrack.data.kinetics import ClipRow
from chromatrack.fetch.failures import FetchError
from chromatrack.fetch.ledger import read_ledger
from chromatrack.fetch.sources import open_source
from chromatrack.settings import ClipSettings, SourceSettings
from chromatrack.stages.clips.fetch import fetch_shard
from chromatrack.stages.clips.shards import make_shards
from chromatrack.video.cut import count_frames, cut_clip
from chromatrack.video.decode import read_frames


@pytest.fixture
def sequences(tmp_path):
    """Two sequences of 25 and 8 frames whose brightness grows, the second without its class."""
    root = tmp_path / "got10k"
    for name, count in (("GOT-10k_Train_000001", 25), ("GOT-10k_Train_000002", 8)):
        frames = [np.full((48, 80, 3), (9 * i, 250 - 9 * i, 128), np.uint8) for i in range(count)]
        boxes, eight = np.tile([1.0, 1.0, 9.0, 9.0], (count, 1)), np.full(count, 8)
        got10k.write_sequence(
            root, name, frames, boxes, cover=eight, cut_by_image=0 * eight,
            meta={"url": "50%", "object_class": "jet  lev"},
        )  # fmt: skip
    (root / "GOT-10k_Train_000002" / "meta_info.ini").unlink()
    got10k.write_list(root, ["GOT-10k_Train_000001", "GOT-10k_Train_000002", "missing"])
    return root


def test_each_sequence_is_one_clip(sequences):
    rows, problems = read_clip_rows(sequences)
    assert rows == [
        ClipRow("jet lev", "GOT-10k_Train_000001", 0.0, 2.5, "train"),
        ClipRow("", "GOT-10k_Train_000002", 0.0, 0.8, "train"),
    ]
    assert problems == [f"{sequences / 'missing'}: no such folder of frames"]


def test_a_clip_shows_the_frames_of_its_sequence(sequences, tmp_path):
    rows, _ = read_clip_rows(sequences)
    with open_source(SourceSettings(kind="got10k", folder=str(sequences))) as source:
        assert not source.ready
        clips = []
        for name in ("a.mp4", "b.mp4"):
            video = source.get(rows[0], tmp_path)
            facts = cut_clip(video, tmp_path / name, start=0, end=2.5, quality=10)
            clips.append((tmp_path / name).read_bytes())
        assert (facts.frames, facts.seconds, facts.width, facts.height) == (25, 2.5, 80, 48)
        assert clips[0] == clips[1]
        originals = sorted((sequences / rows[0].youtube_id).glob("*.jpg"))
        for shown, path in zip(read_frames(tmp_path / "a.mp4"), originals, strict=True):
            assert np.abs(shown.astype(int) - read_image_rgb(path)).max() <= 6
        for wrong, status in (("missing", "gone"), ("../got10k", "gone")):
            with pytest.raises(FetchError) as caught:
                source.get(ClipRow("", wrong, 0.0, 1.0, ""), tmp_path)
            assert caught.value.status == status
        whole = originals[3].read_bytes()
        originals[3].write_bytes(whole + b"\0" * 9000)  # as some cameras fill their files
        assert source.get(rows[0], tmp_path)
        originals[3].write_bytes(whole[: len(whole) // 2])
        with pytest.raises(FetchError, match=r"00000004\.jpg is cut short") as caught:
            source.get(rows[0], tmp_path)
        assert caught.value.status == "corrupt"
        originals[3].write_bytes(b"no image")
        with pytest.raises(FetchError, match=r"00000004\.jpg is no JPEG") as caught:
            source.get(rows[0], tmp_path)
        assert caught.value.status == "corrupt"


def test_sequences_become_shards_and_shards_clips(sequences, tmp_path):
    assert make_shards(sequences, tmp_path / "shards", shard_size=10, is_got10k=True) == 1
    assert (tmp_path / "shards/problems.txt").read_text() == (
        "got10k/missing: no such folder of frames\n"
    )
    source = SourceSettings(kind="got10k", folder=str(sequences))
    fetch_shard(
        tmp_path / "shards" / "shard-0000.csv", tmp_path / "clips", tmp_path / "ledger.csv",
        settings=ClipSettings(source=source, minimum_seconds=0.5),
    )  # fmt: skip
    ledger = read_ledger(tmp_path / "ledger.csv")
    assert ledger["status"].tolist() == ["done", "done"]
    assert ledger["frames"].tolist() == [25, 8]


@pytest.mark.real_data
def test_a_real_sequence(real_data, tmp_path):
    folder = real_data / "tracking" / "train"
    row = read_clip_rows(folder)[0][0]
    with open_source(SourceSettings(kind="got10k", folder=str(folder))) as source:
        video = source.get(row, tmp_path)
    cut_clip(video, Path(tmp_path / "clip.mp4"), start=0, end=row.time_end, quality=18)
    originals = sorted((folder / row.youtube_id).glob("*.jpg"))
    assert count_frames(tmp_path / "clip.mp4").frames == len(originals)
    shown = next(read_frames(tmp_path / "clip.mp4")).astype(int)
    original = read_image_rgb(originals[0])[: shown.shape[0], : shown.shape[1]]
    assert np.abs(shown - original).mean() < 6
