"""Subcommands of the group "benchmarks"."""


def register(subcommands) -> None:
    """Add the subcommands of this group."""
