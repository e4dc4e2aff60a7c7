"""How far two sites lie apart: metres between their edges and centres, hours between their intervals, the area they share.

The page of a merge, the page of a question and the guard that asks for a second person read the same measures.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from firepoints.models import Detection, FirePoint
from firepoints.sightings import footprints
from firepoints.steps import selectors
from grids.geo.arrays import FloatArray
from grids.geo.footprint import local_xy


@dataclass(frozen=True, slots=True)
class Between:
    """`edge_m` 0: the areas meet; `gap_h` 0: the intervals meet; `overlap`: the share of the smaller area in the other."""

    edge_m: float
    centre_m: float
    gap_h: float
    overlap: float

    @property
    def words(self) -> str:
        """The measures in a sentence."""
        edge = "范围相接或重叠" if self.edge_m < 1 else f"范围边缘相距 {metres(self.edge_m)}"
        gap = "时间相接" if self.gap_h < 1 / 60 else f"相隔 {hours(self.gap_h)}"
        return f"{edge}，中心相距 {metres(self.centre_m)}，{gap}"


def gap_between(point: FirePoint, other: FirePoint) -> Between:
    """The measures between two points by their sightings as they stand now; of one without any, from where it lies."""
    measures = between(selectors.active_detections(point), selectors.active_detections(other))
    return measures or _between_positions(point, other)


def _between_positions(point: FirePoint, other: FirePoint) -> Between:
    apart = footprints.distance_m(shapely.Point(point.lon, point.lat), other.lon, other.lat)
    between_s = (max(point.starts_at, other.starts_at) - min(point.ends_at, other.ends_at)).total_seconds()
    return Between(apart, apart, max(between_s, 0.0) / 3600, 0.0)


def between(own: Sequence[Detection], theirs: Sequence[Detection]) -> Between | None:
    """The measures between the sightings of two sites; None where one of them has none."""
    if not own or not theirs:
        return None
    origin = own[0].lon, own[0].lat

    def to_local(degrees: FloatArray) -> FloatArray:
        return np.column_stack(local_xy(degrees[:, 0], degrees[:, 1], *origin))

    a, b = (shapely.transform(footprints.site(side), to_local) for side in (own, theirs))
    centres = [
        np.column_stack(local_xy([d.lon for d in side], [d.lat for d in side], *origin)) for side in (own, theirs)
    ]
    away = np.hypot(*(centres[0][:, None, :] - centres[1][None, :, :]).transpose(2, 0, 1))
    return Between(float(a.distance(b)), float(away.min()), _gap_h(own, theirs), _overlap(a, b))


def _gap_h(own: Sequence[Detection], theirs: Sequence[Detection]) -> float:
    """Hours between the two intervals that come nearest, 0 where they meet."""
    gaps = [max((b.starts_at - a.ends_at), (a.starts_at - b.ends_at)) for a in own for b in theirs]
    return max(min(gaps).total_seconds(), 0.0) / 3600


def _overlap(a: BaseGeometry, b: BaseGeometry) -> float:
    smaller = min(a.area, b.area)
    return float(a.intersection(b).area / smaller) if smaller else 0.0


def metres(distance_m: float) -> str:
    """A distance as people say it."""
    return f"{distance_m:.0f} 米" if distance_m < 950 else f"{distance_m / 1000:.1f} 公里"


def hours(gap_h: float) -> str:
    """A span of time as people say it."""
    if gap_h >= 72:
        return f"{gap_h / 24:.0f} 天"
    whole, minutes = divmod(round(gap_h * 60), 60)
    return f"{whole} 时 {minutes} 分" if whole and minutes else f"{whole} 时" if whole else f"{minutes} 分"


def outside_m(point: FirePoint, lon: float, lat: float) -> float:
    """Metres from a position to the area in which the point can have burnt, its error included; 0 inside."""
    detections = selectors.active_detections(point)
    area = footprints.site(detections) if detections else shapely.Point(point.lon, point.lat)
    return footprints.distance_m(area, lon, lat)
