"""Dates and times as people, Excel and the issuers of lists write them, into UTC intervals.

Every function is total: it returns None or a rejection code, and never raises.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from firepoints.sightings.readers.base import DAY, INSTANT, WINDOW, ParseOptions
from firepoints.sightings.readers.text import plain

EXCEL_EPOCH = date(1899, 12, 30)
EARLIEST = date(2000, 1, 1)  # MODIS flew first; nothing older can be a sighting
LATEST = date(2199, 12, 31)

ISO_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})[日号]?")
COMPACT_DATE = re.compile(r"(20\d{2})(\d{2})(\d{2})")
SLASH_DATE = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})")
SERIAL_DATE = re.compile(r"(\d{5})(?:\.0+)?")
SERIAL_MOMENT = re.compile(r"\d{5}\.\d+")
SHORT_DATE = re.compile(r"(\d{1,2})月(\d{1,2})[日号]?")
NAMED_MONTH = re.compile(
    r"(\d{1,2})[- ]?([A-Z]{3,9})[- ,.]*(\d{4}|\d{2})|([A-Z]{3,9})[- ]?(\d{1,2})[- ,]+(\d{4}|\d{2})"
)
MONTHS = {
    name: i + 1
    for i, name in enumerate(["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"])
}
MIDNIGHT_AFTER = re.compile(r"[ T]0{1,2}:00(?::00)?(?:\.0+)?$")
WEEKDAY = re.compile(r"[(\[]?(?:星期|周)[一二三四五六日天][)\]]?")
CHINESE_DATE = re.compile(
    r"(?:([〇零○一二三四五六七八九]{4})年)?([一二三四五六七八九十]{1,3})月([一二三四五六七八九十廿卅]{1,3})[日号]?"
)
CHINESE_DIGIT = {digit: i for i, digit in enumerate("〇一二三四五六七八九")} | {"零": 0, "○": 0}


def parse_date(text: str, order: str = "", year: int | None = None) -> date | str | None:
    """A calendar date, also as Excel mangles it; "ambiguous_date" where day and month cannot be told apart.

    `order` ("dmy", "mdy", "ymd") settles 10/11/2023 and 23/10/11; `year` completes 10月5日, which is no date without.
    """
    text = WEEKDAY.sub("", MIDNIGHT_AFTER.sub("", text)).strip()
    if match := ISO_DATE.fullmatch(text) or COMPACT_DATE.fullmatch(text):
        return make_date(*(int(part) for part in match.groups()))
    if match := SLASH_DATE.fullmatch(text):
        first, second, third = match.groups()
        return _slash_date(first, second, third, order)
    if match := SERIAL_DATE.fullmatch(text):
        return sane(EXCEL_EPOCH + timedelta(days=int(match.group(1))))
    if match := NAMED_MONTH.fullmatch(text.upper()):
        groups = match.groups()
        day, name, in_year = groups[:3] if groups[0] else (groups[4], groups[3], groups[5])
        return make_date(full_year(in_year), MONTHS.get(name[:3], 0), int(day))
    squeezed = text.replace(" ", "")
    if squeezed != text and "月" in text:
        return parse_date(squeezed, order, year)
    if year and (match := SHORT_DATE.fullmatch(text)):
        return make_date(year, int(match.group(1)), int(match.group(2)))
    return _chinese_date(text, year)


def full_year(text: str) -> int:
    return int(text) + (2000 if len(text) == 2 else 0)


def _slash_date(first: str, second: str, third: str, order: str) -> date | str | None:
    """10/11/2023; with a year of two digits the first number may be the year as well."""
    a, b, year = int(first), int(second), full_year(third)
    readings = {"dmy": make_date(year, b, a), "mdy": make_date(year, a, b)}
    if len(third) == 2 and len(first) == 2:
        readings["ymd"] = make_date(2000 + a, b, int(third))
    if order in readings:
        return readings[order]
    possible = {day for day in readings.values() if day}
    return possible.pop() if len(possible) == 1 else ("ambiguous_date" if possible else None)


def slash_order(text: str) -> str:
    """The one order ("dmy", "mdy") that a date with a year of four digits can have, "" where both or neither fit."""
    match = SLASH_DATE.fullmatch(MIDNIGHT_AFTER.sub("", text))
    if not match or len(match.group(3)) == 2:
        return ""
    a, b, year = int(match.group(1)), int(match.group(2)), int(match.group(3))
    as_dmy, as_mdy = make_date(year, b, a), make_date(year, a, b)
    return "dmy" if as_dmy and not as_mdy else "mdy" if as_mdy and not as_dmy else ""


def _chinese_date(text: str, year: int | None) -> date | None:
    """二〇二三年十月五日; without its year only where the title gave one."""
    match = CHINESE_DATE.fullmatch(text)
    if not match or not (match.group(1) or year):
        return None
    digits = match.group(1)
    stated_year = int("".join(str(CHINESE_DIGIT[digit]) for digit in digits)) if digits else year
    return make_date(stated_year or 0, chinese_number(match.group(2)), chinese_number(match.group(3)))


def chinese_number(text: str) -> int:
    """1 to 39: 五, 十, 十五, 二十, 二十五, 廿五; 0 for what is no such number."""
    text = text.replace("廿", "二十").replace("卅", "三十")
    tens, ten, ones = text.rpartition("十")
    if len(tens) > 1 or len(ones) > 1 or not text:
        return 0
    return (CHINESE_DIGIT.get(tens, 1) * 10 if ten else 0) + CHINESE_DIGIT.get(ones, 0)


def make_date(year: int, month: int, day: int) -> date | None:
    try:
        return sane(date(year, month, day))
    except ValueError:
        return None


def sane(day: date) -> date | None:
    return day if EARLIEST <= day <= LATEST else None


CLOCK = re.compile(r"(\d{1,2})[:时点](\d{1,2})?[:分]?(\d{1,2})?(?:\.\d+)?秒?(?:\.0+)?")
HHMM = re.compile(r"(\d{1,4})(?:\.0+)?")
DAY_FRACTION = re.compile(r"0?\.\d{2,20}")  # what Excel keeps of a time
HALF = re.compile(r"(上午|凌晨|早上|下午|晚上|晚|AM|PM)?(.*?)(AM|PM)?")
ASIDE = re.compile(r"\(?北京时间?\)?|左右|许$|前后$")


def parse_hhmm(text: str) -> int | None:
    """Seconds after midnight of HHMM that may have lost its leading zeros ("7" = 00:07), of HH:MM[:SS] or 1:05 PM, of 0.045."""
    if match := HHMM.fullmatch(text):
        number = int(match.group(1))
        return _seconds(number // 100, number % 100, 0)
    if match := CLOCK.fullmatch(text):
        hour, minute, second = (int(part or 0) for part in match.groups())
        return _seconds(hour, minute, second)
    if DAY_FRACTION.fullmatch(text):
        return round(float(text) * 86_400) % 86_400
    return _half_day(text.upper().replace(" ", ""))


def _half_day(text: str) -> int | None:
    """Seconds after midnight of 12:43 AM or 下午1点05分."""
    match = HALF.fullmatch(text)
    half = match and (match.group(1) or match.group(3))
    if not match or not half or not (clock := CLOCK.fullmatch(match.group(2))):
        return None
    hour, minute, second = (int(part or 0) for part in clock.groups())
    late = half in ("下午", "晚上", "晚", "PM")
    if half in ("AM", "PM") and not 1 <= hour <= 12:
        return None
    if late:
        hour += 12 if hour < 12 else 0
    elif hour == 12:
        hour = 0
    return _seconds(hour, minute, second)


def _seconds(hour: int, minute: int, second: int) -> int | None:
    if hour > 23 or minute > 59 or second > 59:
        return None
    return hour * 3600 + minute * 60 + second


DATE_THEN_TIME = re.compile(
    r"(.*?\d[日号]?)[ T]+(\d{1,2}[:时点].*|\d{4}|[上下]午.*)|(.*?[日号])(\d{1,2}[:时点].*|[上下]午.*)"
)
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
        return _in_window(when, seconds, zone, options.window) if options.window else "bad_date"
    return interval(day, seconds, zone, options)


def stated_day(when: Any, clock: Any, options: ParseOptions) -> date | None:
    """The day that a date cell and a time cell state, whatever window the issuer gives; else the one that the title gives."""
    for cell in (when, clock):
        if cell not in (None, "") and isinstance(day := split_moment(cell, options)[0], date):
            return day
    return options.day


def split_moment(value: Any, options: ParseOptions) -> tuple[date | str | None, int | None, Any]:
    """(date or rejection code or None, seconds after midnight or None, time zone) of one cell."""
    zone: Any = ZoneInfo(options.tz)
    if isinstance(value, datetime):
        zone = value.tzinfo or zone
        seconds = value.hour * 3600 + value.minute * 60 + value.second
        return sane(value.date()) or "bad_date", seconds or None, zone
    if isinstance(value, date):
        return sane(value) or "bad_date", None, zone
    if isinstance(value, str) and SERIAL_MOMENT.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, float) and not value.is_integer() and 36_526 <= value < 109_575:
        seconds = round((value % 1) * 86_400)
        whole = EXCEL_EPOCH + timedelta(days=int(value), seconds=seconds // 86_400 * 86_400)
        return sane(whole), seconds % 86_400 or None, zone
    text = ASIDE.sub("", plain(value)).strip()
    if (match := OFFSET.search(text)) and ":" in text[: match.start()]:
        zone, text = offset_zone(match.group(1)), text[: match.start()]
        if zone is None:
            return "bad_time", None, None
    day = parse_date(text, options.date_order, options.year)
    if day is not None or not text:
        return day, None, zone
    return _date_then_time(text, zone, options)


def _date_then_time(text: str, zone: Any, options: ParseOptions) -> tuple[date | str | None, int | None, Any]:
    match = DATE_THEN_TIME.fullmatch(text)
    if not match:
        return None, None, zone
    day = parse_date((match.group(1) or match.group(3)).strip(), options.date_order, options.year)
    if day is None or isinstance(day, str):
        return day, None, zone
    seconds = parse_hhmm(match.group(2) or match.group(4))
    return (day, seconds or None, zone) if seconds is not None else ("bad_time", None, zone)


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
    return parse_hhmm(ASIDE.sub("", plain(value)).replace(" ", ""))


def interval(day: date, seconds: int | None, zone: Any, options: ParseOptions) -> tuple[datetime, datetime, str] | str:
    """The instant of a day and a time, else the day itself or the issuer's window that bears its date."""
    midnight = datetime.combine(day, time(), tzinfo=zone)
    try:
        if seconds is not None:
            at = (midnight + timedelta(seconds=seconds)).astimezone(UTC)
            return at, at, INSTANT
        if options.window and (window := _stated_window(midnight, options.window)):
            return window
        hour = options.window_start_hour
        if not hour:
            return midnight.astimezone(UTC), (midnight + timedelta(days=1)).astimezone(UTC), DAY
        begin = midnight + timedelta(hours=hour, days=-1 if options.window_ends_on_date else 0)
        return begin.astimezone(UTC), (begin + timedelta(days=1)).astimezone(UTC), WINDOW
    except (OverflowError, ValueError):
        return "bad_date"


def _stated_window(midnight: datetime, window: tuple[datetime, datetime]) -> tuple[datetime, datetime, str] | None:
    """The window of the title, whole, if it lasts a day at most and touches the row's date; None where it does not.

    It is not cut to the date: whether an issuer dates a row by the pass or by the day of its bulletin cannot be seen.
    """
    begin, end = window
    touches = begin < midnight + timedelta(days=1) and midnight < end + timedelta(seconds=1)
    return (begin, end, WINDOW) if end - begin <= timedelta(days=1) and touches else None


def _in_window(
    when: Any, seconds: int | None, zone: Any, window: tuple[datetime, datetime]
) -> tuple[datetime, datetime, str] | str:
    """The moment of a time alone, in a list whose title gives a window of a day at most: it has one place in it."""
    begin, end = window
    if plain(when) or end - begin > timedelta(days=1):
        return "bad_date"
    if seconds is None:
        return begin, end, WINDOW
    at = datetime.combine(begin.astimezone(zone).date(), time(), tzinfo=zone) + timedelta(seconds=seconds)
    at = at if at >= begin else at + timedelta(days=1)
    return (at.astimezone(UTC), at.astimezone(UTC), INSTANT) if at <= end else "outside_window"
