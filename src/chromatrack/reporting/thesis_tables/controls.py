"""The table of controls: what can be said of each experiment, and of what it rests on."""

from __future__ import annotations

from chromatrack.reporting.thesis_tables.source import Part, Source
from chromatrack.reporting.thesis_tables.table import Cell, ThesisTable, scaled, sentences

HEADER = (
    "experiment", "kind", "α chosen", "α",
    "difference", "low", "high", "p", "p (Holm)", "spread over targets", "spread over seeds",
    "share better", "share equivalent", "share worse", "smallest difference, power 0.8",
    "most influential target", "difference without it",
    "gain, α of the test set", "gain, α of validation", "gain, α crossed",
    "choosing on the test set gave", "p of the best α (one-sided)",
    "only baseline right", "only auxiliary right", "oracle gain",
    "against controls", "verdict",
)  # fmt: skip


def controls(source: Source) -> ThesisTable:
    """One row per experiment of the statistics."""
    said = source.statistics
    factor = said.number("measure", "scale") or 1.0
    digits = said.number("measure", "digits")
    digits = 3 if digits is None else int(digits)
    experiments = said.part("experiments").items()
    rows = [_row(name, one, factor, digits) for name, one in experiments.items()]
    data_set = said.text("title") or source.manifest.heading
    return ThesisTable(
        name="controls",
        title=f"What can be told of each experiment: {data_set}",
        header=HEADER,
        rows=tuple(rows),
        note=sentences(*_note(source, bool(rows))),
        digits={"α": None},
        turned=True,
    )


def _row(name: str, one: Part, factor: float, digits: int) -> tuple[Cell, ...]:
    def value(*keys: str) -> float | None:
        return scaled(one.number(*keys), factor)

    compared, influential = ("comparison",), ("comparison", "most_influential")
    against = [_held(control, part, factor, digits) for control, part in
               one.part("against").items().items()]  # fmt: skip
    return (
        name, one.text("kind"), one.text("chosen", "way"), one.cell("chosen", "alpha"),
        *(value(*compared, "difference", end) for end in ("mean", "low", "high")),
        one.number(*compared, "p"), one.number(*compared, "holm_p"),
        *(value(*compared, "difference", key) for key in ("target_spread", "seed_spread")),
        *(one.number(*compared, "shares", key) for key in ("better", "equivalent", "worse")),
        value(*compared, "smallest_difference"),
        one.text(*influential, "target"), value(*influential, "mean"),
        *(value("ways", way, "mean") for way in ("test", "validation", "crossed")),
        value("choosing_on_test_gave"), one.number("best_of_p"),
        *(one.number("complementary", key) for key in ("only_baseline", "only_auxiliary")),
        value("complementary", "oracle_gain"),
        "; ".join(against), one.text("verdict"),
    )  # fmt: skip


def _held(control: str, part: Part, factor: float, digits: int) -> str:
    """One control in words: `3: +0.010 [-0.020, +0.040], p 0.40 (0.80 by Holm)`."""

    def signed(end: str) -> str:
        value = scaled(part.number("difference", end), factor)
        return "–" if value is None else f"{value:+.{digits}f}"

    def chance(key: str) -> str:
        p = part.number(key)
        return "–" if p is None else f"{p:.2f}" if p >= 0.01 else f"{p:.4f}"

    return (
        f"{control}: {signed('mean')} [{signed('low')}, {signed('high')}], "
        f"p {chance('p')} ({chance('holm_p')} by Holm)"
    )


def _note(source: Source, rows: bool) -> list[str]:
    if not rows:
        return ["There are no statistics of experiments: they are read from --statistics."]
    said = source.statistics
    measure, margin, targets = (
        said.text("measure", "title"),
        said.number("margin"),
        said.number("targets"),
    )
    unit = said.text("unit") or "target"
    about = [
        f"Differences are of {measure or 'the first measure'} to the baseline of the same seed"
        + (f", over {targets:g} {unit}s" if targets is not None else "")
        + ", with 95 % intervals.",
        f"Equivalent: by no more than {margin:g}." if margin is not None else "",
        "Chosen on the test set, an α flatters itself: hence the other two ways beside it. Only "
        "baseline (auxiliary) right and oracle gain say how far the two branches could help each "
        "other; the oracle looks at the answer, so that its gain is an upper bound.",
        "p is two-sided, but for the best α, of which only a gain is asked.",
        said.text("headline"),
        source.here(),
    ]
    return about
