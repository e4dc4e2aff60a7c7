"""The tables of a sheet: beside each other, under each other, or one that begins right of where another ends. Pure.

Where the two axes are headed tells where a table is. A second pair of axes in one row of headings is a table of its own
where the row begins anew (序号 … 序号 …, or a blank column between); else it is a second position of the same rows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from firepoints.sightings.readers.headings import BY_NUMBER, core_of, is_coordinate, without_brackets
from firepoints.sightings.readers.text import compact
from papers.archive import column_number
from papers.reading import Sheet

AXES = ("lon", "lat", "position")
BLOCK = re.compile(r"(.*)\[([A-Z]{1,3}):([A-Z]{1,3})\]", re.DOTALL)
LAST = 16_384  # columns of a sheet
LONGEST_HEADING = 24
LOOKED_BELOW = 4  # rows below a heading that show whether a column without one is empty

Cells = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a sheet that holds one table, or several under each other with the same left edge.

    `rows` are its cells alone, from row `top` (0-based) of the sheet on; `first` is its first column. `headings`: the rows,
    0-based in the sheet, that head both axes.
    """

    name: str
    top: int
    first: int
    rows: list[list[Any]]
    headings: tuple[int, ...]


@dataclass(slots=True)
class _Band:
    """The rows from `top` on that are parted at the same columns. `spans`: (first, last) named columns of its tables."""

    top: int
    starts: set[int] = field(default_factory=lambda: {0})
    spans: list[tuple[int, int]] = field(default_factory=list)
    axes: list[tuple[int, int]] = field(default_factory=list)
    headings: dict[int, list[int]] = field(default_factory=dict)


def blocks_of(sheet: Sheet, spellings: Mapping[str, tuple[str, ...]], mapping: Mapping[str, str]) -> list[Block]:
    """The parts of a sheet in reading order; the sheet as a whole where a person numbered its columns."""
    fields = _axis_fields(spellings, mapping)
    kinds = {text: name for name, texts in spellings.items() for text in texts if name not in AXES}
    firsts = frozenset(text[0] for text in fields if text)
    if any(BY_NUMBER.fullmatch(heading.strip()) for heading in mapping.values()):
        return [Block(sheet.name, 0, 0, sheet.rows, ())]
    bands = [_Band(0)]
    for row, cells in enumerate(sheet.rows):
        if pairs := _axes_headed(cells, fields, firsts):
            _place(bands, sheet.rows, row, pairs, kinds)
    edges = [*(band.top for band in bands), len(sheet.rows)]
    return [
        block
        for band, (top, bottom) in zip(bands, pairwise(edges), strict=True)
        for block in _parts(sheet, band, top, bottom)
    ]


def _parts(sheet: Sheet, band: _Band, top: int, bottom: int) -> list[Block]:
    if band.starts == {0}:
        rows = sheet.rows if (top, bottom) == (0, len(sheet.rows)) else sheet.rows[top:bottom]
        return [Block(sheet.name, top, 0, rows, tuple(sorted(row for at in band.headings.values() for row in at)))]
    width = max(len(cells) for cells in sheet.rows[top:bottom])
    edges = [*sorted(band.starts), max(width, max(band.starts) + 1)]
    return [
        Block(
            block_name(sheet.name, first, end),
            top,
            first,
            [list(cells[first:end]) for cells in sheet.rows[top:bottom]],
            tuple(band.headings.get(first, ())),
        )
        for first, end in pairwise(edges)
    ]


def block_name(sheet: str, first: int, end: int) -> str:
    """The name under which the rows of a table beside another are kept: Sheet1[E:H]. No sheet has brackets in its own name;
    the first table keeps the sheet's."""
    return f"{sheet}[{letters(first)}:{letters(end - 1)}]" if first else sheet


