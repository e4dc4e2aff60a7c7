"""Photos, scans and tracks: taking them in, judging them."""
