"""From nested mappings (YAML, JSON) to frozen dataclasses, with errors that name the key."""

from __future__ import annotations

import dataclasses
import difflib
import functools
import json
import os
import re
import reprlib
import sys
import types
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml

from chromatrack.errors import InputError, in_one_line

T = TypeVar("T")

_SHORT = reprlib.Repr()
_SHORT.maxlevel, _SHORT.maxstring, _SHORT.maxother = 3, 200, 200

_SHORT_ENVIRONMENT = re.compile(r"\$([A-Za-z_]\w*)")
_ENVIRONMENT = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


TOO_DEEP = re.compile(r"[\[{](\s*[\[{]){20}")
"""PyYAML takes minutes for thousands of them."""
LONGEST_NUMBER = 400

_MAPPINGS = (dict, Mapping)


class _Loader(yaml.SafeLoader):
    """SafeLoader that reads 1e-3 as a number, as people mean it (YAML 1.1 wants 1.0e-3).

    A key that stands twice is an error; SafeLoader would drop the first without a word.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        keys: list[Any] = []
        for one, _ in node.value:
            if one.tag == "tag:yaml.org,2002:merge":
                continue
            key = self.construct_object(one, deep=True)
            if key in keys:
                raise ValueError(f"line {one.start_mark.line + 1}: the key {key!r} stands twice")
            keys.append(key)
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$"),
    list("-+0123456789."),
)


def parse_yaml(text: str, where: str) -> Any:
    """The value of a YAML text; an `InputError` that says where it stands if it is none."""
    try:
        if TOO_DEEP.search(text):
            raise ValueError("brackets within each other, deeper than any configuration is")
        return yaml.load(text, _Loader)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise InputError(f"{where}: not valid YAML ({in_one_line(error)})") from None


def read_yaml(path: str | Path) -> dict[str, Any]:
    """Read one YAML file that holds a mapping."""
    try:
        value = parse_yaml(Path(path).read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not valid YAML ({in_one_line(error)})") from None
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


def build(kind: type[T], value: Any, where: str = "", *, exact: bool = False) -> T:
    """Make a dataclass of `kind` out of a mapping; unknown keys and wrong types are `InputError`s.

    A sentence about `value` as a whole has no subject of its own where `where` is empty: whoever
    knows the file puts its name in front.

    Args:
        where: the dotted path of `value` in the configuration, for messages.
        exact: text stays as it stands: no environment variable is filled in, and no number or flag
            is read out of it. For what a program has written, not a person.
    """
    if not isinstance(value, Mapping):
        raise InputError(_about(where, f"expected keys and values, got {_shown(value)}"))
    hints = _hints(kind)
    fields = {field.name: field for field in dataclasses.fields(kind)}
    arguments = {}
    for key, item in value.items():
        path = f"{where}.{_named(key)}" if where else _named(key)
        if key not in fields:
            hint = _nearest(key, fields, cutoff=0.5) or f"; valid keys are {', '.join(fields)}"
            raise InputError(f"{path}: unknown key{hint}")
        arguments[key] = _convert(hints[key], item, path, exact)
    for name, field in fields.items():
        if name not in arguments and field.default is field.default_factory is dataclasses.MISSING:
            raise InputError(_about(where, f"missing key {name!r}"))
    try:
        return kind(**arguments)
    except ValueError as error:
        raise InputError(f"{where}.{error}" if where else str(error)) from None


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _about(where: str, said: str) -> str:
    return f"{where}: {said}" if where else said


def _convert(hint: Any, value: Any, where: str, exact: bool) -> Any:
    origin, members = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _convert_union(members, value, where, exact)
    if dataclasses.is_dataclass(hint):
        return build(hint, value, where, exact=exact)
    if origin is tuple and isinstance(value, Sequence) and not isinstance(value, str):
        if members[-1] is Ellipsis:
            members = (members[0],) * len(value)
        if len(members) != len(value):
            raise InputError(f"{where}: expected {len(members)} values, got {len(value)}")
        return tuple(
            _convert(member, item, f"{where}[{index}]", exact)
            for index, (member, item) in enumerate(zip(members, value, strict=True))
        )
    if origin in _MAPPINGS and isinstance(value, Mapping):
        return {
            str(key): _convert(members[1], item, f"{where}.{_named(key)}", exact)
            for key, item in value.items()
        }
    if hint in (str, Path) and isinstance(value, str) and (value or hint is str):
        return hint(value if exact else expand(value, where))
    for given in (value,) if exact else (value, _number_in_text(value)):
        if hint in (int, float) and type(given) in (int, hint):
            return hint(_finite(given, where))
        if type(given) is hint or (origin is Literal and _is_among(members, given)):
            return given
    near = _nearest(value, members) if origin is Literal else ""
    raise InputError(f"{where}: expected {_in_words(hint)}, got {_shown(value)}{near}")


def _finite(given: float, where: str) -> float:
    """The number itself; other programs take whole ones of 64 bits."""
    if not abs(given) <= (sys.float_info.max if type(given) is float else 2**63 - 1):
        raise InputError(f"{where}: expected a finite number, got {_shown(given)}")
    return given


def _convert_union(members: tuple, value: Any, where: str, exact: bool) -> Any:
    """`value` as the first member that takes it; else what the member of its shape says."""
    if value is None and type(None) in members:
        return None
    members = tuple(member for member in members if member is not type(None))
    problems = {}
    for member in members:
        try:
            return _convert(member, value, where, exact)
        except InputError as error:
            problems[_shape(member)] = error
    if len(members) == 1 or isinstance(value, Mapping | list | tuple):
        shape = "mapping" if isinstance(value, Mapping) else "list"
        raise problems.get(shape, next(iter(problems.values())))
    choices = [c for member in members for c in typing.get_args(member) if _shape(member) == "one"]
    expected = " or ".join(dict.fromkeys(_in_words(member) for member in members))
    raise InputError(f"{where}: expected {expected}, got {_shown(value)}{_nearest(value, choices)}")


def _shape(hint: Any) -> str:
    if dataclasses.is_dataclass(hint) or typing.get_origin(hint) in _MAPPINGS:
        return "mapping"
    return "list" if typing.get_origin(hint) is tuple else "one"


def _in_words(hint: Any) -> str:
    """What a type expects, for messages."""
    if typing.get_origin(hint) is Literal:
        choices = typing.get_args(hint)
        return f"{'one of ' if len(choices) > 1 else ''}{', '.join(map(str, choices))}"
    if typing.get_origin(hint) in _MAPPINGS and typing.get_args(hint)[1] is Path:
        return "names and paths"
    words = {
        int: "a whole number", float: "a number", bool: "true or false", str: "text",
        Path: "the path of a file",
    }  # fmt: skip
    return words.get(hint) or {"mapping": "keys and values", "list": "a list"}[_shape(hint)]


def _shown(value: Any) -> str:
    """A value for a message; aliases of YAML can make one that is endless when written out."""
    return _SHORT.repr(value)


def _named(key: Any) -> str:
    """A key for a message."""
    return f"{' '.join(str(key).split()):.80}"


def _is_among(choices: tuple, value: Any) -> bool:
    return any(value == choice and type(value) is type(choice) for choice in choices)


def _nearest(value: Any, choices: Iterable[Any], cutoff: float = 0.6) -> str:
    """The end of a message: the choice that was probably meant, or nothing."""
    near = difflib.get_close_matches(str(value), map(str, choices), n=1, cutoff=cutoff)
    return f"; did you mean {near[0]!r}?" if near else ""


def _number_in_text(value: Any) -> Any:
    """What YAML reads in a text: Snakemake hands `--config a={b: 4}` over with "4" as text."""
    try:
        is_short = isinstance(value, str) and len(value) <= LONGEST_NUMBER
        number = yaml.load(value, _Loader) if is_short else value
    except (yaml.YAMLError, ValueError, TypeError, RecursionError):
        return value
    return number if isinstance(number, bool | int | float) else value


def expand(text: str, where: str = "") -> str:
    """Fill in environment variables (`${NAME}`, `${NAME:-default}` and, where it is set, `$NAME`),
    then the home folder (`~/` and `~name/` at the beginning)."""

    def value_of(match: re.Match) -> str:
        name, default = match.groups()
        value = os.environ.get(name, default)
        if value is None:
            raise InputError(f"{where or text}: the environment variable {name} is not set")
        return value

    text = _ENVIRONMENT.sub(value_of, text)
    text = _SHORT_ENVIRONMENT.sub(lambda match: os.environ.get(match[1], match[0]), text)
    return os.path.expanduser(text) if re.match(r"~[\w.-]*/", text) else text


def as_plain(value: Any) -> Any:
    """A dataclass as nested dicts and lists, ready for JSON; paths are text."""
    return json.loads(json.dumps(dataclasses.asdict(value), default=os.fspath))


def flat(value: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted keys and their values."""
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from flat(item, f"{above}.{key}" if above else str(key))
    else:
        yield above, value


def shown(value: Any) -> str:
    """A value for people; a dash for none."""
    return "–" if value is None else json.dumps(value, ensure_ascii=False).strip('"')
