"""The cells and maps that the grid's pages show."""
