"""What is shown beside the thesis's numbers: success, attributes, score maps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chromatrack import published
from chromatrack.reporting.manifest import BASELINE_LABEL
from chromatrack.reporting.scores import Mean, alpha_text, one_of_each, seeds_told
from chromatrack.reporting.tables import Line, Table, number
from chromatrack.settings.experiments import BASELINE


def beside_the_thesis(means: Sequence[Mean], kinds: Mapping[str, str]) -> Table:
    """Our success AUC and the published one for every experiment and alpha that either has.

    Args:
        kinds: what each experiment is, for the second column.
    """
    means = [mean for mean in means if mean.tracker is None]
    own = {(mean.experiment, mean.alpha): mean.score for mean in means}
    keys = list(own)
    for name in dict.fromkeys(mean.experiment for mean in means):
        keys += [(name, alpha) for alpha in published.OTB2015_SUCCESS.get(name, {})]
    names = list(dict.fromkeys(name for name, _ in keys))
    lines = []
    for name, alpha in sorted(set(keys), key=lambda key: (names.index(key[0]), *_order(key[1]))):
        reference = published.OTB2015_SUCCESS.get(name, {}).get(alpha)
        if name == BASELINE:
            reference = published.BASELINE_SUCCESS
        lines.append(
            Line((
                BASELINE_LABEL if name == BASELINE else f"experiment {name}",
                kinds.get(name, ""), alpha_text(alpha),
                number(own.get((name, alpha))), number(reference),
            ))
        )  # fmt: skip
    return Table(
        ("tracker", "kind", "α", "here", "thesis, OTB2015"),
        tuple(lines),
        "The thesis prints only some values of α. Compare its column with ours only where the data "
        f"set is OTB2015 and the training was the thesis's.{seeds_told(means)}",
        text_columns=2,
    )


def _order(alpha: float | str | None) -> tuple:
    return (not isinstance(alpha, float), alpha if isinstance(alpha, float) else 0.0)


def attributes(means: Sequence[Mean], alphas: Mapping[str, float | str | None]) -> Table:
    """Success AUC per attribute of each experiment at one alpha (thesis Table 5.7).

    Args:
        alphas: those that the verdict is about; None where they differ from target to target.
            Without one, the best of these sequences.
    """
    lines = []
    for mean in one_of_each(means, alphas):
        scores = [mean.attributes.get(key) for key in published.ATTRIBUTES]
        lines.append(_attribute_line(mean.name, mean.alpha, mean.score, scores))
        if mean.experiment in published.ATTRIBUTE_SUCCESS:
            alpha, total, reference = published.ATTRIBUTE_SUCCESS[mean.experiment]
            name, scores = f"thesis: {mean.name}", list(reference.values())
            lines.append(_attribute_line(name, alpha, total, scores, reference=True))
    differing = [name for name, alpha in alphas.items() if alpha is None]
    best, thesis = (
        "Best α of each experiment by success AUC, chosen on these sequences themselves. "
        if len(differing) == len(alphas) else
        "Each experiment at the α of its verdict. " + (
            f"That of {', '.join(differing)} differs from target to target: shown is its best one, "
            "chosen on these sequences themselves. " if differing else ""
        ),
        f" {published.PRINTING_ERRORS['5.7']}",
    ) if any(mean.tracker is None for mean in means) else ("", "")  # fmt: skip
    return Table(
        ("tracker", "α", "all", *published.ATTRIBUTES),
        tuple(lines),
        f"{best}{published.ATTRIBUTES_MEAN}. A dash: no sequence shows it.{thesis}"
        f"{seeds_told(means)}",
    )


def _attribute_line(
    name: str,
    alpha: float | str | None,
    total: float,
    scores: Iterable[float | None],
    *,
    reference: bool = False,
) -> Line:
    return Line((name, alpha_text(alpha), number(total), *map(number, scores)), reference)


def score_statistics(statistics: Mapping[str, Mapping[str, Any]]) -> Table:
    """Mean and standard deviation of the score maps of each branch (eq. 4.1).

    Args:
        statistics: name of an auxiliary network -> its file of score-map statistics, which has the
            thesis's numbers of the same trunk.
    """
    lines = []
    for name, entry in statistics.items():
        for branch, title in {"siamfc": "SiamFC", "auxiliary": "auxiliary"}.items():
            own, reference = entry[branch], entry["thesis"][branch] or {}
            lines.append(
                Line((
                    f"{name}: {title}",
                    number(own["mean"], 2), number(reference.get("mean"), 2),
                    number(own["std"], 2), number(reference.get("std"), 2),
                    str(entry["pairs"]),
                ))
            )  # fmt: skip
    return Table(
        ("branch", "mean", "thesis, mean", "standard deviation", "thesis, deviation", "pairs"),
        tuple(lines),
        "The thesis measured in training mode with batches of one; here the networks are in the "
        "mode in which they track, unless the configuration says otherwise.",
    )
