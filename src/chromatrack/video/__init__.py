"""Decoding, cutting, equalising."""
