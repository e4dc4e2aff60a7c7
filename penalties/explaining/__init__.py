"""A yuan explained: from an entry of the ledger back to the raw row, and from there to the file as it came."""
