"""Subcommands of the group "report"."""


def register(subcommands) -> None:
    """Add the subcommands of this group."""
