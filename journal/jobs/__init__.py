"""Background work: the Job rows, the waking of workers, the state of what is late."""
