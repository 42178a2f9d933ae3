"""Where the files of a run are, and which data a run uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from chromatrack.data.otb_lists import named_list
from chromatrack.errors import InputError
from chromatrack.settings import ClipSettings, Settings, SourceSettings

RESULTS = Path("results")


def run_folder(settings: Settings) -> Path:
    """Folder of everything that a run earns; another run never touches it."""
    return RESULTS / settings.run


@dataclass(frozen=True)
class DataPaths:
    """The data sets of a run: the configured ones, or those of the synthetic world.

    Attributes:
        world: manifest of the synthetic world, None for real data.
        kinetics_list: clip list.
        got10k_train, got10k_val: folders with list.txt and sequences.
        tracking_train: layout and root of what SiamFC is trained on.
        otb: folder of OTB sequences.
        otb_attributes: folder of attribute vectors, or None.
        vot: folder of VOT sequences.
        davis: root of DAVIS-2017.
    """

    world: Path | None
    kinetics_list: Path
    got10k_train: Path
    got10k_val: Path
    tracking_train: tuple[tuple[str, Path], ...]
    otb: Path
    otb_attributes: Path | None
    vot: Path
    davis: Path


def data_paths(settings: Settings) -> DataPaths:
    """Where the data of a run is, or will be once the synthetic world is made."""
    data = settings.data
    sources = tuple((s.layout, Path(s.root)) for s in data.tracking_train or ())
    if data.demo:
        world = run_folder(settings) / "world"
        return DataPaths(
            world=world / "manifest.json",
            kinetics_list=world / "kinetics" / "train.csv",
            got10k_train=world / "got10k" / "train",
            got10k_val=world / "got10k" / "val",
            tracking_train=sources or (("got10k", world / "got10k" / "train"),),
            otb=world / "otb",
            otb_attributes=world / "otb_attributes",
            vot=world / "vot",
            davis=world / "davis",
        )
    return DataPaths(
        world=None,
        kinetics_list=Path(data.kinetics_list),
        got10k_train=Path(data.got10k) / "train",
        got10k_val=Path(data.got10k) / "val",
        tracking_train=sources or (("got10k", Path(data.got10k) / "train"),),
        otb=Path(data.otb),
        otb_attributes=Path(data.otb_attributes) if data.otb_attributes else None,
        vot=Path(data.vot),
        davis=Path(data.davis),
    )


def clip_list(settings: Settings) -> Path:
    """The file that says which clips a run uses: a list of Kinetics, or list.txt of GOT-10k."""
    source = clip_settings(settings).source
    if source.kind == "got10k":
        return Path(source.folder) / "list.txt"
    return data_paths(settings).kinetics_list


def check_data(settings: Settings) -> None:
    """Before any job starts: every configured path exists, or an `InputError` names its key."""
    paths, source = data_paths(settings), settings.clips.source
    training = {
        f"data.tracking_train[{index}].root": Path(given.root)
        for index, given in enumerate(settings.data.tracking_train or ())
    }
    if settings.data.demo:
        _check_paths(training)
        return
    otb_list = settings.data.otb_list
    is_got10k = source.kind == "got10k"
    checks = {
        "data.kinetics_list": None if is_got10k else paths.kinetics_list,
        "data.got10k": None if settings.data.tracking_train else paths.got10k_train / "list.txt",
        **training,
        "data.got10k (siamfc.select: best_ao)": (
            paths.got10k_val / "list.txt" if settings.siamfc.select == "best_ao" else None
        ),
        "data.otb": paths.otb,
        "data.otb_attributes": paths.otb_attributes,
        "data.otb_list": None if named_list(otb_list) else _path(otb_list),
        "data.vot": paths.vot / "list.txt",
        "data.davis": paths.davis / "JPEGImages",
        "clips.source.folder": clip_list(settings) if is_got10k else _path(source.folder),
        "clips.source.serve": _path(source.serve),
        "clips.source.cookies": _path(source.cookies),
    }
    _check_paths(checks)


def _check_paths(checks: Mapping[str, Path | None]) -> None:
    for key, path in checks.items():
        if path and not path.exists():
            raise InputError(f"{key}: {path} does not exist")


def has_got10k_val(settings: Settings) -> bool:
    """Whether the run has GOT-10k val; GOT-10k can be had without it."""
    paths = data_paths(settings)
    return paths.world is not None or (paths.got10k_val / "list.txt").is_file()


def _path(configured: str | None) -> Path | None:
    return None if configured is None else Path(configured)


def clip_settings(settings: Settings) -> ClipSettings:
    """Clip settings of a run with its data filled in.

    A source of GOT-10k reads the training set of the run where it names no folder of its own; in a
    demo, videos come from the synthetic world.
    """
    source = settings.clips.source
    if source.kind == "got10k":
        folder = source.folder or str(data_paths(settings).got10k_train)
        return replace(settings.clips, source=replace(source, folder=folder))
    if not settings.data.demo:
        return settings.clips
    folder = run_folder(settings) / "world" / "kinetics" / "source"
    return replace(settings.clips, source=SourceSettings(kind="folder", folder=str(folder)))
