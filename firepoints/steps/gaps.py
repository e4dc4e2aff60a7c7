"""The way between two sites: metres between their edges, hours between their times."""

from dataclasses import dataclass

import numpy as np
import shapely

from firepoints.models import FirePoint
from firepoints.sightings import footprints
from firepoints.steps import selectors
from grids.geo.arrays import FloatArray
from grids.geo.footprint import local_xy


@dataclass(frozen=True, slots=True)
class Gap:
    """Metres between the edges of two sites (0: they touch), hours between their intervals (0: they overlap)."""

    metres: float
    hours: float

    @property
    def words(self) -> str:
        """The gap for people."""
        far = f"{self.metres / 1000:.1f} 公里" if self.metres >= 1000 else f"{self.metres:.0f} 米"
        long = f"{self.hours / 24:.1f} 天" if self.hours >= 48 else f"{self.hours:.1f} 小时"
        return f"边缘相距 {far}，时间相隔 {long}"


def gap_between(point: FirePoint, other: FirePoint) -> Gap:
    """The gap between two points, each with the area and the interval of its sightings as they stand now."""
    lon, lat = (point.lon + other.lon) / 2, (point.lat + other.lat) / 2

    def to_local(degrees: FloatArray) -> FloatArray:
        x, y = local_xy(degrees[:, 0], degrees[:, 1], lon, lat)
        return np.column_stack((x, y))

    areas = [shapely.transform(_area(each), to_local) for each in (point, other)]
    between_s = (max(point.starts_at, other.starts_at) - min(point.ends_at, other.ends_at)).total_seconds()
    return Gap(float(areas[0].distance(areas[1])), max(between_s, 0.0) / 3600)


def outside_m(point: FirePoint, lon: float, lat: float) -> float:
    """Metres from a position to the area in which the point can have burnt, its error included; 0 inside."""
    return footprints.distance_m(_area(point), lon, lat)


def _area(point: FirePoint) -> shapely.Geometry:
    detections = selectors.active_detections(point)
    return footprints.site(detections) if detections else shapely.Point(point.lon, point.lat)
