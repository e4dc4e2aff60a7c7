"""Papers of the grid: the 目标责任书 to be signed (C3)."""
