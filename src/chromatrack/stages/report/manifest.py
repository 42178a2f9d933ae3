"""What the table, the plots and the page of a run are made of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml

from chromatrack.configuration import as_plain, build, flat, shown
from chromatrack.evaluation import sets
from chromatrack.evaluation.benchmark import Benchmark
from chromatrack.files import read_json, write_json
from chromatrack.plan.layout import has_clips, main_benchmark, protocols, trains_siamfc
from chromatrack.plan.networks import networks, second_seeds, trunks
from chromatrack.plan.places import Places
from chromatrack.plan.shown import ledgers, report_files
from chromatrack.plan.slices import reported_plain
from chromatrack.plan.trackers import TrackerSpec, evaluations, of_benchmark, trackers, tuned
from chromatrack.reporting.manifest import Difference, Evaluated, Manifest, Picture, Plan, Row
from chromatrack.settings import ExperimentSettings, Settings
from chromatrack.settings.experiments import UNTRAINED


def write_manifest(settings: Settings, output: Path) -> None:
    """Write the manifest of a run (`reporting/manifest.py`): which files its report shows.

    Raises:
        InputError: the run is not so far: its shards, pictures or single-video test are not there.
    """
    places, files = Places(settings.run), report_files(settings)
    manifest = Manifest(
        title=settings.data.title,
        synthetic=settings.data.demo,
        cut=_cut(settings),
        notes=left_out(settings),
        experiments={name: _kind(e) for name, e in settings.experiments.items()},
        plans={
            name: Plan(alpha=e.alpha, controls=e.controls, claim=e.claim and not e.controls)
            for name, e in settings.experiments.items()
        },
        rows=_rows(settings, places, main_benchmark(settings)),
        validation=_rows(settings, places, chosen_on(settings)),
        statistics=Path(places.verdicts),
        summary_csv=Path(places.table),
        evaluations=_evaluations(settings, places),
        ledgers=tuple(map(Path, ledgers(settings))),
        lab_statistics=_one(files["lab_statistics"]),
        label_analysis=_one(files["label_analysis"]),
        tuned=_tuned(settings, places),
        score_statistics={name: Path(places.statistics(name)) for name in networks(settings)},
        curves=_curves(settings, places),
        pictures=(*_drawn(files["pictures"]), *_memorized(files["single_video"])),
        differences=differences(settings),
        usage=Path(places.usage_folder),
        strips=_one(files["strips"]),
        maps=_one(files["maps"]),
        similarity=_one(files["similarity"]),
        config=yaml.safe_dump(reported_plain(settings), sort_keys=False, allow_unicode=True),
    )
    write_json(output, as_plain(manifest))


def _one(files: Sequence[str]) -> Path | None:
    """The file of a kind of which a run has one or none."""
    return Path(files[0]) if files else None


def _evaluations(settings: Settings, places: Places) -> tuple[Evaluated, ...]:
    """What is scored here; of the other benchmarks only a server knows the scores."""
    return tuple(
        Evaluated(
            benchmark=benchmark.name,
            protocol=protocol,
            trackers={
                spec.title: Path(places.scores(benchmark.name, protocol, spec.name))
                for spec in specs
            },
            untrained=beside_untrained(specs),
        )
        for benchmark, protocol, specs in evaluations(settings)
        if benchmark.measures
    )


def beside_untrained(specs: Sequence[TrackerSpec]) -> dict[str, str]:
    """Title of each pretrained network -> title of the same network with random weights."""
    titles = {spec.name: spec.title for spec in specs}
    return {spec.title: titles[spec.untrained] for spec in specs if spec.untrained}


def _tuned(settings: Settings, places: Places) -> dict[str, Path]:
    """What searches for settings wrote, by the names of their trackers."""
    found = {name: Path(places.tuned(name)) for name in tuned(settings)}
    given = settings.tune.result
    return {**found, "the settings of this run": Path(given)} if given else found


def chosen_on(settings: Settings) -> Benchmark | None:
    """The set that alphas are chosen on: GOT-10k val, where the run has all its trackers on it."""
    given = settings.benchmarks.get("got10k")
    if given is None or given.trackers != "all" or not settings.experiments:
        return None
    benchmark = sets.get("got10k")
    main = main_benchmark(settings)
    usable = benchmark.measures and main is not None and main.name != benchmark.name
    return benchmark if usable else None


def _rows(settings: Settings, places: Places, benchmark: Benchmark | None) -> tuple[Row, ...]:
    """Trackers on a benchmark."""
    if benchmark is None:
        return ()
    protocol = protocols(settings, benchmark.name)[0]
    return tuple(
        Row(
            tracker=spec.name,
            experiment=spec.experiment,
            alpha=spec.alpha,
            seed=spec.seed if spec.experiment not in UNTRAINED else None,
            evaluation=Path(places.scores(benchmark.name, protocol, spec.name)),
            run=Path(places.run_file(benchmark.name, protocol, spec.name))
            if benchmark.gives == "boxes"
            else None,
        )
        for spec in of_benchmark(settings, benchmark, protocol)
    )


def _curves(settings: Settings, places: Places) -> dict[str, Path]:
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
    return {name: Path(file) for name, file in curves.items()}


def left_out(settings: Settings) -> tuple[str, ...]:
    """Sentences that say what the run has not."""
    absent = [
        sets.get(name).title for name in sets.of_every_demo() if name not in settings.benchmarks
    ]
    told = [f"Left out of this run: {'; '.join(absent)}."] if absent else []
    if not trains_siamfc(settings):
        told.append("SiamFC was not trained here: its network was given (siamfc.checkpoint).")
    if not has_clips(settings):
        told.append("Nothing was pretrained here: the run has no clips (data.kinetics_list).")
    return tuple(told)


def _drawn(indices: Sequence[str]) -> list[Picture]:
    """The pictures of `draw_pictures`."""
    return [
        build(Picture, one, f"{index}[{number}]", exact=True)
        for index in indices
        for number, one in enumerate(read_json(index))
    ]


def _memorized(indices: Sequence[str]) -> list[Picture]:
    """The figures of the single-video test as pictures of the page (thesis 5.3.3)."""
    return [
        Picture(f"{figure['title']}. {figure['caption']}", Path(index).parent / figure["png"])
        for index in indices
        for figure in read_json(index)["figures"]
    ]


APART = ("run", "data", "benchmarks", "world", "trackers")
"""Parts of the configuration that say what is there, and not how it is done."""


def differences(settings: Settings) -> tuple[Difference, ...]:
    """The keys whose values are not those of the thesis, which are the defaults."""
    thesis = dict(flat(reported_plain(Settings(run="thesis", data=settings.data))))
    here = dict(flat(reported_plain(settings)))
    return tuple(
        Difference(key, here=shown(here.get(key)), thesis=shown(thesis.get(key)))
        for key in {**thesis, **here}
        if here.get(key) != thesis.get(key) and key.split(".")[0] not in APART
    )


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
