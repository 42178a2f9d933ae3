"""The stage `world`: all parts of the synthetic world below one folder."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from chromatrack import files
from chromatrack.configuration import as_plain
from chromatrack.data import davis, got10k, kinetics, vot
from chromatrack.errors import InputError
from chromatrack.progress import progress
from chromatrack.settings import WorldSettings
from chromatrack.settings.keys import only
from chromatrack.settings.world import READ_BY
from chromatrack.stages.world.replacing import beside, check_replaceable, replacing
from chromatrack.world import datasets
from chromatrack.world.otb_scenes import SCRIPTS

MANIFEST = "manifest.json"
PARTS = ("kinetics", "got10k", "otb", "otb_attributes", "vot", "davis", MANIFEST)


def make_world(settings: WorldSettings, output: Path) -> None:
    """Write the synthetic world to `output`, and last `output`/manifest.json.

    The world is built beside `output` and then takes its place, so that nothing of an earlier
    build stays behind and a build that was broken off is not mistaken for a world.

    Raises:
        InputError: `output` holds files that no world has; they are not overwritten.
    """
    output = Path(output).resolve()
    check_replaceable(output, PARTS)
    manifest = output / MANIFEST
    with replacing(output, building=beside(output), manifest=manifest, earlier=PARTS) as building:
        counts = _write_all(settings, building)
    made = files.made_by("world", settings=as_plain(settings))
    files.write_json(manifest, made | {"counts": counts})


def make_part(settings: WorldSettings, part: str, output: Path) -> None:
    """Write one part of the world below `output`, and last `output`/PART.json.

    Parts do not depend on each other: several may be made at once.

    Raises:
        InputError: there is no such part, or its folder holds something that no world has.
    """
    if part not in WRITERS:
        raise InputError(f"world: part {part!r}: expected one of {', '.join(WRITERS)}")
    output = Path(output).resolve()
    manifest, mark = output / f"{part}.json", output / f".{part}.made"
    if not any(path.exists() for path in (manifest, mark, output / MANIFEST)):
        _check_empty(output / name for name in FOLDERS[part])
    with (
        replacing(
            output,
            building=output / f".{part}.building",  # others may be building beside it
            manifest=manifest,
            earlier=FOLDERS[part],
            note=lambda _: files.write_text(mark, ""),
        ) as building,
        progress(total=_videos(settings, part), what=f"world: {part}", unit="video") as bar,
    ):
        counts = WRITERS[part](settings, building, bar)
    made = files.made_by("world", settings=only(settings, *READ_BY[part]))
    files.write_json(manifest, made | {"counts": counts})


def _check_empty(folders: Iterable[Path]) -> None:
    for folder in folders:
        if folder.exists() and any(folder.iterdir()):
            raise InputError(
                f"{folder}: expected no folder or one of an earlier world, but it holds "
                f"{next(folder.iterdir()).name}"
            )


def _write_all(settings: WorldSettings, root: Path) -> dict[str, Any]:
    total = sum(_videos(settings, part) for part in WRITERS)
    with progress(total=total, what="synthetic world", unit="video") as bar:
        return {part: write(settings, root, bar) for part, write in WRITERS.items()}


def _videos(settings: WorldSettings, part: str) -> int:
    return {
        "kinetics": settings.kinetics_videos,
        "got10k": settings.got10k_train + settings.got10k_val,
        "otb": len(SCRIPTS),
        "vot": len(datasets.VOT_SCRIPTS),
        "davis": len(datasets.DAVIS_SCENES),
    }[part]


def _write_kinetics(settings: WorldSettings, root: Path, bar) -> dict[str, int]:
    rows = []
    for number in range(settings.kinetics_videos):
        rows += datasets.write_kinetics(root / "kinetics", settings, number)
        bar.update()
    rows.append(datasets.missing_clip(settings))
    kinetics.write_clip_list(root / "kinetics" / "train.csv", rows)
    return {"videos": settings.kinetics_videos, "clips": len(rows)}


def _write_got10k(settings: WorldSettings, root: Path, bar) -> dict[str, int]:
    counts = {"train": settings.got10k_train, "val": settings.got10k_val}
    for split, count in counts.items():
        names = []
        for number in range(count):
            names.append(datasets.write_got10k(root / "got10k", settings, split, number))
            bar.update()
        got10k.write_list(root / "got10k" / split, names)
    return counts


def _write_otb(settings: WorldSettings, root: Path, bar) -> dict[str, int]:
    targets = []
    for name in SCRIPTS:
        targets += datasets.write_otb(root, settings, name)
        bar.update()
    return {"folders": len(SCRIPTS), "targets": len(targets)}


def _write_vot(settings: WorldSettings, root: Path, bar) -> dict[str, int]:
    names = []
    for name in datasets.VOT_SCRIPTS:
        names.append(datasets.write_vot(root / "vot", settings, name))
        bar.update()
    vot.write_list(root / "vot", names)
    return {"sequences": len(names)}


def _write_davis(settings: WorldSettings, root: Path, bar) -> dict[str, int]:
    for name in datasets.DAVIS_SCENES:
        datasets.write_davis(root / "davis", settings, name)
        bar.update()
    davis.write_names(root / "davis", datasets.DAVIS_SCENES)
    return {
        "sequences": len(datasets.DAVIS_SCENES),
        "objects": sum(datasets.DAVIS_SCENES.values()),
    }


WRITERS = {
    "kinetics": _write_kinetics,
    "got10k": _write_got10k,
    "otb": _write_otb,
    "vot": _write_vot,
    "davis": _write_davis,
}
FOLDERS = {**{part: (part,) for part in WRITERS}, "otb": ("otb", "otb_attributes")}
