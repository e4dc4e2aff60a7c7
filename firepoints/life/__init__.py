"""The acts of a fire point, a file each."""