def span_of(name: str) -> tuple[str, int, int]:
    """(the sheet, the first column, the end) of the name of a block; of a sheet without such a name, all its columns."""
    match = BLOCK.fullmatch(name)
    if match is None:
        return name, 0, LAST
    first, last = (column_number(text.encode()) for text in match.groups()[1:])
    return match[1], first - 1, last


def letters(column: int) -> str:
    """0 → A, 25 → Z, 26 → AA."""
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def _axis_fields(spellings: Mapping[str, tuple[str, ...]], mapping: Mapping[str, str]) -> dict[str, str]:
    fields = {text: name for name in AXES for text in spellings.get(name, ()) if mapping.get(name) != ""}
    return fields | {compact(mapping[name]).lower(): name for name in AXES if mapping.get(name)}


def _axes_headed(cells: Cells, fields: Mapping[str, str], firsts: frozenset[str]) -> list[tuple[int, int]]:
    """(first, last) column of every pair of axes that a row heads, or of the one column that holds both."""
    pairs: list[tuple[int, int]] = []
    open_axes: dict[str, int] = {}
    for column, cell in enumerate(cells):
        if not isinstance(cell, str) or not 0 < len(cell) <= LONGEST_HEADING or not _may_head(cell, firsts):
            continue
        text = compact(cell)
        axis = fields.get(text.lower()) or fields.get(without_brackets(text)) or fields.get(core_of(text))
        if axis == "position":
            pairs.append((column, column))
        elif axis and axis not in open_axes:
            open_axes[axis] = column
            if len(open_axes) == 2:
                pairs.append((min(open_axes.values()), column))
                open_axes = {}
    return pairs


def _may_head(cell: str, firsts: frozenset[str]) -> bool:
    """Whether a text begins as a heading of an axis may: most cells of a long list do not, and need no look at their forms."""
    first = cell.lstrip()[:1]
    return first.lower() in firsts or first > "\uff00"


def _place(
    bands: list[_Band], rows: Sequence[Cells], row: int, pairs: list[tuple[int, int]], kinds: Mapping[str, str]
) -> None:
    """Enter a row of headings: in the band at work, or, where its tables lie across that one's edges, in a new one."""
    band = bands[-1]
    if _is_data(band, rows[row], pairs[0]):
        return
    names = _names(rows, row)
    starts = [_first_start(band, rows, row, names, pairs[0]), *_further_starts(rows, row, names, pairs, kinds)]
    ends = [*starts[1:], len(names)]
    spans = [(first, _last_named(names, first, end)) for first, end in zip(starts, ends, strict=True)]
    edges = {*band.starts, *starts} - {0}
    if any(first < edge <= last for first, last in (*spans, *band.spans) for edge in edges):
        band = _Band(row - 1 if _is_upper(rows, row) else row, {0, *starts[1:]})
        bands.append(band)
    band.starts.update(starts)
    band.spans += spans
    owners: dict[int, tuple[int, int]] = {}
    for pair in pairs:
        owners.setdefault(_owner(starts, pair), pair)
    for first, axes in owners.items():
        band.headings.setdefault(first, []).append(row)
        band.axes.append(axes)


def _is_data(band: _Band, cells: Cells, pair: tuple[int, int]) -> bool:
    """Whether a row below the first heading is one of data after all (5, 甲县, x, y): it holds numbers, and not only those
    of a table that goes on beside the heading."""
    if not band.axes or any(axes[1] < pair[0] and _holds_position(cells, axes) for axes in band.axes):
        return False
    return any(is_number(cell) for cell in cells[: pair[1] + 1])


def _owner(starts: Sequence[int], pair: tuple[int, int]) -> int:
    return max(start for start in starts if start <= pair[0])


