"""Networks: torch only; they know nothing of files, numpy or settings."""
