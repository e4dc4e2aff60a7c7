"""A calendar month of Beijing dates, written YYYY-MM: how it is read, where it begins and ends, what follows it."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date
from typing import Self

# ASCII: full-width digits look the same on a page, but sort after every month and match none.
PATTERN = r"(?!0000)([0-9]{4})-(0[1-9]|1[0-2])"
# Months counted from January of the year 0.
_FIRST, _LAST = MINYEAR * 12, MAXYEAR * 12 + 11


class NotAMonth(ValueError):
    """The text is no month; the message says in Chinese how one is written."""

    def __init__(self, text: str) -> None:
        # Shortened, because what came by an address may be of any length.
        super().__init__(f"月份“{text[:20]}”应写成 YYYY-MM，例如 2023-10")


@dataclass(frozen=True, order=True, slots=True)
class Month:
    """A month from 0001-01 to 9999-12; `str()` writes it as `parse` reads it, and both sort alike.

    Raises ValueError where no date could lie in it.
    """

    year: int
    number: int

    def __post_init__(self) -> None:
        if not (1 <= self.number <= 12 and _FIRST <= self._ordinal <= _LAST):
            raise ValueError(f"no month of a calendar: {self.year}, {self.number}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """The month that `text` writes as YYYY-MM, in ASCII digits and nothing around them. Raises NotAMonth."""
        parts = re.fullmatch(PATTERN, text)
        if parts is None:
            raise NotAMonth(text)
        return cls(int(parts[1]), int(parts[2]))

    @classmethod
    def of(cls, day: date) -> Self:
        """The month of a Beijing date."""
        return cls(day.year, day.month)

    @property
    def first_day(self) -> date:
        return date(self.year, self.number, 1)

    @property
    def last_day(self) -> date:
        return date(self.year, self.number, calendar.monthrange(self.year, self.number)[1])

    @property
    def days(self) -> list[date]:
        """Every date of the month, in order."""
        return [date(self.year, self.number, day) for day in range(1, self.last_day.day + 1)]

    @property
    def words(self) -> str:
        """As papers and pages write it: 2023年10月."""
        return f"{self.year}年{self.number}月"

    def shift(self, by: int) -> Month:
        """The month `by` months later, or earlier; a step beyond the calendar ends at its first or last month."""
        ordinal = min(max(self._ordinal + by, _FIRST), _LAST)
        return Month(ordinal // 12, ordinal % 12 + 1)

    @property
    def _ordinal(self) -> int:
        return self.year * 12 + self.number - 1

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"


def span_words(first: Month, last: Month) -> str:
    """As papers and pages write the months from one to another: 2026年9月, 2026年9—12月, 2026年11月—2027年2月."""
    if first == last:
        return first.words
    return f"{first.year}年{first.number}—{last.number}月" if first.year == last.year else f"{first.words}—{last.words}"
