"""监测记录 of a point: what was seen, when in Beijing and in UTC, how large the pixel, and the raw row behind it."""

from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models import Prefetch

from firepoints.models import Detection, FirePoint, Membership, RawRow
from firepoints.pages.points import map_data, words

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
    found = members.select_related("detection__source", "detection__run").order_by(
        "detection__starts_at", "detection__key"
    )
    told = [_sighting(one.detection, one.why) for one in found]
    return sorted(told, key=lambda one: not one.is_official)


def _sighting(one: Detection, why: str) -> Sighting:
    run = one.run
    listed = " ".join(part for part in (run.issuer, run.list_no, run.period) if part)
    return Sighting(
        detection=one,
        title=" ".join(part for part in (one.source.name, *_sensor(one)) if part),
        is_official=map_data.is_official(one),
        when=words.when(one.starts_at, one.ends_at, one.precision),
        utc=words.utc(one.starts_at),
        position=f"{one.lat:.5f}°N {one.lon:.5f}°E",
        given=f"原样 {one.given_lat}, {one.given_lon}（{one.datum.upper()}）",
        size=_size(one),
        strength=" · ".join(_strength(one)),
        origin=f"{listed or run.filename} 第 {one.row_no} 行",
        why=why,
        raw=list(one.raw_rows.all()),
    )


def _sensor(one: Detection) -> tuple[str, ...]:
    """A person's finding has no sensor, whatever its file calls it."""
    return (one.satellite, one.instrument) if one.kind == Detection.Kind.SATELLITE else ()


def _size(one: Detection) -> str:
    if one.kind != Detection.Kind.SATELLITE:
        return f"现场{one.get_kind_display()}"
    if one.scan_km and one.track_km:
        return f"{one.scan_km * 1000:.0f} × {one.track_km * 1000:.0f} 米（扫描 × 航向），另加定位误差"
    return "来源没有给像元大小，按半径 500 米示意"


def _strength(one: Detection) -> list[str]:
    told = []
    if one.frp_mw is not None:
        told.append(f"FRP {one.frp_mw:g} MW")
    if one.confidence:
        told.append(f"可信度 {CONFIDENCE.get(one.confidence.lower(), one.confidence)}")
    if one.version:
        told.append(f"版本 {one.version}")
    return told


def first_pass(sightings: list[Sighting]) -> Detection | None:
    """The earliest sighting from orbit: photos are compared with it; of a patrol's fire the patrol itself."""
    passes = [one.detection for one in sightings if one.detection.kind == Detection.Kind.SATELLITE]
    every = passes or [one.detection for one in sightings]
    return min(every, key=lambda one: one.starts_at) if every else None


def repeated(sightings: list[Sighting]) -> str:
    """Whether several passes saw it, as the recogniser reads it."""
    times = sorted({one.detection.starts_at for one in sightings if one.detection.kind == Detection.Kind.SATELLITE})
    if len(times) < 2:
        return ""
    length: timedelta = times[-1] - times[0]
    return f"{len(times)} 次过境都测到高温，相隔 {words.span(length)}，仅供认定参考。"
