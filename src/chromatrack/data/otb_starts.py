"""Frames at which the official TRE of OTB starts no run, because the target is hidden there.

From the benchmark's own toolkit (initOmit): 27 of its 100 targets. Numbers of frames are those of
the annotation, from 1; a target is known by its name and the length of its annotation, so that a
sequence that was cut, or another one of that name, is left alone. And the first frames that
published results leave out.
"""

from __future__ import annotations

import numpy as np

INIT_OMIT: dict[str, tuple[int, str]] = {
    "Basketball": (725, "8-27 619-628 639-659"),
    "CarScale": (252, "155-177 202-225"),
    "Coke": (291, "7-44 71-78 162-167 183-192 197-201 219-227 250-275"),
    "David3": (252, "22-31 78-91 179-193 236-244"),
    "Doll": (3872, "2552-2573 2632-2643 3714-3771"),
    "Dudek": (1145, "204-218 357-372 971-988 1090-1116"),
    "FaceOcc1": (892, "23-75 81-148 168-239 272-325 349-411 437-593 613-783 814-892"),
    "FaceOcc2": (812, "79-90 128-185 247-278 391-520 681-740"),
    "Football": (362, "58-65 76-84 279-305 319-362"),
    "Freeman4": (
        283,
        "7-8 16-17 25-26 34-38 42-51 61-74 81-82 102-103 116-117 126-130 142-148 156-168 181-181 "
        "184-188 205-207 239-256 268-297",
    ),
    "Girl": (500, "421-443 451-469"),
    "Ironman": (166, "102-114 144-145 156-164"),
    "Jogging-1": (307, "61-83"),
    "Jogging-2": (307, "40-63"),
    "Lemming": (1336, "299-379 427-460 552-560"),
    "Liquor": (
        1741,
        "383-410 502-510 604-608 723-735 768-779 1181-1187 1236-1238 1286-1289 1318-1321 "
        "1351-1358 1502-1507 1515-1521 1606-1609",
    ),
    "Matrix": (100, "36-40"),
    "RedTeam": (1918, "1521-1527"),
    "Skating1": (400, "154-189"),
    "Soccer": (392, "93-231 350-392"),
    "Subway": (175, "37-45 52-59 92-101"),
    "Suv": (945, "28-58 189-241 506-572 669-693 768-792"),
    "Tiger1": (
        354,
        "1-5 9-15 18-29 40-46 56-66 100-113 119-128 134-155 167-186 203-218 226-241 248-255 "
        "288-314 318-322 332-354",
    ),
    "Tiger2": (
        365,
        "72-76 80-118 124-153 165-190 196-203 207-225 233-276 285-321 325-340 346-365",
    ),
    "Walking": (412, "81-94"),
    "Walking2": (500, "188-233 370-378"),
    "Woman": (597, "106-172 189-247 262-334 356-413 457-525 544-597"),
}  # fmt: skip
"""Target -> annotated frames, and the stretches without a start, first and last frame included."""

LEFT_OUT = {"Tiger1": 5}
"""First frames that MATLAB's list leaves out, and with it published results: Tiger1 runs from
frame 6 there."""


def hidden_starts(target: str, frames: int) -> np.ndarray | None:
    """(N,) bool: frames at which no run of TRE starts; None where nothing is known."""
    length, stretches = INIT_OMIT.get(target, (0, ""))
    left_out = LEFT_OUT.get(target, 0)
    if frames not in (length, length - left_out):
        return None
    first = 1 + length - frames
    hidden = np.zeros(frames, dtype=bool)
    for stretch in stretches.split():
        low, high = map(int, stretch.split("-"))
        hidden[max(low - first, 0) : high - first + 1] = True
    return hidden
