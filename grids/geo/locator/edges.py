"""Polygons as directed edges, and the edges that two of them share made one.

Every cell has a number, its weight: `unit + position`. An edge carries the step that the sum of the weights takes from
its right-hand side to its left-hand side: + weight where the cell lies on the left, − weight where on the right. For
a border that two cells share in the same vertices the two steps are added up, and the border is looked at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import shapely

from grids.geo.arrays import FloatArray, Geometries, IntArray
from grids.geo.locator.workers import in_order

_CHUNK: Final = 10_000
_FACTORS: Final = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93)

Ints = npt.NDArray[np.int64]
C = TypeVar("C", bound=tuple[Any, ...])


class Edges(NamedTuple):
    """n edges from (xa, ya) to (xb, yb) in degrees, and the steps (left minus right), which may be 0."""

    xa: FloatArray
    ya: FloatArray
    xb: FloatArray
    yb: FloatArray
    step: IntArray


_NO_EDGES = Edges(np.empty(0), np.empty(0), np.empty(0), np.empty(0), np.empty(0, np.int32))


def unit_for(cells: int) -> int:
    """A power of two above every position: a sum of weights within [unit, unit + cells) is of one cell alone."""
    return 1 << max(cells, 1).bit_length()


def collect(geometries: Geometries, unit: int, silent: npt.NDArray[np.bool_]) -> Edges:
    """All edges of all rings, shared ones merged. Edges of `silent` cells take no step: they are only looked out for.

    Most neighbours stand near each other in any list: edges are paired within a part of it first, and only those that
    stay alone are sought in the others.
    """

    def part(first: int) -> tuple[Edges, Edges]:
        at = slice(first, first + _CHUNK)
        merged, alone = merge(_edges(geometries[at], first, unit, silent[at]))
        return rows(merged, ~alone), rows(merged, alone)

    parts = list(in_order(part, range(0, len(geometries), _CHUNK)))
    if not parts:
        return _NO_EDGES
    alone, _ = merge(Edges(*joined([alone for _, alone in parts])))
    return Edges(*joined([*(paired for paired, _ in parts), alone]))


def rows(columns: C, at: Any) -> C:
    """The same columns, of some rows only: a slice, or positions."""
    return type(columns)(*(column[at] for column in columns))


def joined(parts: Sequence[Sequence[npt.NDArray[Any]]]) -> list[npt.NDArray[Any]]:
    """Columns of many parts put together, each freed as soon as it is: both at once would not fit for a country."""
    part_columns = [list(part) for part in parts]
    columns = []
    for at in range(len(part_columns[0])):
        columns.append(np.concatenate([part[at] for part in part_columns]))
        for part in part_columns:
            part[at] = columns[-1][:0]
    return columns


def _edges(geometries: Geometries, first: int, unit: int, silent: npt.NDArray[np.bool_]) -> Edges:
    """The edges of some cells, the first of which has position `first`; each runs from its western end to its eastern."""
    polygons, cell = shapely.get_parts(geometries, return_index=True)
    rings, polygon = shapely.get_rings(polygons, return_index=True)
    coordinates, ring = shapely.get_coordinates(rings, return_index=True)
    if not len(rings):
        return _NO_EDGES
    same = ring[1:] == ring[:-1]
    x, y = np.ascontiguousarray(coordinates.T)
    of = ring[1:][same]
    xa, ya, xb, yb = x[:-1][same], y[:-1][same], x[1:][same], y[1:][same]
    outer = np.append(True, polygon[1:] != polygon[:-1])
    weight = (unit + first + cell[polygon]) * np.where(outer == _is_ccw(rings, of, xa, ya, xb, yb), 1, -1)
    weight[silent[cell[polygon]]] = 0
    step = weight[of].astype(np.int32)
    backwards = (xa > xb) | ((xa == xb) & (ya > yb))
    step[backwards] *= -1
    xa[backwards], xb[backwards] = xb[backwards], xa[backwards]
    ya[backwards], yb[backwards] = yb[backwards], ya[backwards]
    return Edges(xa, ya, xb, yb, step)


def _is_ccw(
    rings: Geometries, of: Ints, xa: FloatArray, ya: FloatArray, xb: FloatArray, yb: FloatArray
) -> npt.NDArray[np.bool_]:
    """Whether each ring runs anticlockwise: the sign of its area, and GEOS where rounding could turn it."""
    first = np.flatnonzero(np.append(True, of[1:] != of[:-1]))
    x0, y0 = xa[first][of], ya[first][of]
    products = (xa - x0) * (yb - y0) - (xb - x0) * (ya - y0)
    area = np.add.reduceat(products, first)
    doubtful = np.abs(area) <= 1e-9 * np.add.reduceat(np.abs(products), first)
    ccw = area > 0
    ccw[doubtful] = shapely.is_ccw(rings[doubtful])
    return ccw


def merge(edges: Edges) -> tuple[Edges, npt.NDArray[np.bool_]]:
    """One edge for all that have the same two ends, its step the sum of theirs; and which had no twin."""
    key = _hash(edges)
    order = np.argsort(key)
    key = key[order]
    fresh = np.append(True, key[1:] != key[:-1])[: len(key)]
    twin = np.flatnonzero(~fresh)
    # The hash only proposes: edges are one if their four numbers are.
    for column in edges[:4]:
        differ = column[order[twin]] != column[order[twin - 1]]
        fresh[twin[differ]] = True
    first = np.flatnonzero(fresh)
    step = np.add.reduceat(edges.step[order], first) if len(first) else edges.step
    alone = np.diff(np.append(first, len(key))) == 1
    # Back into the order of the cells, where neighbours lie close together.
    by_place = np.argsort(order[first])
    merged = rows(edges, order[first][by_place])._replace(step=step[by_place].astype(np.int32))
    return merged, alone[by_place]


def _hash(edges: Edges) -> npt.NDArray[np.uint64]:
    """64 bits for each edge; equal edges have equal ones."""
    total = np.zeros(len(edges.xa), dtype=np.uint64)
    for column, factor in zip(edges[:4], _FACTORS, strict=True):
        bits = (column + 0.0).view(np.uint64)  # + 0.0: minus zero equals zero
        total += (bits ^ (bits >> np.uint64(29))) * np.uint64(factor)
        total ^= total >> np.uint64(32)
    return total
