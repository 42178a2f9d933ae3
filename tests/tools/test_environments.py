"""Environments of conda and Apptainer have the pins of `constraints.txt`, and miss nothing."""

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
EXTRAS = ("workflow", "slurm", "vot", "onnx", "tune")
FILES = {"chromatrack.yaml": "cpu", "chromatrack-gpu.yaml": "gpu"}
BY_TORCH = re.compile(r"nvidia-|cuda-|triton$|setuptools$")
"""What torch names a version of by itself."""


def pins(lines):
    pinned = (re.fullmatch(r"([\w.-]+)==(\S+)", line.strip()) for line in lines)
    return {canonicalize_name(match[1]): match[2] for match in pinned if match}


CONSTRAINTS = pins((ROOT / "constraints.txt").read_text().splitlines())


def needed(faiss):
    """Names of all packages that chromatrack comes with, as those at hand ask for each other."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    waiting = [Requirement(text) for text in project["dependencies"]]
    for extra in (faiss, *EXTRAS):
        waiting += map(Requirement, project["optional-dependencies"][extra])
    found = {}
    while waiting:
        one = waiting.pop()
        name = canonicalize_name(one.name)
        if name in found and one.extras <= found[name]:
            continue
        found[name] = found.get(name, set()) | one.extras
        try:
            asked = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue  # of the two faiss, one is installed
        for other in map(Requirement, asked):
            extras = ("", *one.extras)
            if other.marker is None or any(other.marker.evaluate({"extra": e}) for e in extras):
                waiting.append(other)
    return {name for name in found if not BY_TORCH.match(name)}


@pytest.mark.parametrize("name", FILES)
def test_a_conda_file_has_every_package_with_its_pin(name):
    dependencies = yaml.safe_load((ROOT / "envs" / name).read_text())["dependencies"]
    (listed,) = (entry["pip"] for entry in dependencies if isinstance(entry, dict))
    found = pins(listed)
    assert len(found) == len(listed)
    assert set(found) == needed(FILES[name])
    assert {name: CONSTRAINTS[name] for name in found} == found
    deploy = (ROOT / "envs" / name).with_suffix(".post-deploy.sh").read_text()
    assert "pip install --no-deps" in deploy


def test_the_recipe_of_a_container_installs_from_the_constraints():
    recipe = (ROOT / "envs/chromatrack.def").read_text()
    assert "-c constraints.txt" in recipe and "[cpu,workflow,slurm,vot,onnx,tune]" in recipe
    copied = re.search(r"%files\n((?:    .*\n)+)", recipe)[1].split("\n")
    for line in filter(None, copied):
        assert (ROOT / line.split()[0]).exists()
