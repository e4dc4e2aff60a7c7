"""The time of day as people write it: 13:21, 1321, 13时21分, 13点半, 下午1:21, 1:21 PM, 24:00. Seconds after midnight."""

from __future__ import annotations

import re
from typing import NamedTuple

MIDNIGHT = 86_400  # 24:00 is lawful (GB/T 7408): the end of the day
COLON = re.compile(r"(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,]\d{1,9})?)?[时分秒]?")
UNITS = re.compile(r"(\d{1,2})[时点h](?:(\d{1,2})(?:[分:m](?:(\d{1,2})(?:\.\d+)?[秒s]?)?)?|整|正)?")
HALF_PAST = re.compile(r"(\d{1,2})[时点]半")
DIGITS = re.compile(r"(\d{1,2})(\d{2})(?:\.0+)?|(\d{2})(\d{2})(\d{2})(?:\.0+)?")
PART = "上午|凌晨|清晨|早晨|早上|中午|下午|傍晚|晚上|夜间|夜里|夜晚|晚|夜|AM|PM|A\\.M\\.|P\\.M\\."
WITH_PART = re.compile(rf"({PART})?(.*?)({PART})?")
# The hours that may follow a word, and by how much they lie later than they are written. What stands nowhere cannot be read.
HOURS_OF: dict[str, tuple[tuple[range, int], ...]] = {
    "AM": ((range(1, 12), 0), (range(12, 13), -12)),
    "PM": ((range(1, 12), 12), (range(12, 13), 0)),
    "上午": ((range(12), 0), (range(12, 13), -12)),
    "下午": ((range(12), 12), (range(12, 24), 0)),
    "中午": ((range(11, 15), 0), (range(1, 3), 12)),
    "凌晨": ((range(7), 0), (range(12, 13), -12)),
    "早上": ((range(4, 12), 0),),
    "晚上": ((range(5, 12), 12), (range(17, 24), 0)),
}
SAME_PART = {
    "清晨": "早上",
    "早晨": "早上",
    "傍晚": "晚上",
    "夜间": "晚上",
    "夜里": "晚上",
    "夜晚": "晚上",
    "晚": "晚上",
    "夜": "晚上",
}
SAME_PART |= {"A.M.": "AM", "P.M.": "PM"}


class Clock(NamedTuple):
    """A time of day: `seconds` after midnight (24:00 is 86400), and how it is written.

    `has_part`: a word or AM/PM says which half of the day. `written`: "colon", "units", "digits".
    """

    seconds: int
    has_part: bool
    written: str


def clock_of(text: str) -> Clock | None:
    """The time of day that a text (see `text.plain`) states, or None."""
    bare = text.replace(" ", "").upper() if not text.isdigit() else text
    match = WITH_PART.fullmatch(bare)
    word = (match.group(1) or match.group(3)) if match else None
    if match is None or (match.group(1) and match.group(3)):
        return None
    parts = _parts(match.group(2))
    if parts is None or (word and parts[1] == "digits"):
        return None
    (hour, minute, second), written = parts
    if word:
        hours = HOURS_OF[SAME_PART.get(word, word)]
        later = next((shift for hours_said, shift in hours if hour in hours_said), None)
        if later is None:
            return None
        hour += later
    seconds = seconds_of(hour, minute, second)
    return None if seconds is None else Clock(seconds, bool(word), written)


def _parts(text: str) -> tuple[tuple[int, int, int], str] | None:
    if match := COLON.fullmatch(text):
        return _numbers(match.groups()), "colon"
    if match := UNITS.fullmatch(text.lower()):
        return _numbers(match.groups()), "units"
    if match := HALF_PAST.fullmatch(text):
        return (int(match.group(1)), 30, 0), "units"
    if match := DIGITS.fullmatch(text):
        groups = match.groups()
        return _numbers(groups[:2] if groups[0] else groups[2:]), "digits"
    return None


def _numbers(groups: tuple[str | None, ...]) -> tuple[int, int, int]:
    hour, minute, second = (*(int(part or 0) for part in groups), 0)[:3]
    return hour, minute, second


def seconds_of(hour: int, minute: int, second: int) -> int | None:
    """Seconds after midnight; 24:00:00 is the end of the day, None what no clock shows."""
    if hour == 24 and minute == second == 0:
        return MIDNIGHT
    return None if hour > 23 or minute > 59 or second > 59 else hour * 3600 + minute * 60 + second
