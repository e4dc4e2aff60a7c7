"""The burnt sites that a joint record names: where each is, in which county, and the sightings that belong to it (C11)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from core.errors import BadInput, Missing
from core.texts import whole_key
from firepoints.forming import attribution as places
from firepoints.forming.attribution import Located
from firepoints.life.burnt import Burnt, MeasuredBy, measure_of
from firepoints.life.proof import evidence_named
from firepoints.life.readings import mu_of, position_of
from firepoints.models import Evidence, FirePoint
from firepoints.sightings import footprints
from firepoints.steps import selectors
from grids.roles import Level

FIELDS = ("lon", "lat", "county_code", "burnt_mu", "measured_by", "detections", "reason", "document")
MOST_SITES = 20


@dataclass(frozen=True, slots=True)
class Site:
    """One burnt site of a record: the position (WGS-84 degrees), the county that it is found for, and its sightings by id.

    `located`: the cells of the position on the fire's date. Where the county is another than the position's, `reason`
    and `document` say why.
    """

    lon: float
    lat: float
    county_code: str
    located: Located
    distance_m: float | None
    burnt_mu: Decimal | None = None
    measured_by: str = ""
    detections: tuple[int, ...] = ()
    reason: str = ""
    document: Evidence | None = None

    @property
    def burnt(self) -> Burnt:
        """What burnt there, for the record of this one site."""
        measured_by = self.measured_by if self.burnt_mu is not None else ""
        return Burnt(self.burnt_mu, measured_by, fire_lon=self.lon, fire_lat=self.lat, sites=1)

    @property
    def position_county(self) -> str:
        return self.located.chain[Level.COUNTY]

    @property
    def chain(self) -> dict[str, str]:
        """{level: code} of whom it belongs to: another county than the position's has no township that a position could name."""
        if self.county_code == self.position_county:
            return dict(self.located.chain)
        return {Level.CITY: self.located.chain.get(Level.CITY, ""), Level.COUNTY: self.county_code}


def sites_of(point: FirePoint, entries: Sequence[Any], county_code: str) -> list[Site]:
    """The sites that a record names; the first one stays with `point`, and its county is the one that the record finds.

    Without any, the site is the point's own position. Raises Missing for a county that is not that position's, and for a
    dissent without reason and document; BadInput for what cannot be read or lies in no county.
    """
    if not entries:
        return [_own_site(point, county_code)]
    if len(entries) > MOST_SITES:
        raise BadInput(f"一份记录最多 {MOST_SITES} 处", where="sites")
    sites = [_site(point, entry, at) for at, entry in enumerate(entries, start=1)]
    if len(sites) == 1 and county_code and county_code != sites[0].county_code:
        sites = [_found_for(sites[0], county_code, 1)]
    if county_code and county_code != sites[0].county_code:
        raise BadInput(
            f"第 1 处在 {sites[0].county_code}，写的是 {county_code}：每一处的县（区）写在它自己那里",
            where="county_code",
        )
    _require_own_sightings(point, sites)
    return sites


def touched_by(point: FirePoint, county_code: str) -> Located:
    """The place of a point at which nothing burnt that counts, in a county that it may lie in. Raises BadInput for another.

    Below the county only what the centre says inside that same county.
    """
    located = _located(point, point.lon, point.lat, "county_code")
    _require_county(located, county_code)
    own = located.chain[Level.COUNTY]
    if county_code == own:
        return located
    if county_code not in dict(located.shares):
        raise BadInput(f"没有监测记录触及 {_names(located, county_code)}", where="county_code")
    return replace(located, chain={Level.CITY: located.chain.get(Level.CITY, ""), Level.COUNTY: county_code})


def _own_site(point: FirePoint, county_code: str) -> Site:
    if not county_code:
        raise Missing(["sites"], "写明烧在哪里（sites：lon、lat），或定的县（区）（county_code）")
    located = _located(point, point.lon, point.lat, "sites")
    _require_county(located, county_code)
    if located.chain[Level.COUNTY] != county_code:
        named, own = _names(located, county_code), _names(located, located.chain[Level.COUNTY])
        words = f"火点中心在 {own}，定的是 {named}：写明烧在哪里（sites：lon、lat），乡镇、村和责任人由地点定"
        raise Missing(["sites"], words)
    return Site(point.lon, point.lat, county_code, located, _distance_m(point, point.lon, point.lat))


