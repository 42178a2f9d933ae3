"""Finished runs for tests of the command `report`, and what its page holds."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from chromatrack.cli.main import main

SEEDS = (0, 1, 2)
SMALL = {"experiments": ("1", "2"), "alphas": (0.0, 0.5), "targets": tuple("ABCDE"), "frames": 30}
DRAWS = 300


@dataclass(frozen=True)
class Made:
    """A run as Snakemake leaves it, but for its pictures."""

    folder: Path

    @property
    def report(self) -> Path:
        return self.folder / "report"

    @property
    def manifest(self) -> dict:
        return json.loads((self.report / "manifest.json").read_text())

    def tell(self, **keys) -> None:
        (self.report / "manifest.json").write_text(json.dumps(self.manifest | keys))

    def scores(self, tracker: str) -> Path:
        return self.folder / "scores" / f"{tracker}.json"

    def change(self, tracker: str, **keys) -> None:
        path = self.scores(tracker)
        path.write_text(json.dumps(json.loads(path.read_text()) | keys))


def data_of(page, kind="main"):
    """What the scripts of each run of the page read."""
    found = re.findall(f'data-kind="{kind}">(.*?)</script>', page.read_text())
    return [json.loads(text) for text in found]


def refusal(*arguments, capsys):
    """The one sentence that a call is refused with."""
    assert main(["report", *map(str, arguments)]) == 2
    [said] = capsys.readouterr().err.splitlines()
    return said
