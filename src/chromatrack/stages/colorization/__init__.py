"""Pretraining, networks with random weights, and the single-video test."""
