"""What each rule's output depends on, key by key: the answer to what an edit makes again.

A rule hands its slice to its stage as `--settings`, so that the stage can read nothing else; a key
that is not in it has its default there. How often a training writes what, and how a site is asked,
travel beside it and make nothing again. Trackers and benchmarks have theirs in `arguments.py`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from chromatrack.configuration import as_plain
from chromatrack.files import canonical_json
from chromatrack.plan import layout
from chromatrack.plan.networks import networks
from chromatrack.settings import ComputeSettings, Settings
from chromatrack.settings.keys import only, without, without_cadence
from chromatrack.settings.world import READ_BY


def slices(settings: Settings) -> dict[str, dict[str, Any]]:
    """Rule -> exactly the settings that its output depends on, of rules that know no experiment."""
    colorization, siamfc, alone = settings.colorization, settings.siamfc, settings.single_video
    return {
        "shards": only(settings.clips, "shard_size"),
        "fetch": layout.clip_settings(settings).cutting(),
        "labels": as_plain(settings.labels),
        "analyze_labels": {
            "labels": settings.labels.labelling(),
            "analysis": as_plain(settings.analysis),
        },
        "colorization": without_cadence(colorization),
        "initial_colorization": only(colorization, *colorization.NETWORK, "normalization"),
        "single_video": {
            **alone.read_of(settings.labels, colorization),
            "single_video": as_plain(alone),
        },
        "crop_lists": only(settings.crops, "shard_size"),
        "crops": only(settings.crops, *settings.crops.CUTTING),
        "siamfc": siamfc.training(),
        "validate_siamfc": only(siamfc, "validation_frames"),
        "choose_siamfc": only(siamfc, "select"),
        "tune": {"tune": without(settings.tune, "result"), "tracker": as_plain(settings.tracker)},
    }


def of_network(settings: Settings, network: str) -> dict[str, Any]:
    """What the statistics of the score maps of an auxiliary depend on."""
    fusion = settings.fusion
    return {
        "fusion": fusion.measuring(),
        "auxiliary": as_plain(networks(settings)[network].branch),
        "siamfc": fusion.pairs_measured(settings.siamfc),
    }


def composed(settings: Settings, experiment: str) -> dict[str, Any]:
    """What a combined network that is not trained further depends on."""
    branch = settings.experiments[experiment].auxiliary(settings.labels.equalization)
    return {"fusion": settings.fusion.composition(), "auxiliary": as_plain(branch)}


def fine_tuned(settings: Settings, experiment: str) -> dict[str, Any]:
    """What a combined network that is trained depends on."""
    tuning = settings.fine_tune
    return {
        **composed(settings, experiment),
        "siamfc": tuning.pairs_read(settings.siamfc),
        "fine_tune": as_plain(tuning),
    }


def world(settings: Settings, part: str) -> str:
    """What a part of the synthetic world depends on, or a benchmark that is written beside it."""
    return canonical_json(only(settings.world, *READ_BY.get(part, READ_BY["otb"])))


def reported(settings: Settings) -> Settings:
    """The settings that results can depend on: all others have their defaults."""
    colorization, siamfc, clips = settings.colorization, settings.siamfc, settings.clips
    source = replace(clips.source, **_defaults(clips.source, clips.source.MANNERS))
    return replace(
        settings,
        colorization=replace(colorization, **_defaults(colorization, colorization.CADENCE)),
        siamfc=replace(siamfc, **_defaults(siamfc, siamfc.CADENCE)),
        clips=replace(clips, **_defaults(clips, clips.MANNERS), source=source),
        compute=ComputeSettings(),
    )


def _defaults(settings: Any, names: tuple[str, ...]) -> dict[str, Any]:
    fresh = type(settings)()
    return {name: getattr(fresh, name) for name in names}


def reported_plain(settings: Settings) -> dict[str, Any]:
    """What the page shows of the configuration: the keys that results can depend on."""
    plain = as_plain(settings)
    del plain["compute"]
    for part, names in (
        ("colorization", settings.colorization.CADENCE),
        ("siamfc", settings.siamfc.CADENCE),
        ("clips", settings.clips.MANNERS),
    ):
        for name in names:
            del plain[part][name]
    for name in settings.clips.source.MANNERS:
        del plain["clips"]["source"][name]
    return plain
