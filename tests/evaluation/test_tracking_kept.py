"""What was tracked is known by what made it, and is not tracked again."""

import os
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from chromatrack.cli.main import main
from chromatrack.data import otb
from chromatrack.errors import InputError
from chromatrack.evaluation import sets
from chromatrack.evaluation.benchmark import Selection
from chromatrack.files import read_json
from chromatrack.settings import ComputeSettings
from chromatrack.stages.evaluation.evaluate import evaluate
from chromatrack.stages.evaluation.openers import FromOpenCV
from chromatrack.stages.evaluation.run import track
from chromatrack.stages.evaluation.sequences import run_sequences
from chromatrack.versions import VERSIONS
from tests.evaluation.tracked import SEQUENCES, Standing, boxes


def test_boxes_of_two_trackers_in_one_folder_are_not_scored_as_one(otb_root, tmp_path):
    sequences = otb.read_sequences(otb_root)
    folder, chosen = tmp_path / "boxes", tmp_path / "names.txt"
    chosen.write_text("C\nD\n")

    def targets(folder, names=None):
        selection = Selection(root=otb_root, names=names)
        return evaluate(sets.get("otb"), selection, folder)["targets"]

    run_sequences(Standing, sequences, tmp_path, source={"tracker": "a"})
    assert targets(folder) == len(SEQUENCES)
    run_sequences(Standing, sequences[:2], tmp_path, source={"tracker": "b"})
    with pytest.raises(InputError, match="A and C were tracked with other weights or settings"):
        targets(folder)
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(InputError, match="other weights"):
        targets(tmp_path / "link")
    assert targets(folder, str(chosen)) == 2
    (tmp_path / "done" / "C.json").write_text("[]")  # nothing is known of it then
    assert targets(folder, str(chosen)) == 2


def test_a_new_version_of_tracking_tracks_again(otb_root, tmp_path, monkeypatch):
    sequences = otb.read_sequences(otb_root)[:1]
    opened = []

    def run():
        run_sequences(
            lambda: opened.append(1) or Standing(), sequences, tmp_path,
            source={"stage": "track"},
        )  # fmt: skip
        return len(opened)

    assert run() == run() == 1
    monkeypatch.setitem(VERSIONS, "track", VERSIONS["track"] + 1)
    assert run() == 2


