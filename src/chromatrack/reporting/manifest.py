"""The manifest: one JSON file that lists what `summary`, `figures` and `page` are to show.

Its keys are the fields of `Manifest`, and those of the classes above it. Only `title` is required;
a part that is missing is left out of the page. Paths are relative to the working directory, as
everywhere on the command line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml

from chromatrack.configuration import TOO_DEEP, build
from chromatrack.errors import InputError
from chromatrack.files import read_json
from chromatrack.settings.checks import require
from chromatrack.settings.experiments import BASELINE, UNTRAINED

BASELINE_LABEL = "SiamFC (baseline)"
"""What readers see of it, in every table, legend and list; sentences say "the baseline"."""

Alpha = float | Literal["learned"] | None
"""Weight of the colorization branch."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One tracker on the benchmark of the summary, or on the set that alphas are chosen on."""

    tracker: str
    """Its name, such as "exp2-alpha0.3-seed0"."""
    experiment: str
    """The name of its experiment; or "baseline", "classical", "own"."""
    alpha: Alpha = None
    """None for the baseline, and for a tracker that is of no experiment."""
    seed: int | None
    """None for a tracker that is of no experiment."""
    evaluation: Path
    """Its scores: written by `chromatrack evaluate`."""
    run: Path | None = None
    """Written by `chromatrack run`; its `made_by` has the digest of the checkpoint."""

    def __post_init__(self) -> None:
        _check_alpha(self.alpha)
        trained = self.experiment not in UNTRAINED
        wanted = "a whole number" if trained else "null"
        require(
            trained == (self.seed is not None),
            f"seed: expected {wanted} for the experiment {self.experiment!r}, got {self.seed}",
        )
        require(
            self.alpha is not None or self.experiment in (BASELINE, *UNTRAINED),
            f"alpha: expected an alpha for the experiment {self.experiment!r}; only the "
            f"{BASELINE!r} has none",
        )


def _check_alpha(alpha: Alpha) -> None:
    number = isinstance(alpha, int | float)
    require(
        not number or 0 <= alpha <= 1,
        f'alpha: expected 0 to 1, "learned" or null, got {alpha}',
    )


@dataclass(frozen=True)
class Plan:
    """What was laid down of an experiment before it was run."""

    alpha: Alpha = None
    """That its verdict is about; None: chosen by the run."""
    controls: tuple[str, ...] = ()
    """Experiments that it is a control of."""
    claim: bool = True
    """Whether the answer of the run is about it."""

    def __post_init__(self) -> None:
        _check_alpha(self.alpha)


@dataclass(frozen=True)
class Evaluated:
    """What a benchmark says of its trackers by one protocol."""

    benchmark: str
    """Its name, such as "vot"."""
    protocol: str
    """Such as "restarted"."""
    trackers: Mapping[str, Path]
    """Title -> its scores: written by `chromatrack evaluate`."""
    untrained: Mapping[str, str] = field(default_factory=dict)
    """Title of a network -> title of the same with random weights."""

    def __post_init__(self) -> None:
        for title in (*self.untrained, *self.untrained.values()):
            require(title in self.trackers, f"untrained: {title!r} is none of its trackers")


@dataclass(frozen=True)
class Difference:
    """A key of the configuration that is not the thesis's."""

    key: str
    """Such as "siamfc.epochs"."""
    here: str
    """Its value in the run."""
    thesis: str
    """Its value in the thesis."""


@dataclass(frozen=True)
class Picture:
    """A picture of the page."""

    caption: str
    png: Path


