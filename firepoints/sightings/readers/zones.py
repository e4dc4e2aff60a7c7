"""The clock that a text names: 世界时, UTC, GMT, UTC+8, 北京时. Pure; what names none says nothing."""

from __future__ import annotations

import re
from datetime import UTC, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

BEIJING = ZoneInfo("Asia/Shanghai")
LEAST, MOST = timedelta(hours=-12), timedelta(hours=14)  # no place on earth keeps a clock beyond these
# The offsets west of Greenwich that some place keeps: anything else after a minus sign is no offset.
WEST = frozenset(timedelta(hours=-hour) for hour in range(1, 13)) | {
    timedelta(hours=-9, minutes=-30), timedelta(hours=-3, minutes=-30), timedelta(hours=-2, minutes=-30)
}  # fmt: skip
WITH_OFFSET = re.compile(r"[(\[]?(?:UTC|GMT)\s*([+\-−])\s*(\d{1,2})(?::?(\d{2}))?时?间?[)\]]?", re.IGNORECASE)
UTC_WORD = re.compile(
    r"[(\[]?(?:协调世界时间?|世界标准时间?|世界时间?|国际标准时间?|国际时间?|格林[威尼]?[治]?(?:标准|平均)?时间?|"
    r"(?<![a-z])(?:UTC|GMT|zulu)(?![a-z])时?间?)[)\]]?",
    re.IGNORECASE,
)
BEIJING_WORD = re.compile(
    r"[(\[]?(?:北京标准时间?|北京时间?|中国标准时间?|(?<![a-z])BJ[ST]?T?(?![a-z]))[)\]]?", re.IGNORECASE
)


def offset_of(sign: str, hours: str, minutes: str | None) -> timedelta | None:
    """The offset of ISO 8601 in figures, None where no clock on earth can differ by so much."""
    size = timedelta(hours=int(hours), minutes=int(minutes or 0))
    offset = size if sign == "+" else -size
    return offset if int(minutes or 0) < 60 and LEAST <= offset <= MOST else None


def zones_in(text: str) -> tuple[list[tzinfo], str]:
    """The different clocks that a text (see `text.plain`) names, and the text without their names."""
    zones: dict[timedelta, tzinfo] = {}
    for match in WITH_OFFSET.finditer(text):
        offset = offset_of(*match.groups())
        if offset is not None:
            zones.setdefault(offset, BEIJING if offset == timedelta(hours=8) else timezone(offset))
    rest = WITH_OFFSET.sub(" ", text)
    for pattern, offset, zone in ((UTC_WORD, timedelta(), UTC), (BEIJING_WORD, timedelta(hours=8), BEIJING)):
        if pattern.search(rest):
            zones.setdefault(offset, zone)
            rest = pattern.sub(" ", rest)
    return list(zones.values()), " ".join(rest.split()) if zones else text


def zone_of(text: str) -> tzinfo | None:
    """The one clock that a text names; None where it names none, or two."""
    zones, _ = zones_in(text)
    return zones[0] if len(zones) == 1 else None
