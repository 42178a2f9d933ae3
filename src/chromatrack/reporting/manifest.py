"""The manifest: one JSON file that lists what `summary`, `figures` and `page` are to show.

Paths are relative to the working directory, as everywhere on the command line. Only `title` is
required; a part that is missing is left out of the page.

    {
      "title": "name of the data set, printed on every table, plot and page",
      "synthetic": true,                        // the data was made by this project
      "cut": "first 150 frames of each sequence",  // how the benchmark was shortened, or null
      "notes": ["sentence", ...],
      "experiments": {"2": "fine-tuned, resnet18, pretrained"},  // what each of them is
      "plans": {"2": {"alpha": 0.3, "controls": [], "claim": true}},  // chosen beforehand, or
                                                //   null; the experiments that it is a control of
      "rows": [                                 // one per tracker; the baseline has no alpha
        {"tracker": "siamfc", "experiment": "baseline", "alpha": null, "seed": 0,
         "evaluation": "....json",              // written by `chromatrack evaluate otb`
         "run": "....json"},                    // made_by: digest of the checkpoint; or null
        {"tracker": "...", "experiment": "2", "alpha": 0.3, "seed": 0, ...}, // or "learned"
        {"tracker": "kcf", "experiment": "classical", "alpha": null, "seed": null, ...},
        {"tracker": "SRDCF", "experiment": "own", "alpha": null, "seed": null, ...}
      ],                                        // all on one benchmark, that of the summary
      "validation": [...],                      // rows on the set that alphas are chosen on
      "statistics": "....json",                 // written by `chromatrack statistics`
      "summary_csv": "....csv",                 // written by `chromatrack summary`
      "evaluations": [                          // what each benchmark says of its trackers
        {"benchmark": "vot", "protocol": "restarted",
         "trackers": {"siamfc": "....json"},    // title -> written by `chromatrack evaluate`
         "untrained": {"title": "title"}},      // a network -> the same with random weights
        ...
      ],
      "ledgers": ["....csv"],                   // of clips: columns label, status, permanent
      "lab_statistics": "....json",             // mean, std, frames
      "label_analysis": ".../analysis.json",    // written by `chromatrack analyze-labels`
      "tuned": {"exp1-seed0": "....json"},      // written by `chromatrack tune`
      "score_statistics": {"resnet18": "....json"},  // siamfc, auxiliary: mean, std; pairs
      "curves": {"colorization/resnet18": "....csv"},  // columns step, loss, ...; what stands
                                                //   before the first "/" shares one plot
      "pictures": [{"caption": "...", "png": "....png"}],
      "strips": "....json",                     // written by `chromatrack strips`
      "maps": "....json",                       // written by `chromatrack score-maps`
      "similarity": "....json",                 // written by `chromatrack similarity`
      "differences": [{"key": "...", "here": "...", "thesis": "..."}],  // of the configuration
      "usage": "DIR",                           // of Snakemake's `benchmark:` files
      "config": "the configuration as text (YAML)"
    }
"""

from __future__ import annotations

import dataclasses
import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from chromatrack.configuration import TOO_DEEP
from chromatrack.errors import InputError
from chromatrack.files import read_json
from chromatrack.settings.experiments import BASELINE, UNTRAINED

BASELINE_LABEL = "SiamFC (baseline)"
"""What readers see of it, in every table, legend and list; sentences say "the baseline"."""


@dataclass(frozen=True)
class Row:
    """One tracker on the benchmark of the summary."""

    tracker: str
    experiment: str
    alpha: float | str | None
    """Weight of the colorization branch, "learned", or None for the baseline."""
    seed: int | None
    """None for a tracker that is of no experiment."""
    evaluation: Path
    run: Path | None = None


@dataclass(frozen=True)
class Plan:
    """What was laid down of an experiment before it was run."""

    alpha: float | str | None = None
    """That its verdict is about; None: chosen by the run."""
    controls: tuple[str, ...] = ()
    """Experiments that it is a control of."""
    claim: bool = True
    """Whether the answer of the run is about it."""


