"""Forms of the grid's pages."""
