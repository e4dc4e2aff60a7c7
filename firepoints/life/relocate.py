"""更正位置: what was found on the ground says where it burnt, in a new attribution row; the pixel's row stays (C10, C11)."""

from dataclasses import replace
from typing import Any

from django.db import transaction
from shapely.geometry.base import BaseGeometry

from core.errors import BadInput, Conflict, Missing
from core.texts import required
from firepoints.forming import attribution as places
from firepoints.forming.attribution import Located
from firepoints.life.proof import evidence_named
from firepoints.models import Attribution, FirePoint
from firepoints.policy.seconding import Second, require_second
from firepoints.policy.two_persons import Case
from firepoints.steps import selectors
from firepoints.steps.advancing import advance, concern, next_seq, numbered, open_act
from firepoints.steps.gaps import outside_m
from firepoints.steps.workflow import act
from firepoints.terms.states import State
from grids.geo.footprint import footprint
from grids.models import User
from grids.roles import Level

NEAR_BORDER_M = 50.0
"""A phone outside under the sky; within this of a border, the position settles nothing between two counties."""


@act("relocate")
@transaction.atomic
def fire_point_relocate(
    *,
    point_id: int | str,
    actor: User,
    evidence: str,
    reason: str,
    expected_version: int | None = None,
    second: Second | None = None,
) -> FirePoint:
    """Move a point to the position of one of its photos (`evidence`: its uuid), which someone verified on the ground.

    In another county, or too near its border to tell, the point belongs to nobody until the joint record (C11): one
    photo moves no payer. Raises BadInput for evidence without a position, Missing without a reason or an edition,
    NeedsAnother for a position outside the footprint and its error.
    """
    reason = required(reason, "更正位置的理由")
    opened = open_act("relocate", point_id=point_id, actor=actor, expected_version=expected_version)
    point = opened.point
    piece = evidence_named(point, [evidence])[0]
    if piece.lon is None or piece.lat is None:
        raise BadInput("这份佐证没有位置，请选有定位的照片", where="evidence")
    error_m = max(piece.accuracy_m or 0.0, NEAR_BORDER_M)
    located = locate_again(point, piece.lon, piece.lat, _around(piece.lon, piece.lat, error_m))
    case = Case("relocate", outside_m=outside_m(point, piece.lon, piece.lat))
    two = require_second(case, second, version=opened.version)
    point.lon, point.lat = piece.lon, piece.lat
    row = _filed(point, located, f"按佐证 {str(piece.uuid)[:8]} 的位置更正")
    FirePoint.objects.filter(pk=point.pk).update(lon=point.lon, lat=point.lat)
    concern(point, dict(located.shares))
    data = {"evidence": str(piece.uuid), "lon": point.lon, "lat": point.lat, **two}
    return advance(opened, reason=reason, data=data, attribution=row, **_consequences(point, located, error_m))


def _around(lon: float, lat: float, radius_m: float) -> BaseGeometry:
    """The disc within which someone with a phone stood."""
    side_km = radius_m / 1000 * 2**0.5  # the half diagonal of this square is the radius
    return footprint(lon, lat, side_km, side_km, None, 0.0)


def locate_again(point: FirePoint, lon: float, lat: float, site: BaseGeometry) -> Located:
    """The cells of a position in the edition of the point's date. Raises Missing without one, BadInput outside it."""
    located = places.locate([lon], [lat], [site], point.burn_date)[0]
    if located is None:
        raise Missing(["启用的边界版本"])
    if not located.chain.get(Level.COUNTY):
        raise BadInput("这个位置不在任何县（区）内", where="evidence")
    return located


def _filed(point: FirePoint, located: Located, note: str) -> Attribution:
    names = places.Names()
    row = places.attribution_row(
        point, located, names, seq=next_seq(Attribution, point), method=Attribution.Method.PERSON, note=note
    )
    places.file_attributions([row], names)
    return row


def _consequences(point: FirePoint, located: Located, error_m: float) -> dict[str, Any]:
    chain = located.chain
    below = {
        "township_code": chain.get(Level.TOWNSHIP, ""),
        "village_code": chain.get(Level.VILLAGE, ""),
        "group_code": chain.get(Level.GROUP, ""),
    }
    is_certain = chain[Level.COUNTY] == point.county_code and located.border_m > error_m
    if is_certain or point.state == State.JOINT:
        return below
    if point.state == State.SUSPECTED and located.border_m > error_m:
        return {**below, "county_code": chain[Level.COUNTY], "is_cross": False}
    return {
        **below, "to": State.JOINT, "county_code": "", "is_cross": True, "verification": None, "due_at": None,
        **numbered(point),
    }  # fmt: skip


def keep_in_place(point: FirePoint, site: BaseGeometry) -> dict[str, Any]:
    """The changes by which what is left of a divided, dispatched point is located anew, in its own county.

    Raises Conflict when what is left lies in another county, or over two: that is for the joint record.
    """
    located = locate_again(point, point.lon, point.lat, site)
    least, is_judged = places.least_share(point.burn_date), bool(selectors.chargeable_detections(point))
    counties = places.possible_counties(located, least, is_judged=is_judged)
    if point.state != State.JOINT and counties != [point.county_code]:
        raise Conflict("留在这一处的监测记录不只在原来的县（区）：先标记跨界，再划分", code="two_counties")
    row = _filed(point, replace(located), "划分后重新定位")
    changes = {f"{level}_code": located.chain.get(level, "") for level in (Level.TOWNSHIP, Level.VILLAGE, Level.GROUP)}
    return {"attribution": row, "lon": point.lon, "lat": point.lat, "burn_date": point.burn_date, **changes}
