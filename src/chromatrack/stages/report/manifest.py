"""Stage 9: what the table, the plots and the page of a run are made of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml

from chromatrack.configuration import as_plain
from chromatrack.experiments import TrackerSpec, got10k_trackers, segmentations, trackers, trunks
from chromatrack.files import read_json, write_json
from chromatrack.layout import run_folder
from chromatrack.reporting.manifest import BASELINE, CLASSICAL
from chromatrack.settings import ExperimentSettings, Settings


def write_manifest(
    settings: Settings,
    output: Path,
    *,
    ledgers: Sequence[Path],
    pictures: Path | None,
    single_video: Path | None = None,
) -> None:
    """List the files of a finished run; the keys are described in `reporting/manifest.py`.

    Args:
        ledgers: ledgers of all shards.
        pictures: index written by `draw_pictures`.
        single_video: index written by `memorize_clip`.
    """
    run = run_folder(settings)
    specs = trackers(settings)
    seeds = settings.seeds
    colorizations = [
        f"{trunk}-pretrained-seed{seed}" for trunk in trunks(settings) for seed in seeds
    ]
    manifest = {
        "title": settings.data.title,
        "synthetic": settings.data.demo,
        "cut": _cut(settings),
        "notes": notes(settings),
        "experiments": {name: _kind(e) for name, e in settings.experiments.items()},
        "rows": [_row(spec, run) for spec in specs]
        + [_classical_row(name, run) for name in settings.baselines],
        "summary_csv": str(run / "report" / "otb2015_summary.csv"),
        "figures": str(run / "report" / "figures" / "figures.json"),
        "davis": {
            spec.title: str(run / "davis" / spec.name / "scores.json")
            for spec in segmentations(settings)
        },
        "vot": {
            name: str(run / "vot" / f"{name}.json")
            for name in [*(spec.name for spec in specs), *settings.baselines]
        },
        "got10k": {
            name: str(run / "got10k" / name / "scores.json") for name in got10k_trackers(settings)
        },
        "ledgers": [str(path) for path in ledgers],
        "lab_statistics": str(run / "labels" / "statistics.json"),
        "label_analysis": str(run / "label_analysis" / "analysis.json"),
        "score_statistics": {
            name: str(run / "statistics" / f"{name}.json")
            for name in dict.fromkeys(
                f"{spec.colorization}-seed{spec.seed}" for spec in specs if spec.settings
            )
        },
        "curves": {
            **{f"SiamFC/seed {s}": str(run / f"siamfc/seed{s}/metrics.csv") for s in seeds},
            **{
                f"Colorization/{name}": str(run / "colorization" / name / "metrics.csv")
                for name in colorizations
            },
            **{
                f"Experiment {spec.experiment}/alpha {spec.alpha}, seed {spec.seed}": str(
                    run / "fused" / spec.name / "metrics.csv"
                )
                for spec in specs
                if spec.settings and spec.settings.train
            },
        },
        "pictures": [*(read_json(pictures) if pictures else []), *_memorized(single_video)],
        "config": yaml.safe_dump(as_plain(settings), sort_keys=False, allow_unicode=True),
    }
    write_json(output, manifest)


def _memorized(index: Path | None) -> list[dict[str, str]]:
    """The figures of the single-video test as pictures of the page (thesis 5.3.3)."""
    if index is None:
        return []
    return [
        {
            "caption": f"{figure['title']}. {figure['caption']}",
            "png": str(index.parent / figure["png"]),
        }
        for figure in read_json(index)["figures"]
    ]


def notes(settings: Settings) -> list[str]:
    """Sentences that say where the run is smaller than the thesis's."""
    thesis = Settings(run="thesis", data=settings.data)
    pairs = [
        ("SiamFC channels", settings.siamfc.width, thesis.siamfc.width, "x"),
        ("Colorization channels", settings.colorization.width, thesis.colorization.width, "x"),
        ("Colorization steps", settings.colorization.steps, thesis.colorization.steps, ""),
        ("SiamFC pairs", _pairs(settings.siamfc), _pairs(thesis.siamfc), ""),
        ("Fine-tuning pairs", _pairs(settings.fine_tune), _pairs(thesis.fine_tune), ""),
        ("Trainings per tracker", len(settings.seeds), 1, ""),
    ]
    return [
        f"{what}: {here:,g}{unit}, in the thesis {there:,g}{unit}."
        for what, here, there, unit in pairs
        if here != there
    ]


def _kind(experiment: ExperimentSettings) -> str:
    done = "fine-tuned" if experiment.train else "test only"
    return f"{done}, {experiment.trunk}, {experiment.weights}"


def _pairs(training) -> int:
    return training.epochs * training.pairs_per_epoch


def _cut(settings: Settings) -> str | None:
    frames = settings.data.otb_max_frames
    return None if frames is None else f"first {frames} frames of each sequence"


def _row(spec: TrackerSpec, run: Path) -> dict:
    return {
        "tracker": spec.name,
        "experiment": BASELINE if spec.settings is None else spec.experiment,
        "alpha": spec.alpha,
        "seed": spec.seed,
        "evaluation": str(run / "otb" / spec.name / "scores.json"),
        "run": str(run / "otb" / spec.name / "run.json"),
    }


def _classical_row(name: str, run: Path) -> dict:
    return {
        "tracker": name,
        "experiment": CLASSICAL,
        "alpha": None,
        "seed": None,
        "evaluation": str(run / "otb" / name / "scores.json"),
        "run": str(run / "otb" / name / "run.json"),
    }
