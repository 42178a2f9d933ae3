"""Label caches, Lab statistics, and the analysis of labels."""
