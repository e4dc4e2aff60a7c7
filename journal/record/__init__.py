"""The record: acts, entries, seals, digests, and what `journal verify` asks."""
