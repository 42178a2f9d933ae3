"""MATLAB files are read as scipy reads them, and damage of any kind is one sentence."""

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from chromatrack.data.mat5 import DEEPEST, LARGEST, MOST_ARRAYS, read_variable
from chromatrack.errors import InputError

ROWS = np.random.default_rng(0).uniform(5, 100, (30, 4))


def cell(values) -> np.ndarray:
    found = np.empty((1, len(values)), dtype=object)
    for index, value in enumerate(values):
        found[0, index] = value
    return found


def run(rows: np.ndarray) -> dict:
    return {"res": rows, "type": "rect", "startFrame": 1, "len": len(rows)}


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("dtype", ["f8", "f4", "u1", "u2", "i4"])
def test_numbers_texts_cells_and_structures(tmp_path, compressed, dtype):
    rows = ROWS.astype(dtype)
    content = {"other": np.ones((2, 3)), "results": cell([run(rows), run(rows[:1])])}
    savemat(tmp_path / "a.mat", content, do_compression=compressed)
    first, second = read_variable(tmp_path / "a.mat", "results")
    assert set(first) == {"res", "type", "startFrame", "len"} and first["type"] == "rect"
    np.testing.assert_array_equal(first["res"], rows)
    assert second["res"].shape == (1, 4) and second["len"] == 1
    savemat(tmp_path / "b.mat", {"results": run(rows)}, do_compression=compressed)
    np.testing.assert_array_equal(read_variable(tmp_path / "b.mat", "results")["res"], rows)


def test_a_few_bytes_do_not_ask_for_much_memory(tmp_path):
    path = tmp_path / "a.mat"
    zeros = np.zeros((LARGEST // 8, 2), dtype=np.float64)
    savemat(path, {"results": run(zeros)}, do_compression=True)
    assert path.stat().st_size < 1 << 20
    with pytest.raises(InputError, match="is cut off, or larger than 32 MB"):
        read_variable(path, "results")
    savemat(path, {"results": cell([0] * MOST_ARRAYS)})
    with pytest.raises(InputError, match=f"more than {MOST_ARRAYS} arrays"):
        read_variable(path, "results")
    deep = 1
    for _ in range(DEEPEST + 1):
        deep = cell([deep])
    savemat(path, {"results": deep})
    with pytest.raises(InputError, match="lie too deep"):
        read_variable(path, "results")


def test_what_is_no_such_file_is_told(tmp_path):
    path = tmp_path / "a.mat"
    with pytest.raises(InputError, match=r"a\.mat: cannot be read"):
        read_variable(path, "results")
    path.write_bytes(b"MATLAB 7.3 MAT-file" + b" " * 200)
    with pytest.raises(InputError, match=r"version 7.3 .*save it with -v7"):
        read_variable(path, "results")
    savemat(path, {"results": np.array([1 + 2j])})
    with pytest.raises(InputError, match="of a class that results do not have"):
        read_variable(path, "results")
    savemat(path, {"other": 1})
    with pytest.raises(InputError, match="expected the variable 'results', found none"):
        read_variable(path, "results")


@pytest.mark.parametrize("compressed", [False, True])
def test_damage_anywhere_is_one_sentence(tmp_path, compressed):
    """Of some such files scipy 1.17 makes a segmentation fault, which nobody can catch."""
    path, rng = tmp_path / "a.mat", np.random.default_rng(1)
    savemat(path, {"results": cell([run(ROWS)] * 2)}, do_compression=compressed)
    sound, told = path.read_bytes(), 0
    for number in range(400):
        broken = bytearray(sound)
        if number % 5 == 0:
            del broken[rng.integers(len(broken)) :]
        else:
            broken[rng.integers(len(broken))] = rng.integers(256)
        path.write_bytes(bytes(broken))
        try:
            read_variable(path, "results")
        except InputError as error:
            told += 1
            assert str(error).startswith(f"{path}: expected") and "\n" not in str(error)
    assert told > 80


@pytest.mark.real_data
def test_published_files_are_read_as_scipy_reads_them(real_data):
    files = sorted((real_data / "otb_matlab").glob("*/*.mat"))
    assert files
    for path in files[::9]:
        ours = read_variable(path, "results")
        theirs = loadmat(path, simplify_cells=True)["results"]
        pairs = zip(*(one if isinstance(one, list) else [one] for one in (ours, theirs)),
                    strict=True)  # fmt: skip
        for mine, other in pairs:
            assert set(mine) == set(other) and mine["type"] == other["type"]
            np.testing.assert_array_equal(mine["res"], other["res"])
