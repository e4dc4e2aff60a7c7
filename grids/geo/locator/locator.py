"""The public face of the index."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, Literal, overload

import numpy as np
import numpy.typing as npt
import shapely

from grids.geo import store
from grids.geo.arrays import FloatArray, Geometries, IntArray, Numbers, geometry_array, paired, require_finite
from grids.geo.locator import lookup
from grids.geo.locator.boxes import BoxTree
from grids.geo.locator.compile import compile_table
from grids.geo.locator.exact import Exact, Flags, Pairs
from grids.geo.locator.shapes import GivenShapes, Shapes, StoredShapes
from grids.geo.locator.table import Grid, Table
from grids.geo.locator.workers import cores, shared

KIND: Final = "locator"
VERSION: Final = 2

_ONE_THREAD = 1 << 17

Arrays = dict[str, npt.NDArray[Any]]


class Locator:
    """An index over cells; immutable once built. Positions are indexes into the geometries as given."""

    def __init__(self, table: Table, shapes: Shapes, tree: BoxTree, rank: IntArray, codes: store.PackedTexts) -> None:
        self._table = table
        self._shapes = shapes
        self._tree = tree
        self._codes = codes
        self._listed: list[str] | None = None
        self._exact = Exact(shapes, tree, rank)

    @classmethod
    def build(cls, geometries: Iterable[shapely.Geometry | None], codes: Iterable[str]) -> Locator:
        """Index (multi)polygons in degrees by their codes; None and empty geometries cover nothing.

        Raises ValueError if the two differ in length, or for geometries that are not areas or not finite.
        """
        areas, names = geometry_array(geometries), [str(code) for code in codes]
        if len(areas) != len(names):
            raise ValueError(f"图形 {len(areas)} 个，代码 {len(names)} 个，数目不一致")
        rank = np.empty(len(names), dtype=np.int32)
        rank[sorted(range(len(names)), key=names.__getitem__)] = np.arange(len(names), dtype=np.int32)
        tree = BoxTree.build(shapely.bounds(areas).reshape(-1, 4))
        return cls(compile_table(areas), GivenShapes(areas), tree, rank, store.PackedTexts.of(names))

    @property
    def codes(self) -> list[str]:
        """The codes by position."""
        if self._listed is None:
            self._listed = self._codes.texts()
        return self._listed

    @property
    def geometries(self) -> Geometries:
        """All cells by position, None where there is no polygon; of an opened index they are read at the first use."""
        return self._shapes.all()

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north of all cells in degrees; NaN where there are none."""
        boxes = self._tree.levels[0]
        real = boxes[boxes[:, 0] <= boxes[:, 2]]
        if not len(real):
            return (np.nan, np.nan, np.nan, np.nan)
        (west, south), (east, north) = real[:, :2].min(axis=0), real[:, 2:].max(axis=0)
        return float(west), float(south), float(east), float(north)

    @overload
    def locate(self, lon: Numbers, lat: Numbers, flags: Literal[False] = False) -> IntArray: ...
    @overload
    def locate(self, lon: Numbers, lat: Numbers, flags: Literal[True]) -> tuple[IntArray, Flags]: ...
    def locate(self, lon: Numbers, lat: Numbers, flags: bool = False) -> IntArray | tuple[IntArray, Flags]:
        """Positions (int32, the shape of the input) of the cells that the points belong to, −1 outside all.

        With `flags=True` also a uint8 array of OVERLAP and BORDER. Raises ValueError for NaN and infinity.
        """
        x, y = paired(lon, lat)
        shape, x, y = x.shape, x.ravel(), y.ravel()
        positions = np.empty(x.size, dtype=np.int32)
        try:
            ask = self._look_up(x, y, positions)
        except lookup.NotFinite:
            require_finite(x, y)
            raise
        marks = np.zeros(x.size if flags else 0, dtype=np.uint8)
        for part in np.array_split(ask, -(-ask.size // lookup.CHUNK)) if ask.size else ():
            pairs = self.covering(x[part], y[part])
            positions[part] = self.lowest(part.size, pairs)
            if flags:
                marks[part] = self.marks(x[part], y[part], pairs)
        return (positions.reshape(shape), marks.reshape(shape)) if flags else positions.reshape(shape)

    def _look_up(self, x: FloatArray, y: FloatArray, positions: IntArray) -> npt.NDArray[np.int64]:
        """Fill `positions` from the table; which points it leaves open. Large batches are shared among the cores."""
        together = cores() if x.size >= _ONE_THREAD else 1
        size = -(-x.size // max(together, -(-x.size // lookup.CHUNK), 1))

        def work(start: int) -> npt.NDArray[np.int64]:
            part = slice(start, start + size)
            return lookup.many(self._table, x[part], y[part], positions[part]) + start

        starts = range(0, x.size, max(size, 1))
        batches = shared(work, starts) if together > 1 else [work(start) for start in starts]
        return np.concatenate([*batches, np.empty(0, dtype=np.int64)])

    def covering(self, x: FloatArray, y: FloatArray) -> Pairs:
        """All pairs (point, cell) where the cell covers the point, border included; asked of GEOS. 1-D finite input."""
        return self._exact.covering(x, y)

    def lowest(self, size: int, pairs: Pairs) -> IntArray:
        """The cell of each of `size` points, by the rule: of those paired with it the one with the lowest code; −1 for
        none."""
        return self._exact.lowest(size, pairs)

    def marks(self, x: FloatArray, y: FloatArray, pairs: Pairs) -> Flags:
        """OVERLAP and BORDER of each point, from the cells that cover it."""
        return self._exact.marks(x, y, pairs)

    def meeting(self, areas: Geometries) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Geometries]:
        """All (area, cell, its polygon) that have a point in common, borders included."""
        of, cell = self._tree.meeting(shapely.bounds(areas).reshape(-1, 4))
        polygons = self._shapes.take(cell)
        meet = shapely.intersects(polygons, areas[of])
        return of[meet], cell[meet], polygons[meet]

    def arrays(self) -> Arrays:
        """The whole index as plain arrays (see `store`)."""
        table = self._table
        sizes = np.array([table.grid.columns, table.grid.rows, table.areas], dtype=np.int64)
        return {
            "grid": np.array(table.grid[:4], dtype=np.float64), "sizes": sizes,
            "coarse": table.coarse, "fine": table.fine, "records": table.records, "rank": self._exact.rank,
            **self._tree.arrays("tree"), **self._codes.arrays("code"), **self._shapes.arrays(),
        }  # fmt: skip

    @property
    def digest(self) -> str:
        """sha256 of what the index was made of: a name for the file that changes whenever any answer could."""
        return store.digest(self._shapes.arrays() | self._codes.arrays("code"))

    def save(self, path: str | Path) -> None:
        """Write the index to one file: fsync, then rename into place."""
        store.write(Path(path), kind=KIND, version=VERSION, arrays=self.arrays())

    @classmethod
    def open(cls, path: str | Path) -> Locator:
        """The index that `save` wrote, mapped. Raises FileNotFoundError, or store.IndexDamaged: then build it again."""
        return cls.of_arrays(store.read(Path(path), kind=KIND, version=VERSION))

    @classmethod
    def of_arrays(cls, arrays: Arrays) -> Locator:
        """The index of what `arrays` gave."""
        columns, rows, areas = arrays["sizes"].tolist()
        west, south, per_x, per_y = arrays["grid"].tolist()
        grid = Grid(west, south, per_x, per_y, columns, rows)
        table = Table(grid, areas, arrays["coarse"], arrays["fine"], arrays["records"])
        tree, codes = BoxTree.of_arrays("tree", arrays), store.PackedTexts.of_arrays("code", arrays)
        return cls(table, StoredShapes(arrays), tree, arrays["rank"], codes)
