"""The positions that a sheet holds, counted in its cells and not by the reader, and those of them that ended nowhere. Pure.

A position is a longitude and a latitude of China side by side, or both in one cell. One that became no row is said, with
its sheet and row, and asked about: it may be the half of a list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from firepoints.sightings.readers.base import TOTAL, Doubt
from firepoints.sightings.readers.blocks import letters
from firepoints.sightings.readers.concealed import where
from firepoints.sightings.readers.rows import Row, Table
from firepoints.sightings.readers.text import compact, plain
from papers.reading import Sheet

LON, LAT = (73.0, 136.0), (18.0, 54.0)
MINUTES = r"\s*[°º˚度]\s*\d{1,2}(?:\.\d+)?\s*(?:['′’分]\s*(?:\d{1,2}(?:\.\d+)?\s*(?:[\"″”秒]|['′’]{2})?)?)?"
NUMBER = re.compile(rf"(?<![\d.])(\d{{2,3}})(\.\d+|{MINUTES})")
SPAN = re.compile(r"范围|区域|[°度\d]\s*(?:[-—~～至到])\s*(?:东经|北纬)?\s*\d{2,3}\.")
SIGNS = frozenset(".．。°º˚度")  # one of them is in every position
LONGEST = 200  # characters of a cell that may hold one
FAR = 0.02  # degrees: some two kilometres
APART = 2  # columns between the two axes, at most
MOST_NAMED = 8
AXES = ("lon", "lat", "position", "lon_min", "lon_sec", "lat_min", "lat_sec", "longitude", "latitude")


class Position(NamedTuple):
    """A position in a sheet: its row (1-based), its first and last column (0-based), its text."""

    row_no: int
    first: int
    last: int
    text: str


def positions_in(sheet: Sheet) -> list[Position]:
    """Every position in the cells of a sheet, as they were read."""
    return [position for at, cells in enumerate(sheet.rows) for position in _in_row(at + 1, cells)]


def _in_row(row_no: int, cells: Sequence[Any]) -> Iterator[Position]:
    free: dict[str, int] = {}
    for column, cell in enumerate(cells):
        axes = axes_in(cell)
        if axes == {"lon", "lat"}:
            yield Position(row_no, column, column, plain(cell)[:40])
            free = {}
            continue
        for axis in axes:
            free[axis] = column
        if len(free) == 2 and axes:
            first, last = sorted(free.values())
            if last - first <= APART:
                yield Position(row_no, first, last, f"{plain(cells[first])[:20]}, {plain(cells[last])[:20]}")
                free = {}


def axes_in(cell: Any) -> set[str]:
    """Which axes a cell may hold: "lon", "lat", both in one text, or none. Whole numbers are neither."""
    if isinstance(cell, bool) or cell is None:
        return set()
    if isinstance(cell, float):
        return {_axis(cell)} - {""} if cell == cell and cell % 1 else set()
    if not isinstance(cell, str) or len(cell) > LONGEST or SIGNS.isdisjoint(cell):
        return set()
    text = plain(cell)
    if SPAN.search(text):
        return set()
    return {_axis(float(match[1] + (match[2] if match[2][0] == "." else ""))) for match in NUMBER.finditer(text)} - {""}


def _axis(number: float) -> str:
    if LON[0] <= number <= LON[1]:
        return "lon"
    return "lat" if LAT[0] <= number <= LAT[1] else ""


@dataclass(frozen=True, slots=True)
class _Reach:
    """The rows and columns of a table: its first and last row and column, the numbers of its rows of data, its axes."""

    table: Table
    rows: tuple[int, int]
    columns: tuple[int, int]
    data: frozenset[int]
    axes: frozenset[int]
    places: Mapping[int, tuple[float, float]]

    @classmethod
    def of(cls, table: Table) -> _Reach:
        heading = table.heading
        lines = [row.row_no for row in table.rows] + [note.row_no for note in table.notes]
        names = heading.names if heading else ()
        width = max(len(names), max((len(row.raw) for row in table.rows), default=0))
        axes = {heading.fields[name] for name in AXES if heading and name in heading.fields}
        # A row that a person left out has ended too: as a note with its reason.
        data = {row.row_no for row in table.rows} | {note.row_no for note in table.notes if note.code}
        return cls(
            table,
            (min(lines, default=0), max(lines, default=0)),
            (table.first, table.first + width),
            frozenset(data),
            frozenset(axes),
            {row.row_no: place for row in table.rows if (place := place_in(_text_of(row)))},
        )

    def is_far(self, position: Position) -> bool:
        """Whether a position lies kilometres from the one that its row was read by, and so is another place."""
        own, other = self.places.get(position.row_no), place_in(position.text)
        return bool(own and other) and max(abs(a - b) for a, b in zip(own or (), other or (), strict=False)) > FAR

    def holds(self, position: Position) -> bool:
        return (
            self.columns[0] <= position.first
            and position.last < self.columns[1]
            and self.rows[0] <= position.row_no <= self.rows[1]
        )


def _text_of(row: Row) -> str:
    return ", ".join(plain(row.get(name)) for name in ("lon", "lat", "position") if plain(row.get(name)))


def place_in(text: str) -> tuple[float, float] | None:
    """(longitude, latitude) in whole degrees and their fraction, of a text that holds both; minutes and seconds to some 30 m."""
    degrees: dict[str, float] = {}
    for match in NUMBER.finditer(text):
        parts = [float(part) for part in re.findall(r"\d+(?:\.\d+)?", match[0])]
        number = sum(part / 60**step for step, part in enumerate(parts[:3]))
        degrees.setdefault(_axis(number), number)
    return (degrees["lon"], degrees["lat"]) if {"lon", "lat"} <= degrees.keys() else None


def unread(sheets: Sequence[Sheet], tables: Sequence[Table]) -> tuple[list[Doubt], list[str]]:
    """(the question about positions that became no row, remarks about positions in columns that are called otherwise)."""
    doubts: list[Doubt] = []
    remarks: dict[str, None] = {}
    for sheet in sheets:
        reaches = [_Reach.of(table) for table in tables if table.sheet == sheet.name and table.heading]
        positions = positions_in(sheet)
        lost = []
        for position in positions:
            reason = _covered(position, reaches)
            if reason is None:
                lost.append(position)
            elif reason:
                remarks[f"{where(sheet.name)}{reason}"] = None
        if lost:
            doubts.append(_doubt(sheet.name, lost, len(positions)))
    return doubts, list(remarks)


def _covered(position: Position, reaches: Sequence[_Reach]) -> str | None:
    """The remark about a position that stands in a column of a row that is called otherwise, "" where it became the row
    itself, None where it is lost."""
    for reach in reaches:
        if not reach.holds(position) or reach.table.heading is None:
            continue
        columns = range(position.first - reach.table.first, position.last - reach.table.first + 1)
        is_row = position.row_no in reach.data
        if not is_row and position.first == position.last:
            continue  # a sentence that names a place: no total of a column
        if is_row and reach.axes & set(columns):
            return ""
        if is_row and reach.is_far(position):
            return None
        headings = reach.table.heading.names
        names = [compact(headings[at]) if at < len(headings) else "" for at in columns]
        of_axes = {compact(headings[at]) for at in reach.axes if at < len(headings)}
        if all(names) and not of_axes & set(names):
            span = "、".join(letters(reach.table.first + at) for at in columns)
            return f"{span} 列（{'、'.join(names)}）里也有坐标，没有当作火点的位置读" if is_row else ""
    return None


def _doubt(sheet: str, lost: Sequence[Position], count: int) -> Doubt:
    named = "；".join(
        f"第 {position.row_no} 行 {letters(position.first)} 列 {position.text}" for position in lost[:MOST_NAMED]
    )
    more = f"等 {len(lost)} 处" if len(lost) > MOST_NAMED else ""
    words = f"{where(sheet)}里像坐标的有 {count} 处，其中 {len(lost)} 处没有读成行：{named}{more}"
    return Doubt(TOTAL, words, sheet, tuple(dict.fromkeys(position.row_no for position in lost)))
