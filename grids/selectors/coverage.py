"""The rows of the grid page (C2): each county and cell with its dead corners and blind spots."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from django.db.models import BooleanField, Count, ExpressionWrapper, Q

from grids.models import Cell, Edition, Term
from grids.roles import RESPONSIBLE_KINDS, Level, PostKind
from grids.selectors.people import held_on
from grids.selectors.scope import Scope


class Gaps(NamedTuple):
    """How many cells lack what."""

    no_polygon: int = 0
    no_holder: int = 0
    no_phone: int = 0

    @property
    def total(self) -> int:
        """All of them; a cell that lacks two things counts twice."""
        return sum(self)


_NONE = Gaps()


@dataclass(slots=True)
class CellRow:
    """A cell, with everything below it counted in."""

    code: str
    name: str
    level: str
    holders: list[str] = field(default_factory=list)
    below: Counter[str] = field(default_factory=Counter)
    gaps: Gaps = _NONE

    @property
    def townships(self) -> int:
        return self.below[Level.TOWNSHIP]

    @property
    def villages(self) -> int:
        return self.below[Level.VILLAGE]

    @property
    def groups(self) -> int:
        return self.below[Level.GROUP]


class _Cell(NamedTuple):
    pk: int
    code: str
    name: str
    level: str
    parent: int | None
    has_polygon: bool


def county_rows(edition: Edition, scope: Scope, on: date) -> list[CellRow]:
    """One row for each county in scope, by code: cells below it, its responsible people, and its gaps on a Beijing
    date."""
    cells = _cells(edition)
    counties = [cell for cell in cells.values() if cell.level == Level.COUNTY and scope.covers(cell.code)]
    return _rows(cells, counties, on)


def township_tree(edition: Edition, scope: Scope) -> list[dict[str, Any]]:
    """Counties in scope with their townships and how many villages each has: two queries, whatever the city."""
    villages = Count("children", filter=Q(children__level=Level.VILLAGE))
    towns = edition.cells.filter(level=Level.TOWNSHIP, parent__level=Level.COUNTY).annotate(villages=villages)
    by_county: dict[str, list[dict[str, Any]]] = {}
    for code, name, county, number in towns.order_by("code").values_list("code", "name", "parent__code", "villages"):
        by_county.setdefault(county, []).append({"code": code, "name": name, "villages": number})
    counties = edition.cells.filter(level=Level.COUNTY).order_by("code").values_list("code", "name")
    return [
        {"code": code, "name": name, "towns": by_county.get(code, [])} for code, name in counties if scope.covers(code)
    ]


def child_rows(edition: Edition, cell: Cell, on: date) -> list[CellRow]:
    """The same for each cell directly below one. The caller has checked that it may be seen."""
    cells = _cells(edition)
    return _rows(cells, [child for child in cells.values() if child.parent == cell.pk], on)


def _cells(edition: Edition) -> dict[int, _Cell]:
    drawn = ExpressionWrapper(Q(geometry__isnull=False), output_field=BooleanField())
    rows = edition.cells.annotate(has_polygon=drawn).order_by("code")
    return {row[0]: _Cell(*row) for row in rows.values_list("pk", "code", "name", "level", "parent_id", "has_polygon")}


def _rows(cells: dict[int, _Cell], tops: Iterable[_Cell], on: date) -> list[CellRow]:
    rows = {top.pk: CellRow(top.code, top.name, top.level) for top in tops}
    people = _people(on)
    for cell in cells.values():
        top = _top_of(cell, cells, rows)
        if top is None:
            continue
        row = rows[top]
        holders = people.get(cell.code, [])
        if cell.pk == top:
            row.holders = [name for kind, name, _ in holders if kind == PostKind.HEAD] or [
                name for _, name, _ in holders
            ]
        else:
            row.below[cell.level] += 1
        row.gaps = Gaps(
            row.gaps.no_polygon + (not cell.has_polygon),
            row.gaps.no_holder + (not holders),
            row.gaps.no_phone + (bool(holders) and not any(phone for _, _, phone in holders)),
        )
    return list(rows.values())


def _top_of(cell: _Cell, cells: dict[int, _Cell], tops: dict[int, CellRow]) -> int | None:
    at: _Cell | None = cell
    while at is not None and at.pk not in tops:
        at = cells.get(at.parent) if at.parent is not None else None
    return at.pk if at else None


def _people(on: date) -> dict[str, list[tuple[str, str, str]]]:
    """(kind, name, phone) of everyone who answers for a cell on that date, by code."""
    terms = Term.objects.filter(held_on(on), post__kind__in=RESPONSIBLE_KINDS, holder__is_active=True)
    by_code: dict[str, list[tuple[str, str, str]]] = {}
    for code, kind, name, phone in terms.order_by("post_id").values_list(
        "post__cell_code", "post__kind", "holder__full_name", "holder__phone"
    ):
        by_code.setdefault(code, []).append((kind, name, phone))
    return by_code
