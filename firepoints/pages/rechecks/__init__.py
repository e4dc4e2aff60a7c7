"""Pages of re-checks."""
