"""Subcommands of the group "world"."""


def register(subcommands) -> None:
    """Add the subcommands of this group."""
