"""Trackers and label propagation."""
