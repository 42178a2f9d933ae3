"""`chromatrack got10k-archive`: results as the GOT-10k server takes them."""

from __future__ import annotations

import argparse

from chromatrack.cli.common import add_paths, add_stage


def register(subcommands) -> None:
    """Add the subcommands of this group."""
    archive = add_stage(
        subcommands, "got10k-archive", _archive, help="pack results for the GOT-10k server"
    )
    add_paths(
        archive,
        root="folder with list.txt and the frames, such as GOT-10k/test",
        results="NAME/NAME_001.txt and NAME_time.txt, or NAME.txt and times/NAME_time.txt",
        output="zip file to write",
    )


def _archive(options: argparse.Namespace) -> None:
    from chromatrack.stages.evaluation.evaluate_got10k import pack_got10k

    count = pack_got10k(options.root, options.results, options.output)
    print(f"{options.output}: {count} sequences")
