"""反馈: the issuer's own file with our answers filled in, and nothing else of it changed (policy.md §3)."""
