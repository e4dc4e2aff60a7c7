"""What a workbook says of its cells beside their values: hidden sheets, rows and columns, struck-through and merged cells.

The reader of cells gives values alone. What is hidden or struck is in the XML of an .xlsx, or the records of an .xls.
Positions are 0-based (row, column).
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from papers import biff
from papers.archive import column_number, inflate, sheet_names

MOST_STYLES = 20_000_000  # bytes of the part with the styles
MOST_MERGED = 50_000  # merged ranges of a sheet that are looked at
MOST_COVERED = 2_000_000  # rows that all of them together cover
ON = rb"(?:1|true|on)"
FONTS = re.compile(rb"<(?:\w+:)?fonts[\s>].*?</(?:\w+:)?fonts>", re.DOTALL)
FONT = re.compile(rb"<(?:\w+:)?font(?:\s[^>]*)?(?:/>|>(.*?)</(?:\w+:)?font>)", re.DOTALL)
STRIKE = re.compile(rb"<(?:\w+:)?strike(?:\s+val=[\"'](\w+)[\"'])?\s*/?>")
FORMATS = re.compile(rb"<(?:\w+:)?cellXfs[\s>].*?</(?:\w+:)?cellXfs>", re.DOTALL)
FORMAT = re.compile(rb"<(?:\w+:)?xf\s([^>]*)>")
FONT_ID = re.compile(rb"\bfontId=[\"'](\d{1,6})[\"']")
TAGS = re.compile(rb"<(?:\w+:)?(row|col|filterColumn)(?=[\s/>])([^>]*)>")
TAGS_AND_CELLS = re.compile(rb"<(?:\w+:)?(row|col|filterColumn|c)(?=[\s/>])([^>]*)>")
HIDDEN = re.compile(rb"\bhidden=[\"']" + ON + rb"[\"']")
FLAT = re.compile(rb"\b(?:ht|width)=[\"']0(?:\.\d*)?[\"']")  # lower or narrower than one point: nobody sees it
NUMBER = {name: re.compile(rb"\b" + name + rb"=[\"'](\d{1,9})[\"']") for name in (b"r", b"s", b"min", b"max")}
CELL = re.compile(rb"\br=[\"']([A-Z]{1,4})(\d{1,9})[\"']")
LAST_COLUMN = 16_384

Range = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks of one sheet. `merged`: (top, left, bottom, right), both ends included. `is_filtered`: a filter chose
    which rows are to be seen. `struck`: row → columns of filled cells that are struck through."""

    is_hidden: bool = False
    is_filtered: bool = False
    rows: frozenset[int] = frozenset()
    columns: frozenset[int] = frozenset()
    struck: Mapping[int, frozenset[int]] = field(default_factory=dict)
    merged: tuple[Range, ...] = ()


