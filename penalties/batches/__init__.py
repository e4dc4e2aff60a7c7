"""A batch from its table to the voucher, and what freezing hashes (C13)."""
