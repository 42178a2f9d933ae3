"""What the tests of `chromatrack track` have in common."""

import csv

from chromatrack.cli.main import main

BOX = "30,20,24,20"
"""Of a target in the first frame of the video that `made` has."""


def track(made, *arguments, source="v.mp4", network="siamfc.pt"):
    return main(["track", str(made / source), "--checkpoint", str(made / network), *arguments])


def rows_of(path):
    with open(path, newline="") as handle:
        return list(csv.DictReader(handle))
