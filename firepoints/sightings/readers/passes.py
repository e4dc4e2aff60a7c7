"""The common part of the two geostationary satellites' texts: cells under a heading line, one position, one pixel."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import sqrt
from pathlib import Path
from typing import Any

from firepoints.sightings.readers.base import (
    GIVEN_LIMIT,
    NAME_LIMIT,
    PLACE_LIMIT,
    TEXT_LIMIT,
    Note,
    ParseOptions,
    ParseResult,
    Rejected,
    Sighting,
    text_row,
)
from firepoints.sightings.readers.coordinates import parse_coordinate
from firepoints.sightings.readers.places import county_in
from firepoints.sightings.readers.reasons import REASONS, is_future, position_problem
from firepoints.sightings.readers.text import compact, parse_number, plain
from papers.encodings import decode
from papers.reading import read_bytes

BRACKETS = re.compile(r"[(\[].*")
LINE = "line"  # under this name a line is kept that could not be cut into its columns


@dataclass(frozen=True, slots=True)
class Line:
    """One data line: its number, its cells under their headings, and which heading is which field."""

    number: int
    raw: Mapping[str, str]
    names: Mapping[str, str]

    def get(self, field: str) -> str:
        return plain(self.raw.get(self.names.get(field, ""), ""))

    def reject(self, field: str, code: str) -> Rejected:
        return Rejected(self.number, "", self.names.get(field, "")[:NAME_LIMIT], self.raw, REASONS[code], code)


@dataclass(frozen=True, slots=True)
class Pixel:
    """The facts that a product states of all its lines: the satellite, its instrument, the version of its processing."""

    satellite: str
    instrument: str
    version: str = ""


def content_and_name(source: bytes | str | Path, options: ParseOptions) -> tuple[bytes, str]:
    """The bytes of a file, and the name under which it came (an upload is kept under another)."""
    if isinstance(source, bytes):
        return source, options.filename
    return read_bytes(source, options), options.filename or Path(source).name


@dataclass(frozen=True, slots=True)
class Text:
    """A text file cut into its lines, the encoding it was in, and the name under which it came."""

    lines: list[str]
    encoding: str
    filename: str


def text_of(source: bytes | str | Path, options: ParseOptions) -> Text:
    """The lines of a file (a path or its bytes), whichever way they end."""
    data, filename = content_and_name(source, options)
    text, encoding = decode(data)
    return Text(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), encoding, filename)


def uncut(number: int, line: str) -> Rejected:
    """A line that does not fall into the columns of its heading, kept whole."""
    return Rejected(number, "", "", {LINE: text_row([line])[0]}, REASONS["columns"], "columns")


def result_of(rows: Sequence[Sighting | Rejected], notes: Sequence[Note], meta: Mapping[str, Any]) -> ParseResult:
    """The rows of a file by what they are, and its notes in file order."""
    return ParseResult(
        tuple(row for row in rows if isinstance(row, Sighting)),
        tuple(row for row in rows if isinstance(row, Rejected)),
        tuple(sorted(notes, key=lambda note: note.row_no)),
        meta,
    )


def one_result(result: Sighting | Rejected) -> ParseResult:
    """The result of one line alone."""
    return ParseResult((), (result,), ()) if isinstance(result, Rejected) else ParseResult((result,), (), ())


def field_names(columns: Sequence[str], spellings: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Field → heading as the file spells it; the bracket of a unit does not matter, nor do capitals."""
    headings: dict[str, str] = {}
    for column in columns:
        bare = BRACKETS.sub("", compact(column)).lower()
        for field, names in spellings.items():
            if bare in names:
                headings.setdefault(field, column)
    return headings


def cell_names(columns: Sequence[str]) -> list[str]:
    """Headings as keys of the raw row: one that is empty or stands twice gets its number."""
    names: list[str] = []
    for i, column in enumerate(columns):
        name = plain(column).replace("\x00", "\ufffd")
        names.append(name if name and name not in names else f"{name}#{i + 1}")
    return names


def sighting_of(
    line: Line, span: tuple[datetime, datetime], precision: str, pixel: Pixel, options: ParseOptions, **more: Any
) -> Sighting | Rejected:
    """The sighting of a line at `span` (UTC). Position WGS-84 degrees; scan and track the side of the stated area."""
    axes = []
    for axis in ("lat", "lon"):
        number = parse_coordinate(line.get(axis), axis) if line.get(axis) else None
        if not isinstance(number, float):
            code = number or "bad_number"
            return line.reject(axis, code if line.get(axis) else "missing_coordinate")
        axes.append(number)
    lat, lon = axes
    if problem := position_problem(lon, lat, options):
        return line.reject("lat", problem)
    if is_future(span[0], options):
        return line.reject("date", "future")
    area = parse_number(line.get("area")) or 0.0
    side = sqrt(area) if 0 < area <= 400 else None
    return Sighting(
        row_no=line.number,
        sheet="",
        raw=line.raw,
        satellite=pixel.satellite,
        instrument=pixel.instrument,
        version=pixel.version[:TEXT_LIMIT],
        starts_at=span[0],
        ends_at=span[1],
        precision=precision,
        lon_given=line.get("lon")[:GIVEN_LIMIT],
        lat_given=line.get("lat")[:GIVEN_LIMIT],
        lon=lon,
        lat=lat,
        scan_km=side,
        track_km=side,
        confidence=line.get("confidence")[:TEXT_LIMIT],
        stated_place=line.get("place"),
        stated_county=county_in(line.get("place"))[:PLACE_LIMIT],
        seq_no=line.get("seq_no")[:40],
        **more,
    )
