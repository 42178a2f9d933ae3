"""A tracker that speaks TraX, the protocol through which vot-toolkit runs trackers."""

from __future__ import annotations

import numpy as np

from chromatrack.data.images import read_image_rgb
from chromatrack.data.vot import bounding_boxes
from chromatrack.errors import InputError
from chromatrack.tracking.contract import OpenTracker


def serve(open_tracker: OpenTracker, *, name: str) -> None:
    """Answer a TraX client on standard input and output until it leaves.

    The client is greeted before the tracker is opened: it does not wait long for a greeting.

    Raises:
        InputError: the package vot-trax is missing.
    """
    trax = _trax()
    tracker = None
    # The toolkit hands the list of objects over only to a tracker that says it follows several.
    server = trax.server.Server(
        [trax.Region.RECTANGLE, trax.Region.POLYGON],
        [trax.Image.PATH],
        tracker_name=name,
        multiobject=True,
    )
    with server:
        while True:
            request = server.wait()
            if request.type not in (trax.TraxStatus.INITIALIZE, trax.TraxStatus.FRAME):
                break
            image = read_image_rgb(request.image[trax.ImageChannel.COLOR].path())
            if request.type == trax.TraxStatus.INITIALIZE:
                tracker = tracker or open_tracker()
                box_ltwh = _box(request.objects[0][0])
                tracker.init(image, box_ltwh)
            else:
                box_ltwh = tracker.update(image)
            rectangle = trax.Rectangle.create(*(float(value) for value in box_ltwh))
            server.status([(rectangle, {})])


def _box(region) -> np.ndarray:
    """(4,) ltwh of a region of TraX."""
    if region.type == "rectangle":
        return np.array(region.bounds(), dtype=np.float64)
    corners = [value for index in range(region.size()) for value in region.get(index)]
    return bounding_boxes(np.array([corners]))[0]


def _trax():
    try:
        import trax
        import trax.server
    except ImportError:
        raise InputError(
            "vot-trax, through which VOT runs trackers, is missing: pip install 'chromatrack[vot]'"
        ) from None
    return trax
