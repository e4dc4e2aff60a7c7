"""Pages of acts on a fire point."""
