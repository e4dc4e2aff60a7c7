"""FIRMS rows that went through Excel: each sheet becomes the text it would be as CSV, with its row numbers kept."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time
from typing import Any

import numpy as np

from firepoints.sources.base import Note, ParseResult, text_row
from firepoints.sources.rows import blank
from firepoints.sources.text import plain
from papers.reading import Sheet


def as_csv(sheet: Sheet) -> bytes:
    """One line per row of the sheet, empty ones too: so line numbers are the row numbers that Excel shows."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for row in sheet.rows:
        if blank(row):
            out.write("\n")
        else:
            writer.writerow([cell_text(cell) for cell in row])
    return out.getvalue().encode("utf-8", "replace")


def cell_text(cell: Any) -> str:
    """A date without its midnight, a time as HH:MM:SS, a number as FIRMS writes it."""
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    return plain(cell).replace("\ufeff", "")


def cover(sheet: Sheet) -> list[Note]:
    """The rows of a sheet that has no FIRMS heading."""
    return [Note(i + 1, sheet.name, text_row(row)) for i, row in enumerate(sheet.rows) if not blank(row)]


def together(parts: Sequence[tuple[str, ParseResult]], covers: Sequence[Note]) -> ParseResult:
    """The results of several sheets as one, each row under the name of its sheet."""
    tables = [(name, result.table()) for name, result in parts]
    named = [replace(table, sheet=np.full(len(table), name, dtype=object)) for name, table in tables]
    sightings = named[0] if len(named) == 1 else tuple(one for table in named for one in table)
    rejected = [replace(row, sheet=name) for name, result in parts for row in result.rejected]
    notes = [replace(note, sheet=name) for name, result in parts for note in result.notes]
    meta = {**parts[0][1].meta, "encoding": "xlsx", "sheets": [name for name, _ in parts]}
    return ParseResult(sightings, rejected, [*covers, *notes], meta)
