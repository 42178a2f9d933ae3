"""Subcommands of the group "kinetics"."""


def register(subcommands) -> None:
    """Add the subcommands of this group."""
