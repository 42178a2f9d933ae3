"""Clip lists, fetching, and what became of the clips."""
