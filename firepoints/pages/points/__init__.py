"""Pages of fire points: list, map, one point."""
