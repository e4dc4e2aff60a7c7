"""The FIRMS area API as it is asked and as it answers (https://firms.modaps.eosdis.nasa.gov/api/area/). Pure.

An answer with status 200 may still be none: a web page, a sentence about the key, a text that stops in a row.
"""

from __future__ import annotations

import csv
from datetime import date, timedelta

NEAR_REAL_TIME = ("VIIRS_NOAA20_NRT", "VIIRS_NOAA21_NRT", "VIIRS_SNPP_NRT", "MODIS_NRT")
STANDARD = ("VIIRS_NOAA20_SP", "VIIRS_NOAA21_SP", "VIIRS_SNPP_SP", "MODIS_SP")
PRODUCTS = (*NEAR_REAL_TIME, *STANDARD)
MOST_DAYS = 5  # of one request
WANTED = ("latitude", "longitude", "acq_date", "acq_time", "satellite")
Box = tuple[float, float, float, float]


class NoAnswer(Exception):
    """What came is no table of this API. `is_about_key`: the key is wrong or used up."""

    def __init__(self, why: str, *, is_about_key: bool = False) -> None:
        super().__init__(why)
        self.is_about_key = is_about_key


def area_url(base: str, key: str, product: str, box: Box, first: date, days: int) -> str:
    """The address of `days` days (UTC) from `first`; `box` is west, south, east, north in WGS-84 degrees."""
    sides = ",".join(f"{side:.4f}" for side in box)
    return f"{base.rstrip('/')}/api/area/csv/{key}/{product}/{sides}/{days}/{first.isoformat()}"


def availability_url(base: str, key: str) -> str:
    return f"{base.rstrip('/')}/api/data_availability/csv/{key}/ALL"


def spans(first: date, last: date) -> list[tuple[date, int]]:
    """(first day, number of days) of the requests that cover the days from `first` to `last`."""
    requests = []
    while first <= last:
        days = min(MOST_DAYS, (last - first).days + 1)
        requests.append((first, days))
        first += timedelta(days=days)
    return requests


def rows_in(body: bytes) -> int:
    """How many rows an answer of the area API holds. Raises NoAnswer for whatever is not a whole table."""
    lines = _lines_of(body, WANTED)
    columns = [line.count(",") for line in (lines[0], lines[-1])]
    if columns[0] != columns[1]:
        raise NoAnswer("内容不完整：最后一行缺列")
    return len(lines) - 1


def available(body: bytes) -> dict[str, tuple[date, date]]:
    """product → first and last day that the server has."""
    lines = _lines_of(body, ("data_id", "min_date", "max_date"))
    spans_by_product = {}
    for row in csv.DictReader(lines):
        try:
            spans_by_product[row["data_id"]] = (
                date.fromisoformat(row["min_date"]),
                date.fromisoformat(row["max_date"]),
            )
        except (ValueError, TypeError) as error:
            raise NoAnswer("数据日期读不懂") from error
    return spans_by_product


def _lines_of(body: bytes, columns: tuple[str, ...]) -> list[str]:
    text = body.decode("utf-8", "replace").lstrip("\ufeff").strip()
    if not text:
        raise NoAnswer("答复是空的")
    lines = text.splitlines()
    heading = {name.strip().lower() for name in lines[0].split(",")}
    if heading.issuperset(columns):
        return lines
    start = text[:200].lower()
    if start.startswith(("<", "&lt;")) or "<html" in start:
        raise NoAnswer("答复是网页，不是数据")
    if "map_key" in start or "transaction" in start:
        raise NoAnswer("服务器不认这个密钥，或者次数已用完", is_about_key=True)
    raise NoAnswer("答复不是 FIRMS 的表")
