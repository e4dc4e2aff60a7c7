"""Facts of a whole column of dates that no single cell shows: the order of day and month, and dates that Excel turned round."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from firepoints.sightings.readers.moments import slash_order
from firepoints.sightings.readers.rows import Row
from firepoints.sightings.readers.text import plain


def date_order(rows: Sequence[Row], fields: Sequence[str]) -> str:
    """ "dmy" or "mdy" where dates of the file can only be one of them and none the other (27/10/2023); else "".

    One program writes a column in one order, so 27/10/2023 settles the 10/11/2023 above it.
    """
    return one_order(plain(row.get(field)) for field in fields for row in rows)


def one_order(texts: Any) -> str:
    orders = {slash_order(text) for text in set(texts)} - {""}
    return orders.pop() if len(orders) == 1 else ""


def misread_dates(rows: Sequence[Row], fields: Sequence[str]) -> dict[str, bool]:
    """Fields whose real date cells are suspect, because Excel read as dates only what fitted its own order.

    A file of day/month/year opened where month comes first leaves 27/10/2023 as text and turns 10/11/2023 into 11 October.
    The sign: text that is no date in one order, beside real dates none of which is later than the 12th.
    """
    return {field: is_misread([row.get(field) for row in rows]) for field in fields}


def is_misread(cells: Sequence[Any]) -> bool:
    """The same of the cells of one column."""
    real = [cell for cell in cells if isinstance(cell, date)]
    if not real or any(cell.day > 12 for cell in real):
        return False
    return any(isinstance(cell, str) and slash_order(plain(cell)) for cell in cells)
