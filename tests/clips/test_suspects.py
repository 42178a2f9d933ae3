"""Promises of suspicion: where every video is lost for one reason, it is not the videos."""

import json
import random
import re

import pytest
import yt_dlp
from yt_dlp.utils import DownloadError

from chromatrack.cli.main import main
from chromatrack.data.kinetics import ClipRow, write_clip_list
from chromatrack.errors import WorkError
from chromatrack.fetch import way
from chromatrack.fetch.failures import FetchError
from chromatrack.fetch.gate import Gate, GateClosed, read_state
from chromatrack.fetch.gate_state import GateState, Loss
from chromatrack.fetch.ledger import read_entries, read_ledger
from chromatrack.settings import BackOffSettings, ClipSettings, SourceSettings, to_json
from tests.clips.test_fetch_again import options, run

RULES = BackOffSettings(base=0.0, cap=0.0, cool_down=60.0)


@pytest.fixture
def says(monkeypatch):
    """yt-dlp itself, whose sites say what the given function returns for an id, after warnings.

    Returns the ids that were asked for.
    """
    asked = []

    def use(answer, *, warnings=()):
        def extract_info(self, url, *_, **__):
            youtube_id = url.rpartition("=")[2]
            asked.append(youtube_id)
            for warning in warnings:
                self.report_warning(warning)
            self.report_error(f"[youtube] {youtube_id}: {answer(youtube_id)}")

        monkeypatch.setattr(yt_dlp.YoutubeDL, "extract_info", extract_info)
        return asked

    return use


def shard_of(tmp_path, count):
    rows = [ClipRow("a", f"video-{index:03d}", 0.0, 2.0, "train") for index in range(count)]
    write_clip_list(tmp_path / "shard-0000.csv", rows)
    return tmp_path / "shard-0000.csv"


def call(tmp_path, settings):
    return main(["fetch", f"--shard={tmp_path / 'shard-0000.csv'}", f"--clips={tmp_path / 'clips'}",
                 f"--ledger={tmp_path / 'ledger.csv'}",
                 "--settings", to_json(settings)])  # fmt: skip


WARNING = (
    "[youtube] No supported JavaScript runtime could be found. Only deno is enabled by default; to "
    "use another runtime add  --js-runtimes RUNTIME[:PATH]  to your command/config."
)


@pytest.mark.parametrize(
    ("sentence", "remedy"),
    [("Requested format is not available. Use --list-formats for a list of available formats",
      "JavaScript runtime"),
     ("The following content is not available on this app.. Watch on the latest version",
      "update yt-dlp"),
     ("Service Unavailable", "wait until the site works"),
     ("Please sign in", "cookies"),
     ("Video unavailable. This content isn’t available.", "clips.source.proxy"),
     ("Video unavailable", "clips.back_off.suspect_after"),
     ("Etwas ist schiefgelaufen", "clips.back_off.suspect_after")],
)  # fmt: skip
def test_one_sentence_for_every_video_stops_the_stage(says, tmp_path, capsys, sentence, remedy):
    shard_of(tmp_path, 40)
    asked = says(lambda _: sentence)
    settings = ClipSettings(back_off=RULES, retries=0)
    assert call(tmp_path, settings) == 1
    said = capsys.readouterr().err
    (line,) = [line for line in said.splitlines() if line.startswith("chromatrack fetch: ")]
    assert remedy in line and "call again" in line
    assert "stopped with 40 of 40 clips left" in line  # those that it met were not decided
    assert len(asked) == 20 and not (tmp_path / "ledger.csv").exists()
    entries = read_entries(tmp_path / "clips" / "journal-shard-0000.jsonl")
    assert len(entries) == 20 and not any(one.outcome.permanent for one in entries.values())
    assert call(tmp_path, settings) == 1 and len(asked) == 20  # within the cool-down


def test_ytdlps_warning_is_in_the_sentence_and_in_the_journal(says, tmp_path, capsys):
    shard_of(tmp_path, 30)
    says(lambda _: "Requested format is not available", warnings=["something else", WARNING])
    assert call(tmp_path, ClipSettings(back_off=RULES)) == 1
    line = capsys.readouterr().err.splitlines()[-1]
    assert "yt-dlp warned: No supported JavaScript runtime could be found" in line
    assert "install a JavaScript runtime (deno, or Node 20 and later)" in line
    entries = read_entries(tmp_path / "clips" / "journal-shard-0000.jsonl")
    assert all("JavaScript runtime" in one.outcome.message for one in entries.values())
    assert {one.outcome.attempts for one in entries.values()} == {1}  # it will not change its mind


