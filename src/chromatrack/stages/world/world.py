"""The stage `world`: all parts of the synthetic world below one folder."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from chromatrack import files
from chromatrack.configuration import as_plain
from chromatrack.data import davis, got10k, kinetics, vot
from chromatrack.errors import InputError
from chromatrack.progress import progress
from chromatrack.settings import WorldSettings
from chromatrack.world import datasets
from chromatrack.world.otb_scenes import SCRIPTS

PARTS = ("kinetics", "got10k", "otb", "otb_attributes", "vot", "davis", "manifest.json")


def make_world(settings: WorldSettings, output: Path) -> None:
    """Write the synthetic world to `output`, and last `output`/manifest.json.

    The world is built beside `output` and then takes its place, so that nothing of an earlier
    build stays behind and a build that was broken off is not mistaken for a world.

    Raises:
        InputError: `output` holds files that no world has; they are not overwritten.
    """
    output = Path(output).resolve()
    _check_replaceable(output)
    building = output.with_name(f".{output.name}.building")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    try:
        counts = _write_parts(settings, building)
        _replace(building, output)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    manifest = files.made_by("world", settings=as_plain(settings)) | {"counts": counts}
    files.write_json(output / "manifest.json", manifest)


def _check_replaceable(output: Path) -> None:
    if not output.exists():
        return
    if not output.is_dir():
        raise InputError(f"{output}: expected a folder, but it is a file")
    foreign = sorted(path.name for path in output.iterdir() if path.name not in PARTS)
    if foreign:
        raise InputError(
            f"{output}: expected an empty folder or an earlier world, but it holds {foreign[0]}"
        )


def _replace(building: Path, output: Path) -> None:
    """Put the parts in place one by one: the folder itself may be somebody's mount or link."""
    output.mkdir(exist_ok=True)
    (output / "manifest.json").unlink(missing_ok=True)
    for part in PARTS:
        shutil.rmtree(output / part, ignore_errors=True)
        if (building / part).exists():
            (building / part).rename(output / part)


def _write_parts(settings: WorldSettings, root: Path) -> dict[str, Any]:
    total = (
        settings.kinetics_videos + settings.got10k_train + settings.got10k_val
        + len(SCRIPTS) + len(datasets.VOT_SCRIPTS) + len(datasets.DAVIS_SCENES)
    )  # fmt: skip
    with progress(total=total, what="synthetic world", unit="video") as bar:
        clips = _write_kinetics(settings, root / "kinetics", bar)
        counts: dict[str, Any] = {"kinetics": {"videos": settings.kinetics_videos, "clips": clips}}
        counts["got10k"] = {
            "train": _write_got10k(settings, root / "got10k", "train", settings.got10k_train, bar),
            "val": _write_got10k(settings, root / "got10k", "val", settings.got10k_val, bar),
        }
        targets = []
        for name in SCRIPTS:
            targets += datasets.write_otb(root, settings, name)
            bar.update()
        counts["otb"] = {"folders": len(SCRIPTS), "targets": len(targets)}
        names = []
        for name in datasets.VOT_SCRIPTS:
            names.append(datasets.write_vot(root / "vot", settings, name))
            bar.update()
        vot.write_list(root / "vot", names)
        counts["vot"] = {"sequences": len(names)}
        for name in datasets.DAVIS_SCENES:
            datasets.write_davis(root / "davis", settings, name)
            bar.update()
        davis.write_names(root / "davis", datasets.DAVIS_SCENES)
        counts["davis"] = {
            "sequences": len(datasets.DAVIS_SCENES),
            "objects": sum(datasets.DAVIS_SCENES.values()),
        }
    return counts


def _write_kinetics(settings: WorldSettings, root: Path, bar) -> int:
    rows = []
    for number in range(settings.kinetics_videos):
        rows += datasets.write_kinetics(root, settings, number)
        bar.update()
    rows.append(datasets.missing_clip(settings))
    kinetics.write_clip_list(root / "train.csv", rows)
    return len(rows)


def _write_got10k(settings: WorldSettings, root: Path, split: str, count: int, bar) -> int:
    names = []
    for number in range(count):
        names.append(datasets.write_got10k(root, settings, split, number))
        bar.update()
    got10k.write_list(root / split, names)
    return len(names)
