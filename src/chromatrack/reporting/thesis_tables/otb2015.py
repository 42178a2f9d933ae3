"""Tables 5.3 to 5.7 and 5.9: trackers on OTB2015, beside the thesis's."""

from __future__ import annotations

from chromatrack import published
from chromatrack.reporting.manifest import BASELINE_LABEL
from chromatrack.reporting.scores import Mean, sort_key
from chromatrack.reporting.thesis_tables.source import ON_THESE, Source
from chromatrack.reporting.thesis_tables.table import (
    HERE,
    PUBLISHED,
    THESIS,
    Cell,
    ThesisTable,
    percent_over,
    scaled,
    sentences,
)
from chromatrack.settings.experiments import BASELINE

DATA_SET = "OTB2015"
INTERVAL = ("low", "high")


def by_alpha(source: Source, *, number: str, experiment: str) -> ThesisTable:
    """Tables 5.3 to 5.6: one experiment, all its alphas, beside those that the thesis prints."""
    own = {mean.alpha: mean for mean in source.means if mean.experiment == experiment}
    baseline = next((mean for mean in source.means if mean.experiment == BASELINE), None)
    theirs = published.OTB2015_SUCCESS[experiment]
    alphas = sorted({*own, *theirs}, key=lambda alpha: sort_key(experiment, alpha))
    rows = [(
        BASELINE_LABEL, None,
        *_interval(source, baseline if own else None), None, None, None,
        published.BASELINE_SUCCESS, None,
    )]  # fmt: skip
    for alpha in alphas:
        mean, reference = own.get(alpha), theirs.get(alpha)
        rows.append((
            f"experiment {experiment}", alpha, *_interval(source, mean),
            *_against(source, mean),
            reference, percent_over(reference, published.BASELINE_SUCCESS),
        ))  # fmt: skip
    errors = published.PRINTING_ERRORS.get(number, "")
    return ThesisTable(
        name=f"table-{number}",
        title=f"Experiment {experiment} by weight of its branch (thesis Table {number})",
        header=("tracker", "α", "here: success AUC", *(f"here: {one}" for one in INTERVAL),
                "here: change %", "here: outperforms", "here: p",
                "thesis: success AUC", "thesis: change %"),
        rows=tuple(rows),
        digits={"α": None, "here: change %": 2, "thesis: change %": 2},
        note=sentences(
            "Changes are to the baseline of the same seeds, in percent of it. “yes” says that "
            "the mean is larger and no more; low to high is the 95 % interval of the mean, p "
            "of the difference to the baseline, not corrected for looking at many values of α. The "
            f"thesis's changes are recomputed from its AUC over {published.BASELINE_SUCCESS} "
            "and rounded, where it cuts them off.",
            errors,
            _same_kind(source, experiment) if own else "",
            source.here() if own else source.without(f"experiment {experiment}"),
        ),
    )  # fmt: skip


def _interval(source: Source, mean: Mean | None) -> tuple[Cell, ...]:
    """Score of a tracker, and where the statistics say that it lies."""
    if mean is None:
        return (None, None, None)
    factor = source.measure.scale
    value = source.spread(mean).part("value")
    return (scaled(mean.score, factor),
            *(scaled(value.number(end), factor) for end in INTERVAL))  # fmt: skip


def _against(source: Source, mean: Mean | None) -> tuple[Cell, ...]:
    """Change in percent, whether it is one for the better, and its p."""
    baseline = mean and source.baseline(mean)
    if mean is None or baseline is None:
        return (None, None, None)
    better = "yes" if mean.score > baseline.score else "no"
    return (percent_over(mean.score, baseline.score), better, source.spread(mean).number("p"))


def _same_kind(source: Source, experiment: str) -> str:
    """A sentence where the run's experiment is not what the thesis's of that name is."""
    kind, theirs = source.manifest.experiments.get(experiment), published.EXPERIMENTS[experiment]
    if kind is None or kind == theirs:
        return ""
    return f"Experiment {experiment} is {kind} here, and {theirs} in the thesis."


def attributes(source: Source) -> ThesisTable:
    """Table 5.7: success AUC per attribute, of the baseline and each experiment at one alpha."""
    factor = source.measure.scale if source.means else 1.0
    rows: list[tuple[Cell, ...]] = []
    for mean, way in source.chosen():
        scores = [scaled(mean.attributes.get(key), factor) for key in published.ATTRIBUTES]
        rows.append((mean.name, HERE, mean.alpha, way, scaled(mean.score, factor), *scores))
    shown = {mean.experiment for mean in source.means}
    for name, (alpha, total, scores) in published.ATTRIBUTE_SUCCESS.items():
        label = BASELINE_LABEL if name == BASELINE else f"experiment {name}"
        rows.append((label, THESIS, alpha, "" if name == BASELINE else "on OTB2015 itself",
                     total, *scores.values()))  # fmt: skip
    return ThesisTable(
        name="table-5.7",
        title="Success AUC by attribute (thesis Table 5.7)",
        header=("tracker", "source", "α", "α chosen", "all", *published.ATTRIBUTES),
        rows=tuple(rows),
        digits={"α": None},
        note=sentences(
            f"{published.ATTRIBUTES_MEAN}. An empty cell: no sequence shows it.",
            published.PRINTING_ERRORS["5.7"],
            _choices(source), source.here() if shown else source.without("tracker"),
        ),
    )  # fmt: skip


def trackers(source: Source) -> ThesisTable:
    """Table 5.9: other trackers, the thesis's and this run's."""
    rows: list[tuple[Cell, ...]] = [
        (name, None, published.TRAINING_DATA[name], PUBLISHED, DATA_SET, value, None, None, None)
        for name, value in published.OTB2015_OTHERS.items()
    ]
    rows.append(("SiamFC", None, published.TRAINING_DATA["SiamFC"], THESIS, DATA_SET,
                 published.BASELINE_SUCCESS, None, None, None))  # fmt: skip
    for name, (alpha, total, _) in published.ATTRIBUTE_SUCCESS.items():
        if name != BASELINE:
            label = f"experiment {name}"
            data = published.TRAINING_DATA[label]
            rows.append((label, alpha, data, THESIS, DATA_SET, total, None, None, None))
    chosen = source.chosen()
    for mean, _ in chosen:
        kind = source.manifest.experiments.get(mean.experiment)
        label = f"{mean.name} ({kind})" if kind else mean.name
        rows.append((label, mean.alpha, None, HERE, source.data_set(), *_interval(source, mean),
                     source.benchmark["targets"]))  # fmt: skip
    return ThesisTable(
        name="table-5.9",
        title="Trackers on OTB2015 (thesis Table 5.9)",
        header=("tracker", "α", "training data", "source", "data set", "success AUC", *INTERVAL,
                "sequences"),
        rows=tuple(rows),
        digits={"α": None},
        note=sentences(
            published.PRINTING_ERRORS["5.9"],
            "Only numbers of the same data set can be compared.",
            _choices(source), source.here() if chosen else source.without("tracker"),
        ),
    )  # fmt: skip


def _choices(source: Source) -> str:
    """A sentence where an alpha was chosen on the sequences that it is shown on."""
    names = [mean.experiment for mean, way in source.chosen() if way == ON_THESE]
    if not names:
        return ""
    return (
        f"Experiment {', '.join(names)}: the best α, chosen {ON_THESE}, which makes the number "
        "larger than another set of sequences would."
    )
