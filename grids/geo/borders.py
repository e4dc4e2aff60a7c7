"""Distance to the nearest border of a set of areas, in metres."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from grids.geo.arrays import FloatArray, Geometries, Numbers, lonlat
from grids.geo.footprint import distance_m, from_local_xy, local_xy, metres_per_degree

_CHUNK = 1 << 16


class Borders:
    """All edges of some areas, outer ones and holes too, indexed for nearest-edge questions.

    The tree lives in a plane where longitude is squeezed for the middle latitude. At another latitude that plane is
    stretched a little, so its nearest edge is only an upper bound: every edge within that bound (times the stretch) is
    then measured in the point's own local plane, where edges, being straight in lon/lat, stay straight.
    """

    def __init__(self, areas: Geometries) -> None:
        self._ends = _unique_edges(areas)
        lats = self._ends[:, :, 1]
        self._squeeze = float(_aspect(np.array(lats.mean() if len(lats) else 0.0)))
        flat = self._ends * np.array([self._squeeze, 1.0])
        self._tree = shapely.STRtree(shapely.linestrings(flat) if len(flat) else [])

    def distance_m(self, lon: Numbers, lat: Numbers) -> FloatArray:
        """Metres from each point to the nearest edge, inf if there is none. Good to 0.1 % within 20 km.

        Raises ValueError for NaN and infinity.
        """
        x, y = lonlat(lon, lat)
        found = np.full(x.size, np.inf)
        for start in range(0, x.size if len(self._ends) else 0, _CHUNK):
            part = slice(start, start + _CHUNK)
            found[part] = self._nearest(x.ravel()[part], y.ravel()[part])
        return found.reshape(x.shape)

    def _nearest(self, x: FloatArray, y: FloatArray) -> FloatArray:
        flat = shapely.points(x * self._squeeze, y)
        _, bound = self._tree.query_nearest(flat, all_matches=False, return_distance=True)
        stretch = _aspect(y) / self._squeeze
        reach = bound * np.maximum(stretch, 1 / stretch) * (1 + 1e-9) + 1e-12
        point, edge = self._tree.query(flat, predicate="dwithin", distance=reach)
        measured = self._measure(x[point], y[point], self._ends[edge])
        nearest = np.full(x.size, np.inf)
        np.minimum.at(nearest, point, measured)
        return nearest

    @staticmethod
    def _measure(x: FloatArray, y: FloatArray, ends: FloatArray) -> FloatArray:
        """Metres from point k to edge k: the foot of the perpendicular in the local plane, then the true distance."""
        ax, ay = local_xy(ends[:, 0, 0], ends[:, 0, 1], x, y)
        bx, by = local_xy(ends[:, 1, 0], ends[:, 1, 1], x, y)
        dx, dy = bx - ax, by - ay
        along = np.clip(-(ax * dx + ay * dy) / np.maximum(dx * dx + dy * dy, 1e-300), 0.0, 1.0)
        foot = from_local_xy(ax + along * dx, ay + along * dy, x, y)
        return distance_m(x, y, foot[0], foot[1])


def _aspect(lat: FloatArray) -> FloatArray:
    east, north = metres_per_degree(lat)
    # At a pole a degree of longitude has no length, and the plane would collapse.
    return np.maximum(east / north, 1e-3)


def _unique_edges(areas: Geometries) -> npt.NDArray[np.float64]:
    """(n, 2, 2) ends of all edges of all rings; an edge that two areas share is kept once."""
    rings = shapely.get_rings(areas)
    coordinates, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[1:] == ring[:-1]
    ends = np.stack([coordinates[:-1][same], coordinates[1:][same]], axis=1)
    backwards = (ends[:, 0, 0] > ends[:, 1, 0]) | ((ends[:, 0, 0] == ends[:, 1, 0]) & (ends[:, 0, 1] > ends[:, 1, 1]))
    ends[backwards] = ends[backwards][:, ::-1]
    return np.unique(ends, axis=0)
