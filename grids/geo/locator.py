"""Point → cell, exactly: the answer is that of GEOS `covers`, and every point has one answer by one fixed rule.

The rule: a point covered by several cells (a shared border or vertex, or an overlap of imperfect borders) belongs to
the one with the lower code in string order; of equal codes, to the one given first. The answer depends on nothing
else: not on the batch, its order or size, nor on the process or the machine. Longitudes are compared as numbers:
−180 and 180 are two different places.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final, Literal, overload

import numpy as np
import numpy.typing as npt
import shapely

from grids.geo import store
from grids.geo.arrays import FloatArray, Geometries, IntArray, Numbers, geometry_array, lonlat

OVERLAP: Final = 1
"""Flag: inside two cells at once, or inside one and on the border of another: the borders themselves disagree."""
BORDER: Final = 2
"""Flag: exactly on the border of a cell that covers the point; outer edges count."""

_KIND, _VERSION = "locator", 1
_CHUNK = 1 << 18  # bounds the memory of one bulk query; the answers do not depend on it

Flags = npt.NDArray[np.uint8]
Pairs = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]


class Locator:
    """An index over cells; immutable once built. Positions are indexes into the geometries as given."""

    def __init__(self, geometries: Geometries, codes: list[str]) -> None:
        self.geometries = geometries
        self.codes = codes
        shapely.prepare(geometries)
        self._tree = shapely.STRtree(geometries)
        in_order = np.array(sorted(range(len(codes)), key=codes.__getitem__), dtype=np.int32)
        self._at_rank = np.append(in_order, np.int32(-1))
        self._rank = np.argsort(in_order).astype(np.int32)

    @classmethod
    def build(cls, geometries: Iterable[shapely.Geometry | None], codes: Iterable[str]) -> Locator:
        """Index (multi)polygons in degrees by their codes; None and empty geometries cover nothing.

        Raises ValueError if the two differ in length, or for geometries that are not areas or not finite.
        """
        areas, names = geometry_array(geometries), [str(code) for code in codes]
        if len(areas) != len(names):
            raise ValueError(f"图形 {len(areas)} 个，代码 {len(names)} 个，数目不一致")
        return cls(areas, names)

    @overload
    def locate(self, lon: Numbers, lat: Numbers, flags: Literal[False] = False) -> IntArray: ...
    @overload
    def locate(self, lon: Numbers, lat: Numbers, flags: Literal[True]) -> tuple[IntArray, Flags]: ...
    def locate(self, lon: Numbers, lat: Numbers, flags: bool = False) -> IntArray | tuple[IntArray, Flags]:
        """Positions (int32, the shape of the input) of the cells that the points belong to, −1 outside all.

        With `flags=True` also a uint8 array of OVERLAP and BORDER. Raises ValueError for NaN and infinity.
        """
        x, y = lonlat(lon, lat)
        positions, marks = np.empty(x.size, dtype=np.int32), np.zeros(x.size, dtype=np.uint8)
        for start in range(0, x.size, _CHUNK):
            part = slice(start, start + _CHUNK)
            part_x, part_y = x.ravel()[part], y.ravel()[part]
            pairs = self.covering(part_x, part_y)
            positions[part] = self.lowest(part_x.size, pairs)
            if flags:
                marks[part] = self.marks(part_x, part_y, pairs)
        return (positions.reshape(x.shape), marks.reshape(x.shape)) if flags else positions.reshape(x.shape)

    def covering(self, x: FloatArray, y: FloatArray) -> Pairs:
        """All pairs (point, cell) where the cell covers the point, border included; 1-D finite input, no chunks."""
        point, cell = self._tree.query(shapely.points(x, y))
        covers = shapely.intersects_xy(self.geometries[cell], x[point], y[point])
        return point[covers], cell[covers]

    def lowest(self, size: int, pairs: Pairs) -> IntArray:
        """The rule: of the cells paired with each of `size` points, the one with the lowest code; −1 for none."""
        point, cell = pairs
        ranks = np.full(size, len(self.codes), dtype=np.int32)
        np.minimum.at(ranks, point, self._rank[cell])
        chosen: IntArray = self._at_rank[ranks]
        return chosen

    def marks(self, x: FloatArray, y: FloatArray, pairs: Pairs) -> Flags:
        """OVERLAP and BORDER of each point, from the cells that cover it."""
        point, cell = pairs
        inside = shapely.contains_xy(self.geometries[cell], x[point], y[point])
        n_covering = np.bincount(point, minlength=x.size)
        n_inside = np.bincount(point[inside], minlength=x.size)
        overlap = (n_covering > 1) & (n_inside > 0)
        return (OVERLAP * overlap + BORDER * (n_covering > n_inside)).astype(np.uint8)

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """The whole index as plain arrays (see `store`)."""
        return store.pack_geometries("cell", self.geometries) | store.pack_texts("code", self.codes)

    @property
    def digest(self) -> str:
        """sha256 of the contents: a name for the file that changes whenever any answer could."""
        return store.digest(self.arrays())

    def save(self, path: str | Path) -> None:
        """Write the index to one file: fsync, then rename into place."""
        store.write(Path(path), kind=_KIND, version=_VERSION, arrays=self.arrays())

    @classmethod
    def open(cls, path: str | Path) -> Locator:
        """Read what `save` wrote. Raises FileNotFoundError, or store.IndexDamaged: then build it again."""
        arrays = store.read(Path(path), kind=_KIND, version=_VERSION)
        return cls(store.unpack_geometries("cell", arrays), store.unpack_texts("code", arrays))
