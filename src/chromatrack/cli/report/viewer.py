"""What is collected of a finished run for its page to show: pictures, sequences, maps, cells."""

from __future__ import annotations

import argparse
from pathlib import Path

from chromatrack.cli.common import add_compute, add_settings, add_stage, compute_settings, whole_run


def register(subcommands: argparse._SubParsersAction) -> None:
    """Add `pictures`, `strips`, `score-maps` and `similarity`."""
    paths = {"metavar": "FILE", "type": Path, "nargs": "*", "default": []}
    pictures = add_stage(
        subcommands, "pictures", _pictures, help="draw colour labels and coloured frames of a run"
    )
    pictures.add_argument("--labels", help="label caches", **paths)
    pictures.add_argument("--colorized", help="videos of colorize", **paths)
    strips = _of_run(
        subcommands, "strips", _strips,
        help="collect pictures, boxes, overlaps and masks of the sequences of a run",
    )  # fmt: skip
    maps = _of_run(
        subcommands, "score-maps", _score_maps,
        help="collect score maps of a combined tracker of a run",
    )  # fmt: skip
    maps.add_argument(
        "--strips", metavar="FILE", type=Path, required=True, help="strips.json of the run"
    )
    similarity = _of_run(
        subcommands, "similarity", _similarity,
        help="collect what each pretrained network sees in two frames",
    )  # fmt: skip
    for parser, output in (
        (pictures, "pictures.json"),
        (strips, "strips.json"),
        (maps, "maps.json"),
        (similarity, "similarity.json"),
    ):
        parser.add_argument("--output", metavar=output, type=Path, required=True)
    for parser in (maps, similarity):
        add_compute(parser)


def _of_run(subcommands, name: str, run, *, help: str) -> argparse.ArgumentParser:
    parser = add_stage(subcommands, name, run, help=help)
    add_settings(parser, "all of them")
    return parser


def _pictures(options: argparse.Namespace) -> None:
    from chromatrack.stages.report.pictures import draw_pictures

    draw_pictures(options.output, labels=options.labels, colorized=options.colorized)


def _strips(options: argparse.Namespace) -> None:
    from chromatrack.stages.report.strips import make_strips

    made = make_strips(whole_run(options), options.output)
    counts = f"{len(made['sequences'])} sequences, {len(made['masks'])} of masks"
    print(f"{counts}: {options.output}")


def _score_maps(options: argparse.Namespace) -> None:
    from chromatrack.stages.report.score_maps import make_score_maps

    made = make_score_maps(
        whole_run(options), options.strips, options.output, compute=compute_settings(options)
    )
    print(f"{made['tracker']}, {len(made['sequences'])} sequences: {options.output}")


def _similarity(options: argparse.Namespace) -> None:
    from chromatrack.stages.report.similarity import make_similarity

    made = make_similarity(whole_run(options), options.output, compute=compute_settings(options))
    print(f"{len(made)} networks: {options.output}")
