"""One's own videos, weights and machine."""
