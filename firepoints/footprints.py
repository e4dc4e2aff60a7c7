"""What the detections of a point may have seen on the ground, as polygons in WGS-84 lon/lat, and distances to it."""

from collections.abc import Iterable

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from firepoints.models import Detection
from grids.geo.arrays import FloatArray
from grids.geo.footprint import footprint, local_xy
from grids.geo.sensors import heading_for, sensor_error_m
from journal.clock import BEIJING

ON_SITE_RADIUS_KM = 0.05
"""A person stood there: the disc of a patrol finding covers the error of a phone's GPS chip."""


def footprint_of(detection: Detection) -> shapely.Polygon:
    """The pixel of a satellite (turned by its heading; a nominal disc where size is unknown), a small disc on site."""
    if detection.kind != Detection.Kind.SATELLITE:
        size_km = ON_SITE_RADIUS_KM * 2**0.5
        return footprint(detection.lon, detection.lat, size_km, size_km, None, 0.0)
    return footprint(
        detection.lon, detection.lat, detection.scan_km, detection.track_km, _heading(detection),
        sensor_error_m(detection.satellite),
    )  # fmt: skip


def _heading(detection: Detection) -> float | None:
    if detection.precision != "instant":
        return None
    local = detection.starts_at.astimezone(BEIJING)
    return heading_for(detection.satellite, local.hour + local.minute / 60, detection.lat)


def site(detections: Iterable[Detection]) -> BaseGeometry:
    """Where the fire can have been. Findings on site settle it: where there are any, pixels no longer widen it."""
    every = list(detections)
    on_site = [one for one in every if one.kind != Detection.Kind.SATELLITE]
    return shapely.union_all([footprint_of(one) for one in on_site or every])


def seen(detections: Iterable[Detection]) -> BaseGeometry:
    """Everything that the sensors saw: what a verifier must search (policy.md §5)."""
    return shapely.union_all([footprint_of(one) for one in detections])


def distance_m(area: BaseGeometry, lon: float, lat: float) -> float:
    """Metres from a position to `area`, 0 inside it; measured in the plane tangent at the position."""

    def to_local(degrees: FloatArray) -> FloatArray:
        return np.column_stack(local_xy(degrees[:, 0], degrees[:, 1], lon, lat))

    return float(shapely.transform(area, to_local).distance(shapely.Point(0, 0)))
