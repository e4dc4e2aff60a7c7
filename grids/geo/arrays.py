"""The one place where coordinates from outside become checked float arrays."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
Numbers = npt.ArrayLike


def lonlat(lon: Numbers, lat: Numbers) -> tuple[FloatArray, FloatArray]:
    """Two float64 arrays of one shape (numpy broadcasting), in degrees.

    Raises ValueError, naming the first bad position, if a number is NaN or infinite: a point that is nowhere must
    never be answered with "outside".
    """
    x, y = np.broadcast_arrays(np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64))
    finite = np.isfinite(x) & np.isfinite(y)
    if not finite.all():
        first = int(np.flatnonzero(~finite.ravel())[0])
        raise ValueError(f"第 {first + 1} 个坐标不是有限的数（NaN 或无穷大）: {x.ravel()[first]}, {y.ravel()[first]}")
    return x, y
