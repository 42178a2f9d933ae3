"""The runs of TRE and SRE as sequences of their own, so that any tracker runs them like others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from chromatrack.data.images import read_image_rgb
from chromatrack.data.otb_results import run_name
from chromatrack.data.otb_starts import hidden_starts
from chromatrack.data.sequence import Sequence
from chromatrack.metrics.otb_protocols import Protocol, sre_boxes, tre_starts


def runs_of(sequence: Sequence, protocol: Protocol) -> Iterator[Sequence]:
    """What a tracker runs on for one sequence, named as its results are ("Girl/tre-07").

    Raises:
        InputError: SRE needs the size of the first frame, which cannot be read.
    """
    if protocol == "ope":
        yield sequence
    elif protocol == "tre":
        hidden = hidden_starts(sequence.name, len(sequence))
        for number, start in enumerate(tre_starts(sequence.boxes_ltwh, hidden)):
            yield _named(sequence.since(start), protocol, number)
    else:
        image = read_image_rgb(sequence.frames[0])
        for number, box_ltwh in enumerate(sre_boxes(sequence.boxes_ltwh[0], image.shape[:2])):
            boxes_ltwh = np.vstack([box_ltwh, sequence.boxes_ltwh[1:]])
            yield _named(replace(sequence, boxes_ltwh=boxes_ltwh), protocol, number)


def _named(sequence: Sequence, protocol: Protocol, number: int) -> Sequence:
    return replace(sequence, name=run_name(sequence.name, protocol, number))