def test_what_the_sentence_asks_for_opens_the_gate_at_once(says, tmp_path, monkeypatch, site):
    """A runtime, a newer yt-dlp, fresh cookies: no hour has to pass, and nothing was given up."""
    shard_of(tmp_path, 25)
    settings = ClipSettings(back_off=BackOffSettings(base=0.0, cap=0.0, cool_down=1e6))
    found = {"node": None}
    monkeypatch.setattr(way.shutil, "which", lambda command: found.get(command))
    asked = says(lambda _: "Requested format is not available")
    assert call(tmp_path, settings) == 1
    assert call(tmp_path, settings) == 1 and len(asked) == 20
    found["node"] = "/usr/bin/node"

    def download(self, url, *_, **__):
        asked.append(url.rpartition("=")[2])
        path = self.get_output_path("", "video.mp4")
        with open(path, "wb") as handle:
            handle.write((site / "-clip0.mp4").read_bytes())

    monkeypatch.setattr(yt_dlp.YoutubeDL, "extract_info", download)
    assert call(tmp_path, settings) == 0
    ledger = read_ledger(tmp_path / "ledger.csv")
    assert set(ledger["status"]) == {"done"} and len(asked) == 20 + 25


def test_what_opens_the_gate(tmp_path, monkeypatch):
    cookies = tmp_path / "cookies.txt"
    cookies.write_text("# Netscape HTTP Cookie File\n")
    settings = SourceSettings(cookies=str(cookies))
    before = way.way_digest(settings)
    assert way.way_digest(settings) == before
    cookies.write_text("# Netscape HTTP Cookie File\n\n")
    fresh = way.way_digest(settings)
    monkeypatch.setattr(way, "_version", lambda package: "2099.1.1")
    newer = way.way_digest(settings)
    monkeypatch.setenv("https_proxy", "http://elsewhere:1")
    assert len({before, fresh, newer, way.way_digest(settings)}) == 4


def test_videos_that_are_gone_do_not_stop_the_stage(scripted, tmp_path):
    """A third of Kinetics is gone, in any order; and the next call asks for none of them."""
    chance = random.Random(0)
    lost = {f"video-{index:03d}": chance.choice(["gone", "private", "blocked"])
            for index in range(60) if chance.random() < 0.4}  # fmt: skip
    source = scripted(**{name: [FetchError(why, why)] for name, why in lost.items()})
    ledger = run(shard_of(tmp_path, 60), tmp_path, options(retries=2))
    assert (ledger["status"] != "done").sum() == len(lost) == ledger["permanent"].sum()
    source.asked.clear()
    run(shard_of(tmp_path, 60), tmp_path, options(retries=2))
    assert source.asked == []


def test_videos_that_may_be_gone_are_asked_for_again_and_stop_nothing(scripted, tmp_path):
    """However many there are: what a video was said to be before is no news."""
    lost = [f"video-{index:03d}" for index in range(0, 60, 2)]
    source = scripted(**{name: [FetchError("gone", "Video unavailable", permanent=False,
                                           at_once=False)] * 2 for name in lost})  # fmt: skip
    shard = shard_of(tmp_path, 60)
    first = run(shard, tmp_path, options(retries=2))
    assert (first["status"] == "gone").sum() == 30 and not first["permanent"].any()
    assert len(source.asked) == 60  # once each
    source.asked.clear()
    second = run(shard, tmp_path, options(retries=2))
    assert sorted(source.asked) == lost and (second["status"] == "gone").sum() == 30
    third = run(shard, tmp_path, options(retries=2))
    assert (third["status"] == "done").all()


def test_a_permanent_reason_that_takes_over_is_not_believed_at_first(scripted, tmp_path):
    """A wrong address gives HTTP 404 for every video; if it is so, asking twice shows it."""
    names = [f"video-{index:03d}" for index in range(30)]
    source = scripted(**{name: [FetchError("gone", "HTTP 404")] * 3 for name in names})
    shard, settings = shard_of(tmp_path, 30), options(retries=0)
    with pytest.raises(WorkError, match=r"20 were lost for one reason \(HTTP 404\).*browser"):
        run(shard, tmp_path, settings)
    journal = read_entries(tmp_path / "clips" / "journal-shard-0000.jsonl")
    assert not any(one.outcome.permanent for one in journal.values())
    (tmp_path / "clips" / "gate.json").unlink()
    source.asked.clear()
    ledger = run(shard, tmp_path, settings)
    assert (ledger["status"] == "gone").all() and ledger["permanent"].all()
    assert source.asked == names
    source.asked.clear()
    run(shard, tmp_path, settings)
    assert source.asked == []


def test_one_reason_among_others_takes_over_as_long_as_nothing_is_had(scripted, tmp_path):
    """Without a runtime yt-dlp still says which videos are gone."""
    names = [f"video-{index:03d}" for index in range(60)]
    site_says = FetchError("site", "Requested format is not available", remedy="do", at_once=False)
    failures = {name: [FetchError("gone", "removed") if index % 3 == 0 else site_says]
                for index, name in enumerate(names)}  # fmt: skip
    source = scripted(**failures)
    with pytest.raises(WorkError, match=r"stopped with 50 of 60 clips left.*format.*; do, or set"):
        run(shard_of(tmp_path, 60), tmp_path, options(retries=2))
    assert len(source.asked) == 30
    journal = read_entries(tmp_path / "clips" / "journal-shard-0000.jsonl")
    counts = [(one.outcome.status, one.outcome.permanent) for one in journal.values()]
    assert (counts.count(("gone", True)), counts.count(("site", False))) == (10, 20)


