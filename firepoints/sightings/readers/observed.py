"""The time of a file whose lines have none (FY-4): told with the import, kept with its run as two ISO texts in UTC."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from firepoints.sightings.readers.base import SourceError

NEEDED_BY = frozenset({"fy4"})  # parsers; every other file says the time of each row itself
LONGEST = timedelta(days=1)
TOLERANCE = timedelta(hours=1)  # as for the rows of any file
WHERE = "观测时间"
HOW = "写成 2019-11-22 13:00 或 2019-11-22 13:00/13:15（北京时间；世界时在后面加 Z）"
SHAPE = re.compile(
    r"(?:(?P<day>\d{4}-\d{1,2}-\d{1,2})[ T]+)?(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?"
    r"(?P<zone>Z|[+-]\d{2}:\d{2})?"
)
Span = tuple[datetime, datetime]


def told(begin: datetime, end: datetime | None = None, *, parser: str, now: datetime) -> list[str]:
    """`ParseOptions.observed` as the run keeps it. Both aware; without an end the file is of one moment.

    Raises SourceError: the reader does not need it, the end is before the begin, more than a day, or the future.
    """
    end = end or begin
    if parser not in NEEDED_BY:
        raise SourceError("这种文件的每一行自有时间", where=WHERE, todo="不要写观测时间", code="observed_not_needed")
    if end < begin:
        raise SourceError("观测结束早于开始", where=WHERE, todo="请核对两个时间", code="bad_observed")
    if end - begin > LONGEST:
        raise SourceError("观测时间超过一天", where=WHERE, todo="一个文件是一次观测，请核对", code="bad_observed")
    if begin > now + TOLERANCE:
        raise SourceError("观测时间在将来", where=WHERE, todo="请核对时间和时区", code="bad_observed")
    return [at.astimezone(UTC).isoformat() for at in (begin, end)]


def from_text(text: str, *, parser: str, now: datetime, tz: str = "Asia/Shanghai") -> list[str]:
    """The same from one line: a moment, or two with a slash between. Raises SourceError for what is no time too."""
    parts = [part.strip() for part in text.strip().split("/")]
    first = _moment(parts[0], "", tz)
    last = _moment(parts[1], parts[0].split("T")[0].split(" ")[0], tz) if len(parts) == 2 else first
    if first is None or last is None or len(parts) > 2:
        raise SourceError(f"观测时间“{text[:40]}”读不懂", where=WHERE, todo=HOW, code="bad_observed")
    return told(first, last, parser=parser, now=now)


def _moment(text: str, day: str, tz: str) -> datetime | None:
    match = SHAPE.fullmatch(text)
    on = (match and match.group("day")) or day
    if match is None or not on:
        return None
    try:
        year, month, date = (int(part) for part in on.split("-"))
        hour, minute, second = (int(match.group(name) or 0) for name in ("hour", "minute", "second"))
        zone = match.group("zone")
        info = ZoneInfo(tz) if zone is None else datetime.fromisoformat(f"2000-01-01T00:00:00{zone}").tzinfo
        return datetime(year, month, date, hour, minute, second, tzinfo=info)
    except (ValueError, OverflowError):
        return None


def span_of(texts: Sequence[str]) -> Span:
    """The interval of the two texts that a run keeps, as the reader takes it. Raises SourceError for anything else."""
    try:
        begin, end = (datetime.fromisoformat(text).astimezone(UTC) for text in texts)
    except (TypeError, ValueError, OverflowError) as error:
        raise SourceError("观测时间读不懂", where=WHERE, todo=HOW, code="bad_observed") from error
    return begin, end