@pytest.mark.parametrize("way", ["serial", "batched"])
def test_what_was_done_is_redone_only_when_something_changed(otb_root, tmp_path, way):
    """One by one: the source, the first box, the bytes of a frame (size and name kept), a file."""
    sequences = otb.read_sequences(otb_root)
    compute = ComputeSettings(device="cpu", tracking=way)
    run = partial(run_sequences, Standing, folder=tmp_path, compute=compute)
    files = {name: tmp_path / "done" / f"{name}.json" for name in SEQUENCES}

    def made_again(sequences, source):
        before = {name: path.stat().st_mtime_ns for name, path in files.items()}
        run(sequences=sequences, source=source)
        return {n for n, path in files.items() if path.stat().st_mtime_ns != before[n]}

    run(sequences=sequences, source={"alpha": 0})
    assert made_again(sequences, {"alpha": 0}) == set()
    assert made_again(sequences, {"alpha": 1}) == set(SEQUENCES)
    moved = sequences[1].boxes_ltwh + np.array([1, 0, 0, 0])
    sequences[1] = replace(sequences[1], boxes_ltwh=moved)
    assert made_again(sequences, {"alpha": 1}) == {"B"}
    frame = sequences[3].frames[2]
    whole = frame.read_bytes()
    stat = frame.stat()
    try:
        frame.write_bytes(whole[:-40] + bytes([whole[-40] ^ 1]) + whole[-39:])
        os.utime(frame, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        assert made_again(sequences, {"alpha": 1}) == {"D"}
    finally:
        frame.write_bytes(whole)
    (tmp_path / "times" / "A.txt").unlink()
    (tmp_path / "boxes" / "C.txt").write_text("1,1,1,1\n")
    assert made_again(sequences, {"alpha": 1}) == {"A", "C", "D"}  # D: as it was at first


def test_several_alphas_on_the_command_line(otb_root, checkpoints, tmp_path, capsys):
    call = ["run", "otb", "--root", str(otb_root), "--checkpoint", str(checkpoints / "fused.pt")]
    together = [*call, "--alphas", "0,0.5", "--output", str(tmp_path / "a{alpha}" / "run.json")]
    for way in ("batched", "serial"):  # the second call finds all done
        compute = f'{{"device": "cpu", "tracking": "{way}"}}'
        assert main([*together, "--compute", compute]) == 0
    assert main([*call, "--alpha", "0.5", "--output", str(tmp_path / "one" / "run.json")]) == 0
    one, several = (read_json(tmp_path / name / "run.json") for name in ("one", "a0.5"))
    assert several["made_by"] == one["made_by"] and several["alpha"] == 0.5
    for name, expected in boxes(tmp_path / "one").items():
        np.testing.assert_allclose(boxes(tmp_path / "a0.5")[name], expected, atol=1e-2)
    assert read_json(tmp_path / "a0.0" / "run.json")["alpha"] == 0
    capsys.readouterr()
    assert main([*call, "--alphas", "0,1", "--output", str(tmp_path / "run.json")]) == 2
    assert "expected {alpha} in the folder's name" in capsys.readouterr().err
    alone = [*together[:5], str(checkpoints / "siamfc.pt"), *together[6:]]
    assert main(alone) == 2
    assert "is SiamFC alone" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([*call, "--alphas", "0,0", "--output", str(tmp_path / "a{alpha}" / "run.json")])


def test_alphas_that_were_tracked_together_are_not_tracked_again_one_by_one(
    otb_root, checkpoints, tmp_path
):
    call = ["run", "otb", "--root", str(otb_root), "--checkpoint", str(checkpoints / "fused.pt"),
            "--compute", '{"device": "cpu", "tracking": "serial"}']  # fmt: skip
    together = ["--together", str(tmp_path / "alphas.json")]
    output = ["--output", str(tmp_path / "a{alpha}" / "run.json")]
    assert main([*call, "--alphas", "0,0.5", *output, *together]) == 0
    assert read_json(tmp_path / "alphas.json")["sequences"] == {"0.0": 4, "0.5": 4}
    assert not list(tmp_path.glob("*/run.json"))
    done = sorted((tmp_path / "a0.5" / "done").iterdir())
    before = [path.stat().st_mtime_ns for path in done]
    alone = [*call, "--alpha", "0.5", "--output", str(tmp_path / "a0.5" / "run.json")]
    assert main(alone) == 0
    assert [path.stat().st_mtime_ns for path in done] == before
    assert read_json(tmp_path / "a0.5" / "run.json")["frames"] == sum(SEQUENCES.values())


def test_what_is_run_is_cut_and_chosen(otb_root, tmp_path):
    (tmp_path / "names.txt").write_text("D\nA\n")
    selection = Selection(root=otb_root, names=str(tmp_path / "names.txt"), max_frames=3)
    run = track(
        sets.get("otb"), selection, FromOpenCV("klt"), tmp_path / "run.json", protocol="ope",
        compute=ComputeSettings(device="cpu", threads=1),
    )  # fmt: skip
    assert {name: entry["frames"] for name, entry in run["per_sequence"].items()} == {
        "A": 3, "D": 3,
    }  # fmt: skip
    assert (run["benchmark"], run["protocol"], run["alpha"]) == ("otb", "ope", None)
    assert run == read_json(tmp_path / "run.json")
    with pytest.raises(InputError, match="otb: protocol 'restarted': expected one of ope, tre"):
        track(
            sets.get("otb"), selection, FromOpenCV("klt"), tmp_path / "run.json",
            protocol="restarted", compute=ComputeSettings(device="cpu", threads=1),
        )  # fmt: skip
