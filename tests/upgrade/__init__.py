"""Homes made by an earlier commit, migrated forward: `python -m tests.upgrade.forward --from COMMIT`."""
