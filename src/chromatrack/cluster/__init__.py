"""Runs under Snakemake and on Slurm: partitions, jobs that go on, commands that are found."""
