"""Pages of findings and the hotline."""
