"""What is seen of a run that goes on: a display on a terminal, lines elsewhere, bars in logs."""

import re

import pytest

from .running import run, run_on_terminal, set_up

TARGETS = ("results/demo/world/otb.json", "results/demo/world/vot.json")
BAR = re.compile(r"\d+%\||step/s|##")
SAID = "said on standard output"


@pytest.fixture
def folder(tmp_path):
    return set_up(tmp_path)


def log_of(folder, part):
    return (folder / f"results/demo/logs/world/{part}.log").read_text()


def test_without_a_terminal_each_job_is_a_line_when_it_starts_and_when_it_ends(folder):
    status, text = run(folder, *TARGETS)
    assert status == 0 and not BAR.search(text) and "Logging error" not in text
    assert not any(odd in text for odd in (SAID, "\x1b", "\r"))
    lines = [line[20:] for line in text.splitlines() if re.match(r"\d{4}-\d\d-\d\d ", line)]
    assert sorted(lines[:2]) == ["started   world part=otb", "started   world part=vot"]
    first, last = lines[2:]
    assert re.fullmatch(
        r"finished  world part=\w+ \(\d s\); 1 of 2 jobs done, about \d s left", first
    )
    assert re.fullmatch(r"finished  world part=\w+ \(\d s\); 2 of 2 jobs done", last)
    for part in ("otb", "vot"):
        assert BAR.search(log_of(folder, part))
        assert SAID in log_of(folder, part)
    assert "Nothing to be done" in run(folder, *TARGETS)[1]


def test_on_a_terminal_there_is_one_display_and_no_bar_of_a_job(folder):
    status, sent = run_on_terminal(folder, *TARGETS)
    assert status == 0 and not BAR.search(sent)
    assert "Total Progress" in sent and "0/2" in sent
    assert "so far, time left unknown (not measured yet: world)" in sent
    assert "world part=vot" in sent and "standing in 2/2, 00:00 left" in sent
    assert "Demo world (synthetic)" in sent and "Logging error" not in sent
    assert sent.count("\x1b[?25l") == sent.count("\x1b[?25h") > 0  # the cursor comes back
    status, sent = run_on_terminal(folder, *TARGETS)
    assert status == 0 and "Nothing to be done" in sent


@pytest.mark.parametrize("ran", [run, run_on_terminal])
def test_a_failed_job_tells_the_end_of_its_log_and_the_call_fails(folder, ran):
    (folder / "fails").touch()
    status, text = ran(folder, "--keep-going", *TARGETS)
    assert status == 1
    assert "world, which makes results/demo/world/vot.json" in text
    assert "The end of results/demo/logs/world/vot.log:" in text
    assert "chromatrack: no such  [2Jworld" in text and "\x1b[2Jworld" not in text
    assert (folder / TARGETS[0]).exists() and not (folder / TARGETS[1]).exists()


def test_an_earlier_call_says_how_long_it_will_take(folder):
    """Usage files name their rule: the time left is known before the first job is done."""
    assert run(folder, TARGETS[0])[0] == 0
    usage = (folder / "results/demo/logs/world/otb.tsv").read_text().splitlines()
    assert (
        dict(zip(usage[0].split("\t"), usage[1].split("\t"), strict=True))["rule_name"] == "world"
    )
    status, sent = run_on_terminal(folder, TARGETS[1])
    assert status == 0 and re.search(r"so far, about [1-9] s left", sent)


def test_what_is_piped_stays_as_snakemake_writes_it(folder):
    """The display would catch standard output: a graph for dot, a summary for a file."""
    status, sent = run_on_terminal(folder, "-n", *TARGETS)
    assert status == 0 and "Job stats:" in sent and "Total Progress" not in sent
    status, text = run(folder, TARGETS[0], "--dag")
    assert status == 0 and "digraph snakemake_dag" in text
