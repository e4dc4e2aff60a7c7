"""Overlays beside the grid: forests, built-up areas, fixed heat, cropland."""
