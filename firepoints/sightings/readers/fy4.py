"""FY-4A fire text (风云四号火情): GBK, CRLF, columns by spaces, latitude first, 省地县 last.

Two tables are known: 火点 (one line per pixel) and 火区 (one line per burning area, the sum of its pixels). Where a file
has both, the lines of 火区 are notes: they are totals of the others. A line carries no time. The time is, in this order:
what the import says (`ParseOptions.observed`); the stamps of the file's name, which are UTC
(…_20191122050000_20191122051459_…); a date with a time in the lines above the heading, UTC where they say 世界时 or UTC,
else in `options.tz` (Beijing). Without any of these the file is refused. FRP is taken as MW unless its heading names
another unit (then it stays in the raw row alone). WGS-84.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from firepoints.sightings.readers.base import (
    INSTANT,
    WINDOW,
    Note,
    ParseOptions,
    ParseResult,
    Rejected,
    Sighting,
    SourceError,
    text_row,
)
from firepoints.sightings.readers.moments import make_date
from firepoints.sightings.readers.passes import (
    LINE,
    Line,
    Pixel,
    cell_names,
    content_and_name,
    field_names,
    one_result,
    result_of,
    sighting_of,
    text_of,
    uncut,
)
from firepoints.sightings.readers.satellite_products import refusal_of, refuse_by_name
from firepoints.sightings.readers.text import parse_number, plain
from firepoints.sightings.readers.titles import UTC_SAID

SPELLINGS = {
    "seq_no": ("火点编号", "火区编号", "编号"), "lat": ("纬度",), "lon": ("经度",), "area": ("像素面积", "像元面积", "象素面积"),
    "confidence": ("可信度",), "frp": ("frp",), "place": ("省地县", "行政区", "省市县"), "region": ("火区编号",),
}  # fmt: skip
STAMP = re.compile(r"(?<!\d)(20\d{2})(\d{2})(\d{2})_?(\d{2})(\d{2})(\d{2})?(?!\d)")
SAID = re.compile(
    r"(20\d{2})\s*[年./-]\s*(\d{1,2})\s*[月./-]\s*(\d{1,2})\s*[日号]?[ T]*(\d{1,2})\s*[时点:](?:\s*(\d{1,2})\s*分?)?"
)
SATELLITE = re.compile(r"FY-?4([A-C])|风云四号\s*([A-C])", re.IGNORECASE)
PLACE = re.compile(r"省|自治区|市.*[县区旗市]|.[县旗]$")  # no kind of land
Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and how its lines are cut; `is_region`: a line is a burning area, not a pixel."""

    names: list[str]
    fields: dict[str, str]
    separator: str | None

    @property
    def is_region(self) -> bool:
        return "region" in self.fields and self.fields["region"] == self.fields.get("seq_no")


def parse(source: bytes | str | Path, *, options: ParseOptions) -> ParseResult:
    """Read an FY-4 fire text (a path or its bytes). Raises SourceError when it is none or has no time."""
    refuse_by_name(*content_and_name(source, options), "fy4")
    text = text_of(source, options)
    titles, notes, rows = sort_lines(text.lines)
    if not rows and not any(section_of(line) for line in text.lines):
        if (other := refusal_of("\n".join(text.lines[:20]).encode(), text.filename)) is not None:
            raise other
        raise SourceError(
            "缺少风云四号火情的表头（火点编号或火区编号、纬度、经度、省地县）",
            where="表头",
            todo="请直接使用下载的文本文件",
            code="wrong_columns",
        )
    span, said_by = observed_at(titles, text.filename, options)
    pixel = Pixel(satellite_of(titles, text.filename, options), "AGRI")
    has_pixels = any(not section.is_region for section, _, _ in rows)
    results: list[Sighting | Rejected] = []
    for section, number, line in rows:
        if section.is_region and has_pixels:
            notes.append(Note(number, "", text_row([line])))
        else:
            results.append(read_line(section, number, line, span, pixel, options))
    return result_of(
        results,
        notes,
        {"encoding": text.encoding, "datum": "wgs84", "zone": "UTC", "observed": [at.isoformat() for at in span],
         "observed_by": said_by, "satellite": pixel.satellite},
    )  # fmt: skip


def read_again(
    source: bytes | str | Path, row_no: int, cells: Mapping[str, str], *, options: ParseOptions
) -> ParseResult:
    """One line of a file with other cells (a whole `line` where it could not be cut), read as the file was."""
    text = text_of(source, options)
    titles, _, rows = sort_lines(text.lines)
    section = next((section for section, number, _ in rows if number == row_no), None)
    if section is None:
        raise SourceError("原文件里没有这一行了", where=f"第 {row_no} 行", code="no_row")
    span, _ = observed_at(titles, text.filename, options)
    pixel = Pixel(satellite_of(titles, text.filename, options), "AGRI")
    if set(cells) == {LINE}:
        return one_result(read_line(section, row_no, cells[LINE], span, pixel, options))
    return one_result(read_cells(section, row_no, cells, span, pixel, options))


