"""Batches for programs."""
