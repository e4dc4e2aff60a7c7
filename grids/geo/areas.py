"""Areas in square metres of shapes in WGS-84 degrees. Pure."""

from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

MU_M2: Final = 10_000 / 15
HECTARE_M2: Final = 10_000.0

_A_M = 6_378_137.0
_E2 = 0.006_694_379_990_14
_E = _E2**0.5


def area_m2(geometries: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Areas on the ellipsoid, through the cylindrical equal-area projection; 0 for None. Errors below 1e-6 at our sizes."""
    shapes = np.asarray(geometries, dtype=object)
    return np.asarray(shapely.area(shapely.transform(shapes, _equal_area)), dtype=np.float64)


def _equal_area(lonlat: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    sine = np.sin(np.radians(lonlat[:, 1]))
    authalic = sine / (1 - _E2 * sine**2) + np.arctanh(_E * sine) / _E
    return np.column_stack([_A_M * np.radians(lonlat[:, 0]), _A_M * (1 - _E2) / 2 * authalic])
