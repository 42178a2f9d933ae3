"""Stage 9: what the table, the plots and the page of a run are made of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml

from chromatrack.configuration import flat, shown
from chromatrack.evaluation import sets
from chromatrack.evaluation.benchmark import Benchmark
from chromatrack.files import read_json, write_json
from chromatrack.plan.experiments import (
    TrackerSpec,
    evaluations,
    networks,
    of_benchmark,
    second_seeds,
    trackers,
    trunks,
    tuned,
)
from chromatrack.plan.layout import has_clips, main_benchmark, protocols, trains_siamfc
from chromatrack.plan.places import Places
from chromatrack.plan.slices import reported_plain
from chromatrack.settings import ExperimentSettings, Settings
from chromatrack.settings.experiments import UNTRAINED


def write_manifest(
    settings: Settings,
    output: Path,
    *,
    ledgers: Sequence[Path] = (),
    pictures: Path | None = None,
    single_video: Path | None = None,
    strips: Path | None = None,
    maps: Path | None = None,
    similarity: Path | None = None,
) -> None:
    """List the files of a finished run; the keys are described in `reporting/manifest.py`.

    Args:
        ledgers: ledgers of all shards; none where the run has no clips.
        pictures: index written by `draw_pictures`.
        single_video: index written by `memorize_clip`.
        strips, maps, similarity: written by `make_strips`, `make_score_maps`, `make_similarity`.
    """
    places = Places(settings.run)
    clips = bool(ledgers)
    manifest = {
        "title": settings.data.title,
        "synthetic": settings.data.demo,
        "cut": _cut(settings),
        "notes": left_out(settings),
        "experiments": {name: _kind(e) for name, e in settings.experiments.items()},
        "plans": {
            name: {
                "alpha": e.alpha,
                "controls": list(e.controls),
                "claim": e.claim and not e.controls,
            }
            for name, e in settings.experiments.items()
        },
        "rows": _rows(settings, places, main_benchmark(settings)),
        "validation": _rows(settings, places, chosen_on(settings)),
        "statistics": places.verdicts,
        "summary_csv": places.table,
        "evaluations": [
            {
                "benchmark": benchmark.name,
                "protocol": protocol,
                "trackers": {
                    spec.title: places.scores(benchmark.name, protocol, spec.name) for spec in specs
                },
                "untrained": beside_untrained(specs),
            }
            for benchmark, protocol, specs in evaluations(settings)
            if benchmark.measures
        ],
        "ledgers": [str(path) for path in ledgers],
        "lab_statistics": places.lab_statistics if clips else None,
        "label_analysis": places.label_analysis("analysis.json") if clips else None,
        "tuned": _tuned(settings, places),
        "score_statistics": {name: places.statistics(name) for name in networks(settings)},
        "curves": _curves(settings, places),
        "pictures": [*(read_json(pictures) if pictures else []), *_memorized(single_video)],
        "differences": differences(settings),
        "usage": places.usage_folder,
        "strips": strips and str(strips),
        "maps": maps and str(maps),
        "similarity": similarity and str(similarity),
        "config": yaml.safe_dump(reported_plain(settings), sort_keys=False, allow_unicode=True),
    }
    write_json(output, manifest)


def beside_untrained(specs: Sequence[TrackerSpec]) -> dict[str, str]:
    """Title of each pretrained network -> title of the same network with random weights."""
    titles = {spec.name: spec.title for spec in specs}
    return {spec.title: titles[spec.untrained] for spec in specs if spec.untrained}


def _tuned(settings: Settings, places: Places) -> dict[str, str]:
    """What searches for settings wrote, by the names of their trackers."""
    found = {name: places.tuned(name) for name in tuned(settings)}
    given = settings.tune.result
    return {**found, "the settings of this run": given} if given else found


def chosen_on(settings: Settings) -> Benchmark | None:
    """The set that alphas are chosen on: GOT-10k val, where the run has all its trackers on it."""
    given = settings.benchmarks.get("got10k")
    if given is None or given.trackers != "all" or not settings.experiments:
        return None
    benchmark = sets.get("got10k")
    main = main_benchmark(settings)
    usable = benchmark.measures and main is not None and main.name != benchmark.name
    return benchmark if usable else None


def _rows(settings: Settings, places: Places, benchmark: Benchmark | None) -> list[dict]:
    """Trackers on a benchmark."""
    if benchmark is None:
        return []
    protocol = protocols(settings, benchmark.name)[0]
    return [
        {
            "tracker": spec.name,
            "experiment": spec.experiment,
            "alpha": spec.alpha,
            "seed": spec.seed if spec.experiment not in UNTRAINED else None,
            "evaluation": places.scores(benchmark.name, protocol, spec.name),
            "run": places.run_file(benchmark.name, protocol, spec.name)
            if benchmark.gives == "boxes"
            else None,
        }
        for spec in of_benchmark(settings, benchmark, protocol)
    ]


def _curves(settings: Settings, places: Places) -> dict[str, str]:
    """Learning curves of the trainings of the run."""
    curves = {}
    if trains_siamfc(settings):
        for seed in settings.seeds:
            curves[f"SiamFC/seed {seed}"] = places.siamfc(seed, "metrics.csv")
        for seed in second_seeds(settings):
            curves[f"SiamFC/second, seed {seed}"] = places.siamfc(seed, "metrics.csv")
    for trunk in trunks(settings):
        for seed in settings.seeds:
            name = f"{trunk}-pretrained-seed{seed}"
            curves[f"Colorization/{name}"] = places.colorization(name, "metrics.csv")
    for spec in trackers(settings):
        if spec.settings and spec.settings.trains:
            curves[f"Experiment {spec.experiment}/alpha {spec.alpha}, seed {spec.seed}"] = (
                places.fine_tuned(spec.experiment, spec.alpha, spec.seed, "metrics.csv")
            )
    return curves


USUAL = ("otb", "vot", "got10k", "davis")
"""What the thesis has, and GOT-10k val."""


def left_out(settings: Settings) -> list[str]:
    """Sentences that say what the run has not."""
    absent = [sets.get(name).title for name in USUAL if name not in settings.benchmarks]
    told = [f"Left out of this run: {'; '.join(absent)}."] if absent else []
    if not trains_siamfc(settings):
        told.append("SiamFC was not trained here: its network was given (siamfc.checkpoint).")
    if not has_clips(settings):
        told.append("Nothing was pretrained here: the run has no clips (data.kinetics_list).")
    return told


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


APART = ("run", "data", "benchmarks", "world", "trackers")
"""Parts of the configuration that say what is there, and not how it is done."""


def differences(settings: Settings) -> list[dict[str, str]]:
    """The keys whose values are not those of the thesis, which are the defaults."""
    thesis = dict(flat(reported_plain(Settings(run="thesis", data=settings.data))))
    here = dict(flat(reported_plain(settings)))
    return [
        {"key": key, "here": shown(here.get(key)), "thesis": shown(thesis.get(key))}
        for key in {**thesis, **here}
        if here.get(key) != thesis.get(key) and key.split(".")[0] not in APART
    ]


def _kind(experiment: ExperimentSettings) -> str:
    """What an experiment is, in words."""
    done = "fine-tuned" if experiment.train else "test only"
    if experiment.alphas == (0.0,):
        return f"{done}, SiamFC alone"
    if experiment.probe:
        done = "frozen, with a trained 1x1 convolution, alone"
    what = [experiment.trunk, "given" if experiment.file else experiment.weights]
    if experiment.of_siamfc:
        what = ["a second SiamFC"]
    if experiment.layer != "layer4":
        what.append(experiment.layer)
    if experiment.border == "cropped":
        what.append("cells without padding")
    if experiment.input != "as_trained":
        what.append(experiment.input.replace("_", " "))
    if experiment.equalized:
        what.append("equalised")
    return ", ".join([done, *what])


def _cut(settings: Settings) -> str | None:
    benchmark = main_benchmark(settings)
    frames = benchmark and settings.benchmarks[benchmark.name].max_frames
    return None if not frames else f"first {frames} frames of each sequence"
