"""The real list of 33 rows through the real yt-dlp, from the local server to labels, by command."""

import json
import shutil
import subprocess

import av
import numpy as np
import pytest

from chromatrack.cli.main import main
from chromatrack.data.kinetics import read_clip_list
from chromatrack.fetch.ledger import read_ledger
from chromatrack.labels.cache import LabelShard

TOLERANCE = 5e-4
"""Seconds that a frame may be early and still belong to a window: Matroska rounds to 1 ms."""


def frame_times(path):
    """Times of all frames of a video, by ffprobe where there is one, else by PyAV; seconds."""
    if shutil.which("ffprobe"):
        said = subprocess.run(
            ["ffprobe", "-v", "error", "-threads", "1", "-select_streams", "V:0", "-show_entries",
             "frame=best_effort_timestamp_time,pts_time:format=start_time", "-of", "json",
             f"file:{path}"],
            check=True, capture_output=True, timeout=300,
        )  # fmt: skip
        value = json.loads(said.stdout)
        names = ("best_effort_timestamp_time", "pts_time")
        times = [next((f[n] for n in names if n in f), np.nan) for f in value["frames"]]
        times = np.array(times, dtype=float)
        gap = np.nanmedian(np.diff(times))
        for index in np.flatnonzero(np.isnan(times)):  # the last frames of an AVI
            times[index] = times[index - 1] + gap
        return times - float(value["format"]["start_time"])
    with av.open(f"file:{path}") as container:
        begin = (container.start_time or 0) / av.time_base
        return np.array([frame.time - begin for frame in container.decode(video=0)])


@pytest.mark.real_data
def test_all_rows_of_the_real_list(real_data, tmp_path):
    clip_list, videos = real_data / "kinetics/mini_train.csv", real_data / "kinetics/source"
    shard, ledger_path = tmp_path / "shards/shard-0000.csv", tmp_path / "ledger.csv"
    fetch = json.dumps({"source": {"kind": "ytdlp", "serve": str(videos)}, "quality": 35})
    labels = json.dumps({"backend": "histogram", "restarts": 2})
    commands = (
        ["shards", clip_list, "--output", shard.parent],
        ["fetch", "--shard", shard, "--clips", tmp_path / "clips", "--ledger", ledger_path,
         "--settings", fetch],
        ["labels", "--ledger", ledger_path, "--clips", tmp_path / "clips", "--output",
         tmp_path / "labels.h5", "--settings", labels],
    )  # fmt: skip
    for command in commands:
        assert main([str(word) for word in command]) == 0

    ledger = read_ledger(ledger_path).set_index("clip_id")
    assert ledger["status"].value_counts().to_dict() == {"done": 31, "gone": 2}
    gone = ledger.index[ledger["status"] == "gone"].tolist()
    assert gone == ["AAAAAAAAAAA_000003_000013", "_missing-01_000120_000130"]

    cache = LabelShard(tmp_path / "labels.h5")
    kept = dict(zip(cache.clip_ids, np.diff(cache.clip_offsets), strict=True))
    assert list(kept) == ledger.index[ledger["status"] == "done"].tolist()
    assert cache.left_out == []
    for row in read_clip_list(clip_list)[0]:
        if row.clip_id in kept:
            times = frame_times(next(videos.glob(f"{row.youtube_id}.*")))
            first, last = row.time_start - TOLERANCE, row.time_end - TOLERANCE
            expected = int(((times >= first) & (times < last)).sum())
            clip = tmp_path / "clips" / f"{row.clip_id}.mp4"
            assert ledger.loc[row.clip_id, "frames"] == len(frame_times(clip)) == expected
            assert kept[row.clip_id] == -(-expected // 5)

    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    assert main([str(word) for word in commands[1]]) == 0
    # Nothing is cut twice, and nothing written.
    assert before == {path: path.stat().st_mtime_ns for path in before}
