"""The polygons of the cells: as given, or read from a mapped file one by one, when they are needed."""

from __future__ import annotations

from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
import shapely

from grids.geo.arrays import Geometries

_KEPT: Final = 8_192
_MANY_VERTICES: Final = 200

Arrays = dict[str, npt.NDArray[Any]]


class Shapes(Protocol):
    """Polygons by position."""

    def take(self, positions: npt.NDArray[np.int64]) -> Geometries:
        """Those at the positions, in their order."""
        ...

    def all(self) -> Geometries:
        """All of them; None where a cell has no polygon."""
        ...

    def arrays(self) -> Arrays:
        """As plain arrays (see `packed`)."""
        ...


class GivenShapes:
    """Polygons in memory."""

    def __init__(self, geometries: Geometries) -> None:
        self._geometries = geometries

    def arrays(self) -> Arrays:
        """As `packed`."""
        return packed(self._geometries)

    def take(self, positions: npt.NDArray[np.int64]) -> Geometries:
        """Those at the positions."""
        geometries = self._geometries[positions]
        _prepare(geometries)
        return geometries

    def all(self) -> Geometries:
        """As given."""
        return self._geometries


class StoredShapes:
    """Polygons as WKB in a mapped file; each is made when it is first asked for."""

    def __init__(self, arrays: Arrays) -> None:
        self._arrays = {name: arrays[name] for name in ("shape_bytes", "shape_ends")}
        self._bytes, self._ends = self._arrays.values()
        self._kept: dict[int, shapely.Geometry | None] = {}
        self._all: Geometries | None = None

    def arrays(self) -> Arrays:
        """What it was made of."""
        return self._arrays

    def take(self, positions: npt.NDArray[np.int64]) -> Geometries:
        """Those at the positions; some thousands are kept for the next call."""
        if self._all is not None:
            return self._all[positions]
        cache = self._kept
        if len(cache) > _KEPT:
            self._kept = cache = {}  # other threads go on with the old one
        geometries = np.empty(len(positions), dtype=object)
        for at, position in enumerate(positions.tolist()):
            if position not in cache:
                cache[position] = self._read(position)
            geometries[at] = cache[position]
        return geometries

    def all(self) -> Geometries:
        """All, read at the first use and then kept."""
        if self._all is None:
            geometries = np.empty(len(self._ends), dtype=object)
            for position in range(len(geometries)):
                geometries[position] = self._read(position)
            self._all = geometries
        return self._all

    def _read(self, position: int) -> shapely.Geometry | None:
        start = int(self._ends[position - 1]) if position else 0
        wkb = self._bytes[start : int(self._ends[position])].tobytes()
        geometry = shapely.from_wkb(wkb) if wkb else None
        _prepare(geometry)
        return geometry


def packed(geometries: Geometries) -> Arrays:
    """The arrays that StoredShapes reads: WKB in one run of bytes, and where each ends."""
    pieces = [b"" if wkb is None else wkb for wkb in shapely.to_wkb(geometries, byte_order=1)]
    return {
        "shape_bytes": np.frombuffer(b"".join(pieces), dtype=np.uint8),
        "shape_ends": np.cumsum([len(piece) for piece in pieces], dtype=np.int64),
    }


def _prepare(geometries: Any) -> None:
    """Prepare those for which it pays: a county is asked often, a village once."""
    shapes = np.atleast_1d(np.asarray(geometries, dtype=object))
    shapely.prepare(shapes[shapely.get_num_coordinates(shapes) > _MANY_VERTICES])
