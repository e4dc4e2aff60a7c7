"""The payer of a place on a date, by the payer map, which is apart from the borders (policy.md §2e)."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

from django.db.models import Q

from grids.models import Cell, Edition, Payer, PayerArea, Succession
from grids.roles import LEVELS, Level
from grids.selectors.editions import edition_for
from grids.selectors.successions import government_on, governments_on


class ListedPayer(NamedTuple):
    """A payer as the finance table lists it."""

    code: str
    name: str
    group: str


def areas_on(on: date) -> Q:
    """The condition on payer areas: in force on that Beijing date (from `valid_from`, before `valid_to`)."""
    return Q(valid_from__lte=on) & _not_over(on)


def listed_on(on: date) -> Q:
    """The condition on payers: listed in the finance table of that Beijing date."""
    return (Q(valid_from__isnull=True) | Q(valid_from__lte=on)) & _not_over(on)


def _not_over(on: date) -> Q:
    return Q(valid_to__isnull=True) | Q(valid_to__gt=on)


def payer_for(chain: Mapping[str, str], on: date, edition: Edition | None = None) -> tuple[str, str]:
    """(code, name) of the government that pays for a fire in a chain {level: code} burning on a Beijing date.

    The payer map decides, the deepest cell with a ruling in force on that date first; else the
    county itself (C12: never a township or village); each under the code that its government has on that date. ("", "")
    when the chain has no county and no mapped cell.
    """
    codes = [chain[level] for level in reversed(LEVELS) if chain.get(level)]
    areas = PayerArea.objects.filter(areas_on(on), cell_code__in=codes).select_related("payer")
    ruling = {area.cell_code: area for area in areas.order_by("valid_from")}
    for code in codes:
        if code in ruling:
            return _going_on(ruling[code].payer.code, on, edition, ruling[code].payer.name)
    county = chain.get(Level.COUNTY, "")
    return _going_on(county, on, edition) if county else ("", "")


def has_payer_ruling(codes: Iterable[str], on: date) -> bool:
    """Whether the payer map rules one of these cells on a Beijing date."""
    return PayerArea.objects.filter(areas_on(on), cell_code__in=list(codes)).exists()


def _going_on(code: str, on: date, edition: Edition | None, name: str = "") -> tuple[str, str]:
    """(code, name) of the government of `code` on a date; `name` is its name while the code has not changed."""
    government = government_on(code, on)
    return government, name if name and government == code else _county_name(government, on, edition)


def _county_name(code: str, on: date, edition: Edition | None) -> str:
    payer = Payer.objects.filter(code=code).first()
    if payer:
        return payer.name
    edition = edition or edition_for(on)[0]
    cells = edition.cells.filter(level=Level.COUNTY, code=code) if edition else Cell.objects.none()
    named = cells.values_list("name", flat=True).first()
    return named or Succession.objects.filter(new_code=code).values_list("new_name", flat=True).first() or ""


def payers_listed(on: date) -> list[ListedPayer]:
    """Every payer in the order of the finance table, those at zero too: the Payer rows of that date, then each county of
    that date that has none; a county under the code that its government has on that date (policy.md §7)."""
    going_on = governments_on(on)
    rows = Payer.objects.filter(listed_on(on)).exclude(code__in=going_on)
    listed = {payer.code: ListedPayer(payer.code, payer.name, payer.group) for payer in rows}
    edition, _ = edition_for(on)
    counties = edition.cells.filter(level=Level.COUNTY).order_by("code") if edition else Cell.objects.none()
    for code, name in counties.values_list("code", "name"):
        government = going_on.get(code, code)
        if government not in listed:
            named = name if government == code else _county_name(government, on, edition)
            listed[government] = ListedPayer(government, named, "")
    return list(listed.values())
