"""Benchmarks of trackers: what each of them is (`sets/`), and how its results are scored.

A benchmark is one file in `sets/`. It says how its folder is read, by which protocols a tracker is
run, and which measures are taken; everything else (rules, commands, tables, plots, the page) takes
what it says.
"""
