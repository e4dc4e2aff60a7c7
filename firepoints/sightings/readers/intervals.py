"""What a cell states of a time, and the interval that two of them make. Pure and total."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, tzinfo

from firepoints.sightings.readers.clocks import MIDNIGHT

LONGEST_NIGHT = 18 * 3600  # a range that ends before it begins runs over midnight, unless it would fill the day


@dataclass(frozen=True, slots=True)
class Written:
    """What a cell states. `clock`, `end_clock`: seconds after the midnight that begins `day` (24:00 is 86400, an end on
    the next day is more); `end_clock` only where an interval is stated.

    `zone` only where the cell names one. `code` says why it cannot be read (reasons.REASONS); all empty: nothing stated.
    """

    day: date | None = None
    clock: int | None = None
    end_clock: int | None = None
    zone: tzinfo | None = None
    code: str = ""

    @property
    def is_empty(self) -> bool:
        return self.day is None and self.clock is None and not self.code

    @property
    def is_range(self) -> bool:
        return self.end_clock is not None


def between(first: Written, last: Written) -> Written:
    """The interval from the moment of one cell to that of another."""
    if first.clock is None or last.clock is None:
        is_one_day = first.day == last.day or None in (first.day, last.day)
        return first if is_one_day else Written(code="long_span")
    days = (last.day - first.day).days if first.day and last.day else 0
    end = (last.clock if last.end_clock is None else last.end_clock) + days * MIDNIGHT
    if end == first.clock:
        return first
    return replace(checked(first.day, first.clock, end, bool(first.day and last.day)), zone=first.zone)


def checked(day: date | None, begin: int, end: int, is_dated: bool) -> Written:
    """The range, an instant where both ends are one, or why it is none."""
    if end == begin:
        # 17:00-17:00 may be a moment or a day; 13:21-13:21 is what a platform prints of a pass.
        return Written(day, begin) if begin % 3600 else Written(code="ambiguous_time")
    if end < begin and not is_dated and end + MIDNIGHT - begin <= LONGEST_NIGHT:
        end += MIDNIGHT
    if end < begin:
        return Written(code="bad_range")
    return Written(day, begin, end) if end - begin <= MIDNIGHT else Written(code="long_span")
