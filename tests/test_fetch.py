"""Promises of fetching: frame-exact clips, one true status per clip, nothing earned is lost."""

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import av
import numpy as np
import pytest

from chromatrack.cli import kinetics as cli
from chromatrack.data.kinetics import ClipRow, read_clip_list, write_clip_list
from chromatrack.errors import InputError, WorkError
from chromatrack.fetch import sources
from chromatrack.fetch.failures import FetchError, classify, clean
from chromatrack.fetch.ledger import COLUMNS, Journal, Outcome, read_ledger, write_ledger
from chromatrack.fetch.server import parse_range, serve_folder
from chromatrack.settings import ClipSettings, SourceSettings
from chromatrack.stages import fetch
from chromatrack.video.cut import NOTHING, count_frames, cut_clip

BITS = 10


def make_video(path, *, frames, times=None, size=(80, 48), rate=25, codec="libx264"):
    """A video whose frame i shows i in binary: ten columns, black or white."""
    width, height = size
    with av.open(str(path.absolute()), "w") as container:
        options = {"g": "60", "bf": "2", "threads": "1", "preset": "ultrafast"}
        stream = container.add_stream(codec, rate=rate, options=options)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p" if width % 2 == 0 and height % 2 == 0 else "yuv444p"
        stream.codec_context.time_base = Fraction(1, 1000) if times else Fraction(1, rate)
        for index in range(frames):
            bits = [(index >> bit) & 1 for bit in range(BITS)]
            column = np.repeat(np.array(bits, np.uint8) * 220 + 16, -(-width // BITS))[:width]
            image = np.repeat(np.tile(column, (height, 1))[..., None], 3, axis=2)
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts = round(times[index] * 1000) if times else index
            frame.time_base = stream.codec_context.time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def shown(path):
    """Numbers that the frames of a video show, and their times in seconds."""
    numbers, times = [], []
    with av.open(str(path.absolute())) as container:
        for frame in container.decode(video=0):
            line = frame.to_ndarray(format="gray")[frame.height // 2]
            centres = [int((bit + 0.5) * -(-frame.width // BITS)) for bit in range(BITS)]
            numbers.append(sum(int(line[min(x, len(line) - 1)] > 128) << bit
                               for bit, x in enumerate(centres)))  # fmt: skip
            times.append(frame.time)
    return numbers, times


@pytest.fixture(scope="module")
def long_video(tmp_path_factory):
    """14 s at 25 fps with a key frame every 60 frames."""
    return make_video(tmp_path_factory.mktemp("video") / "-long.mp4", frames=350)


# Cutting


def test_ten_seconds_at_25_fps_are_the_250_frames_of_the_window(long_video, tmp_path):
    clip = tmp_path / "clip.mp4"
    facts = cut_clip(long_video, clip, start=3, end=13, quality=18)
    assert (facts.frames, facts.seconds, facts.width, facts.height) == (250, 10.0, 80, 48)
    numbers, times = shown(clip)
    assert numbers == list(range(75, 325))
    assert times[0] == 0
    assert facts == count_frames(clip)


@pytest.mark.parametrize(("start", "end"), [(0, 1), (1.29, 2.71), (2.4, 2.44), (0.5, 9.99)])
def test_a_window_holds_exactly_the_frames_shown_in_it(long_video, tmp_path, start, end):
    cut_clip(long_video, tmp_path / "clip.mp4", start=start, end=end, quality=18)
    expected = [index for index in range(350) if start <= index / 25 < end]
    assert shown(tmp_path / "clip.mp4")[0] == expected


def test_a_variable_frame_rate_is_kept(tmp_path):
    times = np.cumsum([0.02 + 0.06 * (i % 3) for i in range(120)]).round(3).tolist()
    source = make_video(tmp_path / "vfr.mkv", frames=120, times=times)
    cut_clip(source, tmp_path / "clip.mp4", start=4, end=7, quality=18)
    inside = [index for index in range(120) if 4 <= times[index] - times[0] < 7]
    numbers, clip_times = shown(tmp_path / "clip.mp4")
    assert numbers == inside
    steps = np.diff([times[index] for index in inside])
    np.testing.assert_allclose(np.diff(clip_times), steps, atol=0.002)


def test_odd_sizes_lose_one_line(tmp_path):
    source = make_video(tmp_path / "odd.mkv", frames=30, size=(81, 49))
    facts = cut_clip(source, tmp_path / "clip.mp4", start=0, end=10, quality=18)
    assert (facts.frames, facts.width, facts.height) == (30, 80, 48)


def test_a_short_video_gives_what_there_is_and_beyond_its_end_nothing(long_video, tmp_path):
    assert cut_clip(long_video, tmp_path / "a.mp4", start=10, end=20, quality=18).frames == 100
    assert cut_clip(long_video, tmp_path / "b.mp4", start=20, end=30, quality=18) == NOTHING
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


def test_equal_input_gives_equal_bytes_and_names_are_only_names(long_video, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plain, odd = Path("clip.mp4"), Path("-y concat:$(id);'%d.mp4")
    source = Path("-i.mp4")
    source.write_bytes(long_video.read_bytes())
    for target in (plain, odd):
        cut_clip(source, target, start=1, end=2, quality=18)
    assert plain.read_bytes() == odd.read_bytes()
    assert sorted(os.listdir()) == sorted([str(plain), str(odd), str(source)])


def test_what_is_no_video_is_said_to_be_none(tmp_path):
    source = tmp_path / "page.mp4"
    source.write_text("<html>not found</html>")
    with pytest.raises(WorkError, match="no video"):
        cut_clip(source, tmp_path / "clip.mp4", start=0, end=10, quality=18)
    assert count_frames(source) == NOTHING
    assert not (tmp_path / "clip.mp4").exists()


# The stand-in for a video site


def ask(url, method="GET", **headers):
    request = urllib.request.Request(url, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def test_the_server_offers_videos_by_id_and_nothing_else(tmp_path):
    (tmp_path / "secret.mp4").write_bytes(b"secret")
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "-a_B1.mkv").write_bytes(bytes(range(100)))
    (folder / "notes.txt").write_text("no video")
    with serve_folder(folder) as url:
        status, headers, body = ask(url.format(id="-a_B1"))
        assert (status, headers["Content-Type"], body) == (
            200, "video/x-matroska", bytes(range(100)))  # fmt: skip
        status, headers, body = ask(url.format(id="-a_B1"), "HEAD")
        assert (status, headers["Content-Length"], body) == (200, "100", b"")
        status, headers, body = ask(url.format(id="-a_B1"), Range="bytes=10-19")
        assert (status, headers["Content-Range"], body) == (
            206, "bytes 10-19/100", bytes(range(10, 20)))  # fmt: skip
        assert ask(url.format(id="-a_B1"), Range="bytes=100-")[0] == 416
        for wrong in ("nothing", "notes", "../secret", "..%2fsecret", "%2e%2e/secret.mp4", ""):
            assert ask(url.format(id=wrong))[0] == 404


@pytest.mark.parametrize(
    ("header", "expected"),
    [(None, None), ("bytes=0-", (0, 99)), ("bytes=-5", (95, 99)), ("bytes=90-500", (90, 99)),
     ("bytes=0-1,5-6", None), ("lines=1-2", None), ("bytes=9-3", None), ("bytes=-", None)],
)  # fmt: skip
def test_ranges(header, expected):
    assert parse_range(header, 100) == expected


# Sources


def test_ytdlp_really_downloads_from_the_local_server(long_video, tmp_path, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    site, target = tmp_path / "site", tmp_path / "we ird %(id)s $HOME"
    site.mkdir()
    target.mkdir()
    (site / "-Abc_123-xy.mp4").write_bytes(long_video.read_bytes())
    with sources.open_source(SourceSettings(serve=str(site))) as source:
        video = source.get("-Abc_123-xy", target)
        assert video.parent == target
        assert video.read_bytes() == long_video.read_bytes()
        with pytest.raises(FetchError) as caught:
            source.get("-Abc_123-xz", target)
    error = caught.value
    assert (error.status, error.permanent) == ("gone", True)
    assert error.message == "the site answered HTTP 404"


def test_the_folder_source_reads_in_place(long_video, tmp_path):
    (tmp_path / "-id.webm").write_bytes(long_video.read_bytes())
    settings = SourceSettings(kind="folder", folder=str(tmp_path))
    with sources.open_source(settings) as source:
        assert source.get("-id", tmp_path) == tmp_path / "-id.webm"
        with pytest.raises(FetchError, match="no such video"):
            source.get("../-id", tmp_path)
    with (
        pytest.raises(InputError, match="expected a folder"),
        sources.open_source(SourceSettings(kind="folder", folder=str(tmp_path / "no"))),
    ):
        pass


@contextmanager
def faulty_site(answers):
    """A site that answers each id with (status, content type, body); counts what is asked."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            status, kind, body = answers[self.path.removeprefix("/")]
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body) + (1000 if status == 299 else 0)))
            self.end_headers()
            self.wfile.write(body)

        do_HEAD = do_GET

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/{{id}}", asked
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("answer", "status", "permanent"),
    [((410, "text/html", b""), "gone", True),
     ((403, "text/html", b""), "blocked", True),
     ((451, "text/html", b""), "geo", True),
     ((429, "text/html", b""), "rate-limited", False),
     ((500, "text/html", b""), "network", False),
     ((200, "text/html", b"<html><body>hello</body></html>"), "corrupt", False),
     ((200, "video/mp4", b""), "corrupt", False),
     ((299, "video/mp4", b"x" * 2000), "network", False)],
)  # fmt: skip
def test_faults_of_the_site_have_their_status(tmp_path, answer, status, permanent):
    with faulty_site({"someid": answer}) as (url, _):
        source = sources.YtDlpSource(url=url, max_height=360)
        with pytest.raises(FetchError) as caught:
            source.get("someid", tmp_path)
    error = caught.value
    assert (error.status, error.permanent) == (status, permanent)
    assert error.message
    assert "127.0.0.1" not in error.message and str(tmp_path) not in error.message


def test_a_site_that_cannot_be_reached_is_a_network_failure(tmp_path):
    source = sources.YtDlpSource(url="http://127.0.0.1:9/{id}", max_height=360)
    with pytest.raises(FetchError) as caught:
        source.get("someid", tmp_path)
    assert (caught.value.status, caught.value.permanent) == ("network", False)
    assert "TransportError" in caught.value.message


@pytest.mark.parametrize(
    ("said", "status"),
    [("[youtube] abc: Private video. Sign in if you've been granted access", "private"),
     ("[youtube] abc: Video unavailable", "gone"),
     ("[youtube] abc: This video has been removed by the uploader", "gone"),
     ("[youtube] abc: Sign in to confirm you’re not a bot. Use --cookies", "rate-limited"),
     ("[youtube] abc: Sign in to confirm your age.", "age"),
     ("[youtube] abc: The uploader has not made this video available in your country", "geo"),
     ("[youtube] abc: Video unavailable. Blocked on copyright grounds", "blocked"),
     ("[youtube] abc: something nobody has seen before", "network")],
)  # fmt: skip
def test_what_the_site_says_has_its_status(said, status):
    import yt_dlp

    error = classify(yt_dlp.utils.DownloadError(f"ERROR: {said}"))
    assert error.status == status
    assert not error.message.startswith(("ERROR", "["))


def test_messages_hold_no_addresses():
    text = "\x1b[0;31mERROR:\x1b[0m [generic] -a: Got http://127.0.0.1:4/x from /tmp/a <at 0x7f01>"
    assert clean(text) == "Got (address) from (...) <at (...)>"


# The ledger


def test_a_ledger_comes_back_as_it_was_written(tmp_path):
    rows = [
        ClipRow("NA", "-001", 0.0, 10.0, "train"),
        ClipRow('a "quoted", label', "null", 0.5, 1.25, ""),
    ]
    outcomes = {
        rows[0].clip_id: Outcome("done", False, 2, 10, 250, 10.0, 340, 256, "00ab", ""),
        rows[1].clip_id: Outcome("too short", True, 1, message="nan"),
    }
    write_ledger(tmp_path / "ledger.csv", rows, outcomes)
    ledger = read_ledger(tmp_path / "ledger.csv")
    assert tuple(ledger.columns) == COLUMNS
    assert ledger["label"].tolist() == ["NA", 'a "quoted", label']
    assert ledger["youtube_id"].tolist() == ["-001", "null"]
    assert ledger["split"].tolist() == ["train", ""]
    assert ledger["time_start"].tolist() == [0.0, 0.5]
    assert ledger["permanent"].tolist() == [False, True]
    assert ledger["sha256"].tolist() == ["00ab", ""]
    assert ledger["message"].tolist() == ["", "nan"]
    assert ledger[["frames", "width", "bytes"]].to_numpy().tolist() == [[250, 340, 10], [0, 0, 0]]
    with pytest.raises(InputError, match="no_such"):
        read_ledger(tmp_path / "no_such.csv")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="not a ledger"):
        read_ledger(tmp_path / "other.csv")


# The stage


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Seven small videos, one of them broken, and a list with one id that does not exist."""
    folder = tmp_path_factory.mktemp("site")
    for index in range(6):
        make_video(folder / f"-clip{index}.mp4", frames=100)
    (folder / "broken.mp4").write_bytes(b"\x00" * 5000)
    return folder


ROWS = [
    *(ClipRow(f"class {i}", f"-clip{i}", 0.0, 2.0, "train") for i in range(6)),
    ClipRow("class 0", "-clip0", 2.0, 4.0, "train"),
    ClipRow("class 1", "-clip1", 3.5, 13.5, "train"),
    ClipRow("class 1", "-clip1", 100.0, 110.0, "train"),
    ClipRow("class 2", "broken", 0.0, 10.0, "train"),
    ClipRow("class 3", "_missing", 0.0, 10.0, "train"),
]


@pytest.fixture
def shard(tmp_path):
    write_clip_list(tmp_path / "shard-0000.csv", ROWS)
    return tmp_path / "shard-0000.csv"


def settings_for(site, **options):
    return ClipSettings(source=SourceSettings(serve=str(site)), retries=0, **options)


def run(shard, folder, settings):
    fetch.fetch_shard(shard, folder / "clips", folder / "ledger.csv", settings=settings)
    return read_ledger(folder / "ledger.csv").set_index("clip_id")


def test_a_shard_becomes_clips_and_a_ledger(site, shard, tmp_path, monkeypatch, capsys):
    downloads = []
    real_get = sources.YtDlpSource.get
    monkeypatch.setattr(
        sources.YtDlpSource, "get",
        lambda self, name, folder: downloads.append(name) or real_get(self, name, folder),
    )  # fmt: skip
    ledger = run(shard, tmp_path, settings_for(site))
    assert ledger["status"].tolist() == ["done"] * 7 + ["too short"] * 2 + ["corrupt", "gone"]
    assert ledger["permanent"].tolist() == [False] * 7 + [True] * 2 + [False, True]
    assert ledger["frames"].tolist() == [50] * 7 + [12, 0, 0, 0]
    assert len(downloads) == len(set(downloads)) == 8  # one per video, not per window
    assert shown(tmp_path / "clips" / "-clip0_000002_000004.mp4")[0] == list(range(50, 100))
    files = {path.stem: path.stat().st_size for path in (tmp_path / "clips").glob("*.mp4")}
    done = ledger[ledger["status"] == "done"]
    assert files == done["bytes"].to_dict()
    names = {path.name for path in (tmp_path / "clips").iterdir() if path.suffix != ".mp4"}
    assert names == {"journal-shard-0000.jsonl"}
    assert str(tmp_path) not in (tmp_path / "ledger.csv").read_text()
    assert "7 done" in capsys.readouterr().err


def test_again_elsewhere_gives_the_same_bytes(site, shard, tmp_path):
    for name in ("a", "b"):
        run(shard, tmp_path / name, settings_for(site))
    assert (tmp_path / "a/ledger.csv").read_bytes() == (tmp_path / "b/ledger.csv").read_bytes()


class ScriptedSource:
    """Gives a video or raises what it is told, and remembers what was asked."""

    def __init__(self, video, failures):
        self.video, self.failures, self.asked = video, failures, []

    def get(self, youtube_id, target_dir):
        self.asked.append(youtube_id)
        if self.failures.get(youtube_id):
            raise self.failures[youtube_id].pop(0)
        return self.video

    def version(self, youtube_id):
        return ""


@pytest.fixture
def scripted(site, monkeypatch):
    """Replaces the source; returns a function that says what fails how often."""

    def use(**failures):
        source = ScriptedSource(site / "-clip0.mp4", failures)

        @contextmanager
        def open_source(_):
            yield source

        monkeypatch.setattr(fetch, "open_source", open_source)
        return source

    monkeypatch.setattr(fetch, "BACKOFF_SECONDS", 0.0)
    return use


def three(tmp_path):
    rows = [ClipRow("label", name, 0.0, 2.0, "train") for name in ("good", "lost", "slow")]
    write_clip_list(tmp_path / "three.csv", rows)
    return tmp_path / "three.csv"


def test_passing_failures_are_tried_again_and_permanent_ones_are_not(scripted, tmp_path):
    shard = three(tmp_path)
    lost = [FetchError("gone", "no") for _ in range(9)]
    source = scripted(lost=lost, slow=[FetchError("network", "cut") for _ in range(4)])
    ledger = run(shard, tmp_path, ClipSettings(retries=2))
    assert source.asked == ["good", "lost", "slow", "slow", "slow"]
    assert ledger["status"].tolist() == ["done", "gone", "network"]
    assert ledger["attempts"].tolist() == [1, 1, 3]
    source.asked.clear()
    ledger = run(shard, tmp_path, ClipSettings(retries=2))
    assert source.asked == ["slow", "slow"]
    assert ledger["status"].tolist() == ["done", "gone", "done"]
    assert ledger["attempts"].tolist() == [1, 1, 2]
    source.asked.clear()
    run(shard, tmp_path, ClipSettings(retries=2))
    assert source.asked == []


def test_what_no_longer_fits_is_made_again(scripted, tmp_path):
    shard, source = three(tmp_path), scripted(lost=[FetchError("gone", "no") for _ in range(9)])
    run(shard, tmp_path, ClipSettings())
    source.asked.clear()
    (tmp_path / "clips/good_000000_000002.mp4").unlink()
    (tmp_path / "clips/slow_000000_000002.mp4").write_bytes(b"half")
    run(shard, tmp_path, ClipSettings())
    assert source.asked == ["good", "slow"]
    source.asked.clear()
    run(shard, tmp_path, ClipSettings(quality=30))
    assert source.asked == ["good", "lost", "slow"]
    source.asked.clear()
    run(shard, tmp_path, ClipSettings(quality=30, source=SourceSettings(url="http://b/{id}")))
    assert source.asked == ["lost"]  # another site may have it; the clips that are done stay
    source.asked.clear()
    longer = run(shard, tmp_path, ClipSettings(quality=30, minimum_seconds=5))
    assert longer["status"].tolist() == ["too short", "gone", "too short"]
    assert not list((tmp_path / "clips").glob("*.mp4"))


def test_a_video_that_appears_in_the_folder_is_found(site, tmp_path):
    shard, videos = three(tmp_path), tmp_path / "videos"
    videos.mkdir()
    settings = ClipSettings(source=SourceSettings(kind="folder", folder=str(videos)))
    assert run(shard, tmp_path, settings)["status"].tolist() == ["gone"] * 3
    (videos / "lost.mp4").write_bytes((site / "-clip2.mp4").read_bytes())
    assert run(shard, tmp_path, settings)["status"].tolist() == ["gone", "done", "gone"]
    (videos / "lost.mp4").unlink()
    assert run(shard, tmp_path, settings)["status"].tolist() == ["gone", "done", "gone"]


CHILD = """
import sys
from pathlib import Path
from chromatrack.settings import ClipSettings, from_json
from chromatrack.stages.fetch import fetch_shard
shard, clips, ledger, settings = sys.argv[1:]
fetch_shard(Path(shard), Path(clips), Path(ledger), settings=from_json(ClipSettings, settings))
"""


def kill_midway(shard, folder, site, *, after):
    """Start the stage in a process of its own and SIGKILL it when `after` clips are recorded."""
    settings = json.dumps({"source": {"serve": str(site)}, "retries": 0})
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, shard, folder / "clips", folder / "ledger.csv", settings],
        stderr=subprocess.DEVNULL,
    )
    journal = folder / "clips" / f"journal-{shard.stem}.jsonl"
    deadline = time.monotonic() + 60
    while not journal.exists() or journal.read_bytes().count(b"\n") < after:
        assert child.poll() is None and time.monotonic() < deadline
        time.sleep(0.002)
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    return journal


def test_a_killed_job_loses_at_most_the_clip_in_hand(site, shard, tmp_path, monkeypatch):
    journal = kill_midway(shard, tmp_path, site, after=3)
    earned = [json.loads(line)["clip_id"] for line in journal.read_text().splitlines()]
    assert 3 <= len(earned) < len(ROWS)
    assert not (tmp_path / "ledger.csv").exists()
    with open(journal, "ab") as handle:
        handle.write(b'{"clip_id":"-clip5_000000_00')  # what a kill inside a write leaves
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "clips").glob("*.mp4")}
    kept = {path: when for path, when in before.items() if path.stem in earned}
    assert len(kept) >= 3

    downloads = []
    real_get = sources.YtDlpSource.get
    monkeypatch.setattr(
        sources.YtDlpSource, "get",
        lambda self, name, folder: downloads.append(name) or real_get(self, name, folder),
    )  # fmt: skip
    run(shard, tmp_path, settings_for(site))
    pending = {row.youtube_id for row in ROWS if row.clip_id not in earned}
    assert set(downloads) == pending and len(downloads) == len(pending)
    assert all(path.stat().st_mtime_ns == when for path, when in kept.items())
    run(shard, tmp_path / "whole", settings_for(site))
    assert (tmp_path / "ledger.csv").read_bytes() == (
        tmp_path / "whole" / "ledger.csv"
    ).read_bytes()
    assert not list((tmp_path / "clips").glob(".work*"))


def test_two_jobs_do_not_work_on_one_shard(site, shard, tmp_path):
    (tmp_path / "clips").mkdir()
    with (
        Journal(tmp_path / "clips" / "journal-shard-0000.jsonl"),
        pytest.raises(WorkError, match="another process"),
    ):
        run(shard, tmp_path, settings_for(site))


def test_a_shard_without_a_single_clip_still_has_its_ledger(site, tmp_path):
    write_clip_list(tmp_path / "none.csv", [ClipRow("label", "nobody", 0.0, 10.0, "")])
    assert run(tmp_path / "none.csv", tmp_path, settings_for(site))["status"].tolist() == ["gone"]
    write_clip_list(tmp_path / "empty.csv", [])
    with pytest.raises(InputError, match="at least one clip"):
        run(tmp_path / "empty.csv", tmp_path, settings_for(site))


def test_command(site, tmp_path):
    write_clip_list(tmp_path / "-one.csv", [ROWS[0]])
    parser = argparse.ArgumentParser()
    cli.register(parser.add_subparsers())
    settings = json.dumps({"source": {"kind": "folder", "folder": str(site)}})
    options = parser.parse_args(
        ["fetch", f"--shard={tmp_path / '-one.csv'}", f"--clips={tmp_path / '-c'}",
         f"--ledger={tmp_path / '-l.csv'}", "--settings", settings]
    )  # fmt: skip
    options.run(options)
    assert read_ledger(tmp_path / "-l.csv")["status"].tolist() == ["done"]


# Real files


def frames_in_window(path, start, end):
    """Frames of the source shown in [start, end), by decoding all of it."""
    with av.open(str(path)) as container:
        begin = (container.start_time or 0) / av.time_base
        return sum(
            start - 5e-4 <= frame.time - begin < end - 5e-4 for frame in container.decode(video=0)
        )


@pytest.mark.real_data
def test_all_rows_of_the_real_list(real_data, tmp_path):
    clip_list, videos = real_data / "kinetics/mini_train.csv", real_data / "kinetics/source"
    settings = settings_for(videos, quality=35)  # quicker than the default, same frames
    ledger = run(clip_list, tmp_path, settings)
    counts = ledger["status"].value_counts().to_dict()
    assert counts == {"done": 31, "gone": 2}
    assert ledger.index[ledger["status"] == "gone"].tolist() == [
        "AAAAAAAAAAA_000003_000013", "_missing-01_000120_000130",
    ]  # fmt: skip
    for row in read_clip_list(clip_list)[0]:
        entry = ledger.loc[row.clip_id]
        if entry["status"] == "done":
            video = next(videos.glob(f"{row.youtube_id}.*"))
            expected = frames_in_window(video, row.time_start, row.time_end)
            clip = tmp_path / "clips" / f"{row.clip_id}.mp4"
            assert (entry["frames"], entry["bytes"]) == (expected, clip.stat().st_size)
            assert count_frames(clip).frames == expected
    before = (tmp_path / "ledger.csv").read_bytes()
    began = time.monotonic()
    run(clip_list, tmp_path, settings)
    assert time.monotonic() - began < 5  # nothing is fetched or cut twice
    assert (tmp_path / "ledger.csv").read_bytes() == before
