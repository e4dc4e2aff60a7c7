"""How much of a footprint a search has covered: the tracks, widened by what a person sees, over the footprint. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from grids.geo.arrays import FloatArray
from grids.geo.footprint import local_xy

Track = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Search:
    """The rulings of a search. `share` of the footprint is to be covered, but no more than `most_km2`: a pixel at the edge
    of its scan is eight square kilometres. A searcher sees `reach_m` to each side; where two positions are farther apart
    than `gap_m` nobody knows where he was between them."""

    share: float = 0.3
    most_km2: float = 1.0
    reach_m: float = 100.0
    gap_m: float = 300.0

    def least(self, area: BaseGeometry) -> float:
        """The share of this footprint (lon/lat) that must be covered."""
        km2 = _flat(area, area.centroid).area / 1e6
        return min(self.share, self.most_km2 / km2) if km2 else self.share


def searched_share(area: BaseGeometry, tracks: Iterable[Track], search: Search) -> float:
    """The share (0–1) of `area` within reach of the tracks; positions and area in WGS-84 degrees. What overlaps counts once."""
    if area.is_empty:
        return 0.0
    centre = area.centroid
    ground = _flat(area, centre)
    near = ground.buffer(search.reach_m + search.gap_m)
    strips = []
    for track in tracks:
        lon, lat = np.array(track, dtype=np.float64).T
        walked = np.column_stack(local_xy(lon, lat, centre.x, centre.y))
        strips += [piece.buffer(search.reach_m) for piece in _pieces(walked, search.gap_m) if piece.intersects(near)]
    covered = shapely.union_all(strips).intersection(ground) if strips else None
    return round(float(covered.area / ground.area), 4) if covered is not None and ground.area else 0.0


def _pieces(walked: FloatArray, gap_m: float) -> list[BaseGeometry]:
    """The stretches of a track without a gap, in metres; a position alone is a point."""
    steps = np.hypot(*np.diff(walked, axis=0).T)
    parts = np.split(walked, np.flatnonzero(steps > gap_m) + 1)
    return [shapely.LineString(part) if len(part) > 1 else shapely.Point(part[0]) for part in parts]


def _flat(area: BaseGeometry, centre: shapely.Point) -> BaseGeometry:
    """The area in metres, in the plane tangent at its centre."""

    def to_local(degrees: FloatArray) -> FloatArray:
        return np.column_stack(local_xy(degrees[:, 0], degrees[:, 1], centre.x, centre.y))

    return shapely.transform(area, to_local)
