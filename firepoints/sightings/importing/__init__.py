"""The import engine; `start` is its door, and docs/decisions/0021 says why it has this shape.

An `ImportOrder` (`order`) says what is handed in. `import_start` takes it in and answers at once; `import_run_now` works
on a run here; `import_file` does both, `import_dry_run` neither. `import_sightings` stores a few rows that were read
already. Every row gets one outcome, and the same row is never kept twice (policy.md §6).

start → turns → reading (prepare, verdicts) → storing → committing → points; releasing takes back.
"""
