"""The common ground of every app: clock, errors, HTTP, database, transitions; no models, no rules of the policy."""
