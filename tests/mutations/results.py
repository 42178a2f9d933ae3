"""Results of trackers, as people publish them, and points that people draw."""

import numpy as np
from scipy.io import savemat

from chromatrack.data import got10k_results, otb, otb_results, vot_results, vot_workspace
from chromatrack.files import write_text
from chromatrack.metrics.vot import INITIALIZED, TRACKED
from chromatrack.stages.tools.downstream import read_points
from tests.mutations import right
from tests.mutations.layouts import BOXES, texts
from tests.mutations.mutators import BYTES, TEXT
from tests.mutations.running import Case


def runs(found):
    """A box is four numbers, or four times NaN where a tracker gave none: never infinite."""
    for starts in found.values():
        for number, boxes in starts.items():
            assert number >= 0 and boxes.shape[1:] == (4,) and len(boxes)
            assert not np.isinf(boxes).any()


def otb_texts(folder):
    otb.write_boxes(folder / "Girl.txt", BOXES)
    otb.write_boxes(folder / "Jogging_1.txt", BOXES)
    write_text(folder / "times" / "Girl_time.txt", "0.1\n0.2\n0.1\n0.3\n")

    def read():
        runs(otb_results.read_results(folder, "ope", ["Girl", "Jogging-1"]))
        speed = otb_results.read_speed(folder, ["Girl"])
        assert speed is None or (np.isfinite(speed) and speed > 0), f"{speed} frames a second"

    return Case(folder, read, texts(folder, ".txt"), TEXT)


def otb_starts(folder):
    for number in range(3):
        otb.write_boxes(folder / "Girl" / f"tre-{number:02d}.txt", BOXES[number:])

    def read():
        runs(otb_results.read_results(folder, "tre", ["Girl"]))

    return Case(folder, read, texts(folder, ".txt"), TEXT)


def matlab(folder):
    for name, compressed in (("Girl", False), ("Dog", True)):
        cell = np.empty((1, 2), dtype=object)
        for number in range(2):
            cell[0, number] = {
                "res": BOXES[number:], "type": "rect", "startFrame": number + 1, "len": 4 - number,
            }  # fmt: skip
        savemat(folder / f"{name}.mat", {"results": cell}, do_compression=compressed)

    def read():
        for protocol in ("ope", "tre"):
            runs(otb_results.read_results(folder, protocol, ["Girl", "Dog"]))

    return Case(folder, read, texts(folder, ".mat"), BYTES)


def got10k(folder):
    for number in (1, 2):
        otb.write_boxes(folder / "a" / f"a_{number:03d}.txt", BOXES)
    write_text(folder / "a" / "a_time.txt", "0.1,0.2\n" * 4)

    def read():
        for boxes in got10k_results.read_repetitions(folder, "a"):
            assert boxes.shape[1:] == (4,) and not np.isinf(boxes).any()
        times = got10k_results.read_times(folder, "a")
        assert times is None or (right.numbers(times).ndim == 2 and (times >= 0).all())

    return Case(folder, read, texts(folder, ".txt"), TEXT)


def vot(folder):
    states = np.array([INITIALIZED, TRACKED, TRACKED, TRACKED])
    vot_results.write_trajectory(folder / "a.txt", states, BOXES)
    toolkit = folder / "results" / "T" / vot_workspace.EXPERIMENT / "a"
    vot_results.write_trajectory(toolkit / "a_001.txt", states, BOXES)

    def read():
        found = vot_results.read_trajectories(folder, "a")
        found += vot_workspace.read_trajectories(folder, "T", "a")
        for repetition in found:
            for row in repetition:
                assert len(right.numbers(row)) in (1, 4, 8)

    return Case(folder, read, texts(folder, ".txt"), TEXT)


def points(folder):
    path = folder / "points.csv"
    path.write_text("point,x,y\nnose,3,4.5\ntail,30,20\n")

    def read():
        names, places = read_points(path, (24, 32))
        assert all(isinstance(name, str) and name for name in names)
        right.numbers(places, (len(names), 2))
        assert (places >= 0).all() and (places <= [31, 23]).all()

    return Case(folder, read, [path], TEXT)


RESULTS = {
    "results on OTB, text": otb_texts,
    "results on OTB, starts": otb_starts,
    "results on OTB, MATLAB": matlab,
    "results on GOT-10k": got10k,
    "results on VOT": vot,
    "points": points,
}
