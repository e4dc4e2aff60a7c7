"""The counts of points by cell of the map: kept by triggers, folded by a job, read by the map, checked every night."""