def _first_start(band: _Band, rows: Sequence[Cells], row: int, names: list[str], pair: tuple[int, int]) -> int:
    """Where the first table of a row of headings begins: in the first column, or right of a table that goes on beside it."""
    beside = [axes for axes in band.axes if axes[1] < pair[0]]
    owner = _owner(sorted(band.starts), pair)
    begin = pair[0]
    while begin > 0 and names[begin - 1] and not is_number(rows[row][begin - 1]):
        begin -= 1
    goes_on = any(_holds_position(rows[row], axes) for axes in beside)
    if not beside or any(axes[0] <= pair[1] and pair[0] <= axes[1] for axes in band.axes):
        return owner if begin >= owner or goes_on else _owner(sorted(band.starts), (begin, begin))
    edge = max(last for first, last in band.spans if last < pair[0] or first == 0)
    if begin > edge:
        return begin
    return edge + 1 if goes_on and edge < pair[0] else owner


def _further_starts(
    rows: Sequence[Cells], row: int, names: list[str], pairs: list[tuple[int, int]], kinds: Mapping[str, str]
) -> list[int]:
    starts: list[int] = []
    begin = next((column for column, name in enumerate(names) if name), 0)
    for before, pair in pairwise(pairs):
        between = range(before[1] + 1, pair[0] + 1)
        start = next((column for column in between if names[column] == names[begin]), None)
        if start is None:
            earlier = set(names[begin : before[1] + 1]) - {""}
            start = next((column for column in between if column < pair[0] and names[column] in earlier), None)
        if start is None:
            start = _begins_anew(names, begin, before, pair, kinds)
        if start is None:
            gaps = [column for column in between if _is_empty(rows, row, column, names)]
            start = gaps[-1] + 1 if gaps else None
        if start is not None:
            starts.append(start)
            begin = start
    return starts


def _begins_anew(
    names: list[str], begin: int, before: tuple[int, int], pair: tuple[int, int], kinds: Mapping[str, str]
) -> int | None:
    """Where a table begins whose headings say the same in other words (序号, 县 and 编号, 区县); one such column alone may as
    well be a second number of the same row."""
    earlier = {_kind(name, kinds) for name in names[begin : before[1] + 1]} - {""}
    again = [column for column in range(before[1] + 1, pair[0]) if _kind(names[column], kinds) in earlier]
    return again[0] if len(again) > 1 else None


def _kind(name: str, kinds: Mapping[str, str]) -> str:
    return kinds.get(name.lower()) or kinds.get(without_brackets(name), "")


def _names(rows: Sequence[Cells], row: int) -> list[str]:
    """The headings of a row; where it leaves one empty, those of an upper row of headings."""
    lower = [compact(cell) for cell in rows[row]]
    if not _is_upper(rows, row):
        return lower
    upper = [compact(cell) for cell in rows[row - 1]]
    width = max(len(lower), len(upper))
    return [a or b for a, b in zip(_padded(lower, width), _padded(upper, width), strict=True)]


def _padded(names: list[str], width: int) -> list[str]:
    return names + [""] * (width - len(names))


def _is_upper(rows: Sequence[Cells], row: int) -> bool:
    """Whether the row above is one of headings too: several short texts and no number."""
    filled = [cell for cell in rows[row - 1] if compact(cell)] if row else []
    return len(filled) > 1 and all(
        isinstance(cell, str) and len(cell) <= LONGEST_HEADING and not is_number(cell) for cell in filled
    )


def _last_named(names: Sequence[str], first: int, end: int) -> int:
    return max((column for column in range(first, end) if names[column]), default=first)


def _is_empty(rows: Sequence[Cells], row: int, column: int, names: Sequence[str]) -> bool:
    below = rows[row + 1 : row + 1 + LOOKED_BELOW]
    return not names[column] and not any(column < len(cells) and compact(cells[column]) for cells in below)


def _holds_position(cells: Cells, axes: tuple[int, int]) -> bool:
    return any(column < len(cells) and is_number(cells[column]) for column in axes)


def is_number(cell: Any) -> bool:
    """Whether a cell holds a number or an angle, as data do and headings do not."""
    return compact(cell) != "" and (is_coordinate(cell, "lon") or is_coordinate(cell, "lat"))