def marks_of_xlsx(data: bytes) -> dict[str, Marks]:
    """Sheet → its hidden rows and columns and struck cells, from the XML of a workbook that was checked before."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {part.filename: part for part in archive.infolist()}
    struck = struck_formats(b"".join(_limited(data, parts.get("xl/styles.xml"))))
    names = sheet_names(data, parts)
    return {name: _marks(data, parts[path], struck) for path, name in names.items() if path in parts}


def marks_of_xls(data: bytes) -> dict[str, Marks]:
    """Sheet → its hidden rows and columns and struck cells, from the records of an .xls."""
    sheets = biff.marks_by_sheet(data)
    return {
        name: Marks(
            False,
            own.is_filtered,
            frozenset(own.rows),
            frozenset(own.columns),
            {row: frozenset(columns) for row, columns in own.struck.items()},
        )
        for name, own in sheets.items()
    }


def _limited(data: bytes, part: zipfile.ZipInfo | None) -> Iterator[bytes]:
    size = 0
    for piece in inflate(data, part) if part else ():
        size += len(piece)
        if size > MOST_STYLES:
            return
        yield piece


def struck_formats(styles: bytes) -> frozenset[int]:
    """The numbers of the cell formats whose font is struck through."""
    fonts, formats = FONTS.search(styles), FORMATS.search(styles)
    if fonts is None or formats is None or b"strike" not in fonts[0]:
        return frozenset()
    lined = [
        (match := STRIKE.search(body[1] or b"")) is not None and (match[1] or b"1") in (b"1", b"true", b"on")
        for body in FONT.finditer(fonts[0])
    ]
    ids = [FONT_ID.search(tag[1]) for tag in FORMAT.finditer(formats[0])]
    return frozenset(
        number for number, at in enumerate(ids) if at is not None and int(at[1]) < len(lined) and lined[int(at[1])]
    )


def _marks(data: bytes, part: zipfile.ZipInfo, struck_styles: frozenset[int]) -> Marks:
    pattern = TAGS_AND_CELLS if struck_styles else TAGS
    sheet = _Sheet(struck_styles)
    tail = b""
    for piece in inflate(data, part):
        text = tail + piece
        cut = max(text.rfind(b"<"), 0)
        for match in pattern.finditer(text, 0, cut):
            sheet.see(match[1], match[2])
        tail = text[cut:][:10_000]
    for match in pattern.finditer(tail):
        sheet.see(match[1], match[2])
    struck = {row: frozenset(columns) for row, columns in sheet.struck.items()}
    return Marks(False, sheet.is_filtered, frozenset(sheet.rows), frozenset(sheet.columns), struck)


class _Sheet:
    """The marks of a sheet as its tags stream by."""

    def __init__(self, struck_styles: frozenset[int]) -> None:
        self.styles = struck_styles
        self.rows: set[int] = set()
        self.columns: set[int] = set()
        self.struck: dict[int, set[int]] = {}
        self.is_filtered = False
        self.row, self.column = -1, -1

    def see(self, tag: bytes, attributes: bytes) -> None:
        if tag == b"row":
            self.row, self.column = _number(b"r", attributes, self.row + 2) - 1, -1
            if _is_hidden(attributes):
                self.rows.add(self.row)
        elif tag == b"col":
            if _is_hidden(attributes):
                last = min(_number(b"max", attributes, 0), LAST_COLUMN)
                self.columns.update(range(_number(b"min", attributes, 1) - 1, last))
        elif tag == b"filterColumn":
            self.is_filtered = True
        else:
            self._cell(attributes)

    def _cell(self, attributes: bytes) -> None:
        place = CELL.search(attributes)
        self.column = column_number(place[1]) - 1 if place else self.column + 1
        style = _number(b"s", attributes, -1)
        if style in self.styles and not attributes.rstrip().endswith(b"/"):
            self.struck.setdefault(int(place[2]) - 1 if place else self.row, set()).add(self.column)


def _is_hidden(attributes: bytes) -> bool:
    return HIDDEN.search(attributes) is not None or FLAT.search(attributes) is not None


def _number(name: bytes, attributes: bytes, otherwise: int) -> int:
    match = NUMBER[name].search(attributes)
    return int(match[1]) if match else otherwise


def filled_alone(marks: Marks, rows: list[list[Any]]) -> Marks:
    """The marks without struck cells that hold nothing."""
    struck = {
        row: filled
        for row, columns in marks.struck.items()
        if row < len(rows)
        and (filled := frozenset(at for at in columns if at < len(rows[row]) and not _blank(rows[row][at])))
    }
    return replace(marks, struck=struck)


def with_book(marks: Marks, *, is_hidden: bool, merged: Any) -> Marks:
    """The marks with what the reader of cells knows itself: whether the sheet is hidden, and its merged ranges."""
    ranges = tuple((top, column, bottom, right) for (top, column), (bottom, right) in (merged or ())[:MOST_MERGED])
    return replace(marks, is_hidden=is_hidden, merged=ranges)


def spread(rows: list[list[Any]], merged: tuple[Range, ...]) -> tuple[list[list[Any]], dict[tuple[int, int], int]]:
    """(the rows with the value of each cell that is merged downwards in every row that it covers and that has cells of its
    own, (row, column) of each cell filled in so → the row of its value). Rows that change are copies."""
    filled: dict[tuple[int, int], int] = {}
    spread_rows = list(rows)
    covered = 0
    for top, column, bottom, _ in merged:
        value = rows[top][column] if top < len(rows) and column < len(rows[top]) else None
        covered += bottom - top
        if _blank(value) or covered > MOST_COVERED:
            continue
        for row in range(top + 1, min(bottom + 1, len(rows))):
            if column >= len(rows[row]) or not _blank(rows[row][column]) or all(map(_blank, rows[row])):
                continue
            if spread_rows[row] is rows[row]:
                spread_rows[row] = list(rows[row])
            spread_rows[row][column] = value
            filled[row, column] = top
    return spread_rows, filled


def _blank(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())
