"""The content of a 通报, read from the points: the discoverers of C14, whether or not what they found costs anything."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from core import clock
from firepoints.models import Detection, FirePoint, Membership, Source
from firepoints.policy.charging import basis_of, in_order
from firepoints.terms.states import DECIDED, LIVE, Conclusion, State
from grids.models import Edition
from grids.roles import Level
from grids.selectors import edition_for, payers_listed
from journal.record.sealing import head
from journal.selectors import deployment
from penalties.batches.reports import titles
from penalties.circulars.report import CircularReport, CircularRow, places_of, townships_of

_ABOVE = (Source.Authority.NATIONAL, Source.Authority.PROVINCE)
_OFFICES = (*_ABOVE, Source.Authority.CITY)
DISCOVERERS = frozenset(
    {(authority, Source.Kind.SATELLITE) for authority in _ABOVE}
    | {(authority, kind) for authority in _OFFICES for kind in (Source.Kind.SUPERVISION, Source.Kind.PATROL)}
    | {(authority, Source.Kind.ENFORCEMENT) for authority in _OFFICES}
)
"""国家、省遥感，巡查督查，市本级执法检查 (C14), as authority × kind; what is 认定计入 under another source stands in it too."""


def circular_report(*, starts_on: date, ends_on: date) -> CircularReport:
    """The 通报 of the fires that burnt from one Beijing date to another (both included), as things stand now. Reads only."""
    sightings = _sightings(starts_on, ends_on)
    rows = [_row(point, _sighting(point, sightings)) for point in _points(starts_on, ends_on)]
    counties = _counties(ends_on)
    order = {code: at for at, (code, _) in enumerate(counties)}
    last = len(order)

    def place(row: CircularRow) -> tuple[Any, ...]:
        """The sort key: counties as in the finance table, one that it does not list after them, what nobody owns last."""
        position = order.get(row.county_code, last)
        return (not row.county_code, position, row.county_code, row.township_code, row.burned_on, row.number)

    rows.sort(key=place)
    home = deployment()
    seq, hash_ = head()
    synthetic = Edition.objects.filter(state=Edition.State.ACTIVE, is_synthetic=True).exists()
    return CircularReport(
        titles=titles(),
        starts_on=starts_on,
        ends_on=ends_on,
        issued_on=clock.today_beijing(),
        counties=places_of(rows, counties),
        townships=townships_of(rows),
        points=tuple(rows),
        journal_head=f"{seq}:{hash_}",
        is_demo=home.is_demo,
        notes=("县以下边界为示意边界，不作划界依据。",) if synthetic else (),
    )


def _members(starts_on: date, ends_on: date) -> QuerySet[Membership]:
    """The sightings of the discoverers in points of the period."""
    sources = [source.pk for source in Source.objects.all() if (source.authority, source.kind) in DISCOVERERS]
    return Membership.objects.filter(
        is_active=True,
        detection__source__in=sources,
        point__burn_date__range=(starts_on, ends_on),
        point__state__in=LIVE,
    )


def _points(starts_on: date, ends_on: date) -> list[FirePoint]:
    """The points of the period that one of the discoverers found, or that count under whatever source."""
    is_discovered = Exists(_members(starts_on, ends_on).filter(point=OuterRef("pk")))
    points = FirePoint.objects.filter(burn_date__range=(starts_on, ends_on), state__in=LIVE)
    related = ("attribution", "verification", "recognition__charged_detection__source")
    return list(points.filter(Q(counted=True) | is_discovered).select_related(*related).order_by("pk"))


def _sightings(starts_on: date, ends_on: date) -> Mapping[int, Detection]:
    """point id → the discoverers' sighting by which it stands in the 通报."""
    by_point: dict[int, list[Detection]] = {}
    for member in _members(starts_on, ends_on).select_related("detection__source"):
        by_point.setdefault(member.point_id, []).append(member.detection)
    return {point_id: in_order(detections)[0] for point_id, detections in by_point.items()}


def _sighting(point: FirePoint, sightings: Mapping[int, Detection]) -> Detection:
    """The sighting that a charge rests on, where there is one; else that of the discoverers."""
    charged = point.recognition.charged_detection if point.counted and point.recognition else None
    return charged or sightings[point.pk]


def _row(point: FirePoint, detection: Detection) -> CircularRow:
    place = point.attribution
    is_owned = bool(point.county_code)
    at = point.starts_at.astimezone(clock.BEIJING)
    return CircularRow(
        number=str(point),
        county_code=point.county_code,
        county=place.county_name if place and is_owned else "",
        township_code=point.township_code,
        township=place.township_name if place else "",
        village=place.village_name if place else "",
        burned_on=point.burn_date,
        burned_at=f"{at:%H:%M}" if point.precision == "instant" else "",
        source=detection.source.name,
        basis=point.recognition.basis if point.counted and point.recognition else basis_of(detection).value,
        stage=_stage(point),
        finding=_finding(point),
        lon=point.lon,
        lat=point.lat,
        is_cross=point.is_cross or point.state == State.JOINT,
        point_id=point.pk,
    )


def _stage(point: FirePoint) -> str:
    if point.state in DECIDED:
        return "counted" if point.counted else "excluded"
    return "verified" if point.state == State.VERIFIED else "open"


def _finding(point: FirePoint) -> str:
    """The finding of the verification, where it stands: a point sent back is open again."""
    verification = point.verification
    if verification is None or point.state not in (*DECIDED, State.VERIFIED):
        return ""
    if verification.conclusion == Conclusion.TRUE:
        return Conclusion.TRUE.label
    return f"{Conclusion.FALSE.label}（{verification.get_cause_display()}）"


def _counties(on: date) -> list[tuple[str, str]]:
    """The counties of a Beijing date (code, name), in the order of the finance table."""
    edition, _ = edition_for(on)
    if edition is None:
        return []
    order = {code: at for at, (code, _, _) in enumerate(payers_listed(on))}
    cells = list(edition.cells.filter(level=Level.COUNTY).order_by("code").values_list("code", "name"))
    return sorted(cells, key=lambda cell: order.get(cell[0], len(order)))
