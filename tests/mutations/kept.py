"""What the program keeps for itself between two calls: damaged, it is made again or said."""

import math

import numpy as np
import torch
from torch import nn

from chromatrack.data.got10k_clips import read_clip_rows
from chromatrack.data.sequence import Sequence
from chromatrack.files import write_json
from chromatrack.labels.clip import DecodedClip
from chromatrack.labels.parts import Parts
from chromatrack.reporting.label_analysis import INDEX_KEYS, MEASURES, read_label_analysis
from chromatrack.stages.evaluation import tracks
from chromatrack.stages.report.page_files import EXPERIMENT_KEYS, read_statistics
from chromatrack.training.precision import Precision
from chromatrack.training.state import Training
from tests.mutations import right
from tests.mutations.layouts import BOXES, got10k_layout
from tests.mutations.mutators import BYTES, JSON, TEXT
from tests.mutations.running import Case


def got10k_clips(folder):
    case = got10k_layout(folder)

    def read():
        rows, problems = read_clip_rows(folder)
        assert all(str(folder) in problem and "\n" not in problem for problem in problems)
        for row in rows:
            assert 0 == row.time_start < row.time_end <= 0.4 and isinstance(row.label, str)

    files = [path for path in case.files if path.name in ("list.txt", "meta_info.ini")]
    return Case(folder, read, files, TEXT)


def parts(folder):
    kept = Parts(folder, {"size": 16})
    clip = DecodedClip(
        luma=np.arange(60, dtype=np.uint8), luma_lengths=np.array([20, 40]),
        chroma=np.zeros(0, np.uint8), chroma_lengths=np.zeros(0, np.int64),
        cells=np.zeros((2, 4, 4, 2), np.uint8), codes=np.array([3, 700]), counts=np.array([1, 9]),
        lab_sums=np.ones((2, 3)), lab_count=9, planes=np.zeros((0, 0, 0, 2), np.uint8),
    )  # fmt: skip
    kept.keep("clip", "ab", clip)

    def read():
        found = kept.load("clip", "ab")
        if found is not None:  # a zip holds a checksum of each array: nothing changes unseen
            for name in ("luma", "luma_lengths", "cells", "codes", "counts", "lab_sums"):
                assert np.array_equal(getattr(found, name), getattr(clip, name)), name

    return Case(folder, read, [folder / "clip.npz"], BYTES)


def trainings(folder):
    def begun():
        module = nn.Linear(3, 2)
        optimizer = torch.optim.Adam(module.parameters())
        return Training(module, optimizer, Precision(32, torch.device("cpu")))

    first = begun()
    first.module(torch.ones(1, 3)).sum().backward()
    first.optimizer.step()
    first.step, first.best = 7, 0.5
    first.save(folder / "last.pt", "identity")

    def read():
        training = begun()
        training.resume(folder / "last.pt", "identity")
        assert type(training.step) is int and training.step in (0, 7)
        assert training.step == 7 or math.isinf(training.best)
        if training.step:
            for name, value in training.module.state_dict().items():
                assert torch.equal(value, first.module.state_dict()[name]), name

    return Case(folder, read, [folder / "last.pt"], BYTES)


def done(folder):
    sequence = Sequence("Girl", (), BOXES)
    identity = tracks.identity(sequence, {"stage": "track"})
    args = ("Girl", folder, identity, {"stage": "track"}, BOXES, np.full(4, 0.1))
    tracks.keep(*args, device="cpu")

    def read():
        entry = tracks.known("Girl", folder, identity)
        if entry is not None:
            assert set(entry) == set(tracks.KEPT)
            assert type(entry["frames"]) is int and right.is_finite(entry["seconds"])
            assert isinstance(entry["device"], str)
            tracks.write_run(folder / "run.json", {"Girl": entry}, source={"stage": "track"})

    case = Case(folder, read, [folder / "done" / "Girl.json"], JSON)
    case.files.append(folder / "boxes" / "Girl.txt")
    case.kept[case.files[-1]] = case.files[-1].read_bytes()
    return case


def statistics(folder):
    path = folder / "statistics.json"
    one = dict.fromkeys(EXPERIMENT_KEYS, "text") | {"beside_controls": ["better than one", "not"]}
    told = {"headline": ["a"], "experiments": {"2": one}, "rows": [], "margin": 0.01, "level": 0.05}
    write_json(path, told)

    def read():
        found = read_statistics(path)
        assert all(key in one for one in found["experiments"].values() for key in EXPERIMENT_KEYS)
        assert isinstance(found["rows"], list)
        for one in found["experiments"].values():
            assert all(isinstance(text, str) for text in one["beside_controls"])
            assert isinstance(one["verdict_sentence"] + one["controls_in_short"], str)

    return Case(folder, read, [path], JSON)


def analysis(folder):
    ratio = {"value": 1.5, "low": 1.2, "high": 1.9}
    index = dict.fromkeys(INDEX_KEYS, 6) | {
        "still_percent": ratio, "consistency": "consistency.csv", "left_out": 1,
        "times_none": [{"equalization": "per_channel", "colours": 8, "smallest_distance": ratio,
                        "flips_pixels": ratio, "flips_cells": ratio}],
        "figures": [{"title": "t", "caption": "c", "png": "p.png"}],
    }  # fmt: skip
    write_json(folder / "analysis.json", index)
    columns = ["equalization", "colours", "clips", *MEASURES, "std_l", "mean_b"]
    rows = [",".join(columns), *("none,8,6" + ",1.5" * (len(columns) - 3) for _ in range(2))]
    (folder / "consistency.csv").write_text("\n".join(rows) + "\n")

    def read():
        found = read_label_analysis(folder / "analysis.json")
        assert all(isinstance(said, str) for said in found.sentences)
        assert all(isinstance(one.caption, str) and one.png.name for one in found.figures)

    return Case(folder, read, [folder / "analysis.json", folder / "consistency.csv"], JSON)


KEPT = {
    "GOT-10k as clips": got10k_clips,
    "decoded clips": parts,
    "states of trainings": trainings,
    "tracked sequences": done,
    "statistics": statistics,
    "label analyses": analysis,
}
