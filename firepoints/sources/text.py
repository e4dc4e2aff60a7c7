"""Text of people and machines into numbers and instants: encodings, coordinates, dates, times.

Every function is total: it returns None (or raises SourceError for a whole file) and never another exception.
"""

from __future__ import annotations

import math
import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from firepoints.sources.base import DAY, INSTANT, WINDOW, ParseOptions, SourceError

EXCEL_EPOCH = date(1899, 12, 30)
EARLIEST = date(2000, 1, 1)  # MODIS flew first; nothing older can be a sighting
LATEST = date(2199, 12, 31)
NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?")


def decode(data: bytes) -> tuple[str, str]:
    """Text and encoding of a file: UTF-8 (with or without BOM), UTF-16 with BOM, else GB18030 (which holds GBK)."""
    if not data.strip():
        raise SourceError("文件是空的", todo="请重新导出后再导入", code="empty_file")
    order = ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030")
    for encoding in order:
        try:
            return data.decode(encoding).replace("\x00", "\ufffd"), encoding
        except UnicodeDecodeError:
            continue
    raise SourceError("文字编码无法识别", todo="请另存为 UTF-8 或 GBK 编码的 CSV", code="encoding")


def plain(value: Any) -> str:
    """A cell as one line of half-width text: NFKC, no line breaks, no stray spaces or null bytes."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and math.isfinite(value) and value == int(value) and abs(value) < 1e15:
        return str(int(value))  # Excel stores 序号 5 as 5.0
    if not isinstance(value, str):
        return str(value)
    # NFKC would turn the ordinal sign that people type for a degree into the letter o, and split a double prime.
    text = value.replace("º", "°").replace("″", '"').replace("\x00", "\ufffd")
    return " ".join(unicodedata.normalize("NFKC", text).split())


def compact(value: Any) -> str:
    """Like `plain` and without any space: for headings and for names broken over two lines."""
    return plain(value).replace(" ", "")


def parse_number(value: Any) -> float | None:
    """A finite decimal number, full-width digits too; None for anything else."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return float(value) if math.isfinite(value) else None
    text = plain(value).replace("−", "-")
    if not NUMBER.fullmatch(text) or not text.isascii():
        return None
    number = float(text)
    return number if math.isfinite(number) else None


HEMISPHERE = {"E": 1, "东经": 1, "东": 1, "W": -1, "西经": -1, "西": -1}
HEMISPHERE |= {"N": 1, "北纬": 1, "北": 1, "S": -1, "南纬": -1, "南": -1}
LONGITUDE_MARKS = frozenset(("E", "W", "东经", "东", "西经", "西"))
MARK = "东经|西经|北纬|南纬|[东西南北EWNS]"
D, M, S = r"(\d{1,3}(?:\.\d+)?)", r"(\d{1,2}(?:\.\d+)?)", r"(\d{1,2}(?:\.\d+)?)"
DEGREE, MINUTE, SECOND = r"[°度]", r"['′’分]", r"(?:\"|''|′′|’’|”|秒)"
DMS = re.compile(rf"{D}{DEGREE}(?:{M}{MINUTE}?(?:{S}{SECOND}?)?)?")
DMS_SPACED = re.compile(rf"{D}[ :]{M}[ :]{S}")


def parse_coordinate(value: Any, axis: str) -> float | str | None:
    """Degrees of a decimal or DMS coordinate ("116°14'37.289\\"E"); None if unreadable.

    Returns the string "swapped" when the text names the other axis (a latitude marked E).
    """
    number = parse_number(value)
    if number is not None:
        return number
    text = plain(value).upper().replace("°C", "°").replace("，", "")
    mark = re.match(rf"(?:{MARK})[:：]?", text) or re.search(rf"(?:{MARK})$", text)
    sign = 1
    if mark:
        name = mark.group().rstrip(":：")
        if (name in LONGITUDE_MARKS) != (axis == "lon"):
            return "swapped"
        sign = HEMISPHERE[name]
        text = (text[: mark.start()] + text[mark.end() :]).strip()
    number = parse_number(text)
    if number is not None:
        return sign * number
    return _dms(text, sign)


def _dms(text: str, sign: int) -> float | None:
    if text.startswith("-"):
        sign, text = -sign, text[1:]
    match = DMS.fullmatch(text.replace(" ", "")) or DMS_SPACED.fullmatch(text)
    if not match:
        return None
    degrees, minutes, seconds = (float(part or 0) for part in match.groups())
    if minutes >= 60 or seconds >= 60:
        return None
    return sign * (degrees + minutes / 60 + seconds / 3600)


ISO_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})[日号]?")
COMPACT_DATE = re.compile(r"(20\d{2})(\d{2})(\d{2})")
SLASH_DATE = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})")
SERIAL_DATE = re.compile(r"(\d{5})(?:\.0+)?")


def parse_date(text: str, order: str = "") -> date | str | None:
    """A calendar date, also as Excel mangles it; "ambiguous_date" where day and month cannot be told apart."""
    if match := ISO_DATE.fullmatch(text) or COMPACT_DATE.fullmatch(text):
        return make_date(*(int(part) for part in match.groups()))
    if match := SLASH_DATE.fullmatch(text):
        first, second, year = (int(part) for part in match.groups())
        return _slash_date(first, second, year, order)
    if match := SERIAL_DATE.fullmatch(text):
        return sane(EXCEL_EPOCH + timedelta(days=int(match.group(1))))
    return None


