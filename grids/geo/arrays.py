"""Coordinates from outside as checked float arrays: the one place where they become so."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import shapely

FloatArray = npt.NDArray[np.float64]
Numbers = npt.ArrayLike
IntArray = npt.NDArray[np.int32]
BoolArray = npt.NDArray[np.bool_]
Geometries = npt.NDArray[np.object_]
Texts = Iterable[str]


def lonlat(lon: Numbers, lat: Numbers) -> tuple[FloatArray, FloatArray]:
    """Two float64 arrays of one shape (numpy broadcasting), in degrees.

    Raises ValueError, naming the first bad position, if a number is NaN or infinite: a point that is nowhere must
    never be answered with "outside".
    """
    x, y = paired(lon, lat)
    require_finite(x, y)
    return x, y


def paired(lon: Numbers, lat: Numbers) -> tuple[FloatArray, FloatArray]:
    """`lonlat` without its check, for callers that look for NaN and infinity themselves."""
    x, y = np.broadcast_arrays(np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64))
    return x, y


def require_finite(x: FloatArray, y: FloatArray) -> None:
    """Raises ValueError, naming the first bad position, if a number is NaN or infinite."""
    finite = np.isfinite(x) & np.isfinite(y)
    if not finite.all():
        first = int(np.flatnonzero(~finite.ravel())[0])
        raise ValueError(f"第 {first + 1} 个坐标不是有限的数（NaN 或无穷大）: {x.ravel()[first]}, {y.ravel()[first]}")


def geometry_array(geometries: Iterable[shapely.Geometry | None]) -> Geometries:
    """Polygons and multi-polygons as a 1-D object array; None and empty stay (a cell may have no polygon yet).

    Raises ValueError for any other kind of geometry and for coordinates that are not finite.
    """
    listed = list(geometries)
    array = np.empty(len(listed), dtype=object)
    array[:] = listed
    kinds = shapely.get_type_id(array)
    wrong = ~np.isin(kinds, (-1, 3, 6)) & ~shapely.is_empty(array)
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise ValueError(f"第 {first + 1} 个图形不是面: {shapely.get_type_id(array[first])}")
    if not np.isfinite(shapely.get_coordinates(array)).all():
        raise ValueError("图形的坐标里有 NaN 或无穷大")
    return array
