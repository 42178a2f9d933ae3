"""The OTB attributes of a synthetic sequence, measured on its exact annotation.

SV, FM and LR follow the definitions of OTB (attr_desc.txt of the benchmark); the others measure
the effect that was rendered.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chromatrack.data.otb_attributes import ATTRIBUTES
from chromatrack.world.scene import View

SCALE_RATIO = 2.0
"""SV: area of a box over that of the first box, or the inverse."""
FAST_PIXELS = 20.0
"""FM: way of the box's centre from frame to frame."""
LOW_AREA = 400.0
"""LR: area of a box in square pixels."""
OUT_SHARE = 0.05
"""OV: share of the object outside the image."""
OCCLUDED_SHARE = 0.1
"""OCC: share of the object behind others."""
BRIGHTNESS_RATIO = 1.6
"""IV: brightest over darkest illumination of the target."""
TURN_DEGREES = 25.0
"""IPR: difference of in-plane angles."""
TILT_DEGREES = 30.0
"""OPR: difference of tilts."""
BEND_SHARE = 0.04
"""DEF: amplitude of the deformation over the size."""
BLUR_PIXELS = 6.0
"""MB: way of the target while the shutter is open."""
CLUTTER_DISTANCE = 2.0
"""BC: distance of a look-alike over the target's size."""


def measure(views: Sequence[View], look_alikes: Sequence[Sequence[View]] = ()) -> tuple[str, ...]:
    """Attributes of a target, in the order of OTB.

    Args:
        views: the target in each frame.
        look_alikes: views of other objects with the target's texture.
    """
    boxes_ltwh = np.array([view.box_ltwh for view in views])
    areas = boxes_ltwh[:, 2] * boxes_ltwh[:, 3]
    ratios = areas / areas[0]
    centres = boxes_ltwh[:, :2] + boxes_ltwh[:, 2:] / 2
    steps = np.linalg.norm(np.diff(centres, axis=0), axis=1)
    brightness = np.array([view.brightness for view in views])
    present = {
        "IV": brightness.max() / brightness.min() > BRIGHTNESS_RATIO,
        "OPR": np.ptp([view.pose.tilt for view in views]) > TILT_DEGREES,
        "SV": ratios.max() > SCALE_RATIO or ratios.min() < 1 / SCALE_RATIO,
        "OCC": max(view.occluded for view in views) > OCCLUDED_SHARE,
        "DEF": max(abs(view.pose.bend) for view in views) > BEND_SHARE,
        "MB": max(view.blur for view in views) > BLUR_PIXELS,
        "FM": steps.max(initial=0.0) > FAST_PIXELS,
        "IPR": np.ptp([view.pose.angle for view in views]) > TURN_DEGREES,
        "OV": min(view.in_view for view in views) < 1 - OUT_SHARE,
        "BC": any(_is_near(views, other) for other in look_alikes),
        "LR": areas.min() < LOW_AREA,
    }
    return tuple(name for name in ATTRIBUTES if present[name])


def _is_near(views: Sequence[View], other: Sequence[View]) -> bool:
    return any(
        np.hypot(a.pose.x - b.pose.x, a.pose.y - b.pose.y) < CLUTTER_DISTANCE * a.pose.size
        and b.in_view > 0.5
        for a, b in zip(views, other, strict=True)
    )
