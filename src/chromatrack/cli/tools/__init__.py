"""Commands for files of one's own, and for this machine."""
