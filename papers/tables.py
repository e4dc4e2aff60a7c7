"""A plain workbook of one or more tables: lists, templates, reports of checks.

Every text is a constant string and every number a constant number: no formula, no link, no macro. The same tables give
the same bytes.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from io import BytesIO
from typing import Any

import xlsxwriter

OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
# A cell that starts like a formula keeps Excel's quote prefix, so that it stays text even when somebody edits it.
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
FONT = {"font_name": "宋体", "font_size": 11, "valign": "vcenter"}
HEAD = {**FONT, "border": 1, "bold": True, "bg_color": "#F2F4F7", "text_wrap": True, "align": "center"}
BOX = {**FONT, "border": 1, "text_wrap": True}
FAULT = {**BOX, "bg_color": "#FDECEA"}
MADE = datetime(2000, 1, 1)  # noqa: DTZ001  XlsxWriter would put the clock here; the same content gives the same bytes
LONGEST = 32_767  # characters that Excel takes in a cell

Value = str | int | float | date | None


@dataclass(frozen=True)
class Table:
    """One sheet: a title line, notes below it, columns (heading, width in characters), rows of values.

    `faults` are (row, column) positions of `rows` to mark; `choices` gives a column a list to pick from.
    """

    name: str
    columns: Sequence[tuple[str, float]]
    rows: Iterable[Sequence[Value]]
    title: str = ""
    notes: Sequence[str] = ()
    faults: frozenset[tuple[int, int]] = frozenset()
    choices: dict[int, Sequence[str]] = field(default_factory=dict)


def workbook(*tables: Table) -> bytes:
    """The .xlsx with one sheet a table."""
    out = BytesIO()
    book = xlsxwriter.Workbook(out, OPTIONS)
    book.set_properties({"created": MADE})
    looks = {name: book.add_format(look) for name, look in (("head", HEAD), ("box", BOX), ("fault", FAULT))}
    looks["quoted"] = book.add_format({**BOX, "quote_prefix": True})
    looks["quoted_fault"] = book.add_format({**FAULT, "quote_prefix": True})
    looks["date"] = book.add_format({**BOX, "num_format": "yyyy-mm-dd"})
    looks["title"] = book.add_format({**FONT, "bold": True, "font_size": 14})
    looks["note"] = book.add_format({**FONT, "font_color": "#555555"})
    for table in tables:
        _sheet(book.add_worksheet(table.name[:31]), table, looks)
    book.close()
    return out.getvalue()


def _sheet(page: Any, table: Table, looks: dict[str, Any]) -> None:
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    at = 0
    if table.title:
        page.write_string(at, 0, table.title, looks["title"])
        at += 1
    for note in table.notes:
        page.write_string(at, 0, note, looks["note"])
        at += 1
    for column, (heading, width) in enumerate(table.columns):
        page.set_column(column, column, width)
        page.write_string(at, column, heading, looks["head"])
    page.freeze_panes(at + 1, 0)
    page.repeat_rows(at)
    last = at
    for index, row in enumerate(table.rows):
        last = at + 1 + index
        for column, value in enumerate(row):
            _put(page, last, column, value, looks, is_fault=(index, column) in table.faults)
    if last > at:
        page.autofilter(at, 0, last, len(table.columns) - 1)
    for column, choices in table.choices.items():
        page.data_validation(
            at + 1, column, max(last, at + 1000), column, {"validate": "list", "source": list(choices)}
        )


def _put(page: Any, row: int, column: int, value: Value, looks: dict[str, Any], *, is_fault: bool) -> None:
    look = looks["fault"] if is_fault else looks["box"]
    if value is None or value == "":
        page.write_blank(row, column, None, look)
    elif isinstance(value, bool):
        page.write_string(row, column, "是" if value else "否", look)
    elif isinstance(value, date):
        page.write_datetime(row, column, value, looks["date"])
    elif isinstance(value, int | float):
        if math.isfinite(value):
            page.write_number(row, column, value, look)
        else:
            page.write_string(row, column, str(value), look)
    else:
        if value.startswith(DANGEROUS):
            look = looks["quoted_fault"] if is_fault else looks["quoted"]
        page.write_string(row, column, value[:LONGEST], look)
