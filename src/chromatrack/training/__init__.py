"""One training engine; it knows no task by name."""
