"""VOT: overlaps of regions, and the parameters of its experiments, against vot-toolkit."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from chromatrack.metrics.regions import region_overlap
from chromatrack.metrics.vot import EAO_INTERVALS
from chromatrack.stages.evaluation.vot_official import stack


def in_toolkit(python: Path, code: str, given) -> object:
    """What a few lines print as JSON in the toolkit's Python, given something as JSON in stdin."""
    done = subprocess.run(
        [python, "-c", code], input=json.dumps(given), capture_output=True, text=True, check=True,
        timeout=600,
    )  # fmt: skip
    return json.loads(done.stdout)


def test_region_overlap_of_squares():
    # Vertices are whole pixels and belong to the region: 11x11 pixels, 6x11 of them shared.
    a = np.array([0, 0, 10, 0, 10, 10, 0, 10.0])
    b = a + np.array([5, 0] * 4)
    assert region_overlap(a, a) == 1.0
    assert region_overlap(a, b) == pytest.approx(66 / (2 * 121 - 66))
    # The same as boxes, whose last pixel is left + width - 1.
    assert region_overlap(np.array([0, 0, 11, 11]), b) == pytest.approx(66 / (2 * 121 - 66))


def test_region_overlap_rounds_and_is_bounded():
    a = np.array([0.4, 0.4, 9.6, 0.4, 9.6, 9.6, 0.4, 9.6])
    assert region_overlap(a, np.array([0, 0, 11, 11])) == 1.0
    outside = np.array([-50, 0, 10, 0, 10, 10, -50, 10.0])
    assert region_overlap(outside, np.array([0, 0, 11, 11]), (100, 100)) == 1.0
    assert region_overlap(outside, np.array([0, 0, 11, 11])) == pytest.approx(11 / 61)
    assert region_overlap(np.array([200, 200, 9, 9]), np.array([200, 200, 9, 9]), (9, 9)) == 0
    assert region_overlap(np.array([0, 0, 9, 9]), np.array([50, 50, 9, 9])) == 0
    assert region_overlap(np.full(4, np.nan), np.array([0, 0, 9, 9])) == 0


def test_region_overlap_of_a_diamond():
    # Rows of 1, 3, 5, 3, 1 pixels.
    diamond = np.array([2, 0, 4, 2, 2, 4, 0, 2.0])
    assert region_overlap(diamond, np.array([0, 0, 5, 5])) == pytest.approx(13 / 25)
    far = diamond + np.array([700.2, 299.9] * 4)
    box = np.array([700, 300, 5, 5])
    assert region_overlap(far, box, (480, 854)) == pytest.approx(13 / 25)


@pytest.mark.parametrize("a, b, overlap", [
    ([12.782, 17.063, 68.175, 17.063, 68.175, 72.456, 12.782, 72.456],
     [5.325, -6.179, 64.3, 45.839, 12.281, 104.815, -46.694, 52.796], 0.4633874916536835),
    ([57.765, -21.768, 46.002, 46.002],
     [62.727, -5.81, 99.999, -5.81, 99.999, 31.461, 62.727, 31.461], 0.6809815950920245),
    ([8, -4, 69, 11, 54, 72, -7, 57],
     [20.991, -11.995, 65.299, 20.319, 32.986, 64.627, -11.322, 32.313], 0.6927971494018834),
    # A row in which rounding parts the two crossings of a corner: the toolkit fills less of it.
    ([52, 22, -23, 38, -24, 32, 51, 17], [56, -1, 66, 1, 58, 36, 49, 35], 0.005908419497784343),
    ([0.5, 1.5, 2.5, 3.5], [0, 2, 2, 4], 1.0),
    ([10, 10, 1, 5], [10, 30, 1, 5], 1.0),
    ([200, 200, 9, 9], [150, 150, 9, 9], 0.0),
])  # fmt: skip
def test_overlaps_that_vot_toolkit_0_7_4_gives(a, b, overlap):
    """Its `calculate_overlap` in an image of 100 x 80 pixels."""
    assert region_overlap(np.array(a), np.array(b), (80, 100)) == pytest.approx(overlap, abs=1e-12)


OVERLAPS = """
import json, sys
from vot.region.raster import calculate_overlap
from vot.region.shapes import Polygon, Rectangle
def region(r):
    return Rectangle(*r) if len(r) == 4 else Polygon(list(zip(r[::2], r[1::2])))
print(json.dumps([calculate_overlap(region(a), region(b), (100, 80)) for a, b in json.load(sys.stdin)]))
"""  # noqa: E501


def random_region(random) -> list[float]:
    """Boxes and turned rectangles, small ones, level ones and ones of whole pixels among them."""
    width, height = random.uniform(0.2, random.choice([6, 60, 60]), 2)
    center = random.choice([5, 75]) + random.uniform(-12, 12, 2)
    if random.random() < 0.4:
        return [*center, width, height]
    angle = random.choice([0.0, random.uniform(0, 7)])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * (width / 2, height / 2)
    digits = random.choice([0, 3])
    return np.round(corners @ turn.T + center, digits).ravel().tolist()


def test_overlaps_of_random_regions_are_the_toolkits(toolkit):
    random = np.random.default_rng(11)
    pairs = [[random_region(random), random_region(random)] for _ in range(5000)]
    theirs = np.array(in_toolkit(toolkit, OVERLAPS, pairs))
    ours = [region_overlap(np.array(a), np.array(b), (80, 100)) for a, b in pairs]
    assert np.mean(theirs > 0) > 0.1
    np.testing.assert_allclose(ours, theirs, atol=1e-12)


STACKS = """
import json, os, sys, yaml
import vot.stack
folder = os.path.dirname(vot.stack.__file__)
read = lambda name: yaml.safe_load(open(os.path.join(folder, name)))["experiments"]["baseline"]
print(json.dumps({key: read(name) for key, name in json.load(sys.stdin).items()}))
"""


def test_our_experiment_is_that_of_the_toolkits_own_stacks(toolkit):
    files = {
        "vot2015": "vot2015/rgb.yaml", "vot2016": "vot2016/rgb.yaml", "vot2017": "vot2017.yaml",
        "vot2018": "vot2018/shortterm.yaml", "vot2019": "vot2019/shortterm.yaml",
    }  # fmt: skip
    assert set(files) == set(EAO_INTERVALS)
    for challenge, theirs in in_toolkit(toolkit, STACKS, files).items():
        ours = stack(challenge)
        for key in ("type", "repetitions", "skip_initialize"):
            assert ours[key] == theirs[key], challenge
        for analysis in ours["analyses"]:
            (same,) = [one for one in theirs["analyses"] if one["type"] == analysis["type"]]
            assert analysis.items() >= same.items(), challenge
