"""What several subcommands share: how settings reach a stage, and how values are parsed."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from chromatrack import settings as s
from chromatrack.configuration import as_plain, build, merge
from chromatrack.data.frames import PICTURES
from chromatrack.errors import InputError
from chromatrack.files import parse_json
from chromatrack.metrics.vot import EAO_INTERVALS
from chromatrack.settings.keys import cadence

T = TypeVar("T")


DATA = (".txt", ".mat", ".label", ".ini", ".xml", ".mp4", *PICTURES)
"""Suffixes of what annotations, results and videos are kept in; not those of scores and pages."""


def counted(number: int, one: str, several: str = "") -> str:
    """A number and what there are so many of: "1 frame", "2 frames"."""
    return f"{number} {one if number == 1 else several or one + 's'}"


def check_not_read(options: argparse.Namespace) -> None:
    """Refuse to write over what the same call reads, or writes elsewhere, whatever the command.

    What is written is `--output`, and what the command's default `writes` names beside it. Of
    folders it is told where both are the same, and where a file in one that is read would be
    written over: annotations, results, pictures, clips.
    """
    written, read = [], []
    outputs = ("output", *vars(options).get("writes", ()))
    for name, value in vars(options).items():
        paths = [one for one in _flat(value) if isinstance(one, Path)]
        (written if name in outputs else read).extend(paths)
    places = [path.resolve() for path in written]
    for number, (path, place) in enumerate(zip(written, places, strict=True)):
        if place in places[:number]:
            raise InputError(f"{path}: two results would be written there, expected other names")
    written, read = ([path for path in paths if path.exists()] for paths in (written, read))
    own = vars(options).get("input")  # a folder of the user's own frames, which may keep results
    folders = [path for path in read if path.is_dir() and path != own]
    for path in written:
        if any(_is_same(path, other) for other in read):
            what = "folder" if path.is_dir() else "file"
            raise InputError(f"{path}: is a {what} that is read, expected another name to write")
        inside = [one for one in folders if one.resolve() in path.resolve().parents]
        if inside and path.is_file() and path.suffix.lower() in DATA:
            raise InputError(f"{path}: is in {inside[0]}, which is read; expected another name")


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:  # gone meanwhile
        return False


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, (list, tuple)):
        for one in value:
            yield from _flat(one)
    else:
        yield value


def given(options: argparse.Namespace, *keys: str) -> list[str]:
    """Those of the options that were given, as a person writes them."""
    values = {key: getattr(options, key, None) for key in keys}
    # 0 is a value: an alpha, or a seed.
    found = [k for k, value in values.items() if value is not None and value is not False]
    return ["--" + key.replace("_", "-") for key in found if values[key] != []]


def add_stage(
    subcommands, name: str, run: Callable[[argparse.Namespace], None], *, help: str
) -> argparse.ArgumentParser:
    """Add a subcommand whose description is its help."""
    parser = subcommands.add_parser(name, help=help, description=f"{help[0].upper()}{help[1:]}.")
    parser.set_defaults(run=run)
    return parser


def add_settings(parser: argparse.ArgumentParser, stage: str) -> None:
    """Add `--settings JSON` (what the workflow passes) and `--config FILE...` (for people)."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--settings", metavar="JSON", help=f"the settings of this stage ({stage}) as JSON"
    )
    group.add_argument(
        "--config",
        metavar="FILE",
        nargs="+",
        type=Path,
        help="configuration files, later ones override earlier ones; without it, the defaults",
    )


def stage_settings(
    options: argparse.Namespace, kind: type[T], pick: Callable[[s.Settings], T]
) -> T:
    """The settings of one stage from `--settings`, or picked out of `--config`, or the defaults.

    Args:
        kind: the stage's dataclass.
        pick: how to get at it in the complete `Settings`, such as `lambda all: all.siamfc`.
    """
    if options.settings is not None:
        return s.from_json(kind, options.settings)
    if options.config is not None:
        return pick(s.load_config(options.config))
    return kind()


