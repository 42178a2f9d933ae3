"""Trackers over benchmarks: run, scored, compared."""
