"""Promises of fetching from a site that fails: 500 clips, every fault, several workers, kills.

The command line, yt-dlp, FFmpeg and the sockets are the real ones; only the site is ours.
"""

import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager

import pandas
import pytest

from chromatrack.cli.main import main
from chromatrack.data.kinetics import ClipRow, write_clip_list
from chromatrack.errors import WorkError
from chromatrack.fetch.failures import FetchError
from chromatrack.fetch.gate import read_state
from chromatrack.fetch.ledger import read_journal, read_ledger
from chromatrack.files import digest_file
from chromatrack.settings import BackOffSettings, ClipSettings, SourceSettings, to_json
from chromatrack.stages.clips import fetch
from chromatrack.video.cut import count_frames, cut_clip
from tests.faulty_site import FAULTS, serve_faults
from tests.videos import make_video

WINDOW = (0.4, 1.6)  # 30 frames of a video of 2 s
QUICK = BackOffSettings(base=0.02, cap=0.1, stop_after=60, cool_down=60.0)


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    """Bytes of 2 s of H.264 with the index first, as sites serve it."""
    folder = tmp_path_factory.mktemp("video")
    whole = make_video(folder / "whole.mp4", frames=60)
    cut_clip(whole, folder / "site.mp4", start=0, end=2, quality=18)
    return (folder / "site.mp4").read_bytes()


@pytest.fixture
def site(video):
    with serve_faults(video) as site:
        yield site


def make_run(folder, ids, *, shards):
    """The layout of a run: `shards` lists, ids dealt out in turn; two classes."""
    lists = folder / "clips" / "shards"
    names = [f"shard-{index:04d}" for index in range(shards)]
    for index, name in enumerate(names):
        rows = [ClipRow(_label(one), one, *WINDOW, "train") for one in ids[index::shards]]
        write_clip_list(lists / f"{name}.csv", rows)
    (lists / "index.txt").write_text("".join(f"{name}.csv\n" for name in names))
    return names


def _label(youtube_id):
    return "sound" if youtube_id.startswith("ok-") else "faulty"


def settings_for(site, **options):
    # The limit has to leave a busy machine the time to import yt-dlp.
    source = SourceSettings(url=site.url, proxy="", timeout=8.0)
    return ClipSettings(**{"source": source, "back_off": QUICK, "retries": 1} | options)


def start(folder, shard, settings):
    """One worker, as the workflow starts it."""
    clips = folder / "clips"
    command = [
        sys.executable, "-m", "chromatrack.cli.main", "fetch",
        f"--shard={clips / 'shards' / shard}.csv", f"--clips={clips / 'files' / shard}",
        f"--ledger={clips / 'ledgers' / shard}.csv", f"--gate={clips / 'gate.json'}",
        "--settings", to_json(settings),
    ]  # fmt: skip
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def run_all(folder, shards, settings):
    """All shards at once; return the exit codes and what was said."""
    workers = [start(folder, shard, settings) for shard in shards]
    said = [worker.communicate(timeout=300)[1] for worker in workers]
    return [worker.returncode for worker in workers], said


def ledgers(folder):
    paths = sorted((folder / "clips/ledgers").glob("*.csv"))
    return pandas.concat([read_ledger(path) for path in paths]).set_index("clip_id")


def check_files(folder, ledger):
    """Every file is a clip that is done, whole and as the ledger says; nothing else lies about."""
    done = ledger[ledger["status"] == "done"]
    clips = {path.stem: path for path in (folder / "clips/files").rglob("*.mp4")}
    assert set(clips) == set(done.index)
    for clip_id, path in clips.items():
        entry = done.loc[clip_id]
        assert (digest_file(path), path.stat().st_size) == (entry["sha256"], entry["bytes"])
        assert count_frames(path).frames == entry["frames"] == 30
    others = {path.name for path in (folder / "clips").rglob("*")
              if path.is_file() and path.suffix not in (".mp4", ".csv", ".jsonl")}  # fmt: skip
    extra = {f"{path.stem}.json" for path in (folder / "clips/ledgers").glob("*.csv")}
    assert others - extra <= {"index.txt", "gate.json", "gate.json.lock"}
    assert not [path for path in folder.rglob("*") if ".part" in path.name or ".work" in path.name]


