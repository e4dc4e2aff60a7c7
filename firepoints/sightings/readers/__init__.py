"""Readers of sighting files: bytes in, dataclasses out (pure: no ORM, no clock, no settings)."""
