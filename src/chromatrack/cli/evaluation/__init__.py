"""Commands that run trackers over benchmarks, and score and compare their results."""
