"""Single dates, and the HHMM of satellite files, as people and Excel write them.

Every function is total: it returns None or a rejection code, and never raises. What a cell of a list states as a whole is
`written.read`.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

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
