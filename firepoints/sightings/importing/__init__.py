"""The import engine. `firepoints.sightings.importing.ingest` is its door; docs/decisions/0021 says why it has this shape.

start → turns → reading (prepare, verdicts) → storing → committing → points; releasing takes back.
"""
