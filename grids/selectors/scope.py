"""The scope of what a user may see of the map and of the journal; default deny."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from core import clock
from grids.models import Cell, Edition
from grids.roles import Level, Role
from grids.selectors.editions import edition_for
from grids.selectors.people import CODES_AT_ONCE, posts_held, posts_today, roles_of
from grids.selectors.successions import one_government

# The offices of the city: what they do is not bound to one county.
CITY_WIDE = frozenset({Role.BUREAU, Role.RECOGNISER, Role.FINANCE, Role.AUDITOR, Role.SYSTEM})
JOURNAL_READERS = frozenset({Role.BUREAU, Role.RECOGNISER, Role.AUDITOR})


@dataclass(frozen=True, slots=True)
class Scope:
    """The counties whose insides a user may see; `everything` = the whole city. The empty scope sees nothing."""

    everything: bool = False
    counties: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return self.everything or bool(self.counties)

    def covers(self, county_code: str) -> bool:
        """Whether the inside of that county may be seen."""
        return self.everything or county_code in self.counties


def scope_of(user: Any, on: date | None = None) -> Scope:
    """The scope on a Beijing date (default today): city offices and posts above the counties see all, the others the
    counties in which their posts stand."""
    on = on or clock.today_beijing()
    if roles_of(user, None if on == clock.today_beijing() else on) & CITY_WIDE:
        return Scope(everything=True)
    rows = posts_today(user) if on == clock.today_beijing() else posts_held(user, on)
    posts = [(post.cell_code, post.level) for post in rows]
    if any(level == Level.CITY for _, level in posts):
        return Scope(everything=True)
    edition, _ = edition_for(on)
    own = {code for code, level in posts if level == Level.COUNTY}
    lower = {code for code, level in posts if level != Level.COUNTY}
    if lower and edition:
        own |= set(_county_codes(edition.cells.filter(code__in=lower)).values())
    return Scope(counties=one_government(own, on))


def counties_of(codes: set[str]) -> dict[str, str]:
    """{code: the county that it lies in} by the edition of today, else by the latest one that named the code; a code
    above the counties, or of no edition, is left out. Two queries for some thousand codes."""
    edition, _ = edition_for(clock.today_beijing())
    counties: dict[str, str] = {}
    for start in range(0, len(codes), CODES_AT_ONCE):
        part = sorted(codes)[start : start + CODES_AT_ONCE]
        today = _county_codes(edition.cells.filter(code__in=part)) if edition else {}
        gone = [code for code in part if code not in today]
        ruled = Cell.objects.filter(code__in=gone, edition__valid_from__isnull=False).order_by(
            "edition__valid_from", "pk"
        )
        counties |= (_county_codes(ruled) if gone else {}) | today
    return counties


def _county_codes(cells: QuerySet[Cell]) -> dict[str, str]:
    """{code: the county above it}: at most three steps up, so four columns of one query; a later row counts."""
    steps = [
        "code" if not above else "__".join(["parent"] * above + ["code"]) for above in range(4)
    ]  # code, parent__code, parent__parent__code, parent__parent__parent__code
    levels = ["level" if not above else "__".join(["parent"] * above + ["level"]) for above in range(4)]
    return {
        row[0]: row[at] for row in cells.values_list(*steps, *levels) for at in range(4) if row[at + 4] == Level.COUNTY
    }


def cells_visible_to(user: Any, edition: Edition) -> QuerySet[Cell]:
    """The cells of an edition that a user may see: every county's outline for whoever holds a post, the inside of the
    counties in scope, nothing for anyone else."""
    cells: QuerySet[Cell] = edition.cells.all()
    scope = scope_of(user)
    if scope.everything:
        return cells
    if not scope:
        return cells.none()
    own = scope.counties
    inside = Q(parent__code__in=own) | Q(parent__parent__code__in=own) | Q(parent__parent__parent__code__in=own)
    return cells.filter(inside | Q(level__in=[Level.CITY, Level.COUNTY]))


def may_operate(user: Any) -> bool:
    """The rule for journal.access_rules: the bureau keeps the machinery going."""
    return Role.BUREAU in roles_of(user)


def may_read_journal(user: Any) -> bool:
    """The rule for journal.access_rules: the bureau, the 认定 persons and the auditors."""
    return bool(roles_of(user) & JOURNAL_READERS)
