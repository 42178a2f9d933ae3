"""Score-map statistics and the combined networks."""
