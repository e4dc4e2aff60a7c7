"""Background work: the Job rows, what wakes the hands, what is late."""
