"""Colour labels: k-means of the AB channels, and the HDF5 cache of labels and luma."""
