"""监测记录 of a point: what was seen, when in Beijing and in UTC, how large the pixel, and the raw row behind it."""

from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models import Prefetch

from firepoints.evidence.checking import first_pass_of
from firepoints.models import Detection, FirePoint, Membership, RawRow
from firepoints.pages.points import map_data, words
from grids.geo.datum import DATUM_NAMES

CONFIDENCE = {"low": "低", "nominal": "一般", "high": "高"}
"""The VIIRS words as people read them; an issuer's own words and MODIS numbers stay as they are."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One row of the table of sightings."""

    detection: Detection
    title: str
    is_official: bool
    when: str
    utc: str
    position: str
    given: str
    size: str
    strength: str
    origin: str
    why: str
    raw: list[RawRow] = field(default_factory=list)


def sightings_of(point: FirePoint) -> list[Sighting]:
    """Every sighting that the point gathers now, the official ones first; two queries."""
    raw = Prefetch("detection__raw_rows", RawRow.objects.order_by("pk"))
    members = Membership.objects.filter(point=point, is_active=True).prefetch_related(raw)
    ordered = members.select_related("detection__source", "detection__run", "detection__live_key").order_by(
        "detection__starts_at", "detection__key"
    )
    sightings = [sighting_of(member.detection, member.why) for member in ordered]
    return sorted(sightings, key=lambda sighting: not sighting.is_official)


def sighting_of(detection: Detection, why: str = "") -> Sighting:
    """One sighting as a row of the table; its source and run should be fetched along."""
    run = detection.run
    listed = " ".join(part for part in (run.issuer, run.list_no, run.period) if part)
    return Sighting(
        detection=detection,
        title=" ".join(part for part in (detection.source.name, *_sensor(detection)) if part),
        is_official=map_data.is_official(detection),
        when=words.when(detection.starts_at, detection.ends_at, detection.precision),
        utc=words.utc(detection.starts_at),
        position=f"{detection.lat:.5f}°N {detection.lon:.5f}°E",
        given=f"原样 {detection.given_lat}, {detection.given_lon}，{DATUM_NAMES.get(detection.datum, detection.datum)}",
        size=_size(detection),
        strength=" · ".join(_strength(detection)),
        origin=f"{listed or run.filename} 第 {detection.row_no} 行",
        why=why,
        raw=list(detection.raw_rows.all()),
    )


def _sensor(detection: Detection) -> tuple[str, ...]:
    """Satellite and instrument; a person's finding has no sensor, whatever its file calls it."""
    return (detection.satellite, detection.instrument) if detection.kind == Detection.Kind.SATELLITE else ()


def _size(detection: Detection) -> str:
    if detection.kind != Detection.Kind.SATELLITE:
        return f"现场{detection.get_kind_display()}"
    if detection.scan_km and detection.track_km:
        return f"{detection.scan_km * 1000:.0f} × {detection.track_km * 1000:.0f} 米（扫描 × 航向），另加定位误差"
    return "来源没有给像元大小，按半径 500 米示意"


def _strength(detection: Detection) -> list[str]:
    parts = []
    if detection.frp_mw is not None:
        parts.append(f"FRP {detection.frp_mw:g} MW")
    if detection.confidence:
        parts.append(f"可信度 {CONFIDENCE.get(detection.confidence.lower(), detection.confidence)}")
    if detection.version:
        parts.append(f"版本 {detection.version}")
    return parts


def first_pass(sightings: list[Sighting]) -> Detection | None:
    """The earliest sighting from orbit: photos are compared with it; of a patrol's fire the patrol itself."""
    return first_pass_of([sighting.detection for sighting in sightings])


def repeated(sightings: list[Sighting]) -> str:
    """A sentence for the recogniser where several passes saw the fire, else ""."""
    times = sorted(
        {sighting.detection.starts_at for sighting in sightings if sighting.detection.kind == Detection.Kind.SATELLITE}
    )
    if len(times) < 2:
        return ""
    length: timedelta = times[-1] - times[0]
    return f"{len(times)} 次过境都测到高温，相隔 {words.span(length)}，仅供认定参考。"
