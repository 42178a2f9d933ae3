"""One HTML page that shows a run, or several, and needs no other file and no network."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib import metadata, resources
from pathlib import Path

from chromatrack import __version__
from chromatrack.files import write_text
from chromatrack.reporting.html import as_script, asset, template
from chromatrack.reporting.manifest import Manifest
from chromatrack.reporting.thesis_tables.latex import ESCAPES
from chromatrack.stages.report.page_parts import page_run

PACKAGES = (
    "torch", "torchvision", "numpy", "opencv-contrib-python-headless", "plotly", "pandas",
)  # fmt: skip
"""Whose versions the page names."""
TEMPLATES = "page"


def make_page(manifests: Manifest | Sequence[Manifest], output: str | Path) -> None:
    """Write the page: all that it shows lies in it, as text, JSON and pictures.

    Args:
        manifests: of a run, or of several, one below the other.

    Raises:
        InputError: a listed file is missing or does not hold what its writer puts there.
    """
    given = [manifests] if isinstance(manifests, Manifest) else list(manifests)
    runs = []
    for number, manifest in enumerate(given):
        run = page_run(manifest)
        data = {kind: as_script(value) for kind, value in run.pop("data").items()}
        level, prefix = ("h1", "") if len(given) == 1 else ("h2", f"run{number}-")
        runs.append({**run, "data": data, "level": level, "prefix": prefix})
    text = template(TEMPLATES, "page.html").render(
        title="; ".join(manifest.title for manifest in given),
        runs=runs,
        css=asset(TEMPLATES, "page.css"),
        library=_library(),
        scripts=_scripts(),
        versions=_versions(),
    )
    write_text(output, text)


def _scripts() -> str:
    """The scripts in their order, behind what they have of the program."""
    folder = resources.files("chromatrack").joinpath("reporting/templates", TEMPLATES)
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".js"))
    return "\n".join([
        f"const LATEX = {as_script(ESCAPES)};", *(asset(TEMPLATES, name) for name in names)
    ])  # fmt: skip


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