def test_500_clips_with_every_fault_and_then_without(site, tmp_path, capsys):
    faulty = [f"{fault}-{number}" for number in range(8) for fault in FAULTS if fault != "drip"]
    faulty += [f"drip-{number}" for number in range(3)] + [
        f"wait-{number}" for number in range(8, 19)
    ]
    ids = [f"ok-{number}" for number in range(350)] + faulty
    random.Random(0).shuffle(ids)
    shards = make_run(tmp_path, ids, shards=5)

    codes, said = run_all(tmp_path, shards, settings_for(site))
    assert codes == [0] * 5, said
    ledger = ledgers(tmp_path)
    assert len(ledger) == 500 and ledger.index.is_unique
    for entry in ledger.itertuples():
        fault = entry.youtube_id.rpartition("-")[0]
        expected = FAULTS.get(fault, ("done", False))
        assert (entry.status, entry.permanent) == expected, (entry.youtube_id, entry.message)
        assert entry.message or entry.status == "done"
        assert entry.attempts == (1 if entry.permanent or entry.status == "done" else 2)
    check_files(tmp_path, ledger)
    permanent = set(ledger[ledger["permanent"]]["youtube_id"])
    transient = {one for one in faulty if one not in permanent}
    assert len(transient) + len(permanent) == 150

    assert main(["kinetics", "status", str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert "500 clips in 5 shards" in text
    assert f"{len(permanent)} permanent, {len(transient)} to be tried again" in text
    counts = Counter(FAULTS[one.rpartition("-")[0]] for one in faulty)
    for (status, is_permanent), count in counts.items():
        assert [status, "permanent" if is_permanent else "transient", str(count)] in [
            line.split() for line in text.splitlines()]  # fmt: skip

    site.asked.clear()
    site.lifted = True
    codes, said = run_all(tmp_path, shards, settings_for(site))
    assert codes == [0] * 5, said
    assert set(site.asked) == transient
    after = ledgers(tmp_path)
    assert set(after[after["status"] != "done"]["youtube_id"]) == permanent
    kept = ledger[~ledger["youtube_id"].isin(transient)]
    assert after.loc[kept.index].equals(kept)
    check_files(tmp_path, after)


def video_of(clip_id):
    return clip_id.split("_")[0]


def test_killed_at_any_moment_a_job_goes_on_and_loses_at_most_the_clip_in_hand(site, tmp_path):
    moments = random.Random(1)
    ids = [f"ok-{number}" for number in range(40)]
    (shard,) = make_run(tmp_path, ids, shards=1)
    journal = tmp_path / f"clips/files/{shard}/journal-{shard}.jsonl"
    earned: dict[str, tuple[str, int]] = {}
    for _ in range(4):
        worker, before = start(tmp_path, shard, settings_for(site)), len(earned)
        while len(read_journal(journal)) <= before and worker.poll() is None:
            time.sleep(0.005)
        time.sleep(moments.uniform(0.0, 0.4))
        assert worker.poll() is None
        os.kill(worker.pid, signal.SIGKILL)
        worker.communicate(timeout=60)
        recorded = dict(read_journal(journal))
        assert set(earned) < set(recorded)
        assert not set(site.asked) & {video_of(name) for name in earned}
        in_hand = set(site.asked) - {video_of(name) for name in recorded}
        assert len(in_hand) <= 1
        for name, outcome in recorded.items():
            path = tmp_path / f"clips/files/{shard}/{name}.mp4"
            facts = (digest_file(path), path.stat().st_mtime_ns)
            assert facts[0] == outcome.sha256
            assert earned.setdefault(name, facts) == facts
        site.asked.clear()
    codes, said = run_all(tmp_path, [shard], settings_for(site))
    assert codes == [0], said
    assert not set(site.asked) & {video_of(name) for name in earned}
    ledger = ledgers(tmp_path)
    assert set(ledger["status"]) == {"done"} and len(ledger) == 40
    check_files(tmp_path, ledger)


def test_persistent_429_stops_every_worker_with_one_sentence(site, tmp_path):
    ids = [f"ok-{number}" for number in range(60)]
    shards = make_run(tmp_path, ids, shards=3)
    site.refuses = True
    rules = BackOffSettings(base=0.05, cap=0.2, stop_after=6, cool_down=60.0)
    settings = settings_for(site, back_off=rules, retries=9)
    codes, said = run_all(tmp_path, shards, settings)
    assert codes == [1, 1, 1]
    for text in said:
        sentences = [line for line in text.splitlines() if line.startswith("chromatrack")]
        assert len(sentences) == 1
        assert "20 of 20 clips left" in sentences[0] and "HTTP 429" in sentences[0]
    # Those that count, and for each at most one more of either other worker under way.
    assert rules.stop_after <= len(site.asked) <= 3 * rules.stop_after
    assert not (tmp_path / "clips/ledgers").exists()

    site.refuses, site.asked[:] = False, []
    assert run_all(tmp_path, shards, settings)[0] == [1, 1, 1]
    assert site.asked == []  # within the cool-down


class WalledSource:
    """Gives a video until the file `wall` appears, and asks for a proof then."""

    ready = False

    def __init__(self, video, wall):
        self.video, self.wall = video, wall

    def get(self, row, target_dir):
        time.sleep(0.02)
        if self.wall.exists():
            raise FetchError("rate-limited", "confirm that you are not a bot", bot_wall=True)
        (target_dir / "video.mp4").write_bytes(self.video)
        return target_dir / "video.mp4"

    def version(self, row):
        return ""


def test_a_bot_wall_stops_every_worker_and_costs_no_clip(video, tmp_path, monkeypatch):
    ids = [f"ok-{number}" for number in range(90)]
    shards, wall = make_run(tmp_path, ids, shards=3), tmp_path / "wall"
    source = WalledSource(video, wall)

    @contextmanager
    def open_source(_):
        yield source

    monkeypatch.setattr(fetch, "open_source", open_source)
    clips, stopped = tmp_path / "clips", multiprocessing.get_context("fork").Queue()

    def work(shard):
        try:
            fetch.fetch_shard(
                clips / "shards" / f"{shard}.csv", clips / "files" / shard,
                clips / "ledgers" / f"{shard}.csv", gate=clips / "gate.json",
                settings=ClipSettings(back_off=QUICK, retries=1),
            )  # fmt: skip
        except WorkError as error:
            stopped.put(str(error))

    workers = [multiprocessing.get_context("fork").Process(target=work, args=(shard,))
               for shard in shards]  # fmt: skip
    for worker in workers:
        worker.start()
    journals = [clips / f"files/{shard}/journal-{shard}.jsonl" for shard in shards]
    while not all(len(read_journal(path)) >= 2 for path in journals):
        time.sleep(0.01)
    wall.touch()
    said = [stopped.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join(timeout=60)
    assert all("proof that a person asks" in text for text in said)
    assert read_state(clips / "gate.json").bot_wall
    outcomes = [outcome for path in journals for _, outcome in read_journal(path)]
    assert {outcome.status for outcome in outcomes} == {"done"}
    left = sum(int(text.split(" with ")[1].split(" of ")[0]) for text in said)
    assert left + len(outcomes) == 90
    assert not (clips / "ledgers").exists()


def test_status_while_a_run_goes_on(site, tmp_path, capsys):
    ids = [f"ok-{number}" for number in range(30)] + ["http404-0"]
    (shard,) = make_run(tmp_path, ids[::-1], shards=1)
    journal = tmp_path / f"clips/files/{shard}/journal-{shard}.jsonl"
    worker = start(tmp_path, shard, settings_for(site))
    while len(read_journal(journal)) < 3:
        time.sleep(0.01)
    assert main(["kinetics", "status", str(tmp_path), f"--csv={tmp_path / 'classes.csv'}"]) == 0
    text = capsys.readouterr().out
    assert worker.wait(timeout=60) == 0
    worker.stderr.close()
    assert "31 clips in 1 shards" in text
    assert ["gone", "permanent", "1"] in [line.split() for line in text.splitlines()]
    table = pandas.read_csv(tmp_path / "classes.csv").set_index("label")
    assert table.loc["faulty"].to_dict() == {
        "clips": 1, "done": 0, "failed": 1, "left": 0, "missing": 1}  # fmt: skip
    assert table.loc["sound", "done"] >= 2 and table["clips"].sum() == 31
    assert json.loads(journal.read_text().splitlines()[0])["clip_id"].startswith("http404-0")
    assert main(["kinetics", "status", str(tmp_path / "nowhere")]) == 2
    assert "index.txt: no such file" in capsys.readouterr().err
