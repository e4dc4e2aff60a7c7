"""Boundary editions: reading border files, checking, loading, activating, changing codes, exporting."""
