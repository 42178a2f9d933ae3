"""Pages that need no other file and no network: templates, their parts, data as text."""

from __future__ import annotations

import json
import math
import re
from importlib import resources
from typing import Any

import jinja2

FOLDER = "reporting/templates"


def template(folder: str, name: str) -> jinja2.Template:
    """One of a folder of templates; it escapes, and an unknown name is an error."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("chromatrack", f"{FOLDER}/{folder}"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["minus"] = minus
    return environment.get_template(name)


def minus(text: str) -> str:
    """With a minus sign before decimal numbers, as plots have it, where text has a hyphen."""
    return re.sub(r"(?<![^\s\[(])-(?=\d*\.\d)", "−", text)


def asset(folder: str, name: str) -> str:
    """A script or a sheet of styles beside the templates."""
    return resources.files("chromatrack").joinpath(FOLDER, folder, name).read_text(encoding="utf-8")


def as_script(value: Any) -> str:
    """JSON that may stand in a `script` element, whatever its text says."""
    text = json.dumps(_finite(value), separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _finite(value: Any) -> Any:
    """With null for what is no number: browsers read no NaN."""
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
