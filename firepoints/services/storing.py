"""Keeping files as they came: the filing of `papers`, under the name by which this app's services know it."""

from papers.filing import digest_of, digest_of_file, store_bytes, store_file, stored_path

__all__ = ["digest_of", "digest_of_file", "store_bytes", "store_file", "stored_path"]
