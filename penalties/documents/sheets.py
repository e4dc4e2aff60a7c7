"""Sheets of the detail workbook: how one value is written safely, how a page is set up, how a table is laid out.

Every text is written as a constant string and every number as a constant number: no formula, no link, no macro, so a cell
that begins with ``=`` is only text.
"""

import math
from collections.abc import Sequence
from datetime import datetime, time
from typing import Any

from penalties.documents.report import MonthReport
from penalties.documents.wording import summary_title

OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
# A cell that starts like a formula keeps Excel's quote prefix, so that it stays text even when somebody edits it.
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
PAPER_A4 = 9
CELL = {"font_name": "宋体", "font_size": 11, "valign": "vcenter"}
BOX = {**CELL, "border": 1}
# "_ " keeps a space's width at the right edge: an indent on right-aligned cells is not honoured everywhere.
COUNT = "#,##0_ "


class Book:
    """A workbook with our formats; it knows how to write one value safely and how to set up a page."""

    def __init__(self, workbook: Any, report: MonthReport) -> None:
        self.report = report
        self._workbook = workbook
        self._formats: dict[tuple[tuple[str, Any], ...], Any] = {}
        workbook.set_properties(
            {
                "title": summary_title(report),
                "author": report.titles.bureau,
                "comments": "；".join((*report.marks, f"日志头 {report.journal_head}")),
                # XlsxWriter would put the clock here; the date of the paper keeps the bytes the same.
                "created": datetime.combine(report.issued_on, time()),
            }
        )

    def sheet(self, name: str, *, landscape: bool, repeat: tuple[int, int] | None = None) -> "Sheet":
        """A new A4 page, one page wide, with the marks in its header and the journal head in its footer."""
        page = self._workbook.add_worksheet(name)
        page.set_paper(PAPER_A4)
        if landscape:
            page.set_landscape()
        page.fit_to_pages(1, 0)
        page.center_horizontally()
        page.set_margins(left=0.6, right=0.6, top=0.9, bottom=0.8)
        page.hide_gridlines(2)
        if repeat:
            page.repeat_rows(*repeat)
        page.set_header(self._header())
        head = self.report.journal_head.replace("&", "&&")
        page.set_footer(f"&L&8日志头 {head[:40]}&R&9第 &P 页　共 &N 页")
        return Sheet(page, self)

    def format(self, **changes: Any) -> Any:
        key = tuple(sorted(changes.items()))
        if key not in self._formats:
            self._formats[key] = self._workbook.add_format(dict(key))
        return self._formats[key]

    def close(self) -> None:
        self._workbook.close()

    def _header(self) -> str:
        corner = f"&R&10&KB3261E{' · '.join(self.report.marks)}" if self.report.marks else ""
        # A very large pale header runs down behind the cells: the only watermark that needs no picture.
        watermark = "&C&80&KDDDDDD\n" + "".join(mark[:2] for mark in self.report.marks) if self.report.marks else ""
        return watermark + corner


class Sheet:
    """One page being written from the top down; ``row`` is the next row (0-based)."""

    def __init__(self, page: Any, book: Book) -> None:
        self.page, self.book, self.row = page, book, 0

    def put(self, column: int, value: str | int | float | datetime, **style: Any) -> None:
        """One constant: text through write_string, numbers and dates as numbers."""
        look = {**BOX, **style}
        if isinstance(value, str):
            if value.startswith(DANGEROUS):
                look["quote_prefix"] = True
            self.page.write_string(self.row, column, value, self.book.format(**look))
        elif isinstance(value, datetime):
            self.page.write_datetime(self.row, column, value, self.book.format(**look, num_format="yyyy-mm-dd"))
        else:
            self.page.write_number(self.row, column, value, self.book.format(**look))

    def band(self, text: str, last: int, *, first: int = 0, height: float | None = None, **style: Any) -> None:
        """One text over the columns ``first`` to ``last`` of the current row; does not move down."""
        look = self.book.format(**{**CELL, **style})
        if first < last:
            self.page.merge_range(self.row, first, self.row, last, "", look)
        self.page.write_string(self.row, first, text, look)
        if height:
            self.page.set_row(self.row, height)

    def down(self, rows: int = 1) -> None:
        self.row += rows

    def title(self, text: str, last: int) -> None:
        marks = self.book.report.marks
        if marks:
            self.band(" · ".join(marks), last, font_color="#B3261E", bold=True)
            self.down()
        self.band(text, last, height=34, font_name="黑体", font_size=18, align="center")
        self.down()

    def heads(self, columns: Sequence[tuple[str, float]]) -> None:
        self.page.set_row(self.row, 32)
        for column, (text, width) in enumerate(columns):
            self.page.set_column(column, column, width)
            self.put(column, text, **HEAD)
        self.down()

    def line(self, values: Sequence[Any], columns: Sequence[tuple[str, float]], formats: dict[int, str]) -> None:
        """One row of an annex, as high as its longest text needs (not every program fits rows by itself)."""
        self.page.set_row(
            self.row, 14 * max(lines_of(value, width) for value, (_, width) in zip(values, columns, strict=True)) + 6
        )
        for column, value in enumerate(values):
            if column in formats:
                self.put(column, value, num_format=formats[column], font_size=10)
            elif isinstance(value, str) and len(value) > 10:
                self.put(column, value, text_wrap=True, font_size=10)
            else:
                self.put(column, value, text_wrap=True, font_size=10, align="center")
        self.down()


def lines_of(value: Any, width: float) -> int:
    """Lines that a text takes in a column: a Chinese character is two widths wide at most."""
    wide = sum(1 if ord(char) < 0x2E80 else 2 for char in value) if isinstance(value, str) else 0
    return max(1, math.ceil(wide / (width - 1)))


HEAD: dict[str, Any] = {"bold": True, "align": "center", "text_wrap": True, "bg_color": "#F2F4F7"}