def test_a_small_shard_ends_with_a_hint(says, tmp_path, capsys):
    shard_of(tmp_path, 5)
    says(lambda _: "Please sign in")
    assert call(tmp_path, ClipSettings(back_off=RULES)) == 0
    ledger = read_ledger(tmp_path / "ledger.csv")
    assert set(ledger["status"]) == {"site"} and not ledger["permanent"].any()
    assert re.search(r"^site: Please sign in; .*cookies", capsys.readouterr().err, re.MULTILINE)
    # The gate goes on counting: five more of the same are ten.
    assert call(tmp_path, ClipSettings(back_off=RULES)) == 0
    assert read_state(tmp_path / "clips" / "gate.json").reasons == {"site": 10}


def test_a_folder_of_this_machine_is_what_it_is(site, tmp_path):
    """Also behind the stand-in for a video site."""
    shard = shard_of(tmp_path, 25)
    for source in (SourceSettings(serve=str(site)),
                   SourceSettings(kind="folder", folder=str(site))):  # fmt: skip
        settings = ClipSettings(source=source, back_off=RULES, retries=0)
        ledger = run(shard, tmp_path / source.kind, settings)
        assert (ledger["status"] == "gone").all() and ledger["permanent"].all()


def test_workers_count_together_and_each_video_that_is_had_halves_the_count(tmp_path):
    gates = [Gate(tmp_path / "gate.json", RULES, source="site") for _ in range(2)]
    loss = Loss("site", "Please sign in", "cookies", since=5.0)
    for number in range(19):
        gates[number % 2].lost(loss)
    gates[0].answered(asked=1e12)
    assert read_state(tmp_path / "gate.json").reasons == {"site": 19}
    for left in (9, 4, 2, 1):
        gates[0].had()
        assert read_state(tmp_path / "gate.json").reasons == {"site": left}
    gates[0].had()
    assert read_state(tmp_path / "gate.json") == GateState()
    for number in range(19):
        gates[number % 2].lost(Loss("gone: removed", "removed", since=7.0))
        gates[number % 2].lost(loss)
    with pytest.raises(GateClosed, match="Please sign in") as closed:
        gates[1].lost(loss)
    assert (closed.value.state.suspect, closed.value.state.since) == ("site", 7.0)
    assert closed.value.remedy.startswith("cookies, or set clips.back_off.suspect_after")
    for gate in gates:
        with pytest.raises(GateClosed):
            gate.before()


def test_status_names_the_remedy(says, tmp_path, capsys):
    lists = tmp_path / "clips" / "shards"
    rows = [ClipRow("a", f"video-{index:03d}", 0.0, 2.0, "train") for index in range(30)]
    write_clip_list(lists / "shard-0000.csv", rows)
    (lists / "index.txt").write_text("shard-0000.csv\n")
    says(lambda _: "Please sign in")
    clips = tmp_path / "clips"
    code = main(["fetch", f"--shard={lists / 'shard-0000.csv'}",
                 f"--clips={clips / 'files/shard-0000'}", f"--gate={clips / 'gate.json'}",
                 f"--ledger={clips / 'ledgers/shard-0000.csv'}",
                 "--settings", to_json(ClipSettings(back_off=RULES))])  # fmt: skip
    assert code == 1
    assert json.loads((clips / "gate.json").read_text())["suspect"] == "site"
    capsys.readouterr()
    assert main(["kinetics", "status", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert re.search("stopped: .*Please sign in.*set clips.source.cookies", out)


def test_download_errors_are_those_of_ytdlp(says, tmp_path):
    """What the tests say through yt-dlp is what it raises."""
    says(lambda _: "Please sign in")
    with pytest.raises(DownloadError, match="Please sign in"), yt_dlp.YoutubeDL(
        {"quiet": True, "logger": type("Quiet", (), dict.fromkeys(
            ("debug", "info", "warning", "error"), lambda self, text: None))()}
    ) as downloader:  # fmt: skip
        downloader.extract_info("https://www.youtube.com/watch?v=video-000")


@pytest.mark.parametrize(("lost", "closes"), [(19, True), (10, False), (3, False)])
def test_a_site_that_gives_one_in_twenty_is_suspect_one_that_gives_many_is_not(
    tmp_path, lost, closes
):
    gate = Gate(tmp_path / "gate.json", RULES, source="site")
    loss = Loss("site", "Please sign in", "cookies", since=5.0)
    try:
        for _ in range(50):
            for _ in range(lost):
                gate.lost(loss)
            gate.had()
        closed = False
    except GateClosed:
        closed = True
    assert closed == closes
