"""From the cells of a sheet to rows with named fields, notes set apart: shared by lists and patrol files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from firepoints.sightings.readers.base import Note, ParseOptions, SourceError, text_row
from firepoints.sightings.readers.fields import Fields, said_of
from firepoints.sightings.readers.headings import Heading, find_heading, is_units
from firepoints.sightings.readers.text import compact, plain
from papers.reading import Sheet

REMARK = re.compile(
    r"(合计|总计|小计|共计|累计|总数|备注|附注|注[:：1-9、]|注$|说明|制表|审核|填报|填表|单位[:：]|数据来源|来源[:：]|报送|联系|抄送|打印)"
)
TOTAL = re.compile(r"(?:合计|总计|小计|共计)(?:[:：]|$)")


@dataclass(frozen=True, slots=True)
class Row:
    """One data row: its sheet, Excel row number, the cells by field (raw values) and by heading (for the record)."""

    sheet: str
    row_no: int
    cells: Mapping[str, Any]
    raw: Mapping[str, Any]
    names: Mapping[str, str]

    def get(self, field: str) -> Any:
        return self.cells.get(field, "")


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of one sheet; a cover has no `heading`, and is notes as a whole."""

    name: str
    heading: Heading | None
    rows: tuple[Row, ...]
    notes: tuple[Note, ...]


def read_tables(
    sheets: Sequence[Sheet],
    fields: Fields,
    options: ParseOptions,
    *,
    fallback: Sequence[tuple[str, ...]] = (),
) -> list[Table]:
    """Data rows and notes of every sheet. `fallback`: the fields that suffice where no sheet has all required ones.

    Raises SourceError when no sheet has a heading.
    """
    for required in (fields.required, fallback):
        tables = [read_table(sheet, fields, required, options) for sheet in sheets] if required else []
        if any(table.heading for table in tables):
            return tables
    raise no_heading(sheets, fields)


def read_table(sheet: Sheet, fields: Fields, required: Sequence[tuple[str, ...]], options: ParseOptions) -> Table:
    heading = find_heading(sheet.rows, fields.spellings, required, options.mapping)
    if heading is None:
        notes = (Note(i + 1, sheet.name, text_row(row)) for i, row in enumerate(sheet.rows) if not blank(row))
        return Table(sheet.name, None, (), tuple(notes))
    lines = list(sheet_rows(sheet, heading))
    return Table(
        sheet.name,
        heading,
        tuple(line for line in lines if isinstance(line, Row)),
        tuple(line for line in lines if isinstance(line, Note)),
    )


def sheet_rows(sheet: Sheet, heading: Heading) -> Iterator[Row | Note]:
    names = {
        field: (heading.names[column] if column < len(heading.names) else "") or f"#{column + 1}"
        for field, column in heading.fields.items()
    }
    for i, cells in enumerate(sheet.rows):
        if blank(cells):
            continue
        titles = i < heading.below
        if titles or is_note(cells, heading) or is_heading_again(cells, heading):
            yield Note(i + 1, sheet.name, text_row(cells))
            continue
        yield Row(
            sheet=sheet.name,
            row_no=i + 1,
            cells={f: cells[column] if column < len(cells) else "" for f, column in heading.fields.items()},
            raw=raw_row(heading.names, cells),
            names=names,
        )


def meta_of(tables: Sequence[Table]) -> dict[str, Any]:
    """The `meta` of a file: its sheets, and the headings of those that have them."""
    headings = {table.name: list(table.heading.names) for table in tables if table.heading}
    return {"headings": headings, "sheets": [table.name for table in tables]}


def blank(cells: Sequence[Any]) -> bool:
    return all(cell is None or (isinstance(cell, str) and not cell.strip(" \t\r\n\u3000\xa0")) for cell in cells)


def is_note(cells: Sequence[Any], heading: Heading) -> bool:
    """Whether a row is a total, a remark or a merged title: a row without a position that says so, or that holds a single text."""
    columns = position_columns(heading)
    placed = sum(column < len(cells) and plain(cells[column]) != "" for column in columns)
    filled = [compact(cell) for cell in cells if compact(cell)]
    if not filled or (placed < len(columns) and REMARK.match(filled[0])):
        return True
    if placed == 0 and any(TOTAL.search(text) for text in filled[:4]):
        return True
    return placed == 0 and len(filled) == 1 and not filled[0].isdigit()


def position_columns(heading: Heading) -> list[int]:
    return [heading.fields[field] for field in ("lon", "lat", "position") if field in heading.fields]


def is_heading_again(cells: Sequence[Any], heading: Heading) -> bool:
    """Whether a row is the heading (or its units) once more, as pages of a long list begin."""
    columns = position_columns(heading)
    named = [compact(heading.names[column]) if column < len(heading.names) else "" for column in columns]
    return is_units(cells) or all(
        column < len(cells) and name and compact(cells[column]) == name
        for column, name in zip(columns, named, strict=True)
    )


def raw_row(names: Sequence[str], cells: Sequence[Any]) -> dict[str, Any]:
    """The row under its headings as JSON can hold it: numbers stay numbers, dates become ISO text."""
    raw: dict[str, Any] = {}
    for i, cell in enumerate(cells):
        name = names[i] if i < len(names) and names[i] else f"#{i + 1}"
        raw[name if name not in raw else f"{name}#{i + 1}"] = jsonable(cell)
    return raw


def jsonable(cell: Any) -> Any:
    if isinstance(cell, float):
        return cell if cell == cell and abs(cell) != float("inf") else str(cell)
    if cell is None or isinstance(cell, bool | int):
        return cell
    if isinstance(cell, date | time):
        return cell.isoformat()
    return str(cell).replace("\x00", "\ufffd")


def no_heading(sheets: Sequence[Sheet], fields: Fields) -> SourceError:
    first = next(((s, i, r) for s in sheets for i, r in enumerate(s.rows) if not blank(r)), None)
    if first is None:
        return SourceError("表里没有内容", todo="请重新导出后再导入", code="empty_file")
    sheet, i, cells = first
    headings = "、".join(compact(cell)[:20] for cell in cells[:12] if compact(cell))
    columns = "、".join(said_of(group) for group in fields.required)
    where = (f"工作表 {sheet.name} " if sheet.name else "") + f"第 {i + 1} 行"
    return SourceError(
        f"找不到表头，需要的列：{columns}；读到：{headings}",
        where=where,
        todo="请核对是否选错文件，或指明列的对应关系；按地区汇总的统计表没有经纬度，请向来文单位要火点明细",
        code="wrong_columns",
    )
