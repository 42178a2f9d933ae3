"""VOT: tracked with restarts and scored, in two steps."""

import numpy as np
import pytest

from chromatrack.cli.main import main
from chromatrack.data import vot, vot_results
from chromatrack.errors import InputError
from chromatrack.evaluation import sets
from chromatrack.evaluation.benchmark import Selection
from chromatrack.files import read_json
from chromatrack.metrics.vot import EAO_INTERVALS, FAILED, SKIPPED, TRACKED, summarize
from chromatrack.stages.evaluation.evaluate import evaluate
from chromatrack.tracking.classical import open_classical
from chromatrack.tracking.supervised import supervised_run
from tests.evaluation.vot_scenes import run_own, write_scene


class Wanders:
    """Boxes of all kinds of fractions, in single precision; away now and then: failures."""

    def init(self, image, box_ltwh):
        self.box, self.random = np.array(box_ltwh), np.random.default_rng(len(image))

    def update(self, image):
        if self.random.random() < 0.06:
            return np.array([1e-5, 1 / 3, 2.0, 1e-3])
        return (self.box + self.random.normal(0, 4, 4)).astype(np.float32)


@pytest.mark.parametrize("open_tracker", [Wanders, lambda: open_classical("klt")])
def test_overlaps_of_written_boxes_are_those_seen_while_tracking(tmp_path, open_tracker):
    """Bit for bit, so that scores of two steps are those of one."""
    write_scene(tmp_path / "vot")
    runs, boxes = {}, tmp_path / "boxes"
    for sequence in vot.read_sequences(tmp_path / "vot"):
        overlaps, states, boxes_ltwh = supervised_run(open_tracker(), sequence)
        runs[sequence.name] = [(overlaps, states)]
        vot_results.write_trajectory(boxes / f"{sequence.name}.txt", states, boxes_ltwh)
        (trajectory,) = vot_results.read_trajectories(boxes, sequence.name)
        again = vot_results.measure_trajectory(trajectory, sequence, boxes)
        np.testing.assert_array_equal(again[0], overlaps)
        np.testing.assert_array_equal(again[1], states)
        for region, state, box in zip(trajectory, states, boxes_ltwh, strict=True):
            if state == TRACKED:
                np.testing.assert_array_equal(region, box)
            assert (len(region) == 1) == (state != TRACKED)
    seen = np.concatenate([states for ((_, states),) in runs.values()])
    assert {SKIPPED, FAILED} <= set(seen.tolist())
    for edition in EAO_INTERVALS:
        told = summarize(runs, edition)
        scores = evaluate(sets.get("vot"), Selection(root=tmp_path / "vot", edition=edition), boxes)
        for key in ("accuracy", "failures", "robustness", "robustness_toolkit", "eao", "frames",
                    "eao_interval", "eao_until", "challenge", "per_sequence"):  # fmt: skip
            assert scores[key] == told[key], (edition, key)
        low_high, until = told["eao_interval"], told["eao_until"]
        cut = {"eao": f"to {until} of {low_high[1]}"}
        assert scores["remarks"] == (cut if until is not None else {})


def test_two_steps_on_the_command_line_score_what_was_tracked(tmp_path):
    write_scene(tmp_path / "vot")
    runs = {}
    for sequence in vot.read_sequences(tmp_path / "vot"):
        overlaps, states, _ = supervised_run(open_classical("klt"), sequence)
        runs[sequence.name] = [(overlaps, states)]
    told = summarize(runs)
    scores = run_own(tmp_path / "vot", tmp_path / "own", "--tracker=klt")
    for key in ("accuracy", "failures", "robustness", "robustness_toolkit", "eao"):
        assert scores[key] == scores["measures"][key]["value"] == told[key]
    assert (scores["benchmark"], scores["protocol"], scores["targets"]) == ("vot", "restarted", 2)
    run = read_json(tmp_path / "own" / "run.json")
    assert (run["protocol"], run["frames"], run["device"]) == ("restarted", 170, "cpu")
    # An edition is of scoring: nothing is tracked again.
    boxes = sorted((tmp_path / "own" / "boxes").iterdir())
    before = [path.stat().st_mtime_ns for path in boxes]
    again = run_own(
        tmp_path / "vot", tmp_path / "own", "--tracker=klt", "--edition=vot2019", edition="vot2019"
    )
    assert [path.stat().st_mtime_ns for path in boxes] == before
    assert again["eao"] == summarize(runs, "vot2019")["eao"] != scores["eao"]


