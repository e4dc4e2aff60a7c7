"""The journal for programs."""
