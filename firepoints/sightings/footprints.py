"""The ground that the detections of a point may have seen, as polygons in WGS-84 lon/lat, and distances to it."""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from core.clock import BEIJING
from firepoints.models import Detection
from grids.geo.arrays import FloatArray
from grids.geo.footprint import footprint, footprints, local_xy
from grids.geo.sensors import heading_for, headings_for, sensor_error_m, sensor_errors_m

ON_SITE_RADIUS_KM = 0.05
"""A person stood there: the disc of a patrol finding covers the error of a phone's GPS chip, where it states none."""
ON_SITE_M = (20.0, 5000.0)
"""The least and the most that a stated accuracy gives: no phone is better, and beyond it the row says nothing."""
WITHIN = 2.0
"""A device states the radius that holds 68 % of its positions; twice that holds about 95 %."""


def footprint_of(detection: Detection) -> shapely.Polygon:
    """The pixel of a satellite (turned by its heading; a nominal disc where size is unknown), a small disc on site."""
    if detection.kind != Detection.Kind.SATELLITE:
        size_km = on_site_radius_km(detection.accuracy_m) * 2**0.5
        return footprint(detection.lon, detection.lat, size_km, size_km, None, 0.0)
    return footprint(
        detection.lon, detection.lat, detection.scan_km, detection.track_km, _heading(detection),
        sensor_error_m(detection.satellite),
    )  # fmt: skip


def on_site_radius_km(accuracy_m: float | None) -> float:
    """The radius of the disc of a finding on site, by the accuracy that its row states."""
    if accuracy_m is None or not accuracy_m > 0:
        return ON_SITE_RADIUS_KM
    return min(max(WITHIN * accuracy_m, ON_SITE_M[0]), ON_SITE_M[1]) / 1000


def _beijing_hour(detection: Detection) -> float:
    local = detection.starts_at.astimezone(BEIJING)
    return local.hour + local.minute / 60


def _heading(detection: Detection) -> float | None:
    if detection.precision != "instant":
        return None
    return heading_for(detection.satellite, _beijing_hour(detection), detection.lat)


def site(detections: Iterable[Detection]) -> BaseGeometry:
    """The area in which the fire can have been. Findings on site settle it: where there are any, pixels no longer widen it."""
    every = list(detections)
    on_site = [detection for detection in every if detection.kind != Detection.Kind.SATELLITE]
    return shapely.union_all([footprint_of(detection) for detection in on_site or every])


def sites(groups: Sequence[Sequence[Detection]]) -> list[BaseGeometry]:
    """`site` of many points: all their footprints are drawn at once."""
    chosen = [
        [detection for detection in every if detection.kind != Detection.Kind.SATELLITE] or list(every)
        for every in groups
    ]
    flat = [detection for group in chosen for detection in group]
    shapes = footprints_of(flat)
    areas, at = [], 0
    for group in chosen:
        own = shapes[at : at + len(group)]
        areas.append(own[0] if len(own) == 1 else shapely.union_all(own))
        at += len(group)
    return areas


def footprints_of(detections: Sequence[Detection]) -> npt.NDArray[np.object_]:
    """`footprint_of` of many detections, in their order."""
    nan = float("nan")
    on_site = (
        np.array([on_site_radius_km(detection.accuracy_m) for detection in detections], dtype=np.float64)[:, None]
        * 2**0.5
    )
    pixel = np.array([detection.kind == Detection.Kind.SATELLITE for detection in detections], dtype=bool)
    instant = np.array([detection.precision == "instant" for detection in detections], dtype=bool)
    sizes = [
        [nan if size is None else size for size in (detection.scan_km, detection.track_km)] for detection in detections
    ]
    size = np.where(pixel[:, None], np.array(sizes, dtype=np.float64).reshape(-1, 2), on_site)
    hours = [_beijing_hour(detection) for detection in detections]
    lats = np.array([detection.lat for detection in detections], dtype=np.float64)
    names = [detection.satellite for detection in detections]
    heading = np.where(pixel & instant, headings_for(names, hours, lats), nan)
    error = np.where(pixel, sensor_errors_m(names), 0.0)
    return footprints([detection.lon for detection in detections], lats, size[:, 0], size[:, 1], heading, error)


def seen(detections: Iterable[Detection]) -> BaseGeometry:
    """The area that the sensors saw: what a verifier must search (policy.md §5)."""
    return shapely.union_all([footprint_of(detection) for detection in detections])


def distance_m(area: BaseGeometry, lon: float, lat: float) -> float:
    """Metres from a position to `area`, 0 inside it; measured in the plane tangent at the position."""

    def to_local(degrees: FloatArray) -> FloatArray:
        return np.column_stack(local_xy(degrees[:, 0], degrees[:, 1], lon, lat))

    return float(shapely.transform(area, to_local).distance(shapely.Point(0, 0)))
