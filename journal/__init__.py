"""What was done, and what must happen because of it: sealed acts, accesses, durable jobs, the one clock."""
