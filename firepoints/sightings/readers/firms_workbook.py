"""FIRMS rows that went through Excel: each sheet becomes the text it would be as CSV, with its row numbers kept."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

import numpy as np

from firepoints.sightings.readers.base import Note, ParseResult, text_row
from firepoints.sightings.readers.columns import is_misread, one_order
from firepoints.sightings.readers.rows import blank
from firepoints.sightings.readers.table import table_of
from firepoints.sightings.readers.text import plain
from papers.reading import Sheet


def as_csv(sheet: Sheet) -> bytes:
    """One line per row of the sheet, empty ones too: so line numbers are the row numbers that Excel shows.

    Dates that Excel turned round are again the text that they were, so that the rule of the CSV reads them.
    """
    orders = turned_orders(sheet)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for row in sheet.rows:
        if blank(row):
            out.write("\n")
            continue
        dates = {at: as_typed(row[at], order) for at, order in orders.items() if at < len(row) and is_day(row[at])}
        writer.writerow([dates.get(at) or cell_text(cell) for at, cell in enumerate(row)])
    return out.getvalue().encode("utf-8", "replace")


def turned_orders(sheet: Sheet) -> dict[int, str]:
    """Column → the order in which Excel read its dates, where it read only those that fitted (columns.is_misread).

    A text that can only be day/month was left by an Excel that reads month/day, and the other way round. "" where the texts
    contradict each other: then the dates come back as texts that may be two days, and are refused as such.
    """
    orders = {}
    for at in {at for row in sheet.rows for at, cell in enumerate(row) if is_day(cell)}:
        cells = [row[at] for row in sheet.rows if at < len(row)]
        if is_misread(cells):
            order = one_order(plain(cell) for cell in cells if isinstance(cell, str))
            orders[at] = {"dmy": "mdy", "mdy": "dmy"}.get(order, "")
    return orders


def is_day(cell: Any) -> bool:
    return isinstance(cell, date) and (not isinstance(cell, datetime) or cell.time() == time())


def as_typed(cell: date, order: str) -> str:
    """The text from which Excel made this date, if it reads dates in this order."""
    first, second = (cell.day, cell.month) if order == "dmy" else (cell.month, cell.day)
    return f"{first:02d}/{second:02d}/{cell.year}"


def cell_text(cell: Any) -> str:
    """A date without its midnight, a time as HH:MM:SS, a number as FIRMS writes it."""
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    return plain(cell).replace("\ufeff", "")


def cover(sheet: Sheet) -> list[Note]:
    """The rows of a sheet that has no FIRMS heading."""
    return [Note(i + 1, sheet.name, text_row(row)) for i, row in enumerate(sheet.rows) if not blank(row)]


def together(parts: Sequence[tuple[str, ParseResult]], covers: Sequence[Note]) -> ParseResult:
    """The results of several sheets (or files of an order) as one, each row under the name of its sheet."""
    tables = [(name, table_of(result)) for name, result in parts]
    named = [replace(table, sheet=np.full(len(table), name, dtype=object)) for name, table in tables]
    sightings = named[0] if len(named) == 1 else tuple(sighting for table in named for sighting in table)
    rejected = [replace(row, sheet=name) for name, result in parts for row in result.rejected]
    notes = [replace(note, sheet=name) for name, result in parts for note in result.notes]
    meta = {**parts[0][1].meta, "encoding": parts[0][1].meta["encoding"], "sheets": [name for name, _ in parts]}
    return ParseResult(sightings, rejected, [*covers, *notes], meta)
