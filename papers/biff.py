"""The hidden rows and columns and the struck cells of an .xls, from its records (BIFF8 in a compound file).

Only what a mark needs is read; a file that is built otherwise than expected has no marks, which its reader then cannot ask
about. [MS-XLS] 2.4, [MS-CFB].
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

FREE, END = 0xFFFFFFFF, 0xFFFFFFFE
MOST_SECTORS = 4_000_000
MOST_RECORDS = 5_000_000  # of all sheets together
BOF, EOF, BOUNDSHEET, FONT, XF, ROW, COLINFO, FILTER = 0x809, 0x0A, 0x85, 0x31, 0xE0, 0x208, 0x7D, 0x9B
CELLS = {0xFD, 0x203, 0x27E, 0x06, 0x205, 0x204}  # LABELSST, NUMBER, RK, FORMULA, BOOLERR, LABEL: one cell each
MULTIPLE = {0xBD: 6, 0xBE: 2}  # MULRK, MULBLANK: bytes for each cell


@dataclass(slots=True)
class SheetMarks:
    """Rows and columns (0-based) that are hidden, struck cells by row, and whether a filter is set."""

    rows: set[int] = field(default_factory=set)
    columns: set[int] = field(default_factory=set)
    struck: dict[int, set[int]] = field(default_factory=dict)
    is_filtered: bool = False


def marks_by_sheet(data: bytes) -> dict[str, SheetMarks]:
    """Sheet → its marks; nothing where the file cannot be followed."""
    try:
        stream = _workbook(data)
        return _marks(stream)
    except (struct.error, IndexError, ValueError, UnicodeDecodeError):
        return {}


def _workbook(data: bytes) -> bytes:
    """The stream Workbook (or Book) of a compound file."""
    size = 1 << struct.unpack_from("<H", data, 30)[0]
    small = 1 << struct.unpack_from("<H", data, 32)[0]
    directory, _, cutoff, first_mini, _, first_difat, _ = struct.unpack_from("<7I", data, 48)
    table = _allocation(data, size, first_difat)
    entries = _chain(data, directory, table, size)
    root = b""
    for at in range(0, len(entries), 128):
        entry = entries[at : at + 128]
        name = entry[: max(struct.unpack_from("<H", entry, 64)[0] - 2, 0)].decode("utf-16-le")
        start, length = struct.unpack_from("<I", entry, 116)[0], struct.unpack_from("<I", entry, 120)[0]
        if entry[66] == 5:
            root = _chain(data, start, table, size)
        if name in ("Workbook", "Book"):
            if length >= cutoff:
                return _chain(data, start, table, size)[:length]
            mini = _chain(data, first_mini, table, size)
            links = list(struct.unpack(f"<{len(mini) // 4}I", mini))
            return _chain(root, start, links, small, offset=0)[:length]
    raise ValueError("no workbook")


def _allocation(data: bytes, size: int, first_difat: int) -> list[int]:
    sectors = list(struct.unpack_from("<109I", data, 76))
    at, steps = first_difat, 0
    while at not in (FREE, END) and steps < 10_000:
        part = struct.unpack_from(f"<{size // 4}I", data, size * (at + 1))
        sectors += part[:-1]
        at, steps = part[-1], steps + 1
    table: list[int] = []
    for sector in sectors:
        if sector < END:
            table += struct.unpack_from(f"<{size // 4}I", data, size * (sector + 1))
    return table


def _chain(data: bytes, start: int, table: list[int], size: int, *, offset: int = 1) -> bytes:
    parts: list[bytes] = []
    while start < END and len(parts) < min(MOST_SECTORS, len(table) + 1):
        parts.append(data[size * (start + offset) : size * (start + offset + 1)])
        start = table[start]
    return b"".join(parts)


def _records(stream: bytes, at: int = 0) -> Iterator[tuple[int, bytes]]:
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        yield kind, stream[at + 4 : at + 4 + length]
        at += 4 + length


def _marks(stream: bytes) -> dict[str, SheetMarks]:
    fonts: list[bool] = []
    formats: list[int] = []
    sheets: list[tuple[str, int]] = []
    for kind, body in _records(stream):
        if kind == FONT:
            fonts.append(bool(struct.unpack_from("<H", body, 2)[0] & 0x08))
        elif kind == XF:
            formats.append(struct.unpack_from("<H", body, 0)[0])
        elif kind == BOUNDSHEET:
            sheets.append((_name(body), struct.unpack_from("<I", body, 0)[0]))
        elif kind == EOF:
            break
    # There is no fifth font: its number is left out.
    struck = {at for at, font in enumerate(formats) if fonts[font - (font > 4) : font - (font > 4) + 1] == [True]}
    by_name: dict[str, SheetMarks] = {}
    room = MOST_RECORDS
    for name, begin in sheets:
        by_name[name], visited = _sheet(stream, begin, struck, room)
        room -= visited
    return by_name


def _name(body: bytes) -> str:
    count, wide = body[6], body[7] & 1
    return body[8 : 8 + count * (2 if wide else 1)].decode("utf-16-le" if wide else "latin-1")


def _sheet(stream: bytes, begin: int, struck: set[int], room: int) -> tuple[SheetMarks, int]:
    """(the marks of a sheet, how many of its records were looked at); no more than `room` of them."""
    marks, visited = SheetMarks(), 0
    for kind, body in islice(_records(stream, begin), max(room, 0)):
        visited += 1
        if kind == EOF:
            break
        if kind == ROW:
            row, _, _, height = struct.unpack_from("<4H", body, 0)
            if struct.unpack_from("<H", body, 12)[0] & 0x20 or height & 0x7FFF == 0:
                marks.rows.add(row)
        elif kind == COLINFO:
            first, last, width, _, flags = struct.unpack_from("<5H", body, 0)
            if flags & 1 or width == 0:
                marks.columns.update(range(first, min(last, 255) + 1))
        elif kind == FILTER:
            marks.is_filtered = True
        elif kind in CELLS or kind in MULTIPLE:
            _cells(marks, kind, body, struck)
    return marks, visited


def _cells(marks: SheetMarks, kind: int, body: bytes, struck: set[int]) -> None:
    row, column = struct.unpack_from("<HH", body, 0)
    step = MULTIPLE.get(kind, 0)
    places = range(4, len(body) - 2, step) if step else range(4, 5)
    for at, place in enumerate(places):
        if struct.unpack_from("<H", body, place)[0] in struck:
            marks.struck.setdefault(row, set()).add(column + at)
