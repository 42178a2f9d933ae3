"""What the page of a run shows, as data: read from the files of the run, nothing computed twice.

Each module is a part of the page. `data.run_data` joins them into what its scripts read.
"""
