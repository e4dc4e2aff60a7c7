"""Keeping files as they came: the filing of `papers`, under the name by which this app's services know it."""

from papers.filing import digest_of, store_bytes, stored_path

__all__ = ["digest_of", "store_bytes", "stored_path"]
