"""Subcommands of the group "tools"."""


def register(subcommands) -> None:
    """Add the subcommands of this group."""
