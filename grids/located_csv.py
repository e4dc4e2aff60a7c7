"""The table of points with their cells: same rows, same order, whatever is wrong with some.

Reads and writes text; knows nothing of commands or files.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from core import clock
from core.errors import BadInput
from grids.geo.datum import to_wgs84
from grids.locating import edition_chooser, locate

LEVELS = ("county", "township", "village", "group")
ADDED = (*LEVELS, *(f"{level}_name" for level in LEVELS))
# Small enough that Python's garbage collector never walks through a whole file of rows.
_CHUNK = 20_000

FloatArray = npt.NDArray[np.float64]


@dataclass
class Tally:
    """The counts so far; `problems` are (line number in the input, what is wrong)."""

    rows: int = 0
    located: int = 0
    outside: int = 0
    unreadable: int = 0
    before_first: int = 0
    editions: set[str] = field(default_factory=set)
    problems: list[tuple[int, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Header:
    """The positions of the columns in the first row."""

    names: list[str]
    lon: int
    lat: int
    date: int | None


def read_header(rows: Iterator[list[str]]) -> Header:
    """The header of the first row. Raises BadInput("bad_header") unless it names lon and lat once each, and date at
    most once."""
    names = next(rows, None)
    keys = [name.strip().lower() for name in names or []]
    if any(keys.count(name) != 1 for name in ("lon", "lat")) or keys.count("date") > 1:
        raise BadInput(
            f"表头应有 lon,lat[,date]，读到的是“{','.join(names or [])}”", where="第 1 行", code="bad_header"
        )
    return Header(list(names or []), keys.index("lon"), keys.index("lat"),
                  keys.index("date") if "date" in keys else None)  # fmt: skip


def located_rows(text: Iterable[str], tally: Tally, *, datum: str = "wgs84") -> Iterator[list[list[str]]]:
    """The table in pieces, the header first; `tally` is filled on the way.

    `datum` is that of the given coordinates. A row without date is of today in Beijing. A row that cannot be read
    keeps its place with empty codes, and is named in `tally.problems`; blank lines stay blank lines.
    Raises BadInput for the header, Refused("no_edition").
    """
    reader = csv.reader(text)
    header = read_header(reader)
    edition_chooser()  # refuses before anything is put out
    today = clock.today_beijing()
    yield [[*header.names, *ADDED]]
    while rows := list(islice(zip(_numbers(reader), reader, strict=False), _CHUNK)):
        yield _located([fields for _, fields in rows], [number for number, _ in rows], header, today, datum, tally)


def _numbers(reader: Any) -> Iterator[int]:
    """The line on which the next row begins (a quoted field may run over several)."""
    while True:
        yield reader.line_num + 1


def _located(
    rows: list[list[str]], numbers: list[int], header: Header, today: date, datum: str, tally: Tally
) -> list[list[str]]:
    lon, lat, days = _columns(rows, numbers, header, today, tally)
    readable = np.isfinite(lon)
    lon[readable], lat[readable] = to_wgs84(lon[readable], lat[readable], datum)
    places = locate(lon, lat, days)
    inside = places.codes["county"] != ""
    tally.located += int(inside.sum())
    tally.outside += int((readable & ~inside).sum())
    tally.before_first += int((places.is_before_first & readable).sum())
    tally.editions |= {places.editions[at].name for at in np.unique(places.edition[readable]).tolist()}
    columns = [places.codes[level].tolist() for level in LEVELS] + [places.names[level].tolist() for level in LEVELS]
    width = len(header.names)
    return [
        # A short row is filled up, so that the codes stand under their names; nothing of a long one is lost.
        [*fields, *[""] * (width - len(fields)), *cells] if fields else []
        for fields, cells in zip(rows, zip(*columns, strict=True), strict=True)
    ]


def _columns(
    rows: list[list[str]], numbers: list[int], header: Header, today: date, tally: Tally
) -> tuple[FloatArray, FloatArray, list[date]]:
    """Coordinates (NaN where a row cannot be read) and dates of the rows."""
    days: dict[str, date | None] = {"": today}
    lon, lat = np.full(len(rows), math.nan), np.full(len(rows), math.nan)
    dates = [today] * len(rows)
    for at, fields in enumerate(rows):
        if not fields:
            continue
        tally.rows += 1
        try:
            x, y, dates[at] = _read(fields, header, days)
            lon[at], lat[at] = x, y
        except ValueError as error:
            tally.problems.append((numbers[at], str(error)))
            tally.unreadable += 1
    return lon, lat, dates


def _read(fields: list[str], header: Header, days: dict[str, date | None]) -> tuple[float, float, date]:
    """Coordinates and date of a row; what is missing at its end is empty. Raises ValueError in words for people."""
    if len(fields) > len(header.names) or len(fields) <= max(header.lon, header.lat):
        raise ValueError(f"应有 {len(header.names)} 列，实有 {len(fields)} 列")
    x, y = _degrees(fields[header.lon], "lon", 180.0), _degrees(fields[header.lat], "lat", 90.0)
    text = fields[header.date].strip() if header.date is not None and header.date < len(fields) else ""
    day = days[text] if text in days else days.setdefault(text, _day(text))
    if day is None:
        raise ValueError(f"date 应为 YYYY-MM-DD，不是“{text}”")
    return x, y, day


def _degrees(text: str, name: str, limit: float) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{name} 不是数：“{text}”") from None
    if not -limit <= value <= limit:
        raise ValueError(f"{name} 不在 ±{limit:.0f} 度之内：“{text}”")
    return value


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def as_csv(rows: list[list[str]]) -> str:
    """Rows as CSV text with plain line ends; a blank row is a blank line."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()