@dataclass(frozen=True)
class Manifest:
    """All that the report of a run shows; see the module."""

    title: str
    """Name of the data set, printed on every table, plot and page."""
    synthetic: bool = False
    """Whether the data was made by this project."""
    cut: str | None = None
    """How the benchmark of the summary was shortened: "first 150 frames of each sequence"."""
    notes: tuple[str, ...] = ()
    """Sentences for the page."""
    experiments: Mapping[str, str] = field(default_factory=dict)
    """Name -> what the experiment is, such as "fine-tuned, resnet18, pretrained"."""
    plans: Mapping[str, Plan] = field(default_factory=dict)
    """Name of an experiment -> what was laid down of it."""
    rows: tuple[Row, ...] = ()
    """The trackers of the summary, all on one benchmark."""
    validation: tuple[Row, ...] = ()
    """The trackers on the set that alphas are chosen on."""
    statistics: Path | None = None
    """Written by `chromatrack statistics`."""
    summary_csv: Path | None = None
    """Written by `chromatrack summary`."""
    evaluations: tuple[Evaluated, ...] = ()
    """What each benchmark says of its trackers, by each protocol."""
    ledgers: tuple[Path, ...] = ()
    """Of clips: CSV with the columns label, status, permanent."""
    lab_statistics: Path | None = None
    """Mean, standard deviation and number of frames: written by `chromatrack lab-statistics`."""
    label_analysis: Path | None = None
    """analysis.json: written by `chromatrack analyze-labels`."""
    tuned: Mapping[str, Path] = field(default_factory=dict)
    """Name of a tracker -> what a search for its settings found: written by `chromatrack tune`."""
    score_statistics: Mapping[str, Path] = field(default_factory=dict)
    """Name of a network -> written by `chromatrack response-statistics`."""
    curves: Mapping[str, Path] = field(default_factory=dict)
    """Name of a training -> CSV with the columns step, loss, ...; names that are the same up to
    their first "/" share one plot."""
    pictures: tuple[Picture, ...] = ()
    """Colour labels, coloured frames, and the figures of the single-video test."""
    differences: tuple[Difference, ...] = ()
    """Where the configuration is not the thesis's."""
    usage: Path | None = None
    """Folder of Snakemake's `benchmark:` files."""
    strips: Path | None = None
    """Written by `chromatrack strips`."""
    maps: Path | None = None
    """Written by `chromatrack score-maps`."""
    similarity: Path | None = None
    """Written by `chromatrack similarity`."""
    config: str | None = None
    """The configuration of the run, as YAML."""

    def __post_init__(self) -> None:
        require(
            self.config is None or _is_mapping(self.config),
            f"config: expected YAML of keys and values, got {self.config!r:.60}",
        )

    @property
    def heading(self) -> str:
        """The title with what must not be overlooked."""
        said = "synthetic" in self.title.casefold()
        remarks = ["synthetic"] if self.synthetic and not said else []
        remarks += [self.cut] if self.cut else []
        return f"{self.title} ({'; '.join(remarks)})" if remarks else self.title

    def extent(self, scores: Mapping[str, Any]) -> str:
        """What the scores of another benchmark than the summary's are about.

        Args:
            scores: a scores.json.
        """
        limit = scores.get("frames_limit")
        parts = [f"{scores['targets']} {scores['unit']}{'' if scores['targets'] == 1 else 's'}"]
        parts += [f"first {limit} frames of each sequence"] if limit else []
        parts += ["synthetic"] if self.synthetic else []
        return ", ".join(parts)

    def scores(self) -> list[Path]:
        """The files of scores and runs that it names."""
        rows = (*self.rows, *self.validation)
        found = [path for row in rows for path in (row.evaluation, row.run) if path is not None]
        return [*found, *(path for one in self.evaluations for path in one.trackers.values())]

    @property
    def configuration(self) -> Mapping[str, Any]:
        """What `config` says; empty where none was kept."""
        return yaml.safe_load(self.config or "") or {}


def _is_mapping(text: str) -> bool:
    """Whether a text is YAML of keys and values, or empty."""
    try:
        read = False if TOO_DEEP.search(text) else yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError):
        return False
    return read is None or isinstance(read, dict)


def read_manifest(path: str | Path) -> Manifest:
    """Read and check a manifest.

    Raises:
        InputError: names the file, and the key that is unknown, missing or of the wrong kind.
    """
    value = read_json(path)
    try:
        return build(Manifest, value, exact=True)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
