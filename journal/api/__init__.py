"""The journal's API."""
