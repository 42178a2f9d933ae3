"""From nested mappings (YAML, JSON) to frozen dataclasses, with errors that name the key."""

from __future__ import annotations

import dataclasses
import difflib
import json
import os
import re
import types
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml

from chromatrack.errors import InputError

T = TypeVar("T")

_ENVIRONMENT = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


class _Loader(yaml.SafeLoader):
    """SafeLoader that reads 1e-3 as a number, as people mean it (YAML 1.1 wants 1.0e-3)."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$"),
    list("-+0123456789."),
)


def read_yaml(path: str | Path) -> dict[str, Any]:
    """Read one YAML file that holds a mapping."""
    try:
        with open(path, encoding="utf-8") as handle:
            value = yaml.load(handle, _Loader)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not valid YAML ({' '.join(str(error).split())})") from None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InputError(f"{path}: expected a mapping of keys to values")
    return value


def merge(base: Mapping[str, Any], override: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with the values of `override` laid over it, mappings merged key by key."""
    merged = dict(base)
    for key, value in override.items():
        if isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            merged[key] = merge(merged[key], value)
        else:
            merged[key] = value
    return merged


def build(kind: type[T], value: Any, where: str = "") -> T:
    """Make a dataclass of `kind` out of a mapping; unknown keys and wrong types are `InputError`s.

    Args:
        where: the dotted path of `value` in the configuration, for messages.
    """
    if not isinstance(value, Mapping):
        raise InputError(f"{where or 'the configuration'}: expected keys and values, got {value!r}")
    hints = typing.get_type_hints(kind)
    names = [field.name for field in dataclasses.fields(kind)]
    arguments = {}
    for key, item in value.items():
        path = f"{where}.{key}" if where else str(key)
        if key not in names:
            near = difflib.get_close_matches(str(key), names, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}?" if near else f"valid keys are {', '.join(names)}"
            raise InputError(f"{path}: unknown key; {hint}")
        arguments[key] = _convert(hints[key], item, path)
    try:
        return kind(**arguments)
    except ValueError as error:
        raise InputError(f"{where}.{error}" if where else str(error)) from None
    except TypeError:
        missing = [
            field.name
            for field in dataclasses.fields(kind)
            if field.name not in arguments
            and field.default is dataclasses.MISSING
            and field.default_factory is dataclasses.MISSING
        ]
        raise InputError(f"{where or 'configuration'}: missing key {missing[0]!r}") from None


def _convert(hint: Any, value: Any, where: str) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _convert_union(arguments, value, where)
    if origin is Literal:
        if value in arguments and type(value) in {type(choice) for choice in arguments}:
            return value
        near = difflib.get_close_matches(str(value), [str(choice) for choice in arguments], n=1)
        hint_text = f"; did you mean {near[0]!r}?" if near else ""
        choices = ", ".join(str(choice) for choice in arguments)
        raise InputError(f"{where}: expected one of {choices}, got {value!r}{hint_text}")
    if origin is tuple:
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise InputError(f"{where}: expected a list, got {value!r}")
        if arguments[-1] is Ellipsis:
            arguments = (arguments[0],) * len(value)
        if len(arguments) != len(value):
            raise InputError(f"{where}: expected {len(arguments)} values, got {len(value)}")
        return tuple(
            _convert(item_hint, item, f"{where}[{index}]")
            for index, (item_hint, item) in enumerate(zip(arguments, value, strict=True))
        )
    if origin is dict:
        if not isinstance(value, Mapping):
            raise InputError(f"{where}: expected keys and values, got {value!r}")
        return {
            str(key): _convert(arguments[1], item, f"{where}.{key}") for key, item in value.items()
        }
    if dataclasses.is_dataclass(hint):
        return build(hint, value, where)
    return _convert_scalar(hint, value, where)


def _convert_union(choices: tuple, value: Any, where: str) -> Any:
    if value is None and type(None) in choices:
        return None
    problems = []
    for choice in choices:
        if choice is type(None):
            continue
        try:
            return _convert(choice, value, where)
        except InputError as error:
            problems.append(error)
    raise problems[0]


def _convert_scalar(hint: Any, value: Any, where: str) -> Any:
    names = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}
    if hint is not str and isinstance(value, str):
        value = _number_in_text(value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, hint) and (hint is bool or not isinstance(value, bool)):
        return expand_environment(value) if hint is str else value
    raise InputError(f"{where}: expected {names[hint]}, got {value!r}")


def _number_in_text(text: str) -> Any:
    """What YAML reads in a text: Snakemake hands `--config a={b: 4}` over with "4" as text."""
    try:
        value = yaml.load(text, _Loader)
    except yaml.YAMLError:
        return text
    return value if isinstance(value, bool | int | float) else text


def expand_environment(text: str) -> str:
    """Replace `${NAME}` and `${NAME:-default}` by environment variables."""

    def value_of(match: re.Match) -> str:
        name, default = match.groups()
        value = os.environ.get(name, default)
        if value is None:
            raise InputError(f"{text}: the environment variable {name} is not set")
        return value

    return _ENVIRONMENT.sub(value_of, text)


def as_plain(value: Any) -> Any:
    """A dataclass as nested dicts and lists, ready for JSON."""
    return json.loads(json.dumps(dataclasses.asdict(value)))