def _site(point: FirePoint, entry: Any, at: int) -> Site:
    where = f"sites 第 {at} 处"
    if not isinstance(entry, Mapping):
        raise BadInput(f"应为 {{{'、'.join(FIELDS)}}}", where=where)
    if unknown := sorted(set(entry) - set(FIELDS)):
        raise BadInput(f"不收 {'、'.join(unknown)}；可用：{'、'.join(FIELDS)}", where=where)
    lon, lat = position_of(entry, where)
    located = _located(point, lon, lat, where)
    site = Site(
        lon, lat, located.chain[Level.COUNTY], located, _distance_m(point, lon, lat),
        burnt_mu=(mu := mu_of(entry.get("burnt_mu"), f"{where} burnt_mu")),
        measured_by=measure_of(entry.get("measured_by") or (MeasuredBy.ESTIMATED if mu else ""), f"{where} measured_by"),
        detections=_keys(entry.get("detections") or (), where),
        reason=str(entry.get("reason") or "").strip()[:300],
        document=_document(point, entry.get("document"), where),
    )  # fmt: skip
    named = str(entry.get("county_code") or "").strip()
    return _found_for(site, named, at) if named else site


def _found_for(site: Site, county_code: str, at: int) -> Site:
    """The site, found for a county by name. Raises Missing for a dissent from its position without reason and document."""
    _require_county(site.located, county_code)
    if county_code == site.position_county:
        return replace(site, county_code=county_code)
    lacking = [name for name, value in (("reason", site.reason), ("document", site.document)) if not value]
    if lacking:
        own, named = _names(site.located, site.position_county), _names(site.located, county_code)
        raise Missing(
            [f"sites 第 {at} 处 {name}" for name in lacking],
            f"第 {at} 处的地点在 {own}，定的是 {named}：要写理由（reason）、附文件的扫描件（document）",
        )
    return replace(site, county_code=county_code)


def _located(point: FirePoint, lon: float, lat: float, where: str) -> Located:
    area = footprints.site(selectors.active_detections(point))
    located = places.locate([lon], [lat], [area], point.burn_date)[0]
    if located is None:
        raise Missing(["启用的边界版本"])
    if not located.chain.get(Level.COUNTY):
        raise BadInput("这个位置不在任何县（区）内", where=where)
    return located


def _distance_m(point: FirePoint, lon: float, lat: float) -> float | None:
    detections = selectors.active_detections(point)
    return round(footprints.distance_m(footprints.seen(detections), lon, lat), 1) if detections else None


def _require_county(located: Located, county_code: str) -> None:
    if not places.Names().of(located.edition, county_code):
        raise BadInput(f"边界版本“{located.edition}”里没有县（区）{county_code}", where="county_code")


def _names(located: Located, code: str) -> str:
    return places.Names().of(located.edition, code) or code


def _keys(value: Any, where: str) -> tuple[int, ...]:
    try:
        if not isinstance(value, list | tuple):
            raise TypeError(value)
        return tuple(dict.fromkeys(whole_key(key) for key in value))
    except (TypeError, ValueError):
        raise BadInput("应为监测记录编号的列表", where=f"{where} detections") from None


def _document(point: FirePoint, uuid: Any, where: str) -> Evidence | None:
    if uuid in (None, ""):
        return None
    piece = evidence_named(point, [uuid])[0]
    if piece.kind != Evidence.Kind.SCAN:
        raise BadInput("文件要是扫描件", where=f"{where} document")
    return piece


def _require_own_sightings(point: FirePoint, sites: Sequence[Site]) -> None:
    """Each sighting is named for one site, and the first site keeps at least one."""
    own = {detection.pk for detection in selectors.active_detections(point)}
    named = [key for site in sites for key in site.detections]
    if set(named) - own or len(named) != len(set(named)):
        raise BadInput("监测记录要是这一处的，每条只归一处", where="sites")
    if own and not own - {key for site in sites[1:] for key in site.detections}:
        raise BadInput("第 1 处要留下至少一条监测记录", where="sites")