def sort_lines(lines: list[str]) -> tuple[list[str], list[Note], list[tuple[Section, int, str]]]:
    """(lines above the first heading, notes, data lines with their section)."""
    titles: list[str] = []
    notes: list[Note] = []
    rows: list[tuple[Section, int, str]] = []
    section: Section | None = None
    for number, line in enumerate(lines, start=1):
        if not line.strip(" \t,\u3000\x1a"):
            continue
        named = section_of(line)
        if named or section is None or not any(letter.isdigit() for letter in line):
            notes.append(Note(number, "", text_row([line])))
            if section is None and not named:
                titles.append(plain(line)[:300])
            section = named or section
        else:
            rows.append((section, number, line))
    return titles, notes, rows


def section_of(line: str) -> Section | None:
    if "纬度" not in line or "经度" not in line:
        return None
    separator = next((mark for mark in ("\t", ",", "，") if line.count(mark) > 2), None)
    names = cell_names([cell for cell in line.split(separator) if plain(cell)])
    fields = field_names(names, SPELLINGS)
    return Section(names, fields, separator) if {"lat", "lon", "seq_no"} <= set(fields) else None


def read_line(
    section: Section, number: int, line: str, span: Span, pixel: Pixel, options: ParseOptions
) -> Sighting | Rejected:
    """One line; the last column takes what is left (a place may hold spaces), and may be absent (at sea)."""
    width = len(section.names)
    split = line.strip().split(section.separator, width - 1)
    cells = [plain(cell) for cell in split]
    has_place_last = section.fields.get("place") == section.names[-1]
    if len(cells) == width - 1 and has_place_last:
        cells.append("")
    # A place before its column: a cell is missing, and all behind it are shifted.
    if len(cells) != width or (has_place_last and any(PLACE.search(cell) for cell in cells[:-1])):
        return uncut(number, line)
    return read_cells(section, number, dict(zip(section.names, cells, strict=True)), span, pixel, options)


def read_cells(
    section: Section, number: int, cells: Mapping[str, str], span: Span, pixel: Pixel, options: ParseOptions
) -> Sighting | Rejected:
    line = Line(number, cells, section.fields)
    frp = parse_number(line.get("frp")) if "w/m" not in section.fields.get("frp", "").lower() else None
    precision = INSTANT if span[0] == span[1] else WINDOW
    return sighting_of(line, span, precision, pixel, options, frp_mw=frp if frp is not None and frp >= 0 else None)


def observed_at(titles: list[str], filename: str, options: ParseOptions) -> tuple[Span, str]:
    """(UTC interval, who says so): the import, the file's name, or a title."""
    if options.observed:
        return options.observed, "import"
    stamps = [at for at in (moment(match.groups(), UTC) for match in STAMP.finditer(filename)) if at]
    if stamps:
        begin, end = stamps[0], stamps[1] if len(stamps) > 1 else stamps[0]
        if timedelta() <= end - begin <= timedelta(days=1):
            return (begin, end), "filename"
    for line in titles:
        zone: Any = UTC if UTC_SAID.search(line) else ZoneInfo(options.tz)
        moments = [at for at in (moment(match.groups(), zone) for match in SAID.finditer(line)) if at]
        if moments and timedelta() <= moments[-1] - moments[0] <= timedelta(days=1):
            return (moments[0].astimezone(UTC), moments[-1].astimezone(UTC)), "title"
    raise SourceError(
        "这种文件的每一行没有时间，文件名和标题里也读不出观测时间",
        where="文件名",
        todo="请用下载时的原文件名（带 年月日时分秒，世界时），或在第一行写上时间，如 2019年11月22日13时00分（北京时）",
        code="no_time",
    )


def moment(parts: tuple[str | None, ...], zone: Any) -> datetime | None:
    year, month, day, hour, minute, second = (int(part or 0) for part in (*parts, None)[:6])
    on = make_date(year, month, day)
    if on is None or hour > 23 or minute > 59 or second > 59:
        return None
    return datetime(year, month, day, hour, minute, second, tzinfo=zone)


def satellite_of(titles: list[str], filename: str, options: ParseOptions) -> str:
    """FY4A, FY4B … as name or title says it, else as the import says, else FY4."""
    for text in (filename, *titles):
        if match := SATELLITE.search(text):
            return f"FY4{(match.group(1) or match.group(2)).upper()}"
    return options.satellite or "FY4"