def whole_run(options: argparse.Namespace) -> s.Settings:
    """The complete configuration; it has no defaults."""
    if options.settings is None and options.config is None:
        raise InputError("expected --config FILE... (or --settings JSON) with a whole run")
    return stage_settings(options, s.Settings, lambda everything: everything)


def add_cadence(parser: argparse.ArgumentParser) -> None:
    """Add `--cadence JSON`; it is apart from the settings as it does not change the weights."""
    parser.add_argument(
        "--cadence",
        metavar="JSON",
        default="{}",
        help='how often the training writes what, such as {"checkpoint_every": 500}',
    )


def with_cadence(options: argparse.Namespace, settings: T) -> T:
    """The settings of a training with what `--cadence` says laid over them."""
    return laid_over(settings, options.cadence, option="--cadence", keys=cadence(settings))


def laid_over(settings: T, text: str, *, option: str, keys: Mapping[str, Any]) -> T:
    """The settings with those of a JSON text laid over them.

    Args:
        option: where the text comes from, for messages.
        keys: those that it may have, as a tree.
    """
    try:
        given = parse_json(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{option}: not valid JSON ({error})") from None
    _check_keys(given, keys, option)
    return build(type(settings), merge(as_plain(settings), given))


def _check_keys(given: Any, keys: Mapping[str, Any], where: str) -> None:
    if not isinstance(given, dict):
        raise InputError(f"{where}: expected keys and values, got {given!r}")
    for name, value in given.items():
        if name not in keys:
            raise InputError(f"{where}: {name}: expected one of {', '.join(keys)}")
        if isinstance(keys[name], dict):
            _check_keys(value, keys[name], f"{where}: {name}")


def add_compute(parser: argparse.ArgumentParser) -> None:
    """Add `--compute JSON`; it is apart from the settings because it does not change the result."""
    parser.add_argument(
        "--compute",
        metavar="JSON",
        default="{}",
        help='device, threads and loader workers, such as {"device": "cuda", "threads": 4}',
    )


def compute_settings(options: argparse.Namespace) -> s.ComputeSettings:
    """What `--compute` says."""
    return s.from_json(s.ComputeSettings, options.compute, option="--compute")


def add_challenge(parser: argparse.ArgumentParser) -> None:
    """Add `--challenge` of VOT."""
    parser.add_argument(
        "--challenge",
        choices=list(EAO_INTERVALS),
        default="vot2018",
        help="of VOT, whose lengths of sequences the EAO is a mean over",
    )


def add_paths(parser: argparse.ArgumentParser, **paths: str) -> None:
    """Add required options that take a path: name -> help."""
    for name, text in paths.items():
        parser.add_argument(
            f"--{name.replace('_', '-')}", required=True, type=Path, metavar="PATH", help=text
        )


def alpha_value(text: str) -> float | None:
    """A number from 0 to 1, or None for `learned`."""
    if text == "learned":
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to 1, or learned, got {text!r}")
    return value


def alpha_values(text: str) -> list[float]:
    """Numbers from 0 to 1, separated by commas, each once."""
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        values = [math.nan]
    if not all(0 <= value <= 1 for value in values) or len(set(values)) != len(values):
        raise argparse.ArgumentTypeError(f"expected different numbers from 0 to 1, got {text!r}")
    return values


def box_value(text: str) -> Any:
    """`left,top,width,height` in pixels, with a positive width and height."""
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        values = []
    if len(values) != 4 or not all(map(math.isfinite, values)) or min(values[2:]) <= 0:
        raise argparse.ArgumentTypeError(
            f"expected x,y,w,h in pixels with a positive width and height, got {text!r}"
        )
    return values


def count_value(text: str) -> int:
    """A whole number from 1 on."""
    return _whole(text, least=1)


def seed_value(text: str) -> int:
    """A whole number from 0 on."""
    return _whole(text, least=0)


def _whole(text: str, *, least: int) -> int:
    digits = text.isascii() and text.isdigit()
    if not digits or not least <= int(text) <= sys.maxsize:
        limit = f" to {sys.maxsize}" if digits and int(text) > sys.maxsize else " on"
        raise argparse.ArgumentTypeError(
            f"expected a whole number from {least}{limit}, got {text!r:.60}"
        )
    return int(text)
