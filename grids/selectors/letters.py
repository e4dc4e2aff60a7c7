"""目标责任书: the pairs of adjacent levels that have signed for a year, and those that have not (C3)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from grids.models import Cell, Edition, Letter
from grids.roles import LEVEL_LABELS, LEVELS, Level
from grids.selectors.people import PersonRow, people_for
from grids.selectors.scope import Scope

SIGNING = tuple(level for level in LEVELS if level != Level.CITY)


@dataclass(frozen=True, slots=True)
class Pair:
    """A cell and the one above it, with their letter of the year (None = not signed)."""

    code: str
    name: str
    level: str
    upper_code: str
    upper_name: str
    county: str
    letter: Letter | None


@dataclass(frozen=True, slots=True)
class Coverage:
    """Signed pairs of one level (within one county, or everywhere)."""

    level: str
    label: str
    signed: int
    pairs: int

    @property
    def percent(self) -> float:
        """0–100, cut at one decimal: 100 only when every pair has signed."""
        return int(1000 * self.signed / self.pairs) / 10 if self.pairs else 100.0


def pairs_of(edition: Edition, scope: Scope, year: int) -> list[Pair]:
    """Every pair in scope, upper levels first. Two queries."""
    letters = {
        letter.cell_code: letter
        for letter in Letter.objects.filter(year=year, voided_at__isnull=True).select_related("recorded_by")
    }
    rows = {
        row[0]: row for row in edition.cells.order_by("code").values_list("pk", "code", "name", "level", "parent_id")
    }
    pairs = []
    for _, code, name, level, parent in rows.values():
        upper = rows.get(parent) if parent else None
        if upper is None or level == Level.CITY:
            continue
        county = _county(code, level, parent, rows)
        if scope.everything or (county and scope.covers(county)):
            pairs.append(Pair(code, name, level, upper[1], upper[2], county, letters.get(code)))
    return sorted(pairs, key=lambda pair: (LEVELS.index(Level(pair.level)), pair.code))


def _county(code: str, level: str, parent: int | None, rows: dict[int, tuple[Any, ...]]) -> str:
    for _ in LEVELS:
        if level == Level.COUNTY:
            return code
        if parent is None or parent not in rows:
            return ""
        _, code, _, level, parent = rows[parent]
    return ""


def coverage(pairs: Iterable[Pair]) -> list[Coverage]:
    """One row a level, upper levels first, zeros too."""
    signed, total = Counter[str](), Counter[str]()
    for pair in pairs:
        total[pair.level] += 1
        signed[pair.level] += pair.letter is not None
    return [Coverage(level, LEVEL_LABELS[level], signed[level], total[level]) for level in SIGNING]


def signers(cell: Cell, on: date) -> tuple[PersonRow | None, PersonRow | None]:
    """The signers of a Beijing date: the first head in office of the cell above, and of the cell."""
    upper = cell.parent
    return (_head(upper, on) if upper else None), _head(cell, on)


def _head(cell: Cell, on: date) -> PersonRow | None:
    rows = people_for({cell.level: cell.code}, on)
    return next((row for row in rows if row.holder), rows[0] if rows else None)
