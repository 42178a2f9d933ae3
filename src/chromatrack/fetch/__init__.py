"""Getting videos: sources, the stand-in for a video site, the ledger."""
