"""Himawari L2WLF (JAXA P-Tree wild fire): comma-separated text under `#` lines, latitude first, times UTC.

FRP is a flux in W/m² over the pixel. A sighting's `frp_mw` is the power: flux × area, where 1 W/m² on 1 km² is 1 MW; the
number as given stays in the raw row. Without an area there is no power. `Reliability` is the confidence as given, and a
`Volcano` mark makes `static_type` 1. WGS-84. The satellite is in the file's name (H09_…); without one the date tells:
Himawari-9 took over from Himawari-8 on 2022-12-13 05:00 UTC.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from firepoints.sightings.readers.base import (
    INSTANT,
    Note,
    ParseOptions,
    ParseResult,
    Rejected,
    Sighting,
    SourceError,
    text_row,
)
from firepoints.sightings.readers.lines import split_cells
from firepoints.sightings.readers.moments import make_date, parse_hhmm
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

SPELLINGS = {
    "seq_no": ("id",), "year": ("year",), "date": ("day",), "month": ("month",), "time": ("time",), "lat": ("lat", "latitude"),
    "lon": ("lon", "longitude"), "area": ("area",), "volcano": ("volcano",), "confidence": ("reliability",), "frp": ("frp",),
}  # fmt: skip
REQUIRED = ("year", "month", "date", "time", "lat", "lon")
NAME = re.compile(r"H(?:IMAWARI-?)?0?([89])[_-]", re.IGNORECASE)
PRODUCT = re.compile(r"L2WLF(\d{3})", re.IGNORECASE)
HANDOVER = datetime(2022, 12, 13, 5, tzinfo=UTC)
FLUX = re.compile(r"w\s*/?\s*m\s*(?:\^?-?\s*2)", re.IGNORECASE)


def parse(source: bytes | str | Path, *, options: ParseOptions) -> ParseResult:
    """Read an L2WLF text (a path or its bytes). Raises SourceError when it is none; `meta` says how it was read."""
    refuse_by_name(*content_and_name(source, options), "himawari")
    text = text_of(source, options)
    notes: list[Note] = []
    results: list[Sighting | Rejected] = []
    heading: Heading | None = None
    for number, line in enumerate(text.lines, start=1):
        if not line.strip(" ,\t#"):
            continue
        named = heading_of(line)
        if named or line.lstrip().startswith("#") or heading is None:
            heading = heading or named
            notes.append(Note(number, "", text_row([line])))
            continue
        results.append(read_line(heading.line(number, line), heading, text.filename, options))
    if heading is None:
        if (other := refusal_of("\n".join(text.lines[:20]).encode(), text.filename)) is not None:
            raise other
        raise SourceError(
            "缺少葵花 L2WLF 的表头（# ID,Year,Month,Day,Time(UTC),Lat,Lon…）",
            where="表头",
            todo="请直接使用下载的 L2WLF 文件，不要删去 # 开头的行",
            code="wrong_columns",
        )
    return result_of(
        results,
        notes,
        {"encoding": text.encoding, "columns": heading.names, "datum": "wgs84", "zone": "UTC",
         "frp": "flux × area" if heading.is_flux else "as given, MW"},
    )  # fmt: skip


class Heading:
    """The columns of the file, and whether its FRP is a flux (W/m²) or a power (MW)."""

    def __init__(self, columns: list[str]) -> None:
        self.names = cell_names(columns)
        self.fields = field_names(self.names, SPELLINGS)
        self.is_flux = bool(FLUX.search(self.fields.get("frp", "")))

    def line(self, number: int, text: str) -> Line | Rejected:
        cells = [plain(cell) for cell in split_cells(text, ",")]
        while len(cells) > len(self.names) and not cells[-1]:
            cells.pop()
        if len(cells) != len(self.names):
            return uncut(number, text)
        return Line(number, dict(zip(self.names, cells, strict=True)), self.fields)


def heading_of(line: str) -> Heading | None:
    heading = Heading(list(split_cells(line.strip().lstrip("#").strip(), ",")))
    return heading if all(name in heading.fields for name in REQUIRED) else None


def read_again(
    source: bytes | str | Path, row_no: int, cells: Mapping[str, str], *, options: ParseOptions
) -> ParseResult:
    """One line of a file with other cells (a whole `line` where it could not be cut), read as the file was."""
    text = text_of(source, options)
    heading = next((line_heading for line in text.lines if (line_heading := heading_of(line))), None)
    if heading is None:
        raise SourceError("原文件的表头读不懂了", where="表头", code="wrong_columns")
    line = heading.line(row_no, cells[LINE]) if set(cells) == {LINE} else Line(row_no, cells, heading.fields)
    return one_result(read_line(line, heading, text.filename, options))


def read_line(line: Line | Rejected, heading: Heading, filename: str, options: ParseOptions) -> Sighting | Rejected:
    if isinstance(line, Rejected):
        return line
    parts = [parse_number(line.get(name)) for name in ("year", "month", "date")]
    whole = [int(part) for part in parts if part is not None and part.is_integer() and 0 < part < 10_000]
    day = make_date(*whole) if len(whole) == 3 else None
    if day is None:
        return line.reject("date", "bad_date")
    seconds = parse_hhmm(line.get("time"))
    if seconds is None:
        return line.reject("time", "bad_time")
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(seconds=seconds)
    product = PRODUCT.search(filename)
    pixel = Pixel(satellite_of(filename, at, options), "AHI", product.group(1) if product else "")
    volcano = parse_number(line.get("volcano"))
    return sighting_of(
        line, (at, at), INSTANT, pixel, options,
        frp_mw=power_mw(line, heading.is_flux), static_type=1 if volcano else None,
    )  # fmt: skip


def satellite_of(filename: str, at: datetime, options: ParseOptions) -> str:
    if match := NAME.match(filename):
        return f"H0{match.group(1)}"
    return options.satellite or ("H09" if at >= HANDOVER else "H08")


def power_mw(line: Line, is_flux: bool) -> float | None:
    """Megawatts: W/m² × km² where the file gives a flux, the number itself where it gives none; None if unknown."""
    power = parse_number(line.get("frp"))
    if power is None or power < 0 or not is_flux:
        return power if power is not None and power >= 0 else None
    area_km2 = parse_number(line.get("area"))
    return round(power * area_km2, 3) if area_km2 and area_km2 > 0 else None
