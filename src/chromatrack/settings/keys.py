"""Some keys of a dataclass of settings, as plain values: what a result depends on, or does not."""

from __future__ import annotations

from typing import Any

from chromatrack.configuration import as_plain


def only(settings: Any, *names: str) -> dict[str, Any]:
    """These keys and their values."""
    plain = as_plain(settings)
    return {name: plain[name] for name in names}


def without(settings: Any, *names: str) -> dict[str, Any]:
    """All keys but these, and their values."""
    plain = as_plain(settings)
    for name in names:
        del plain[name]
    return plain


def cadence(settings: Any) -> dict[str, Any]:
    """The keys that say how often a training writes what, and leave its weights as they are."""
    return only(settings, *settings.CADENCE)


def without_cadence(settings: Any) -> dict[str, Any]:
    """All other keys."""
    return without(settings, *settings.CADENCE)
