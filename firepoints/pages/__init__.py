"""The HTML pages of the fire points, one module per page; each starts from what the user may see."""
