"""Pages of the journal and of the jobs."""
