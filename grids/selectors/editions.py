"""The edition that rules on a date, and the names of its cells."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import date

from django.db.models import F, QuerySet

from core import clock
from core.page_memory import remembered
from grids.models import Cell, Edition
from grids.roles import Level

# 区划 codes (GB/T 2260 and the statistics bureau's below it): the length says the level.
_LEVEL_BY_LENGTH = {4: Level.CITY, 6: Level.COUNTY, 9: Level.TOWNSHIP, 12: Level.VILLAGE}


def editions_in_force() -> list[Edition]:
    """The active editions in the order of their dates: each rules until the next one begins. Read once for a page."""
    active = Edition.objects.filter(state=Edition.State.ACTIVE).order_by("valid_from", "id")
    return remembered("editions in force", lambda: list(active))


def edition_for(on: date) -> tuple[Edition | None, bool]:
    """The edition of a Beijing date, and whether the date lies before the first one (which then stands in).

    (None, False) when no edition is active.
    """
    active = editions_in_force()
    in_force = [edition for edition in active if edition.valid_from and edition.valid_from <= on]
    if in_force:
        return in_force[-1], False
    return (active[0], True) if active else (None, False)


def editions_of(days: Sequence[date]) -> list[Edition | None]:
    """`edition_for` of many dates (ascending or not), in one query."""
    active = editions_in_force()
    begins = [edition.valid_from for edition in active if edition.valid_from]  # every active one has it
    return [active[max(bisect_right(begins, day) - 1, 0)] if active else None for day in days]


def edition_now() -> Edition | None:
    """The edition of today in Beijing."""
    return edition_for(clock.today_beijing())[0]


def cell_names(edition: Edition, codes: Iterable[str] | None = None) -> dict[str, str]:
    """Name by code, of all cells of the edition or of some."""
    cells = edition.cells.all()
    if codes is not None:
        cells = cells.filter(code__in=set(codes))
    return dict(cells.values_list("code", "name"))


def children_of(edition: Edition, code: str) -> QuerySet[Cell]:
    """The cells directly below a code, by code, without their geometry."""
    children: QuerySet[Cell] = edition.cells.filter(parent__code=code).order_by("code").defer("geometry")
    return children


def groups_to_choose(edition: Edition, village_code: str) -> QuerySet[Cell]:
    """The groups of a village that have no polygon, by code: a fire there is the village's, and a person may say whose
    group's."""
    return children_of(edition, village_code).filter(level=Level.GROUP, geometry__isnull=True)


def has_groups_to_choose(edition_id: int, village_code: str) -> bool:
    """Whether there is any of `groups_to_choose`. One query."""
    groups = Cell.objects.filter(edition=edition_id, level=Level.GROUP, geometry__isnull=True)
    return groups.filter(parent__code=village_code).exists()


def root_code(edition: Edition | None = None) -> str:
    """The code at the top: the edition's city cell, else the first four digits that all its counties share; "" without
    either.

    No pack is needed for it: the edition's top is the root.
    """
    edition = edition or edition_now()
    if edition is None:
        return ""
    city = edition.cells.filter(level=Level.CITY).order_by("code").values_list("code", flat=True).first()
    if city:
        return city
    counties = list(edition.cells.filter(level=Level.COUNTY).values_list("code", flat=True))
    cities = {code[:4] for code in counties}
    return cities.pop() if len(cities) == 1 else ""


def level_of_code(code: str) -> str:
    """The level of a code: as in the newest edition that has it, else by its length; "" when neither tells."""
    dated_first = F("edition__valid_from").desc(nulls_last=True)  # a draft has no date yet: it rules nothing
    cells = Cell.objects.filter(code=code).order_by(dated_first, "-edition_id")
    level = cells.values_list("level", flat=True).first()
    if level:
        return level
    if not code.isdigit():
        return ""
    if len(code) == 6 and code.endswith("00"):  # GB/T 2260 writes a city as 210500
        return Level.CITY
    return _LEVEL_BY_LENGTH.get(len(code), Level.GROUP if len(code) > 12 else "")
