"""A dispatched point comes to burn on another day: people, borders and the year of its number follow (policy.md §2f).

A suspicion is located anew whenever its sightings change, and its number is not given yet; this is for what people work
on already. What was 认定 keeps its day.
"""

from dataclasses import replace
from datetime import date
from typing import Any

from core import clock
from core.errors import Conflict
from firepoints.forming import doubts
from firepoints.forming.attribution import Located, Names, attribution_row, chain_of, file_attributions, locate
from firepoints.models import Attribution, FirePoint
from firepoints.sightings import footprints
from firepoints.steps import selectors
from firepoints.steps.advancing import next_seq, renumbered
from firepoints.steps.asking import Asking
from firepoints.terms.doubt import Doubt
from firepoints.terms.states import State
from grids.models import User
from grids.roles import LEVELS, Level
from grids.selectors import system_user
from journal.record.services import record

NOTE = "起火日改为据以扣缴的那一条的日期"
BELOW = (Level.TOWNSHIP, Level.VILLAGE, Level.GROUP)


def move_to_day(point: FirePoint, on: date, asking: Asking) -> None:
    """Let a claimed point burn on another day. Borders of that day that give the place to another county move no payer: that
    is asked."""
    before = _facts(point)
    county = _moved(point, on)
    if county and point.state != State.JOINT:
        words = f"起火日改为 {on.isoformat()}，按那天的边界在 {county}：请核对或标记跨界"
        asking.ask([(point, Doubt(doubts.Kind.NEW_COUNTY, words, speaks_for=words))])
    _recorded(point, before, asking.actor)


def move_to_ground(point: FirePoint, on: date, actor: User) -> None:
    """Let a point burn on the day of the sighting that its charge is chosen to rest on. Raises Conflict where the borders of
    that day give its place to another county."""
    before = _facts(point)
    if county := _moved(point, on):
        raise Conflict(
            f"按 {on.isoformat()} 的边界，这一处在 {county}：先标记跨界，再以这一条为依据", code="two_counties"
        )
    _recorded(point, before, actor)


def _facts(point: FirePoint) -> dict[str, Any]:
    return {"burn_date": point.burn_date, "number": point.number, "attribution": point.attribution_id}


def _recorded(point: FirePoint, before: dict[str, Any], actor: User | None) -> None:
    record("fire_point.day_moved", point, actor or system_user(), before=before, after=_facts(point), reason=NOTE)


def _moved(point: FirePoint, on: date) -> str:
    """Move the day, the people and the number; returns the name of another county that rules the place by then, else ""."""
    year_before, point.burn_date = point.burn_date.year, on
    point.number = renumbered(point, year_before)
    row, other = _attributed(point)
    if row is not None:
        names = Names()
        file_attributions([row], names)
        point.attribution = row
        for level in BELOW:
            setattr(point, f"{level}_code", getattr(row, f"{level}_code"))
    fields = ["burn_date", "number", "attribution", *(f"{level}_code" for level in BELOW)]
    point.save(update_fields=fields)
    return other


def _attributed(point: FirePoint) -> tuple[Attribution | None, str]:
    """The unsaved attribution of the day, and the name of the county where another one would be due."""
    old = point.attribution
    if old is None:
        return None, ""
    site = footprints.site(selectors.active_detections(point))
    located = locate([point.lon], [point.lat], [site], point.burn_date)[0]
    if located is None or located.edition.pk == old.edition_id:
        return _again(point, old), ""
    names = Names()
    county = old.county_code
    if old.method == Attribution.Method.JOINT and names.of(located.edition, county):
        return _row(point, old, _inside(located, county), names), ""
    if located.chain.get(Level.COUNTY, "") == county or point.state == State.JOINT:
        return _row(point, old, located, names), ""
    return _again(point, old), names.of(located.edition, located.chain.get(Level.COUNTY, "")) or "县（区）界外"


def _inside(located: Located, county: str) -> Located:
    """The cells below the county that the joint record found, as far as the centre lies in it."""
    if located.chain.get(Level.COUNTY) == county:
        return located
    return replace(located, chain={Level.CITY: located.chain.get(Level.CITY, ""), Level.COUNTY: county})


def _row(point: FirePoint, old: Attribution, located: Located, names: Names) -> Attribution:
    seq = next_seq(Attribution, point)
    chain = {str(level): located.chain.get(level, "") for level in LEVELS}
    before = chain_of(old)
    # A person named the group of a village whose groups have no shapes: the name holds as long as the village does.
    if chain["village"] == before.get("village") and not chain["group"] and before.get("group"):
        located = replace(located, chain={**located.chain, Level.GROUP: before["group"]})
    return attribution_row(point, located, names, seq=seq, method=old.method, note=NOTE)


def _again(point: FirePoint, old: Attribution) -> Attribution:
    """The attribution on file once more, for the people of the day."""
    columns = {
        field.attname: getattr(old, field.attname)
        for field in Attribution._meta.concrete_fields
        if field.name not in ("id", "seq", "note", "at", "point")
    }
    return Attribution(point=point, seq=next_seq(Attribution, point), note=NOTE, at=clock.now(), **columns)
