"""What the grid's pages show."""
