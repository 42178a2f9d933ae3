"""Crops, training, and the choice of the network."""
