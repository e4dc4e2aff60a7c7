"""Official lists, 国家 and 省级: workbooks and CSV in the issuer's own layout (policy.md §3).

Required: longitude, latitude and a date or a time; everything else is optional. Times without an offset are Beijing
time. A row may carry no time at all: its instant is then the whole day, or the issuer's window.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from firepoints.sources.base import (
    GIVEN_LIMIT,
    NAME_LIMIT,
    PLACE_LIMIT,
    SATELLITE,
    TEXT_LIMIT,
    ParseOptions,
    ParseResult,
    Rejected,
    Sighting,
)
from firepoints.sources.fields import LIST_FIELDS
from firepoints.sources.reasons import REASONS, is_future, position_problem
from firepoints.sources.rows import Row, read_rows
from firepoints.sources.text import compact, parse_coordinate, parse_moment, parse_number, plain
from firepoints.sources.workbook import read_sheets

REQUIRED = (("lon",), ("lat",), ("date", "time"))
PLACE = ("province", "city", "county", "township", "village")


def parse(source: bytes | str | Path, *, options: ParseOptions) -> ParseResult:
    """Read a list (a path or its bytes: .xlsx, .xls, CSV). Degrees in the datum of `options`; intervals in UTC.

    Raises SourceError when the file as a whole is no list; a bad row is in `rejected` with its reason.
    """
    rows, notes, meta = read_rows(read_sheets(source, options), LIST_FIELDS, REQUIRED, options)
    found = [read_row(row, options) for row in rows]
    return ParseResult(
        tuple(row for row in found if isinstance(row, Sighting)),
        tuple(row for row in found if isinstance(row, Rejected)),
        tuple(notes),
        {**meta, "datum": options.datum},
    )


def read_row(row: Row, options: ParseOptions) -> Sighting | Rejected:
    position = read_position(row, options)
    if isinstance(position, Rejected):
        return position
    moment = list_moment(row, options)
    if isinstance(moment, str):
        return reject(row, "date" if "date" in row.cells and moment != "bad_time" else "time", moment)
    starts_at, ends_at, precision = moment
    if is_future(starts_at, options):
        return reject(row, "date" if "date" in row.cells else "time", "future")
    return Sighting(
        row_no=row.row_no,
        sheet=row.sheet,
        raw=row.raw,
        satellite=compact(row.get("satellite"))[:TEXT_LIMIT] or options.satellite,
        instrument=options.instrument,
        starts_at=starts_at,
        ends_at=ends_at,
        precision=precision,
        lon_given=plain(row.get("lon"))[:GIVEN_LIMIT],
        lat_given=plain(row.get("lat"))[:GIVEN_LIMIT],
        lon=position[0],
        lat=position[1],
        frp_mw=parse_number(row.get("frp")),
        confidence=plain(row.get("confidence"))[:TEXT_LIMIT],
        kind=SATELLITE,
        stated_county=compact(row.get("county"))[:PLACE_LIMIT],
        stated_place=stated_place(row),
        seq_no=compact(row.get("seq_no"))[:40],
        note=plain(row.get("note")),
    )


def read_position(row: Row, options: ParseOptions) -> tuple[float, float] | Rejected:
    """(lon, lat) in degrees as given, or the rejection."""
    numbers = []
    for axis in ("lon", "lat"):
        value: Any = row.get(axis)
        if plain(value) == "":
            return reject(row, axis, "missing_coordinate")
        number = parse_coordinate(value, axis)
        if isinstance(number, str) or number is None:
            return reject(row, axis, "swapped" if number == "swapped" else "bad_number")
        numbers.append(number)
    problem = position_problem(numbers[0], numbers[1], options)
    return reject(row, "lat", problem) if problem else (numbers[0], numbers[1])


def list_moment(row: Row, options: ParseOptions) -> Any:
    """The interval of a list row: 日期 and 时间 together, or whichever there is."""
    when, clock = row.get("date"), row.get("time")
    if plain(when) == "":
        when, clock = clock, ""
    return parse_moment(when, clock, options)


def reject(row: Row, field: str, code: str) -> Rejected:
    return Rejected(row.row_no, row.sheet, row.names.get(field, "")[:NAME_LIMIT], row.raw, REASONS[code], code)


def stated_place(row: Row) -> str:
    """省 市 县 乡 村 as the list states them, line breaks inside names removed."""
    parts = [compact(row.get(field)) for field in PLACE] or []
    return " ".join(part for part in parts if part) or plain(row.get("place"))
