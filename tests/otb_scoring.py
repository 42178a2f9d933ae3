"""OTB as the tests score it: a folder of results, by one call."""

import tempfile
from pathlib import Path

from chromatrack.data import otb
from chromatrack.data.otb_names import folder_of, select
from chromatrack.evaluation import sets
from chromatrack.evaluation.benchmark import Selection
from chromatrack.evaluation.runs import read_runs
from chromatrack.stages.evaluation.evaluate import evaluate


def evaluate_otb(
    annotations,
    results,
    output=None,
    *,
    attributes=None,
    names=None,
    tracker_name=None,
    frames_limit=None,
    **options,
):
    """scores.json of a folder of results; `names` may be a list of names."""
    with tempfile.TemporaryDirectory() as folder:
        if isinstance(names, list):
            listed = Path(folder) / "names.txt"
            listed.write_text("".join(f"{name}\n" for name in names))
            names = str(listed)
        selection = Selection(
            Path(annotations), names=names, attributes=attributes, max_frames=frames_limit
        )
        return evaluate(
            sets.get("otb"), selection, Path(results), output, tracker=tracker_name, **options
        )


def runs_of(annotations, results, convention="got10k", *, names=None, **options):
    """What is compared of a folder of results."""
    truth = otb.read_annotations(annotations)
    if names is not None:
        folders = {key: folder_of(key) for key in truth}
        truth = {key: truth[key] for key in select(folders, names, annotations)}
    return read_runs(truth, results, convention=convention, **options)
