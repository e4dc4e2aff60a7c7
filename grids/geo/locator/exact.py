"""The cells of the points that the table leaves open, by GEOS: those that cover a point, and the one it belongs to.

A few dozen points of a million come here: those within a hair of a border. So do all points where cells overlap.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

from grids.geo.arrays import FloatArray, Geometries, IntArray
from grids.geo.locator.boxes import BoxTree
from grids.geo.locator.shapes import Shapes

OVERLAP: Final = 1
"""Flag: inside two cells at once, or inside one and on the border of another: the borders themselves disagree."""
BORDER: Final = 2
"""Flag: exactly on the border of a cell that covers the point; outer edges count."""

Flags = npt.NDArray[np.uint8]
Pairs = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]


class Exact:
    """The cells themselves, a tree over their boxes, and the order of their codes."""

    def __init__(self, shapes: Shapes, tree: BoxTree, rank: IntArray) -> None:
        self.shapes = shapes
        self.tree = tree
        self.rank = rank

    def covering(self, x: FloatArray, y: FloatArray) -> Pairs:
        """All pairs (point, cell) where the cell covers the point, border included; 1-D finite input."""
        point, cell = self.tree.meeting(np.stack([x, y, x, y], axis=1))
        covers = shapely.intersects_xy(self._shapes_of(cell), x[point], y[point])
        return point[covers], cell[covers]

    def lowest(self, size: int, pairs: Pairs) -> IntArray:
        """The cell of each of `size` points, by the rule: of those paired with it the one with the lowest code; −1 for
        none."""
        point, cell = pairs
        chosen = np.full(size, -1, dtype=np.int32)
        # The last one written stays: the lowest code comes last.
        order = np.argsort(self.rank[cell])[::-1]
        chosen[point[order]] = cell[order]
        return chosen

    def marks(self, x: FloatArray, y: FloatArray, pairs: Pairs) -> Flags:
        """OVERLAP and BORDER of each point, from the cells that cover it."""
        point, cell = pairs
        inside = shapely.contains_xy(self._shapes_of(cell), x[point], y[point])
        n_covering = np.bincount(point, minlength=x.size)
        n_inside = np.bincount(point[inside], minlength=x.size)
        overlap = (n_covering > 1) & (n_inside > 0)
        return (OVERLAP * overlap + BORDER * (n_covering > n_inside)).astype(np.uint8)

    def _shapes_of(self, cell: npt.NDArray[np.int64]) -> Geometries:
        distinct, which = np.unique(cell, return_inverse=True)
        return self.shapes.take(distinct)[which]
