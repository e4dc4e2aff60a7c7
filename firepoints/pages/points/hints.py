"""Hints on what stands around a point and may explain it, and whom each concerns; never an exemption (C1, C15, C16)."""

from collections.abc import Sequence
from dataclasses import dataclass

import shapely
from shapely.geometry.base import BaseGeometry

from firepoints.models import FirePoint, SpecialPeriod
from grids.models import Overlay
from grids.selectors.overlays import overlays_touching

Kind = Overlay.Kind
# Who is concerned, by the notice; a referral exempts nothing: straw burnt there still counts [R].
ROUTES = {
    Kind.BUILT_UP: "可移交住建部门（建成区内露天焚烧由其牵头查处），移交不免计入",
    Kind.FOREST: "可移交林草部门（林区内由其查处并组织扑救），移交不免计入",
    Kind.KEY_AREA: "重点区域：数量多时按问责办法提出建议",
    Kind.FIXED_HEAT: "官方清单的行照样要核实和认定，不自动剔除",
    Kind.CROPLAND: "",
    Kind.PERMITTED: "核对批准的时间和范围；由认定人决定是否计入",
}


@dataclass(frozen=True, slots=True)
class Hint:
    """One thing about the place or the day: its kind, what it is called, its basis, and whom it concerns."""

    kind: str
    label: str
    name: str
    document_no: str
    route: str


def hints_of(point: FirePoint, site: BaseGeometry) -> list[Hint]:
    """The overlays that the site (WGS-84) touches and the special periods of the burning date. Two queries."""
    west, south, east, north = (float(value) for value in shapely.bounds(site))
    areas = overlays_touching((west, south, east, north), point.burn_date)
    shapely.prepare(site)
    hints = [
        Hint(area.kind, Kind(area.kind).label, area.name, area.document_no, ROUTES[Kind(area.kind)])
        for area in areas
        if shapely.intersects(site, area.shape)
    ]
    return [*hints, *_periods(SpecialPeriod.on(point.burn_date))]


def _periods(periods: Sequence[SpecialPeriod]) -> list[Hint]:
    return [
        Hint(
            "period",
            period.get_kind_display(),
            period.name,
            period.document_no,
            "期间顶风焚烧从重处罚、追责；扣缴标准不变（三）",
        )
        for period in periods
    ]
