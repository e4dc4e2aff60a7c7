"""The time that the lines above and below a list give: the monitoring window, the day, the year.

「监测时段：11月3日17时至11月4日17时」, 「2023年11月3日17:00-4日17:00」, 「前一日17时至当日17时」. Beijing time unless the line says
世界时 or UTC. Nothing here decides: `lists` uses it for rows that carry no time of their own and reports it in `meta`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from firepoints.sightings.readers.moments import full_year, make_date
from firepoints.sightings.readers.text import plain
from firepoints.sightings.readers.zones import zone_of

UTC_SAID = re.compile(r"世界时|国际时|格林|UTC|GMT", re.IGNORECASE)
DAY_OF = r"(?:(?:(?P<{0}y>\d{{4}}|\d{{2}})[年./-])?(?P<{0}m>\d{{1,2}})[月./-])?(?P<{0}d>\d{{1,2}})(?:[日号]|(?=[ T]))"
SAID_DAY = "(?P<{0}w>前[一1]?[日天]|昨[日天]|上[一1]?日|当[日天]|今[日天]|本日|每[日天]|次日|翌日|第二[日天]|明[日天])"
HOUR_OF = r"[ T]*(?P<{0}h>\d{{1,2}})(?:[时点:](?P<{0}i>\d{{2}})?分?(?::\d{{2}})?)整?"
TO = r"\s*(?:至|到|~|～|—+|-+|–)\s*"
END = [f"(?:{part.format(name)})?" for name in "ab" for part in (f"(?:{DAY_OF}|{SAID_DAY})",)]
WINDOW = re.compile(END[0] + HOUR_OF.format("a") + TO + END[1] + HOUR_OF.format("b"))
FULL_DAY = re.compile(r"(\d{4})[年./-](\d{1,2})[月./-](\d{1,2})(?:日|号|(?!\d))")
A_YEAR = re.compile(r"(?<!\d)(20\d{2})年?")
TOTAL_SAID = re.compile(r"(?:合计|总计|共计|共)[^\d小年月日时]{0,12}(\d{1,6})(?![\d.年月日时])")
SAME, AFTER = ("当", "今", "本", "每"), ("次", "翌", "第", "明")
LONGEST = 300  # characters of a line that are looked at


@dataclass(frozen=True, slots=True)
class TitleTime:
    """`begin`, `end` (UTC) where the window has dates; else only the hour at which the issuer's day begins.

    `ends_on_date`: a date names the window that ends on it (前一日17时至当日17时), not the one that begins (当日至次日).
    `text` and `row` say where it was read.
    """

    begin: datetime | None = None
    end: datetime | None = None
    start_hour: int | None = None
    ends_on_date: bool = True
    text: str = ""
    row: int = 0

    def as_json(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "row": self.row,
            "starts_at": self.begin.isoformat() if self.begin else None,
            "ends_at": self.end.isoformat() if self.end else None,
            "start_hour": self.start_hour,
            "ends_on_date": self.ends_on_date,
        }


def read_titles(lines: Iterable[tuple[int, str]], *, tz: str, year: int | None = None) -> TitleTime:
    """The window of the first line that gives one; `year` is that of dates which leave theirs out."""
    for row, line in lines:
        text = plain(line)[:LONGEST]
        for match in WINDOW.finditer(text):
            window = _window(match, text, year, tz)
            if window:
                return TitleTime(*window, text=text[:100], row=row)
    return TitleTime()


def year_of(texts: Iterable[str]) -> int | None:
    """The one year that the lines name, or None where there is none or more than one."""
    years = {int(year) for text in texts for year in A_YEAR.findall(plain(text)[:LONGEST])}
    return years.pop() if len(years) == 1 else None


def stated_totals(lines: Iterable[tuple[int, str]]) -> list[dict[str, int]]:
    """The numbers of points that the lines state as totals (合计12, 共12个火点, 合计 12(3)), each with its row."""
    matches = ((row, TOTAL_SAID.search(plain(text)[:LONGEST])) for row, text in lines)
    return [{"row": row, "points": int(match.group(1))} for row, match in matches if match]


def day_of(lines: Iterable[str]) -> Any:
    """The one full date that the lines name, as a date; None where there is none or more than one."""
    days = {make_date(*map(int, parts)) for line in lines for parts in FULL_DAY.findall(plain(line)[:LONGEST])}
    return days.pop() if len(days) == 1 else None


def _window(
    match: re.Match[str], text: str, year: int | None, tz: str
) -> tuple[datetime | None, datetime | None, int | None, bool] | None:
    part = match.groupdict()
    hours = [int(part["ah"]), int(part["bh"])]
    minutes = [int(part["ai"] or 0), int(part["bi"] or 0)]
    if max(hours) > 24 or max(minutes) > 59:
        return None
    zone: Any = zone_of(text) or ZoneInfo(tz)
    if part["ad"]:
        return _dated(part, hours, minutes, year, zone)
    is_a_day = hours[0] % 24 == hours[1] % 24 and minutes == [0, 0] and zone is not UTC
    if not is_a_day or not (part["aw"] or part["bw"] or "时段" in text or "时间" in text or "统计" in text):
        return None
    starts_on_date = (part["aw"] or "").startswith(SAME) and (part["bw"] or "").startswith(AFTER)
    return None, None, hours[0] % 24, not starts_on_date


def _dated(
    part: dict[str, str | None], hours: list[int], minutes: list[int], year: int | None, zone: Any
) -> tuple[datetime | None, datetime | None, int | None, bool] | None:
    """Both ends with their dates; what an end leaves out it shares with the other, and a month or year may turn."""
    month = part["am"] or part["bm"]
    years = (part["ay"], part["by"])
    first = full_year(years[0]) if years[0] else full_year(years[1]) if years[1] else year
    if month is None or first is None:
        return (None, None, hours[0] % 24, True) if hours[0] % 24 == hours[1] % 24 else None
    begin_day = make_date(first, int(month), int(part["ad"] or 0))
    if begin_day is None:
        return None
    end_day = _end_day(part, begin_day)
    if years[1] and not years[0] and end_day and end_day.year > first:
        begin_day, end_day = (
            make_date(first - 1, begin_day.month, begin_day.day),
            make_date(first, end_day.month, end_day.day),
        )
    if begin_day is None or end_day is None:
        return None
    begin = datetime.combine(begin_day, time(), tzinfo=zone) + timedelta(hours=hours[0], minutes=minutes[0])
    end = datetime.combine(end_day, time(), tzinfo=zone) + timedelta(hours=hours[1], minutes=minutes[1])
    if not timedelta() < end - begin <= timedelta(days=366):
        return None
    hour = hours[0] % 24 if hours[0] % 24 == hours[1] % 24 and zone is not UTC else None
    return begin.astimezone(UTC), end.astimezone(UTC), hour, True


def _end_day(part: dict[str, str | None], begin: Any) -> Any:
    if part["bw"]:
        return begin + timedelta(days=1 if part["bw"].startswith(AFTER) else 0)
    if not part["bd"]:
        return begin
    day, month = int(part["bd"]), int(part["bm"] or begin.month)
    year = full_year(part["by"]) if part["by"] else begin.year
    end = make_date(year, month, day)
    if end and end < begin and not part["by"]:
        if part["bm"]:
            return make_date(year + 1, month, day)
        return make_date(year + month // 12, month % 12 + 1, day)
    return end
