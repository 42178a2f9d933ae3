"""The patches that SiamFC compares (Bertinetto et al., Fully-Convolutional Siamese Networks for
Object Tracking, 2016; thesis 3.1): their sizes, for networks, data, settings and tables alike."""

EXEMPLAR_SIZE = 127
"""Side in pixels of the patch that shows the target and its context."""
SEARCH_SIZE = 255
"""Side in pixels of the patch in which it is looked for."""
STRIDE = 8
"""Pixels of a patch between the cells that are compared: between those of a score map, too."""
