"""One HTML page that shows a run, or several, and needs no other file and no network."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Sequence
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import jinja2

from chromatrack import __version__
from chromatrack.files import write_text
from chromatrack.reporting.manifest import Manifest
from chromatrack.stages.report.page_parts import page_run

PACKAGES = (
    "torch", "torchvision", "numpy", "opencv-contrib-python-headless", "plotly", "pandas",
)  # fmt: skip
"""Whose versions the page names."""
TEMPLATES = "reporting/templates/page"


def make_page(manifests: Manifest | Sequence[Manifest], output: str | Path) -> None:
    """Write the page: all that it shows lies in it, as text, JSON and pictures.

    Args:
        manifests: of a run, or of several, one below the other.

    Raises:
        InputError: a listed file is missing or does not hold what its writer puts there.
    """
    given = [manifests] if isinstance(manifests, Manifest) else list(manifests)
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("chromatrack", TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    runs = []
    for number, manifest in enumerate(given):
        run = page_run(manifest)
        data = {kind: as_script(value) for kind, value in run.pop("data").items()}
        level, prefix = ("h1", "") if len(given) == 1 else ("h2", f"run{number}-")
        runs.append({**run, "data": data, "level": level, "prefix": prefix})
    text = environment.get_template("page.html").render(
        title="; ".join(manifest.title for manifest in given),
        runs=runs,
        css=_asset("page.css"),
        library=_library(),
        scripts="\n".join(_asset(name) for name in _scripts()),
        versions=_versions(),
    )
    write_text(output, text)


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


def _scripts() -> list[str]:
    folder = resources.files("chromatrack").joinpath(TEMPLATES)
    return sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".js"))


def _asset(name: str) -> str:
    return resources.files("chromatrack").joinpath(TEMPLATES, name).read_text(encoding="utf-8")


def _library() -> str:
    """plotly.js, as the wheel of plotly carries it.

    The function that holds it all is put in brackets, where it is found: browsers take that for a
    function that runs at once, and read its 4.8 MB once rather than twice.
    """
    from plotly.offline import get_plotlyjs

    text = get_plotlyjs().replace("</script", "<\\/script").rstrip()
    opening, closing = ', () => {\n"use strict";var Plotly=', "}));"
    if text.count(opening) == 1 and text.endswith(closing):
        text = text.removesuffix(closing) + "})));"
        text = text.replace(opening, opening.replace(", ", ", (", 1))
    return text


def _versions() -> list[tuple[str, str]]:
    found = [("chromatrack", __version__), ("Python", platform.python_version())]
    for name in PACKAGES:
        try:
            found.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            continue
    return found
