"""The payer of a place on a date, by the payer map, which is apart from the borders (policy.md §2e)."""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from django.db.models import Q

from grids.models import Edition, Payer, PayerArea
from grids.roles import LEVELS, Level
from grids.selectors.editions import edition_for


class ListedPayer(NamedTuple):
    """A payer as the finance table lists it."""

    code: str
    name: str
    group: str


def areas_on(on: date) -> Q:
    """The condition on payer areas: in force on that Beijing date (from `valid_from`, before `valid_to`)."""
    return Q(valid_from__lte=on) & (Q(valid_to__isnull=True) | Q(valid_to__gt=on))


def payer_for(chain: Mapping[str, str], on: date, edition: Edition | None = None) -> tuple[str, str]:
    """(code, name) of the government that pays for a fire in a chain {level: code} burning on a Beijing date.

    The payer map decides, the deepest cell with a ruling in force on that date first; else the
    county itself (C12: never a township or village). ("", "") when the chain has no county and no mapped cell.
    """
    codes = [chain[level] for level in reversed(LEVELS) if chain.get(level)]
    areas = PayerArea.objects.filter(areas_on(on), cell_code__in=codes).select_related("payer")
    ruling = {area.cell_code: area for area in areas.order_by("valid_from")}
    for code in codes:
        if code in ruling:
            return ruling[code].payer.code, ruling[code].payer.name
    county = chain.get(Level.COUNTY, "")
    return (county, _county_name(county, on, edition)) if county else ("", "")


def _county_name(code: str, on: date, edition: Edition | None) -> str:
    payer = Payer.objects.filter(code=code).first()
    if payer:
        return payer.name
    edition = edition or edition_for(on)[0]
    if edition is None:
        return ""
    return edition.cells.filter(level=Level.COUNTY, code=code).values_list("name", flat=True).first() or ""


def payers_listed(on: date) -> list[ListedPayer]:
    """Every payer in the order of the finance table, those at zero too: the Payer rows, else the counties of that
    date."""
    listed = [ListedPayer(payer.code, payer.name, payer.group) for payer in Payer.objects.all()]
    if listed:
        return listed
    edition, _ = edition_for(on)
    if edition is None:
        return []
    counties = edition.cells.filter(level=Level.COUNTY).order_by("code").values_list("code", "name")
    return [ListedPayer(code, name, "") for code, name in counties]
