"""Distance to the nearest border of a set of areas, in metres."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from grids.geo.arrays import FloatArray, Geometries, Numbers, lonlat
from grids.geo.footprint import distance_m, from_local_xy, local_xy, metres_per_degree
from grids.geo.locator.boxes import BoxTree, children
from grids.geo.locator.edges import collect

_CHUNK = 1 << 13
_SLACK: Final = 1.02
"""The local plane and the true distance differ by 0.3 % at 20 km: what is nearest in one is sought this much
farther."""

Ints = npt.NDArray[np.int64]
Arrays = dict[str, npt.NDArray[Any]]


class Borders:
    """All edges of some areas, outer ones and holes too, in a tree of boxes for nearest-edge questions.

    Distances are taken in the point's own local plane, where edges, being straight in lon/lat, stay straight, and boxes
    stay boxes: what the tree leaves out is farther for certain.
    """

    def __init__(self, ends: FloatArray, tree: BoxTree) -> None:
        self._ends = ends
        self._tree = tree

    @classmethod
    def build(cls, areas: Geometries) -> Borders:
        """The edges of (multi)polygons in degrees; an edge that two areas share is kept once."""
        edges = collect(areas, 1, np.ones(len(areas), dtype=bool))
        ends = np.stack(edges[:4], axis=1)
        boxes = np.concatenate([np.minimum(ends[:, :2], ends[:, 2:]), np.maximum(ends[:, :2], ends[:, 2:])], axis=1)
        tree = BoxTree.build(boxes)
        # In the order of the tree, so that edges that are asked for together lie together.
        return cls(ends[tree.order], BoxTree(np.arange(len(ends), dtype=np.int32), tree.levels))

    def arrays(self) -> Arrays:
        """As plain arrays (see `store`)."""
        return {"border_edges": self._ends, **self._tree.arrays("border_tree")}

    @classmethod
    def of_arrays(cls, arrays: Arrays) -> Borders:
        """The borders of what `arrays` gave."""
        return cls(arrays["border_edges"], BoxTree.of_arrays("border_tree", arrays))

    def distance_m(self, lon: Numbers, lat: Numbers) -> FloatArray:
        """Metres from each point to the nearest edge, inf if there is none. Good to 0.1 % within 20 km.

        Raises ValueError for NaN and infinity.
        """
        x, y = lonlat(lon, lat)
        distances = np.full(x.size, np.inf)
        for start in range(0, x.size if len(self._ends) else 0, _CHUNK):
            part = slice(start, start + _CHUNK)
            distances[part] = self._nearest(x.ravel()[part], y.ravel()[part])
        return distances.reshape(x.shape)

    def _nearest(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Metres from each point to the nearest edge, down the tree level by level: no box matters that begins farther
        away than another one ends, for in each lies an edge."""
        east, north = metres_per_degree(y)
        reach = np.full(x.size, np.inf)
        point, node = np.arange(x.size), np.zeros(x.size, dtype=np.int64)
        for depth, level in enumerate(reversed(self._tree.levels)):
            if depth:
                point, node = children(point, node, len(level))
            near_m, far_m = _span_m(x[point], y[point], level[node], east[point], north[point])
            np.minimum.at(reach, point, far_m)
            near = near_m <= reach[point] * _SLACK + 1e-6
            point, node = point[near], node[near]
        nearest = np.full(x.size, np.inf)
        np.minimum.at(nearest, point, _to_edge_m(x[point], y[point], self._ends[node]))
        return nearest


def _span_m(
    x: FloatArray, y: FloatArray, boxes: FloatArray, east: FloatArray, north: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Metres from points to the nearest and to the farthest place of boxes, in each point's local plane, in which a
    degree is `east` and `north` metres long."""
    west, south = (boxes[:, 0] - x) * east, (boxes[:, 1] - y) * north
    right, top = (boxes[:, 2] - x) * east, (boxes[:, 3] - y) * north
    near = np.hypot(np.maximum(np.maximum(west, -right), 0.0), np.maximum(np.maximum(south, -top), 0.0))
    far = np.hypot(np.maximum(np.abs(west), np.abs(right)), np.maximum(np.abs(south), np.abs(top)))
    return np.asarray(near), np.asarray(far)


def _to_edge_m(x: FloatArray, y: FloatArray, ends: FloatArray) -> FloatArray:
    """Metres from point k to edge k: the foot of the perpendicular in the local plane, then the true distance."""
    ax, ay = local_xy(ends[:, 0], ends[:, 1], x, y)
    bx, by = local_xy(ends[:, 2], ends[:, 3], x, y)
    dx, dy = bx - ax, by - ay
    along = np.clip(-(ax * dx + ay * dy) / np.maximum(dx * dx + dy * dy, 1e-300), 0.0, 1.0)
    foot = from_local_xy(ax + along * dx, ay + along * dy, x, y)
    return distance_m(x, y, foot[0], foot[1])
