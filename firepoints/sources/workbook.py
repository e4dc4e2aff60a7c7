"""Sheets of a workbook or CSV: the reader of `papers`, behind checks that a hostile file cannot pass."""

from papers.reading import OLE, Sheet, read_bytes, read_sheets

__all__ = ["OLE", "Sheet", "read_bytes", "read_sheets"]
