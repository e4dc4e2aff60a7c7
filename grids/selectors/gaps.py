"""不留死角、不留盲区: the gaps of each cell, counted by county and township (C2, C3, C5, C10)."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from django.db.models import BooleanField, ExpressionWrapper, Max, Q

from grids.models import Designation, Edition, Letter, PhoneCheck, Term
from grids.roles import LEVELS, RESPONSIBLE_KINDS, Level
from grids.selectors.people import held_on
from grids.selectors.scope import Scope
from journal.record import digests
from journal.selectors import deployment


class Gap(StrEnum):
    """The things that a cell can lack."""

    POLYGON = "polygon"
    HOLDER = "holder"
    PHONE = "phone"
    FAILED = "failed"
    GROUP = "group"
    LETTER = "letter"
    DESIGNATION = "designation"


GAP_LABELS = {
    Gap.POLYGON: "无图形",
    Gap.HOLDER: "无责任人",
    Gap.PHONE: "无电话",
    Gap.FAILED: "电话不通",
    Gap.GROUP: "村下无组",
    Gap.LETTER: "未签责任书",
    Gap.DESIGNATION: "未指定核实部门",
}


@dataclass(frozen=True, slots=True)
class CellGaps:
    """One cell and what it lacks; `county` and `township` are the codes above it (its own at its own level, "" above),
    `place` the names of what it lies in, from the county down."""

    code: str
    name: str
    level: str
    county: str
    township: str
    gaps: frozenset[Gap]
    place: str = ""


@dataclass(slots=True)
class Tally:
    """A county or township with everything in it: how many cells, how many of them whole, and how often each gap."""

    code: str
    name: str
    level: str
    cells: int = 0
    whole: int = 0
    gaps: Counter[Gap] = field(default_factory=Counter)

    @property
    def percent(self) -> float:
        """The share of cells that lack nothing, 0–100, cut (never rounded up to 100) at one decimal."""
        return int(1000 * self.whole / self.cells) / 10 if self.cells else 100.0

    @property
    def counts(self) -> list[tuple[Gap, int]]:
        """(gap, number), zeros too."""
        return [(gap, self.gaps[gap]) for gap in Gap]

    @property
    def labelled(self) -> list[tuple[str, int]]:
        """The same with the words of the screen."""
        return [(GAP_LABELS[gap], self.gaps[gap]) for gap in Gap]


@dataclass(frozen=True, slots=True)
class _Cell:
    pk: int
    code: str
    name: str
    level: str
    parent: int | None
    is_drawn: bool


def gaps_of(edition: Edition, scope: Scope, on: date, *, year: int | None = None) -> list[CellGaps]:
    """Every cell in scope with its gaps on a Beijing date, in the order of codes; letters are those of `year` (its
    own).

    The city itself is asked only about its people. Seven queries, whatever the size.
    """
    cells = _cells(edition)
    people = _People(on)
    parents = {cell.parent for cell in cells.values()}
    lettered = set(
        Letter.objects.filter(year=year or on.year, voided_at__isnull=True).values_list("cell_code", flat=True)
    )
    designated = set(
        Designation.objects.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=on), valid_from__lte=on).values_list(
            "county_code", flat=True
        )
    )
    rows = []
    for cell in cells.values():
        county, township = _above(cell, cells)
        if not (scope.everything or (county and scope.covers(county))):
            continue
        gaps = people.gaps(cell.code)
        if cell.level != Level.CITY:
            gaps |= {Gap.POLYGON} if not cell.is_drawn else set()
            gaps |= {Gap.LETTER} if cell.code not in lettered else set()
        gaps |= {Gap.GROUP} if cell.level == Level.VILLAGE and cell.pk not in parents else set()
        gaps |= {Gap.DESIGNATION} if cell.level == Level.COUNTY and cell.code not in designated else set()
        place = _place(cell, cells)
        rows.append(CellGaps(cell.code, cell.name, cell.level, county, township, frozenset(gaps), place))
    return rows


def county_and_township(edition: Edition) -> list[tuple[str, str, str, str, str]]:
    """(code, name, level, county, township) of every cell by code; the codes above it, "" where there is none."""
    cells = _cells(edition)
    return [(cell.code, cell.name, cell.level, *_above(cell, cells)) for cell in cells.values()]


def tallies(rows: Iterable[CellGaps], level: Level) -> list[Tally]:
    """The rows counted up by county (everything in it) or by township (below the counties only), by code."""
    by_code: dict[str, Tally] = {}
    for row in rows:
        code = row.county if level == Level.COUNTY else row.township
        if not code:
            continue
        tally = by_code.setdefault(code, Tally(code, "", level))
        if row.code == code:
            tally.name = row.name
        tally.cells += 1
        tally.whole += not row.gaps
        tally.gaps.update(row.gaps)
    return [by_code[code] for code in sorted(by_code)]


def totals(rows: Iterable[CellGaps]) -> Tally:
    """All rows as one tally."""
    tally = Tally("", "合计", "")
    for row in rows:
        tally.cells += 1
        tally.whole += not row.gaps
        tally.gaps.update(row.gaps)
    return tally


def _cells(edition: Edition) -> dict[int, _Cell]:
    drawn = ExpressionWrapper(Q(geometry__isnull=False), output_field=BooleanField())
    rows = edition.cells.annotate(is_drawn=drawn).order_by("code")
    return {row[0]: _Cell(*row) for row in rows.values_list("pk", "code", "name", "level", "parent_id", "is_drawn")}


def _above(cell: _Cell, cells: Mapping[int, _Cell]) -> tuple[str, str]:
    county = township = ""
    at: _Cell | None = cell
    for _ in LEVELS:
        if at is None:
            break
        county = at.code if at.level == Level.COUNTY else county
        township = at.code if at.level == Level.TOWNSHIP else township
        at = cells.get(at.parent) if at.parent is not None else None
    return county, township


def _place(cell: _Cell, cells: Mapping[int, _Cell]) -> str:
    names: list[str] = []
    at = cells.get(cell.parent) if cell.parent is not None else None
    while at is not None and at.level != Level.CITY and len(names) < len(LEVELS):
        names.append(at.name or at.code)
        at = cells.get(at.parent) if at.parent is not None else None
    return " ".join(reversed(names))


class _People:
    """The people who answer for each cell on a date, and whether their phones do."""

    def __init__(self, on: date) -> None:
        terms = Term.objects.filter(held_on(on), post__kind__in=RESPONSIBLE_KINDS, holder__is_active=True)
        failed = _failed_numbers()
        self._of: dict[str, list[tuple[str, bool]]] = defaultdict(list)
        for code, holder, phone in terms.values_list("post__cell_code", "holder", "holder__phone"):
            self._of[code].append((phone, holder in failed))

    def gaps(self, code: str) -> set[Gap]:
        """The gap of a cell: no holder at all; else no number among them; else numbers that all failed when last
        called."""
        holders = self._of.get(code)
        if not holders:
            return {Gap.HOLDER}
        reachable = [has_failed for phone, has_failed in holders if phone]
        if not reachable:
            return {Gap.PHONE}
        return {Gap.FAILED} if all(reachable) else set()


def _failed_numbers() -> set[int]:
    """The holders whose present number was not answered when it was last called."""
    last = PhoneCheck.objects.values("holder").annotate(last=Max("pk")).values("last")
    failed = PhoneCheck.objects.filter(pk__in=last, is_answered=False)
    key = deployment().digest_key
    return {
        holder
        for holder, phone, digest in failed.values_list("holder", "holder__phone", "phone_digest")
        if digests.keyed(phone, key) == digest
    }
