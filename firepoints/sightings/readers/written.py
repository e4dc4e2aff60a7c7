"""The grammar of written moments: what one cell states of a time, and nothing beyond it (table in docs/lists.md).

A cell states a day, a clock, both, a range of either, a part of a day, a zone, or nothing at all (—, 无, /). What can be
read in two ways is read in none. Pure and total: `read` never raises.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any

from firepoints.sightings.readers.clocks import MIDNIGHT, PART, clock_of
from firepoints.sightings.readers.intervals import Written, checked
from firepoints.sightings.readers.moments import (
    EXCEL_EPOCH,
    MIDNIGHT_AFTER,
    WEEKDAY,
    chinese_number,
    make_date,
    parse_date,
    sane,
)
from firepoints.sightings.readers.text import plain
from firepoints.sightings.readers.zones import WEST, offset_of, zones_in

EPOCH_1904 = timedelta(days=1462)  # how much later the same serial number lies in a workbook of 1904
SERIALS = (36_526, 109_575)  # 2000-01-01 to 2199-12-31 as Excel counts days
SERIAL_TEXT = re.compile(r"\d{5}(?:\.\d+)?")
SIGNS = "- -- --- — —— – ― ─ − / // \\ · . 。 * ? … 、 ~ ～ _ __ : -:- --:-- nan nat none null nil na n/a #n/a #na #null! #ref!"
WORDS = (
    "空 空白 无 暂无 暂缺 不详 未知 不明 不清 不清楚 无法确定 未注明 未提供 未填 未填写 无记录 未记录 没有 缺 缺失 缺测 无数据 无时间 "
    "待定 待核 待查 待补 待补充 略"
)
VAGUE = "夜间 夜里 夜晚 晚上 晚间 白天 日间 昼间 白昼 夜 昼 早晨 早上 清晨 傍晚 中午 正午 全天 当日 当天"
NOTHING = frozenset(("", *SIGNS.split(), *WORDS.split(), *VAGUE.split()))
# A part of the day alone is an interval where everybody means the same by it; 夜间 and 早上 begin when the reader likes.
PARTS = {"上午": (0, 43_200), "下午": (43_200, MIDNIGHT)}
WEEKDAY_FIRST = re.compile(r"^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*[,.]? ", re.IGNORECASE)
ASIDE = re.compile(r"^(?:大?约|于|在|从|自)\s*|左右|许$|前后$|整?\(?24小时制\)?|起(?=\s*[至到])|(?<=[\d分秒时点])止$")
TO = re.compile(r"\s*(?:至|到|\.{2,}|…+|-{1,3}|[‐‑‒–—―─−~〜∼⁓→]+|(?<=[\dZ])/(?=.*[T:])|(?<=[ \d])to(?=[ \d]))\s*")
NEXT_DAY = re.compile(r"^(?:次日|翌日|第二[日天]|明日)\s*")
NEXT_DAY_BEHIND = re.compile(r"\s*\((?:次日|翌日|第二[日天]|\+1)\)$")
MINUTE_ALONE = re.compile(r"(\d{1,2})分")
CHINESE_CLOCK = re.compile(r"([零〇一二两三四五六七八九十廿]{1,3})(?=[时点分])")
SAME_DAY = re.compile(r"^(?:当日|同日|当天)\s*")
BETWEEN = re.compile(r"T(?=\d)|[ ,;、/_]+|(?<=[日号])|-(?=\d{1,2}:)")
STAMP = re.compile(r"(20\d{6})[T _]?(\d{2})(\d{2})?(\d{2})?(?:\.0+)?")
IN_COLUMNS = re.compile(r"(\d{4}) (\d{1,2}) (\d{1,2})(?: (\d{1,2})(?: (\d{1,2})(?: (\d{1,2}))?)?)?")
SPLIT_DATE = re.compile(r"(\d{4}) ?([-/.]) ?(\d{1,2}) ?\2 ?(\d{1,2})")
AROUND_UNITS = re.compile(r" (?=[年月日号时点分秒:])|(?<=[年月时点分:]) ")
DAY_OF_MONTH = re.compile(r"(\d{1,2})[日号] ?(.*)")
MONTH_DAY = re.compile(r"(\d{1,2})[-/.](\d{1,2})[ T]+(.*)")
HALF_SAID = re.compile(PART, re.IGNORECASE)
LIKE_A_DATE = re.compile(r"^\d{4}[-/.]|[年月日]")
PART_OF_DATE = re.compile(r"(?:\d{1,2}月)?\d{1,2}[日号]|[一二三四五六七八九十]{1,3}月[一二三四五六七八九十]{1,3}[日号]")
HAS_YEAR = re.compile(r"\d{4}")
HOUR_ZERO = re.compile(r"(?<!\d)0{1,2}[时点](?:0{1,2}分?|整)?$")  # what people write, and mean
DIGITS_ALONE = re.compile(r"(?:.*[ T])?(?:\d{3,4}|\d{6})")
OFFSET = re.compile(r"(?P<body>.*\d)\s?(?:(?P<sign>[+\-−])(?P<hours>\d{2})(?::?(?P<minutes>\d{2}))?|(?P<zulu>Z))")
ENDS_IN_CLOCK = re.compile(
    r"(?:^\d{4}(?:\d{2})?|\d{1,2}:\d{2}(?P<s>:\d{2}(?:[.,]\d+)?)?|T\d{2}(?:\d{2}){0,2}(?:[.,]\d+)?|20\d{10}(?:\d{2})?)$"
)
BARE_HOUR = re.compile(r"\d{1,2}")
HOUR_LACKS_UNIT, UNIT_BEHIND = re.compile(r"(?:^|[ 日号T])\d{1,2}$"), re.compile(r"\d[时点]")
A_MONTH = timedelta(days=27)  # a title of so many days and more is one of a whole month


@dataclass(frozen=True, slots=True)
class Reading:
    """How the dates of a file are read: the order of day and month, the year of dates without one, the workbook's epoch, and
    the days that its title states, of which 3日 is one."""

    order: str = ""
    year: int | None = None
    is_1904: bool = False
    days: tuple[date, date] | None = None


def read(value: Any, reading: Reading, *, is_clock: bool = False) -> Written:
    """What a cell states; `is_clock`: its heading speaks of a time of day, so that 7 is 00:07 and 1321 is 13:21."""
    typed = _typed(value, reading)
    if typed is not None:
        return typed
    return _of_text(plain(value), reading, is_clock)


@lru_cache(maxsize=20_000)
def _of_text(text: str, reading: Reading, is_clock: bool) -> Written:
    """What a text states; dates and times of a list repeat, so each is read once."""
    if text.lower() in NOTHING:
        return Written()
    zones, text = zones_in(text)
    if len(zones) > 1:
        return Written(code="two_zones")
    text = CHINESE_CLOCK.sub(lambda match: str(_chinese_clock(match[1])), text)
    text = AROUND_UNITS.sub(
        "", SPLIT_DATE.sub(r"\1\2\3\2\4", ASIDE.sub("", WEEKDAY_FIRST.sub("", text)).strip())
    ).strip()
    written = _one_or_range(text, reading, is_clock)
    if zones and written.zone is not None and _differ(written.zone, zones[0]):
        return Written(code="two_zones")
    return replace(written, zone=written.zone or zones[0]) if zones else written


def _chinese_clock(text: str) -> int | str:
    """13 of 十三, 5 of 零五; the text itself where it is no number."""
    bare = text.replace("两", "二").lstrip("零〇")
    number = chinese_number(bare) if bare else 0
    return number if number or not bare else text


def is_nothing(value: Any) -> bool:
    """Whether a cell is empty, or holds a sign that people write for an empty one (—, 无, /, #N/A)."""
    return plain(value).lower() in NOTHING


def _differ(first: tzinfo, second: tzinfo) -> bool:
    at = datetime(2020, 1, 1, tzinfo=UTC)
    return first.utcoffset(at) != second.utcoffset(at)


def _typed(value: Any, reading: Reading) -> Written | None:
    """A date, time or number of a workbook; None for text and for numbers that are no serial of a day."""
    if isinstance(value, datetime):
        value = value + timedelta(microseconds=500_000) if value.microsecond >= 500_000 and value.year < 9999 else value
        seconds = value.hour * 3600 + value.minute * 60 + value.second
        if value.year in (1899, 1900, 1904) and value.timetuple().tm_yday in (1, 365):
            return Written(clock=seconds)  # a time of day that a program gave the first day of the epoch
        day = sane(value.date())
        return Written(day, seconds or None, zone=value.tzinfo) if day else Written(code="bad_date")
    if isinstance(value, date):
        return Written(day) if (day := sane(value)) else Written(code="bad_date")
    if isinstance(value, time):
        return Written(clock=value.hour * 3600 + value.minute * 60 + value.second)
    if isinstance(value, timedelta):
        seconds = round(value.total_seconds())
        return Written(clock=seconds) if 0 <= seconds <= MIDNIGHT else Written(code="bad_time")
    if isinstance(value, float) and 0 <= value < 1:
        return Written(clock=round(value * 86_400))
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(value, str) and SERIAL_TEXT.fullmatch(plain(value)):
        # A workbook of 1904 counts its own cells from 1904; a text in it may have come from anywhere.
        return Written(code="serial_1904") if reading.is_1904 else _serial(float(plain(value)), timedelta())
    return _serial(float(value), EPOCH_1904 if reading.is_1904 else timedelta()) if is_number else None


def _serial(number: float, later: timedelta) -> Written | None:
    """The day and time of an Excel serial number, None for a number outside the days that can be sightings."""
    if not SERIALS[0] <= number + later.days < SERIALS[1]:
        return None
    at = datetime.combine(EXCEL_EPOCH, time()) + later + timedelta(seconds=round(number * 86_400))
    return Written(at.date(), (at.hour * 3600 + at.minute * 60 + at.second) or None)


def _one_or_range(text: str, reading: Reading, is_clock: bool) -> Written:
    single = _single(text, reading, is_clock)
    if single is not None:
        # Midnight beside a date is what programs write for a date alone.
        is_alone = single.day and single.clock == 0 and not single.is_range and not HOUR_ZERO.search(text)
        return replace(single, clock=None) if is_alone else single
    ranges: list[Written] = []
    for match in TO.finditer(text):
        written = _range(text[: match.start()], text[match.end() :], reading, is_clock)
        if written is not None and written not in ranges:
            ranges.append(written)
    if len(ranges) == 1:
        return ranges[0]
    if ranges:
        return Written(code="ambiguous_time")
    return Written(code=_fault(text, reading, is_clock))


def _fault(text: str, reading: Reading, is_clock: bool) -> str:
    """Which half of an unreadable text is at fault: the time where its date can be read, or where no date is meant."""
    if PART_OF_DATE.match(text) and not HAS_YEAR.match(text):
        lacks = reading.days is None if DAY_OF_MONTH.match(text) else reading.year is None
        if lacks:
            return "part_date"
    for match in BETWEEN.finditer(text):
        day = parse_date(text[: match.start()].strip(), reading.order, reading.year)
        if day is not None:
            return day if isinstance(day, str) else "bad_time"
    return "bad_time" if is_clock and not LIKE_A_DATE.search(text) else "bad_date"


def _single(text: str, reading: Reading, is_clock: bool) -> Written | None:
    """One day, clock or stamp; None where the text is none."""
    if match := OFFSET.fullmatch(text):
        body, zone, code = _offset(match)
        if code:
            return Written(code=code)
        if zone is not None:
            written = _single(body, reading, is_clock=True)
            return replace(written, zone=zone) if written and not written.code and written.clock is not None else None
    bare = WEEKDAY.sub("", text).strip()
    if text in PARTS:
        return Written(clock=PARTS[text][0], end_clock=PARTS[text][1])
    if (clock := clock_of(text)) is not None and (clock.written != "digits" or is_clock):
        return Written(clock=clock.seconds)
    if is_clock and BARE_HOUR.fullmatch(text):
        return Written(clock=int(text) * 60) if int(text) < 60 else None  # HHMM that lost its zeros
    stamp = _stamp(bare)
    if stamp is not None:
        return stamp
    day = None if MIDNIGHT_AFTER.search(bare) else parse_date(bare, reading.order, reading.year)
    if day is not None:
        return Written(code=day) if isinstance(day, str) else Written(day)
    return _day_then_clock(bare, reading) or _day_of_month(bare, reading)


def _day_of_month(text: str, reading: Reading) -> Written | None:
    """3日13时 in the days that the title states, or on the evening before them; None where it is none or several of them."""
    match = DAY_OF_MONTH.fullmatch(text)
    if match is None or reading.days is None:
        return None
    first, last = reading.days
    days = [first + timedelta(days=n) for n in range(-1 if last - first < A_MONTH else 0, (last - first).days + 1)]
    days = [day for day in days if day.day == int(match[1])]
    clock = clock_of(match[2])
    if len(days) != 1 or (clock is None and match[2].lower() not in NOTHING):
        return None
    return Written(days[0], clock.seconds if clock else None)


def _offset(match: re.Match[str]) -> tuple[str, tzinfo | None, str]:
    """(what stands before, the zone or None where it is no offset, a code where it may be an offset or a range's end).

    ISO 8601 writes an offset behind a clock, and one that lies within −12:00 and +14:00; a plus sign ends no range, a
    minus sign does, unless the stamp has the T of ISO.
    """
    body = match["body"]
    clock = ENDS_IN_CLOCK.search(body)
    if clock is None:
        return body, None, ""
    if match["zulu"]:
        return body, UTC, ""
    offset = offset_of("+" if match["sign"] == "+" else "-", match["hours"], match["minutes"])
    if match["sign"] == "+":
        return body, (timezone(offset) if offset is not None else None), "" if offset is not None else "bad_time"
    has_t, has_seconds = bool(re.search(r"\dT\d", body)), bool(clock["s"])
    if offset is None or not (has_t or has_seconds) or (match["minutes"] is None and not has_t):
        return body, None, ""
    if has_t and offset in WEST:
        return body, timezone(offset), ""
    return body, None, "ambiguous_time" if has_t or offset in WEST else ""


def _stamp(text: str) -> Written | None:
    """202411031321, 20241103132100, 20241103T1321; numbers of columns that were joined (2024 11 3 13 21)."""
    match = STAMP.fullmatch(text)
    if match:
        day = parse_date(match.group(1))
        parts = match.groups()[1:]
    elif match := IN_COLUMNS.fullmatch(text):
        day = make_date(*(int(part) for part in match.groups()[:3]))
        parts = match.groups()[3:]
    else:
        return None
    if not isinstance(day, date):
        return Written(code="bad_date")
    if parts[0] is None:
        return Written(day)
    clock = clock_of(":".join([parts[0], *(part for part in parts[1:] if part)] if parts[1] else [parts[0], "00"]))
    return Written(day, clock.seconds) if clock else Written(code="bad_time")


def _day_then_clock(text: str, reading: Reading) -> Written | None:
    for match in BETWEEN.finditer(text):
        before, rest = text[: match.start()].strip(), text[match.end() :].strip()
        day = parse_date(before, reading.order, reading.year) if ":" not in before else None
        if day is None or not rest:
            continue
        if isinstance(day, str):
            return Written(code=day)
        if rest.lower() in NOTHING:
            return Written(day)
        if rest in PARTS:
            return Written(day, *PARTS[rest])
        clock = clock_of(rest if not (match.group() == "T" and len(rest) == 2) else f"{rest}:00")
        if clock is not None and not (clock.written == "digits" and len(rest) not in (4, 6)):
            return Written(day, clock.seconds)
    return None


def _range(before: str, after: str, reading: Reading, is_clock: bool) -> Written | None:
    """The interval of a text on both sides of 至, ~ or a dash; None where either side is no moment."""
    behind = NEXT_DAY_BEHIND.search(after)
    after = after[: behind.start()] if behind else after
    prefix = NEXT_DAY.match(after)
    next_day = prefix or behind
    rest = SAME_DAY.sub("", after[prefix.end() :] if prefix else after)
    if HOUR_LACKS_UNIT.search(before) and UNIT_BEHIND.search(rest):
        before += "时"  # 13-14时
    in_digits = bool(DIGITS_ALONE.fullmatch(before) and DIGITS_ALONE.fullmatch(rest))
    first = _single(before, reading, is_clock and in_digits)
    if first is None or first.code or first.is_range:
        return None
    last = _last(rest, first, replace(reading, year=first.day.year if first.day else reading.year), in_digits)
    if last is None or last.is_range or (first.clock is None) != (last.clock is None):
        return None
    if first.zone is not None and last.zone is not None and _differ(first.zone, last.zone):
        return Written(code="two_zones")
    if first.clock is None or last.clock is None:
        return first if first.day == last.day else Written(code="long_span")
    if last.day is not None and first.day is None:
        return None
    end = last.clock + (86_400 if next_day else (last.day - first.day).days * 86_400 if last.day and first.day else 0)
    if not next_day and last.day is None:
        end = _later_half(before, rest, first.clock, end)
    if HALF_SAID.search(rest) and not HALF_SAID.search(before) and first.clock + 43_200 <= min(end, MIDNIGHT):
        return Written(code="ambiguous_time")  # 1:21-下午1:26: the word may stand for both
    is_dated = bool(next_day or last.day)
    return replace(checked(first.day, first.clock, end, is_dated), zone=first.zone or last.zone)


def _last(text: str, first: Written, reading: Reading, in_digits: bool) -> Written | None:
    """The end of a range: what it leaves out of its date it shares with the beginning."""
    written = _single(text, reading, in_digits)
    if written is not None and not written.code:
        turns = written.day and first.day and written.day < first.day and not HAS_YEAR.search(text)
        return replace(written, day=make_date(first.day.year + 1, 1, written.day.day)) if turns else written  # type: ignore[union-attr]
    minute = MINUTE_ALONE.fullmatch(text)
    if minute and first.clock is not None and int(minute[1]) < 60:
        return Written(clock=first.clock // 3600 * 3600 + int(minute[1]) * 60)  # 13时21分-26分
    if first.day is None:
        return None
    if match := MONTH_DAY.fullmatch(text):
        month, day_no, rest = int(match[1]), int(match[2]), match[3]
    elif match := DAY_OF_MONTH.fullmatch(text):
        month, day_no, rest = first.day.month, int(match[1]), match[2]
    else:
        return None
    day = make_date(first.day.year, month, day_no)
    clock = clock_of(rest)
    return Written(day, clock.seconds if clock else None) if day and (clock or not rest) else None


def _later_half(before: str, after: str, begin: int, end: int) -> int:
    """The end of 下午1:21-1:26: the word of the beginning stands for both, where the end without it would lie before."""
    if HALF_SAID.search(before) and not HALF_SAID.search(after) and end < begin and begin <= end + 43_200 <= MIDNIGHT:
        return end + 43_200
    return end
