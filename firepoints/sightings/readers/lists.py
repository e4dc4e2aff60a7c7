"""Official lists, 国家 and 省级: workbooks and CSV in the issuer's own layout (policy.md §3).

Required: a position, and a date or a time (or a title that gives the day or the window); everything else is optional.
Times without an offset are Beijing time, unless the heading says 世界时 or UTC. A row may carry no time at all: its
instant is then the whole day, or the issuer's window, which the title may state (list_clock.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from firepoints.sightings.readers.as_stands import remarks_about_marks
from firepoints.sightings.readers.base import (
    GIVEN_LIMIT,
    NAME_LIMIT,
    PLACE_LIMIT,
    SATELLITE,
    TEXT_LIMIT,
    Note,
    ParseOptions,
    ParseResult,
    Rejected,
    Sighting,
)
from firepoints.sightings.readers.columns import misread_dates
from firepoints.sightings.readers.coordinates import in_metres, in_parts, parse_coordinate, split_pair
from firepoints.sightings.readers.examined import examined_tables
from firepoints.sightings.readers.fields import LIST
from firepoints.sightings.readers.list_clock import table_options
from firepoints.sightings.readers.places import county_in
from firepoints.sightings.readers.reasons import REASONS, is_future, position_problem
from firepoints.sightings.readers.row_moment import Fault, is_time_field, row_moment
from firepoints.sightings.readers.rows import PLACED, Row, Table, meta_of, no_heading
from firepoints.sightings.readers.stated_days import doubts_about_days, spread_of, statements_of
from firepoints.sightings.readers.text import compact, parse_number, plain
from firepoints.sightings.readers.written import is_nothing
from papers.reading import Sheet, read_marked

PLACE = ("province", "city", "county", "township", "village")


def parse(source: bytes | str | Path, *, options: ParseOptions) -> ParseResult:
    """Read a list (a path or its bytes: .xlsx, .xls, CSV). Degrees in the datum of `options`; intervals in UTC.

    `meta` says how it was read: `headings`, `sheets`, `datum`, and by sheet in `reading`: `zone`, `date_order`, `window`
    as the title states it, the number of `rows` beside the stated `totals`; `days` is how the rows spread
    over the days. Raises SourceError when the file as a whole is no list; a bad row is in `rejected` with its reason.
    """
    if not isinstance(source, bytes) and not options.filename:
        options = replace(options, filename=Path(source).name)
    return parse_sheets(read_marked(source, options), options=options)


def parse_sheets(sheets: Sequence[Sheet], *, options: ParseOptions) -> ParseResult:
    """`parse` of sheets that were read before, and perhaps mended in one row."""
    options = replace(options, is_1904=any(sheet.is_1904 for sheet in sheets))
    tables, doubts, remarks = examined_tables(sheets, LIST, options, fallback=PLACED)
    cover = [line for table in tables if table.heading is None for line in _lines_of(table.notes)]
    has_time = any(table.heading and any(map(is_time_field, table.heading.fields)) for table in tables)
    results: list[Sighting | Rejected] = []
    reading: dict[str, Any] = {}
    for table in tables:
        if table.heading is None:
            continue
        how, reading[table.name] = table_options(table, [*_lines_of(table.above), *cover], options)
        if how.window is None and not has_time and not any(map(is_time_field, table.heading.fields)):
            raise no_heading(sheets, LIST)
        results += read_table(table, how, {} if options.date_order else misread_dates(table.rows, ("date", "time")))
    sightings = tuple(row for row in results if isinstance(row, Sighting))
    return ParseResult(
        sightings,
        tuple(row for row in results if isinstance(row, Rejected)),
        tuple(note for table in tables for note in table.notes),
        {**meta_of(tables), "datum": options.datum, "reading": reading, "days": spread_of(sightings)},
        (*doubts, *doubts_about_days(sightings, statements_of(tables, options))),
        (*remarks, *remarks_about_marks(sheets)),
    )


def _lines_of(notes: Sequence[Note]) -> list[tuple[int, str]]:
    return [(note.row_no, " ".join(part for part in note.raw if part.strip())) for note in notes]


def read_table(table: Table, options: ParseOptions, misread: Mapping[str, bool]) -> list[Sighting | Rejected]:
    suspect = [field for field, is_misread in misread.items() if is_misread]
    results = []
    for row in table.rows:
        turned = next((field for field in suspect if not isinstance(row.get(field), str | float | int)), None)
        results.append(reject(row, turned, "swapped_date") if turned else read_row(row, options))
    return results


def read_row(row: Row, options: ParseOptions) -> Sighting | Rejected:
    position = read_position(row, options)
    if isinstance(position, Rejected):
        return position
    lon, lat = position
    if lon.is_integer() and lat.is_integer():
        return reject(row, "lon", "whole_degrees")
    moment = row_moment(row, options)
    if isinstance(moment, Fault):
        return reject(row, moment.field, moment.code, moment.detail)
    if is_future(moment.starts_at, options):
        return reject(row, "date" if "date" in row.cells else "time", "future")
    cells = given_position(row)
    return Sighting(
        row_no=row.row_no,
        sheet=row.sheet,
        raw=row.raw,
        satellite=compact(row.get("satellite"))[:TEXT_LIMIT] or options.satellite,
        instrument=options.instrument,
        starts_at=moment.starts_at,
        ends_at=moment.ends_at,
        precision=moment.precision,
        day=moment.day,
        lon_given=plain(cells["lon"])[:GIVEN_LIMIT],
        lat_given=plain(cells["lat"])[:GIVEN_LIMIT],
        lon=lon,
        lat=lat,
        frp_mw=parse_number(row.get("frp")),
        confidence=plain(row.get("confidence"))[:TEXT_LIMIT],
        kind=SATELLITE,
        stated_county=(compact(row.get("county")) or county_in(plain(row.get("place"))))[:PLACE_LIMIT],
        stated_place=stated_place(row),
        seq_no=compact(row.get("seq_no"))[:40],
        note=plain(row.get("note")),
    )


def given_position(row: Row) -> dict[str, Any]:
    """The cells of the two axes: one each, degrees, minutes and seconds in three, or both in one."""
    if "position" in row.cells and not ("lon" in row.cells and "lat" in row.cells):
        lon, lat = split_pair(row.get("position"))
        return {"lon": lon, "lat": lat}
    cells = {axis: row.get(axis) for axis in ("lon", "lat")}
    for axis in ("lon", "lat"):
        if f"{axis}_min" in row.cells:
            cells[axis] = in_parts(cells[axis], row.get(f"{axis}_min"), row.get(f"{axis}_sec"))
    return cells


def read_position(row: Row, options: ParseOptions) -> tuple[float, float] | Rejected:
    """(lon, lat) in degrees as given, or the rejection."""
    numbers = []
    cells = given_position(row)
    for axis, value in cells.items():
        at = axis if axis in row.cells else "position"
        if is_nothing(value):
            stated = row.get(at)
            code = "metres" if in_metres(stated) else "missing_coordinate" if is_nothing(stated) else "bad_number"
            return reject(row, at, code)
        number = parse_coordinate(value, axis)
        if isinstance(number, str) or number is None:
            return reject(row, at, number or "bad_number")
        numbers.append(number)
    problem = position_problem(numbers[0], numbers[1], options)
    return reject(row, "lat" if "lat" in row.cells else "position", problem) if problem else (numbers[0], numbers[1])


def reject(row: Row, field: str, code: str, detail: str = "") -> Rejected:
    """The row with the reason of this code; `detail` names the values at fault."""
    reason = REASONS[code] + detail
    return Rejected(row.row_no, row.sheet, row.names.get(field, "")[:NAME_LIMIT], row.raw, reason, code)


def stated_place(row: Row) -> str:
    """省 市 县 乡 村 as the list states them, line breaks inside names removed."""
    parts = [compact(row.get(field)) for field in PLACE]
    return " ".join(part for part in parts if part) or plain(row.get("place"))
