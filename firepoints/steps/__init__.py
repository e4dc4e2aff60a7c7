"""A step in a fire point's life: the transition table, claiming, advancing, reading."""
