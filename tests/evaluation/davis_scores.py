"""DAVIS as the tests score it."""

from chromatrack.evaluation import sets
from chromatrack.evaluation.benchmark import Selection
from chromatrack.stages.evaluation.evaluate import evaluate


def score(annotations, results, output=None, *, subset=False, **selected):
    selection = Selection(root=annotations, **selected)
    return evaluate(sets.get("davis"), selection, results, output, subset=subset)
