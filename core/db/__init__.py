"""The database's common ground: SQLite's locks, bulk writes, append-only tables and their triggers, the soft cache."""
