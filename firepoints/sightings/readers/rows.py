"""From the cells of a sheet to rows with named fields, notes set apart: shared by lists and patrol files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, time
from itertools import pairwise
from typing import Any

from firepoints.sightings.readers.base import Note, ParseOptions, SourceError, text_row
from firepoints.sightings.readers.blocks import Block, blocks_of, is_number
from firepoints.sightings.readers.fields import Fields, said_of
from firepoints.sightings.readers.headings import Heading, cell_of, find_heading, is_units, name_of, with_units
from firepoints.sightings.readers.text import compact, plain
from papers.marks import spread
from papers.reading import Sheet

REMARK = re.compile(
    r"(合计|总计|小计|共计|累计|总数|备注|附注|注[:：1-9、]|注$|说明|制表|审核|填报|填表|单位[:：]|数据来源|来源[:：]|报送|联系|抄送|打印)"
)
PLACED = (("lon", "position"), ("lat", "position"))  # what suffices where another table has said the rest
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
    """One table: the rows below one heading; a cover has no `heading`, and is notes as a whole.

    `sheet` is the sheet that it stands in, `first` its first column there (0-based), `heading` is in its own columns.
    `above`: what the sheet says above its first table, where this is another one. `filled`: (row number, field) of the
    cells that are merged downwards → the row number of their value.
    """

    name: str
    heading: Heading | None
    rows: tuple[Row, ...]
    notes: tuple[Note, ...]
    sheet: str = ""
    first: int = 0
    above: tuple[Note, ...] = ()
    filled: Mapping[tuple[int, str], int] = field(default_factory=dict)


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
        tables = (
            [table for sheet in sheets for table in tables_of(sheet, fields, required, options)] if required else []
        )
        if any(table.heading for table in tables):
            return tables
    raise no_heading(sheets, fields)


def tables_of(sheet: Sheet, fields: Fields, required: Sequence[tuple[str, ...]], options: ParseOptions) -> list[Table]:
    """Every table of a sheet, merged cells spread downwards. Each has a name of its own."""
    rows, filled = spread(sheet.rows, sheet.marks.merged)
    whole = replace(sheet, rows=rows)
    tables: list[Table] = []
    for block in blocks_of(whole, fields.spellings, options.mapping):
        # What one table of a sheet says, the others may leave out: a second half often repeats the axes alone.
        enough = required if not any(table.heading for table in tables) else PLACED
        tables += _tables_in(block, fields, enough, options)
    above = _above(tables)
    names: set[str] = set()
    whole_tables = []
    for table in tables:
        name = (
            table.name
            if table.name not in names
            else f"{table.name}（第{table.heading.top + 1 if table.heading else 1}行起）"
        )
        names.add(name)
        own = {} if table.heading is None else _filled_of(table, filled)
        whole_tables.append(
            replace(table, name=name, sheet=sheet.name, filled=own, above=() if table is tables[0] else above)
        )
    return whole_tables


def _filled_of(table: Table, filled: Mapping[tuple[int, int], int]) -> dict[tuple[int, str], int]:
    columns = {table.first + column: name for name, column in (table.heading.fields if table.heading else {}).items()}
    numbers = {row.row_no for row in table.rows}
    return {
        (row + 1, columns[column]): top + 1
        for (row, column), top in filled.items()
        if column in columns and row + 1 in numbers
    }


def _above(tables: Sequence[Table]) -> tuple[Note, ...]:
    first = next((table for table in tables if table.heading), None)
    if first is None or not first.rows:
        return ()
    return tuple(note for note in first.notes if note.row_no < first.rows[0].row_no)


def _tables_in(block: Block, fields: Fields, required: Sequence[tuple[str, ...]], options: ParseOptions) -> list[Table]:
    """The tables of a block: one below each row of headings that names other columns than the one before."""
    heading = find_heading(block.rows, fields.spellings, required, options.mapping)
    if heading is None:
        cover = [
            Note(block.top + i + 1, block.name, text_row(row)) for i, row in enumerate(block.rows) if not blank(row)
        ]
        return [Table(block.name, None, (), tuple(cover), first=block.first)]
    headings = [heading]
    for row in block.headings:
        at = row - block.top
        if at < headings[-1].below or is_heading_again(block.rows[at], headings[-1]):
            continue
        further = find_heading(block.rows[at : at + 1], fields.spellings, PLACED, options.mapping)
        if further is not None:
            headings.append(_moved(_with_upper(block.rows, at, further, fields, options), block.rows, at, fields))
    edges = [0, *(later.top for later in headings[1:]), len(block.rows)]
    tables = []
    for headed, (begin, end) in zip(headings, pairwise(edges), strict=True):
        lines = list(sheet_rows(block, headed, begin, end))
        rows = tuple(line for line in lines if isinstance(line, Row))
        notes = tuple(line for line in lines if isinstance(line, Note))
        tables.append(Table(block.name, headed, rows, notes, first=block.first))
    return tables


def _with_upper(
    rows: Sequence[Sequence[Any]], at: int, heading: Heading, fields: Fields, options: ParseOptions
) -> Heading:
    """The heading of a further table with the row above it where that one heads columns too."""
    if at == 0 or not all(isinstance(cell, str) or blank([cell]) for cell in rows[at - 1]):
        return heading
    both = find_heading(rows[at - 1 : at + 1], fields.spellings, PLACED, options.mapping)
    is_richer = both is not None and both.top == 0 and len(both.fields) > len(heading.fields)
    return replace(both, top=-1, below=1) if both is not None and is_richer else heading


def _moved(heading: Heading, rows: Sequence[Sequence[Any]], at: int, fields: Fields) -> Heading:
    return with_units(rows, replace(heading, top=at + heading.top, below=at + 1), fields.spellings)


def sheet_rows(block: Block, heading: Heading, begin: int, end: int) -> Iterator[Row | Note]:
    names = {field: name_of(heading, field, block.first) for field in heading.fields}
    for i in range(begin, end):
        cells = block.rows[i]
        number = block.top + i + 1
        if blank(cells):
            continue
        titles = i < heading.below
        if titles or is_note(cells, heading) or is_heading_again(cells, heading):
            yield Note(number, block.name, text_row(cells))
            continue
        yield Row(
            sheet=block.name,
            row_no=number,
            cells={field: cell_of(cells, heading, field) for field in heading.fields},
            raw=raw_row(heading.names, cells),
            names=names,
        )


def meta_of(tables: Sequence[Table]) -> dict[str, Any]:
    """The `meta` of a file: its sheets, and the headings of those that have them."""
    headings = {table.name: list(table.heading.names) for table in tables if table.heading}
    return {"headings": headings, "sheets": [table.name for table in tables]}


def blank(cells: Sequence[Any]) -> bool:
    return all(cell is None or (isinstance(cell, str) and not plain(cell)) for cell in cells)


def is_note(cells: Sequence[Any], heading: Heading) -> bool:
    """Whether a row is a total, a remark or a merged title: a row without a position that says so, or that holds a single text."""
    columns = position_columns(heading)
    placed = sum(column < len(cells) and plain(cells[column]) != "" for column in columns)
    filled = [compact(cell) for cell in cells if compact(cell)]
    if not filled or (placed < len(columns) and REMARK.match(filled[0])):
        return True
    if TOTAL.match(filled[0]) and not any(column < len(cells) and is_number(cells[column]) for column in columns):
        return True  # the columns of the axes come first, and the total stands in them
    if placed == 0 and any(TOTAL.search(text) for text in filled[:4]):
        return True
    if placed == 0 and len(filled) <= 2 and _names_no_row(cells, heading):
        return True  # a line of a small summary below the list: 本溪县 | 3
    return placed == 0 and len(filled) == 1 and not filled[0].isdigit()


def _names_no_row(cells: Sequence[Any], heading: Heading) -> bool:
    """Whether the column of the 序号 holds words."""
    column = heading.fields.get("seq_no", -1)
    text = compact(cells[column]) if 0 <= column < len(cells) else ""
    return bool(text) and not any(sign.isdigit() for sign in text)


def position_columns(heading: Heading) -> list[int]:
    return [heading.fields[field] for field in ("lon", "lat", "position") if field in heading.fields]


def is_heading_again(cells: Sequence[Any], heading: Heading) -> bool:
    """Whether a row is the heading (or its units) once more, as pages of a long list begin: both axes under their own names,
    and no other column under another one."""
    if is_units(cells):
        return True
    names = [compact(name) for name in heading.names]
    texts = [compact(cell) for cell in cells]
    if any(not _named(names, column) or _named(texts, column) != names[column] for column in position_columns(heading)):
        return False
    return all(not text or not name or text == name for text, name in zip(texts, names, strict=False))


def _named(names: Sequence[str], column: int) -> str:
    return names[column] if column < len(names) else ""


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
