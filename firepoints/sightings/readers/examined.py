"""A list beside what its sheets hold: what is hidden, what it says of itself, which positions became no row. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from firepoints.sightings.readers import concealed, positions, totals
from firepoints.sightings.readers.base import LEAVE, Doubt, ParseOptions, SourceError
from firepoints.sightings.readers.concealed import rows_in_words, where
from firepoints.sightings.readers.fields import LABELS, Fields
from firepoints.sightings.readers.rows import Table, read_tables
from papers.reading import Sheet


class Examined(NamedTuple):
    """The tables without what a person left out, what must be answered, what is to be seen."""

    tables: list[Table]
    doubts: tuple[Doubt, ...]
    remarks: tuple[str, ...]


def examined_tables(
    sheets: Sequence[Sheet],
    fields: Fields,
    options: ParseOptions,
    *,
    fallback: Sequence[tuple[str, ...]] = (),
) -> Examined:
    """The tables of a file (rows.read_tables), compared with its sheets. Raises SourceError as `read_tables`, and where
    nothing but hidden columns says where or when, and a person left them out."""
    hidden_columns = options.hidden == LEAVE and any(sheet.marks.columns for sheet in sheets)
    read = concealed.without_hidden_columns(sheets) if hidden_columns else sheets
    try:
        tables = read_tables(read, fields, options, fallback=fallback)
    except SourceError as error:
        if not hidden_columns or error.code != "wrong_columns":
            raise
        raise SourceError(
            "不读隐藏的列，就没有位置或时间可读了", todo="选“读入”，或在原表里取消隐藏后再导入", code="hidden_columns"
        ) from error
    return examine(read, tables, options.hidden, options.filename)


def examine(sheets: Sequence[Sheet], tables: Sequence[Table], hidden: str, filename: str = "") -> Examined:
    """Compare tables with their sheets and the name of their file; `hidden` is a person's answer about hidden rows
    (base.KEEP, LEAVE, "")."""
    marks = {sheet.name: sheet.marks for sheet in sheets}
    concealed_doubts = concealed.doubts_about(tables, marks, filename)
    remaining = [concealed.left_out(table, marks[table.sheet], hidden, filename) for table in tables]
    lost, remarks = positions.unread(sheets, remaining)
    return Examined(
        remaining,
        (*concealed_doubts, *totals.compared(remaining), *lost),
        (*_merged(remaining), *remarks),
    )


def _merged(tables: Sequence[Table]) -> Iterator[str]:
    """What of the rows was taken from a cell that is merged over several."""
    for table in tables:
        by_field: dict[str, list[int]] = {}
        for row_no, name in table.filled:
            by_field.setdefault(name, []).append(row_no)
        axes = sorted({row for name in ("lon", "lat", "position") for row in by_field.pop(name, ())})
        if axes:
            yield f"{where(table.sheet)}{rows_in_words(axes)}的坐标是合并单元格，与上面一行相同"
        if by_field:
            rows = sorted({row for numbers in by_field.values() for row in numbers})
            names = "、".join(LABELS.get(name, name) for name in by_field)
            yield f"{where(table.sheet)}{rows_in_words(rows)}的{names}取自合并单元格"
