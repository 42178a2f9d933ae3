"""What a run is made of: its data, networks, trackers and jobs, and where each result is."""
