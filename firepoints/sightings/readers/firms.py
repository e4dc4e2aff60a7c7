"""NASA FIRMS, VIIRS and MODIS, CSV or workbook, in every shape in which it reaches an office (policy.md §3).

Known shapes: as published; with `country_id` in front or `type` at the end; with a row-number column that the heading
names or leaves out (R); without `instrument`; with times that lost their zeros and dates that Excel rewrote; with decimal
commas; as .xlsx; as an order's zip, Shapefile, KML, GeoJSON or JSON (`firms_files`).
`acq_time` is UTC HHMM.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from firepoints.sightings.readers.base import Note, ParseOptions, ParseResult, SourceError, text_row
from firepoints.sightings.readers.fields import FIRMS_FIELDS
from firepoints.sightings.readers.firms_body import SEPARATORS, Body, Header
from firepoints.sightings.readers.firms_files import BRING, Part, parts_of
from firepoints.sightings.readers.firms_workbook import as_csv, cover, together
from firepoints.sightings.readers.headings import fields_of
from firepoints.sightings.readers.lines import Lines, Shape, read_fields, split_cells
from firepoints.sightings.readers.moments import parse_date
from firepoints.sightings.readers.satellite_products import refusal_of
from firepoints.sightings.readers.text import parse_number, plain
from papers.encodings import decode
from papers.reading import OLE, read_bytes, read_sheets

REQUIRED = ("latitude", "longitude", "acq_date", "acq_time", "satellite")
FIELDS = (*REQUIRED, "scan", "track", "frp", "confidence", "version", "type")
HEADER_DEPTH = 20


def parse(source: bytes | str | Path, *, options: ParseOptions) -> ParseResult:
    """Read a FIRMS file (a path or its bytes): CSV, workbook, JSON, layer or an order's zip. WGS-84 degrees, instants UTC.

    `meta` says how it was read (`encoding`, `columns`, `datum`, `date_order`). Raises SourceError when the file as a whole
    is no FIRMS file; a bad row is in `rejected` with its reason.
    """
    data = source if isinstance(source, bytes) else read_bytes(source, options)
    parts = parts_of(data, options)
    if parts is not None:
        return parse_parts(parts, options)
    return parse_table(data, options)


def parse_table(data: bytes, options: ParseOptions) -> ParseResult:
    if data[:2] == b"PK" or data[:8] == OLE:
        return parse_workbook(data, options)
    utf8, encoding = to_utf8(data)
    return parse_text(utf8, encoding, options)


def parse_parts(parts: Sequence[Part], options: ParseOptions) -> ParseResult:
    """Every data file of an order, each row under the name of its file. Raises SourceError with the file's name: half of an
    order is not taken in."""
    results: list[tuple[str, ParseResult]] = []
    for part in parts:
        try:
            result = parse_text(part.content, "utf-8", options) if part.is_made else parse_table(part.content, options)
        except SourceError as error:
            where = f"{part.name} {error.where}".strip()
            raise SourceError(error.what, where=where, todo=error.todo, code=error.code) from error
        results.append((part.name, result))
    if len(results) == 1 and not results[0][0]:
        return results[0][1]
    return together(results, ())


def parse_text(utf8: bytes, encoding: str, options: ParseOptions) -> ParseResult:
    head = with_row_numbers(find_header(utf8, options), utf8)
    lines = Lines.split(utf8, head.end, head.line + 1)
    field_columns = tuple(sorted({head.fields[name] for name in FIELDS if name in head.fields}))
    table, index, unfit = read_fields(lines, Shape(len(head.columns), head.delimiter, field_columns))
    body = Body(head, lines, table, index, options)
    notes = [*head.notes, *body.repeated_headings()]
    rejected = [*body.unfit_rows(unfit), *body.rejected_rows()]
    rejected.sort(key=lambda row: row.row_no)
    meta = {"encoding": encoding, "columns": list(head.columns), "datum": "wgs84", "date_order": body.date_order}
    return ParseResult(body.sightings(), rejected, notes, meta)


def parse_workbook(data: bytes, options: ParseOptions) -> ParseResult:
    """Every sheet that has a FIRMS heading; the others are covers. Raises SourceError where none has one."""
    parts: list[tuple[str, ParseResult]] = []
    covers: list[Note] = []
    problem: SourceError | None = None
    for sheet in read_sheets(data, options):
        text = as_csv(sheet)
        try:
            parts.append((sheet.name, parse_text(text, "xlsx", options)))
        except SourceError as error:
            problem = problem or SourceError(
                error.what, where=f"工作表 {sheet.name} {error.where}", todo=error.todo, code=error.code
            )
            covers += cover(sheet)
    if not parts:
        raise problem or SourceError("工作簿里没有内容", todo="请重新导出后再导入", code="empty_file")
    return together(parts, covers)


def to_utf8(data: bytes) -> tuple[bytes, str]:
    """The file as UTF-8 with newlines as line ends; plain ASCII and UTF-8 pass without a copy."""
    text, encoding = decode(data)
    plain_utf8 = encoding == "utf-8-sig" and b"\x00" not in data
    utf8 = data.removeprefix(b"\xef\xbb\xbf") if plain_utf8 else text.encode("utf-8", "replace")
    return (utf8.replace(b"\r", b"\n") if b"\r" in utf8 and b"\n" not in utf8 else utf8), encoding


def find_header(utf8: bytes, options: ParseOptions) -> Header:
    notes: list[Note] = []
    first_columns: tuple[str, ...] = ()
    at = 0
    for number in range(1, HEADER_DEPTH + 1):
        newline = utf8.find(b"\n", at)
        end = len(utf8) if newline < 0 else newline
        line = utf8[at:end].decode("utf-8", "replace").rstrip("\r")
        at = min(end + 1, len(utf8))
        if line.strip(SEPARATORS):
            delimiter = max(",;\t", key=line.count)
            columns = split_cells(line, delimiter)
            first_columns = first_columns or columns
            fields = heading_fields(columns, options)
            if all(name in fields for name in REQUIRED):
                names = tuple(plain(name) or f"#{i + 1}" for i, name in enumerate(columns))
                return Header(names, columns, fields, delimiter, number, at, tuple(notes))
            notes.append(Note(number, "", text_row(columns)))
        if newline < 0:
            break
    headings = "、".join(name[:20] for name in first_columns[:12]) or "无"
    what = "这是网页，不是 CSV" if utf8[:200].lstrip()[:1] == b"<" else f"缺少 FIRMS 的列（读到：{headings}）"
    if (other := refusal_of(utf8[:3000], options.filename)) is not None:
        raise other
    todo = f"需要 {'、'.join(REQUIRED)}；{BRING}，或指明列的对应关系"
    raise SourceError(what, where="表头", todo=todo, code="wrong_columns")


def heading_fields(columns: tuple[str, ...], options: ParseOptions) -> dict[str, int]:
    """Field → column number; the mapping that the user gave wins over the heading's own name."""
    return fields_of(columns, FIRMS_FIELDS, options.mapping)


def with_row_numbers(head: Header, utf8: bytes) -> Header:
    """The heading moved by one where rows have a number in front that the heading leaves out (R's write.table).

    Told by the first row: one cell too many, no date where the heading has it, and one in the cell behind.
    """
    lines = Lines.split(utf8[head.end : head.end + 100_000].split(b"\n\n", 1)[0])
    cells = split_cells(lines.text(0), head.delimiter) if len(lines) else ()
    at = head.fields["acq_date"]
    if len(cells) != len(head.columns) + 1 or not cells[-1].strip() or parse_date(plain(cells[at])):
        return head
    numbers = [parse_number(cells[head.fields[axis] + 1]) for axis in ("latitude", "longitude")]
    if None in numbers or not parse_date(plain(cells[at + 1])):
        return head
    fields = {name: column + 1 for name, column in head.fields.items()}
    return replace(head, columns=("#1", *head.columns), fields=fields)
