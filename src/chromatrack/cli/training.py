"""Subcommands of the group "training"."""


def register(subcommands) -> None:
    """Add the subcommands of this group."""
