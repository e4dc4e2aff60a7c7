"""The 通报, from the points to the filed paper (C14)."""