@dataclass(frozen=True)
class Evaluated:
    """What a benchmark says of its trackers by one protocol."""

    benchmark: str
    protocol: str
    trackers: Mapping[str, Path]
    """Title -> scores.json."""
    untrained: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Title of a network -> title of the same with random weights."""


@dataclass(frozen=True)
class Difference:
    """A key of the configuration that is not the thesis's."""

    key: str
    here: str
    thesis: str


@dataclass(frozen=True)
class Picture:
    caption: str
    png: Path


@dataclass(frozen=True)
class Manifest:
    """See the module."""

    title: str
    synthetic: bool = False
    cut: str | None = None
    notes: tuple[str, ...] = ()
    experiments: Mapping[str, str] = dataclasses.field(default_factory=dict)
    plans: Mapping[str, Plan] = dataclasses.field(default_factory=dict)
    rows: tuple[Row, ...] = ()
    validation: tuple[Row, ...] = ()
    statistics: Path | None = None
    summary_csv: Path | None = None
    evaluations: tuple[Evaluated, ...] = ()
    ledgers: tuple[Path, ...] = ()
    lab_statistics: Path | None = None
    label_analysis: Path | None = None
    tuned: Mapping[str, Path] = dataclasses.field(default_factory=dict)
    score_statistics: Mapping[str, Path] = dataclasses.field(default_factory=dict)
    curves: Mapping[str, Path] = dataclasses.field(default_factory=dict)
    pictures: tuple[Picture, ...] = ()
    strips: Path | None = None
    maps: Path | None = None
    similarity: Path | None = None
    differences: tuple[Difference, ...] = ()
    usage: Path | None = None
    config: str | None = None

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

    @property
    def configuration(self) -> Mapping[str, Any]:
        """What `config` says; empty where none was kept."""
        return yaml.safe_load(self.config or "") or {}


def read_manifest(path: str | Path) -> Manifest:
    """Read and check a manifest.

    Raises:
        InputError: names the key that is unknown, missing or of the wrong kind.
    """
    value = _keys(read_json(path), Manifest, str(path))
    _require(value, ("title",), str(path))
    readers = {
        "title": _text, "synthetic": _flag, "cut": _optional(_text), "notes": _list(_text),
        "experiments": _named(_text), "plans": _named(_plan), "rows": _list(_row),
        "validation": _list(_row), "statistics": _optional(_path),
        "summary_csv": _optional(_path),
        "evaluations": _list(_evaluated),
        "ledgers": _list(_path),
        "lab_statistics": _optional(_path), "label_analysis": _optional(_path),
        "tuned": _named(_path),
        "score_statistics": _named(_path), "curves": _named(_path), "pictures": _list(_picture),
        "strips": _optional(_path), "maps": _optional(_path), "similarity": _optional(_path),
        "differences": _list(_difference), "usage": _optional(_path),
        "config": _optional(_yaml),
    }  # fmt: skip
    return Manifest(**{key: readers[key](item, f"{path}: {key}") for key, item in value.items()})


def _keys(value: Any, kind: type, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InputError(f"{where}: expected an object, got {_shown(value)}")
    names = [field.name for field in dataclasses.fields(kind)]
    for key in value:
        if key not in names:
            near = difflib.get_close_matches(key, names, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}?" if near else f"valid keys are {', '.join(names)}"
            raise InputError(f"{where}: unknown key {key!r}; {hint}")
    return value


def _require(value: Mapping[str, Any], keys: tuple[str, ...], where: str) -> None:
    for key in keys:
        if key not in value:
            raise InputError(f"{where}: missing key {key!r}")


def _shown(value: Any) -> str:
    return f"{json.dumps(value):.60}"


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise InputError(f"{where}: expected text, got {_shown(value)}")
    return value


def _yaml(value: Any, where: str) -> str:
    try:
        read = False if TOO_DEEP.search(_text(value, where)) else yaml.safe_load(value)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError):
        read = False
    if read is not None and not isinstance(read, dict):
        raise InputError(f"{where}: expected YAML of keys and values, got {_shown(value)}")
    return value


