"""The misfits of shapes that should fit, by their directed edges, without laying one shape over another.

Each cell is the boundary of its area, run counter-clockwise. Where two cells fit, the edge of one cancels the same edge
of the other, run the other way. What is left over (the residue) determines how many cells cover any place: a place
covered by none or by two lies in a face of the residue. So 3,000 counties that fit cost one sort, and only misfits cost
geometry. Exact: vertices are compared as they are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import shapely

from grids.geo.arrays import BoolArray, FloatArray, Geometries

Ints = npt.NDArray[np.int64]
_NONE = np.array([], dtype=np.int64)


class Edges:
    """The directed edges of several arrays of areas over one set of vertices."""

    def __init__(self, *areas: Geometries) -> None:
        at, ring, owner, lot = _vertices(areas)
        # Complex numbers sort by real part, then imaginary part: one sort finds equal vertices exactly.
        self._points, ids = np.unique(at[:, 0] + 1j * at[:, 1], return_inverse=True)
        edge = (ring[1:] == ring[:-1]) & (ids[1:] != ids[:-1])
        a, b = ids[:-1][edge].astype(np.int64), ids[1:][edge].astype(np.int64)
        self.sign = np.where(a < b, 1, -1).astype(np.int64)
        self._width = np.int64(max(len(self._points), 1))
        key = np.minimum(a, b) * self._width + np.maximum(a, b)
        self._keys, segment = np.unique(key, return_inverse=True)
        self.segment: Ints = segment.astype(np.int64)
        of_edge = ring[:-1][edge]
        self.owner: Ints = owner[of_edge]
        self.lot: Ints = lot[of_edge]

    def residue(self, lot: int = 0) -> Ints:
        """The segments of one array of areas that no neighbour cancels."""
        mine = self.lot == lot
        total = np.bincount(self.segment[mine], weights=self.sign[mine], minlength=len(self._keys))
        return np.flatnonzero(np.rint(total).astype(np.int64) != 0)

    def misfits(self, group_of_child: Ints, groups: int) -> BoolArray:
        """For each parent (array 1, by position) whether its children (array 0) fail to tile it exactly.

        `group_of_child` is the parent's position, −1 for none. A parent without children fails too.
        """
        group = self.owner.copy()
        group[self.lot == 0] = group_of_child[self.owner[self.lot == 0]]
        has_group = group >= 0
        sign = np.where(self.lot == 0, self.sign, -self.sign)[has_group]
        key = group[has_group] * np.int64(max(len(self._keys), 1)) + self.segment[has_group]
        keys, at = np.unique(key, return_inverse=True)
        unpaired = np.rint(np.bincount(at, weights=sign, minlength=len(keys))).astype(np.int64) != 0
        misfit = np.zeros(groups, dtype=np.bool_)
        misfit[(keys[unpaired] // max(len(self._keys), 1)).astype(np.int64)] = True
        return misfit

    def lines(self, segments: Ints) -> Geometries:
        """These segments as lines."""
        a, b = np.divmod(self._keys[segments], self._width)
        ends = np.stack([self._points[a], self._points[b]], axis=1)
        return np.asarray(shapely.linestrings(np.stack([ends.real, ends.imag], axis=2)), dtype=object)

    def owners_of(self, segments: Ints, lot: int = 0) -> Ints:
        """The areas of one array that have one of these segments, by position."""
        return np.unique(self.owner[(self.lot == lot) & np.isin(self.segment, segments)])


def faces(edges: Edges, segments: Ints) -> Geometries:
    """The faces that these segments enclose, whichever way they cross."""
    if not len(segments):
        return np.array([], dtype=object)
    noded = shapely.get_parts(shapely.node(shapely.multilinestrings(edges.lines(segments))))
    enclosed = shapely.get_parts(shapely.polygonize(noded))
    return np.asarray(enclosed, dtype=object)


def covering(points: Geometries, cells: Geometries) -> Ints:
    """How many cells cover each point."""
    point, _ = shapely.STRtree(cells).query(points, predicate="intersects")
    return np.bincount(point, minlength=len(points)).astype(np.int64)


def _vertices(areas: Sequence[Geometries]) -> tuple[FloatArray, Ints, Ints, Ints]:
    """All vertices (n × 2) with their ring; of each ring the position of its area and which array that is in. Outer
    rings run counter-clockwise and holes clockwise."""
    at, ring, owner, lot, rings = [np.empty((0, 2))], [_NONE], [_NONE], [_NONE], 0
    for which, shapes in enumerate(areas):
        # get_rings answers nothing for a multi-polygon: its parts are asked one by one.
        parts, owner_of_part = shapely.get_parts(shapely.orient_polygons(shapes, exterior_cw=False), return_index=True)
        ring_shapes, part_of_ring = shapely.get_rings(parts, return_index=True)
        vertices, ring_of_vertex = shapely.get_coordinates(ring_shapes, return_index=True)
        at.append(vertices)
        ring.append(ring_of_vertex.astype(np.int64) + rings)
        owner.append(owner_of_part[part_of_ring].astype(np.int64))
        lot.append(np.full(len(ring_shapes), which, dtype=np.int64))
        rings += len(ring_shapes)
    return np.concatenate(at), np.concatenate(ring), np.concatenate(owner), np.concatenate(lot)
