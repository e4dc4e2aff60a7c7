"""Entries: the pure difference, its posting, and what the night and `journal verify` check."""