def _slash_date(first: int, second: int, year: int, order: str) -> date | str | None:
    as_dmy, as_mdy = make_date(year, second, first), make_date(year, first, second)
    if order in ("dmy", "mdy"):
        return as_dmy if order == "dmy" else as_mdy
    if as_dmy and as_mdy and as_dmy != as_mdy:
        return "ambiguous_date"
    return as_dmy or as_mdy


def make_date(year: int, month: int, day: int) -> date | None:
    try:
        return sane(date(year, month, day))
    except ValueError:
        return None


def sane(day: date) -> date | None:
    return day if EARLIEST <= day <= LATEST else None


CLOCK = re.compile(r"(\d{1,2})[:时点](\d{1,2})?[:分]?(\d{1,2})?(?:\.\d+)?秒?(?:\.0+)?")
HHMM = re.compile(r"(\d{1,4})(?:\.0+)?")


def parse_hhmm(text: str) -> int | None:
    """Seconds after midnight of HHMM that may have lost its leading zeros ("7" = 00:07), or of HH:MM[:SS]."""
    if match := HHMM.fullmatch(text):
        number = int(match.group(1))
        return _seconds(number // 100, number % 100, 0)
    if match := CLOCK.fullmatch(text):
        hour, minute, second = (int(part or 0) for part in match.groups())
        return _seconds(hour, minute, second)
    return None


def _seconds(hour: int, minute: int, second: int) -> int | None:
    if hour > 23 or minute > 59 or second > 59:
        return None
    return hour * 3600 + minute * 60 + second


DATE_THEN_TIME = re.compile(r"(.*?\d[日号]?)[ T]+(\d{1,2}[:时点].*|\d{4})|(.*?[日号])(\d{1,2}[:时点].*)")
OFFSET = re.compile(r"\s*(Z|[+-]\d{2}:?\d{2})$")


def parse_moment(when: Any, clock: Any, options: ParseOptions) -> tuple[datetime, datetime, str] | str:
    """The UTC interval and precision of a date cell and a time cell, or a rejection code.

    A date without a time, or with exactly midnight from a cell that has no separate time, is the whole day (or the
    issuer's window): a list that gives dates must not be read as a pass at 00:00.
    """
    day, seconds, zone = split_moment(when, options)
    if isinstance(day, str):
        return day
    if clock not in (None, ""):
        other_day, other_seconds, other_zone = split_moment(clock, options)
        if isinstance(other_day, date):
            day, seconds, zone = day or other_day, other_seconds, other_zone
        else:
            seconds = clock_seconds(clock)
            if seconds is None:
                return "bad_time"
    if day is None:
        return "bad_date"
    return interval(day, seconds, zone, options)


def split_moment(value: Any, options: ParseOptions) -> tuple[date | str | None, int | None, Any]:
    """(date or rejection code or None, seconds after midnight or None, time zone) of one cell."""
    zone: Any = ZoneInfo(options.tz)
    if isinstance(value, datetime):
        zone = value.tzinfo or zone
        seconds = value.hour * 3600 + value.minute * 60 + value.second
        return sane(value.date()) or "bad_date", seconds or None, zone
    if isinstance(value, date):
        return sane(value) or "bad_date", None, zone
    if isinstance(value, float) and not value.is_integer() and 36_526 <= value < 109_575:
        seconds = round((value % 1) * 86_400)
        whole = EXCEL_EPOCH + timedelta(days=int(value), seconds=seconds // 86_400 * 86_400)
        return sane(whole), seconds % 86_400 or None, zone
    text = plain(value)
    if (match := OFFSET.search(text)) and ":" in text[: match.start()]:
        zone, text = offset_zone(match.group(1)), text[: match.start()]
        if zone is None:
            return "bad_time", None, None
    day = parse_date(text, options.date_order)
    if day is not None or not text:
        return day, None, zone
    match = DATE_THEN_TIME.fullmatch(text)
    if not match:
        return None, None, zone
    day = parse_date((match.group(1) or match.group(3)).strip(), options.date_order)
    if day is None:
        return None, None, zone
    seconds_read = parse_hhmm(match.group(2) or match.group(4))
    return (day, seconds_read or None, zone) if seconds_read is not None else ("bad_time", None, zone)


def offset_zone(text: str) -> Any:
    if text == "Z":
        return UTC
    try:
        return datetime.strptime(text, "%z").tzinfo
    except ValueError:
        return None


def clock_seconds(value: Any) -> int | None:
    """Seconds after midnight of a time cell: a time, a fraction of a day, HH:MM, HHMM."""
    if isinstance(value, time):
        return value.hour * 3600 + value.minute * 60 + value.second
    if isinstance(value, timedelta):
        seconds = int(value.total_seconds())
        return seconds if 0 <= seconds < 86_400 else None
    if isinstance(value, float) and 0 <= value < 1:
        return round(value * 86_400) % 86_400
    return parse_hhmm(plain(value).replace(" ", ""))


def interval(day: date, seconds: int | None, zone: Any, options: ParseOptions) -> tuple[datetime, datetime, str] | str:
    midnight = datetime.combine(day, time(), tzinfo=zone)
    try:
        if seconds is not None:
            at = (midnight + timedelta(seconds=seconds)).astimezone(UTC)
            return at, at, INSTANT
        hour = options.window_start_hour
        if not hour:
            return midnight.astimezone(UTC), (midnight + timedelta(days=1)).astimezone(UTC), DAY
        end = midnight + timedelta(hours=hour)
        return (end - timedelta(days=1)).astimezone(UTC), end.astimezone(UTC), WINDOW
    except (OverflowError, ValueError):
        return "bad_date"
