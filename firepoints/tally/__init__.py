"""The counts of points by cell of the map (`firepoints.models.tally`), as the map reads them."""
