"""A folder that is built takes its place whole; what a kill leaves is built over."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from chromatrack.errors import InputError
from chromatrack.files import write_json
from chromatrack.stages.world.benchmark import MARK, write_benchmark_world
from chromatrack.stages.world.replacing import beside, check_replaceable, replacing
from chromatrack.stages.world.world import PARTS, make_part, make_world
from tests.world.test_world import TINY, digests

KILLED = """
import os, sys
from pathlib import Path
from chromatrack.stages.world.benchmark import write_benchmark_world
from chromatrack.stages.world.world import make_part
from tests.world.test_world import TINY

renamed, left = Path.rename, int(sys.argv[1])

def rename(self, target):
    global left
    if self.parent.name.endswith(".building"):
        left -= 1
        if left < 0:
            os._exit(9)
    return renamed(self, target)

Path.rename = rename
{call}
"""


def killed(call: str, *, after: int) -> None:
    """Run a build in a process that ends, as by SIGKILL, after it has put parts in place."""
    given = {**os.environ, "PYTHONPATH": os.pathsep.join([*sys.path, os.getcwd()])}
    program = [sys.executable, "-c", KILLED.format(call=call), str(after)]
    ended = subprocess.run(program, env=given, check=False, timeout=120)
    assert ended.returncode == 9


def build(output: Path, names: str, *, earlier: str = "") -> None:
    manifest = output / "manifest.json"
    with replacing(
        output, building=beside(output), manifest=manifest, earlier=earlier.split()
    ) as building:
        for name in names.split():
            (building / name).mkdir()
            (building / name / "file").write_text(names)
    write_json(manifest, names)


def test_what_was_there_goes_and_other_files_stay(tmp_path):
    output = tmp_path / "w"
    build(output, "a b")
    (output / "theirs").write_text("years of work")
    build(output, "b c", earlier="a b")
    assert sorted(path.name for path in output.iterdir()) == ["b", "c", "manifest.json", "theirs"]
    assert (output / "b" / "file").read_text() == "b c"
    assert [path.name for path in tmp_path.iterdir()] == ["w"]


def test_a_build_that_fails_changes_nothing(tmp_path):
    output = tmp_path / "w"
    build(output, "a b")
    before = digests(output)
    with (
        pytest.raises(ZeroDivisionError),
        replacing(
            output, building=beside(output), manifest=output / "manifest.json", earlier=["a", "b"]
        ) as building,
    ):
        (building / "a").mkdir()
        raise ZeroDivisionError
    assert digests(output) == before
    assert [path.name for path in tmp_path.iterdir()] == ["w"]


def test_a_folder_that_is_a_file_and_one_of_others_are_told(tmp_path):
    check_replaceable(tmp_path / "absent", [])
    (tmp_path / "a").write_text("")
    check_replaceable(tmp_path, ["a", "b"])
    with pytest.raises(InputError, match="a: expected a folder, but it is a file"):
        check_replaceable(tmp_path / "a", [])
    with pytest.raises(InputError, match="an earlier world, but it holds a"):
        check_replaceable(tmp_path, ["b"])


@pytest.mark.parametrize("after", [0, 1])
def test_a_part_that_was_killed_while_it_took_its_place_is_built_again(tmp_path, after):
    make_part(TINY, "otb", tmp_path / "whole")
    output = tmp_path / "w"
    killed(f"make_part(TINY, 'otb', {str(output)!r})", after=after)
    assert not (output / "otb.json").exists() and (output / "otb").exists() == bool(after)
    make_part(TINY, "otb", output)
    assert digests(output) == digests(tmp_path / "whole")
    assert sorted(path.name for path in output.iterdir()) == [
        ".otb.made", "otb", "otb.json", "otb_attributes",
    ]  # fmt: skip


def bare(settings, root: Path) -> dict:
    """In place of the writers of a world: its folders, empty."""
    for part in PARTS[:-1]:
        (root / part).mkdir()
    return {}


def test_a_world_that_was_killed_while_it_took_its_place_is_built_again(tmp_path, monkeypatch):
    monkeypatch.setattr("chromatrack.stages.world.world._write_all", bare)
    output = tmp_path / "w"
    make_world(TINY, output)
    call = "from chromatrack.stages.world import world; from tests.world.test_replacing import bare"
    killed(f"{call}; world._write_all = bare; world.make_world(TINY, {str(output)!r})", after=2)
    assert [path.name for path in tmp_path.iterdir() if path != output] == [".w.building"]
    assert len(list(output.iterdir())) == 2, "and no manifest"
    make_world(TINY, output)
    assert sorted(path.name for path in output.iterdir()) == sorted(PARTS)
    assert [path.name for path in tmp_path.iterdir()] == ["w"]


@pytest.mark.parametrize("again", [False, True])
def test_a_benchmark_that_was_killed_while_it_took_its_place_is_built_again(tmp_path, again):
    write_benchmark_world("uav123", TINY, tmp_path / "whole")
    output = tmp_path / "w"
    if again:
        write_benchmark_world("uav123", TINY, output)
    killed(f"write_benchmark_world('uav123', TINY, {str(output)!r})", after=1)
    assert sorted(path.name for path in output.iterdir()) == [MARK, "anno"]
    write_benchmark_world("uav123", TINY, output)
    assert digests(output) == digests(tmp_path / "whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["w", "whole"]