def test_a_changed_region_starts_a_restarted_run_anew(tmp_path):
    """Unlike one pass, it looks at more of the annotation than the first box."""
    write_scene(tmp_path / "vot", frames=30)
    run_own(tmp_path / "vot", tmp_path / "own", "--tracker=klt")
    files = {name: tmp_path / "own" / "done" / f"{name}.json" for name in ("turns", "short")}
    before = {name: path.stat().st_mtime_ns for name, path in files.items()}
    truth = tmp_path / "vot" / "turns" / "groundtruth.txt"
    lines = truth.read_text().splitlines(keepends=True)
    truth.write_text("".join([*lines[:-1], "1,1,9,1,9,9,1,9\n"]))
    run_own(tmp_path / "vot", tmp_path / "own", "--tracker=klt")
    changed = {n for n, path in files.items() if path.stat().st_mtime_ns != before[n]}
    assert changed == {"turns"}


def test_a_sequence_that_fails_is_named_and_the_others_are_kept(tmp_path, capsys):
    write_scene(tmp_path / "vot", frames=30)
    broken = tmp_path / "vot" / "turns" / "color" / "00000004.jpg"
    whole = broken.read_bytes()
    broken.write_bytes(b"no image")
    run = tmp_path / "own" / "run.json"
    call = ["run", "vot", "--tracker=klt", f"--root={tmp_path / 'vot'}", f"--output={run}"]
    assert main(call) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert "turns, frame 4 (00000004.jpg): " in said and "cannot be decoded" in said
    assert not run.exists()
    kept = run.parent / "boxes" / "short.txt"  # it comes after the one that failed
    assert [path.name for path in kept.parent.iterdir()] == ["short.txt"]
    before = kept.stat().st_mtime_ns
    broken.write_bytes(whole)
    assert main(call) == 0
    assert kept.stat().st_mtime_ns == before and read_json(run)["frames"] == 60


def test_a_restart_on_a_region_without_area_is_named(tmp_path, capsys):
    """The tracker fails where the target has jumped, and starts again five frames later."""
    write_scene(tmp_path / "vot", frames=30)
    truth = tmp_path / "vot" / "turns" / "groundtruth.txt"
    lines = truth.read_text().splitlines(keepends=True)
    away = [f"{x},200,{x + 20},200,{x + 20},220,{x},220\n" for x in range(100, 126)]
    truth.write_text(
        "".join([*lines[:4], *away]).replace(away[5], "105,200,105,200,105,200,105,200\n")
    )
    run = tmp_path / "own" / "run.json"
    call = ["run", "vot", "--tracker=klt", f"--root={tmp_path / 'vot'}"]
    assert main([*call, f"--output={run}"]) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert "turns, frame 10 (00000010.jpg): box [105.0, 200.0, 0.0, 0.0]: expected left,top" in said
    assert said.endswith("(1 of 2 sequences failed; the others are kept)")
    kept = run.parent / "boxes" / "short.txt"
    assert [path.name for path in kept.parent.iterdir()] == ["short.txt"]
    before = kept.stat().st_mtime_ns
    truth.write_text("".join([*lines[:4], *away]))
    assert main([*call, f"--output={run}"]) == 0
    assert kept.stat().st_mtime_ns == before
    rows = (run.parent / "boxes" / "turns.txt").read_text().split()
    assert [rows[index] for index in (0, 4, 9)] == ["1", "2", "1"]


def test_results_that_do_not_fit_are_named(tmp_path):
    write_scene(tmp_path / "vot", frames=30)
    boxes = tmp_path / "boxes"
    boxes.mkdir()

    def score(**options):
        return evaluate(sets.get("vot"), Selection(root=tmp_path / "vot"), boxes, **options)

    (boxes / "turns.txt").write_text("1\n" + "20,20,36,30\n" * 29)
    with pytest.raises(InputError, match=r"1 of 2 sequences are missing \(short\)"):
        score()
    assert score(subset=True)["frames"] == 30
    (boxes / "turns.txt").write_text("1\n" + "20,20,36,30\n" * 28)
    with pytest.raises(InputError, match="turns: expected 30 rows, one per frame, got 29"):
        score(subset=True)
    (boxes / "turns.txt").write_text("1\n7\n" + "20,20,36,30\n" * 28)
    with pytest.raises(InputError, match="turns: frame 2: expected a region, or 0, 1 or 2, got 7"):
        score(subset=True)
    (boxes / "turns.txt").write_text("1\n1.5\n" + "20,20,36,30\n" * 28)
    with pytest.raises(InputError, match=r"turns: frame 2: expected a region, .* got 1\.5"):
        score(subset=True)
