"""Measures of trackers and segmentations: pure functions of numpy arrays, no files."""
