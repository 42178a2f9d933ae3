"""Where videos come from, and what this machine brings along: each as one digest."""

from __future__ import annotations

import importlib.metadata
import shutil
import urllib.request
from pathlib import Path

from chromatrack.fetch.folder import version_of
from chromatrack.files import canonical_json, digest_text
from chromatrack.settings import SourceSettings
from chromatrack.settings.keys import without

JS_RUNTIMES = {"deno": "deno", "node": "node", "bun": "bun", "quickjs": "qjs"}
"""Programs that yt-dlp can run YouTube's JavaScript with: its name for each -> the command."""

_PACKAGES = ("yt-dlp", "yt-dlp-ejs")


def source_digest(settings: SourceSettings) -> str:
    """Of the settings that decide which videos can be had."""
    return digest_text(canonical_json(without(settings, *settings.MANNERS)))


def way_digest(settings: SourceSettings) -> str:
    """Of all that a person changes when a site turns everything away: the remedies.

    Those settings, the versions of yt-dlp, the JavaScript runtimes that are installed, the file of
    cookies, and the proxies that the environment names.
    """
    facts = [source_digest(settings), urllib.request.getproxies()]
    if settings.kind == "ytdlp":
        cookies = version_of(Path(settings.cookies)) if settings.cookies else ""
        runtimes = [shutil.which(command) for command in JS_RUNTIMES.values()]
        facts += [cookies, runtimes, [_version(name) for name in _PACKAGES]]
    return digest_text(canonical_json(facts))


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
