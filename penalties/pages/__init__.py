"""Pages of batches, 通报 and payers."""
