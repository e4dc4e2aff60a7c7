"""People of the grid: posts, terms, designations, the roster, letters, phones, payers, tokens."""