def _path(value: Any, where: str) -> Path:
    if not isinstance(value, str) or not value:
        raise InputError(f"{where}: expected the path of a file, got {_shown(value)}")
    return Path(value)


def _flag(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise InputError(f"{where}: expected true or false, got {_shown(value)}")
    return value


def _optional(reader):
    return lambda value, where: None if value is None else reader(value, where)


def _list(reader):
    def read(value: Any, where: str) -> tuple:
        if not isinstance(value, list):
            raise InputError(f"{where}: expected a list, got {_shown(value)}")
        return tuple(reader(item, f"{where}[{index}]") for index, item in enumerate(value))

    return read


def _named(reader):
    def read(value: Any, where: str) -> dict:
        if not isinstance(value, dict):
            raise InputError(f"{where}: expected names and paths, got {_shown(value)}")
        return {name: reader(item, f"{where}.{name}") for name, item in value.items()}

    return read


def _alpha(value: Any, where: str) -> float | str | None:
    number = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
    if not (value is None or value == "learned" or number):
        raise InputError(f'{where}: expected 0 to 1, "learned" or null, got {_shown(value)}')
    return float(value) if number else value


def _plan(value: Any, where: str) -> Plan:
    value = _keys(value, Plan, where)
    return Plan(
        alpha=_alpha(value.get("alpha"), f"{where}.alpha"),
        controls=_list(_text)(value.get("controls", []), f"{where}.controls"),
        claim=_flag(value.get("claim", True), f"{where}.claim"),
    )


def _row(value: Any, where: str) -> Row:
    value = _keys(value, Row, where)
    _require(value, ("tracker", "experiment", "seed", "evaluation"), where)
    alpha, seed = _alpha(value.get("alpha"), f"{where}.alpha"), value["seed"]
    experiment = _text(value["experiment"], f"{where}.experiment")
    trained = experiment not in UNTRAINED
    if trained != isinstance(seed, int) or isinstance(seed, bool):
        wanted = "a whole number" if trained else "null"
        raise InputError(f"{where}.seed: expected {wanted}, got {_shown(seed)}")
    if alpha is None and experiment not in (BASELINE, *UNTRAINED):
        raise InputError(f"{where}: expected an alpha; only the {BASELINE!r} has none")
    return Row(
        tracker=_text(value["tracker"], f"{where}.tracker"),
        experiment=experiment,
        alpha=alpha,
        seed=seed,
        evaluation=_path(value["evaluation"], f"{where}.evaluation"),
        run=_optional(_path)(value.get("run"), f"{where}.run"),
    )


def _evaluated(value: Any, where: str) -> Evaluated:
    value = _keys(value, Evaluated, where)
    _require(value, ("benchmark", "protocol", "trackers"), where)
    return Evaluated(
        benchmark=_text(value["benchmark"], f"{where}.benchmark"),
        protocol=_text(value["protocol"], f"{where}.protocol"),
        trackers=_named(_path)(value["trackers"], f"{where}.trackers"),
        untrained=_untrained(value, where),
    )


def _untrained(value: Mapping[str, Any], where: str) -> dict[str, str]:
    pairs = _named(_text)(value.get("untrained", {}), f"{where}.untrained")
    for title in (*pairs, *pairs.values()):
        if title not in value["trackers"]:
            raise InputError(f"{where}.untrained: {title!r} is none of its trackers")
    return pairs


def _difference(value: Any, where: str) -> Difference:
    value = _keys(value, Difference, where)
    _require(value, ("key", "here", "thesis"), where)
    return Difference(**{key: _text(text, f"{where}.{key}") for key, text in value.items()})


def _picture(value: Any, where: str) -> Picture:
    value = _keys(value, Picture, where)
    _require(value, ("caption", "png"), where)
    return Picture(_text(value["caption"], f"{where}.caption"), _path(value["png"], f"{where}.png"))
