"""Promises of every reader: right data, or one sentence that names the file, whatever is damaged.

`CHROMATRACK_MUTATIONS=1000` makes as many mutations per reader as the bar asks for and prints what
came of them (`pytest -s`). A fault is told with its seed; `REGRESSIONS` keeps those of faults that
were mended.
"""

import os

import pytest

from tests.mutations.binary import BINARY
from tests.mutations.kept import KEPT
from tests.mutations.layouts import LAYOUTS
from tests.mutations.lists import LISTS
from tests.mutations.regressions import REGRESSIONS
from tests.mutations.results import RESULTS
from tests.mutations.running import run

MUTATIONS = int(os.environ.get("CHROMATRACK_MUTATIONS", "40"))
READERS = LISTS | LAYOUTS | RESULTS | BINARY | KEPT

SILENT = (
    "journals", "state of the gate", "decoded clips", "states of trainings", "tracked sequences",
)  # fmt: skip
"""What is damaged there is dropped, and made again."""


def seeds(name, numbers):
    return [f"{name} {number}" for number in numbers]


@pytest.mark.parametrize("name", READERS)
def test_mutations_give_data_or_one_sentence(name, tmp_path):
    case = READERS[name](tmp_path)
    counts, faults = run(case, seeds(name, [*REGRESSIONS.get(name, "").split(), *range(MUTATIONS)]))
    print(f"\n{name}: {counts.total()} mutations: {dict(sorted(counts.items()))}")
    told = "\n".join(f"--- {seed}\n{said}" for seed, said in faults[:5])
    assert not faults, f"{len(faults)} faults, the first of them:\n{told}"
    assert name in SILENT or counts["one sentence"] > 0
