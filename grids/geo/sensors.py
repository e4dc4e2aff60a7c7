"""The sensors of the satellites: how each flies over, how wide its pixel is and how far it may miss.

The figures are of the published kind (nadir pixel, geolocation uncertainty of the products), rounded up; a source that
states scan and track overrides the nominal size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from grids.geo.arrays import FloatArray, Numbers


@dataclass(frozen=True, slots=True)
class Sensor:
    """One satellite (with the instrument that finds fires on it)."""

    names: tuple[str, ...]
    error_m: float
    inclination_deg: float | None = None
    """None: geostationary, or an orbit that we do not know; its pixels are drawn as discs."""
    day_ascending: bool = True
    """True for the afternoon train (northward by day, southward by night), False for the morning one."""
    largest_km: tuple[float, float] | None = None
    """The pixel at the edge of the scan, across and along; None: not known."""


VIIRS_KM: Final = (0.8, 0.8)
MODIS_KM: Final = (4.8, 2.0)

SENSORS: Final = (
    Sensor(("N", "NPP", "SNPP", "SUOMINPP", "SUOMINPPVIIRS"), 150.0, 98.7, largest_km=VIIRS_KM),
    Sensor(("N20", "1", "NOAA20", "J1", "JPSS1"), 150.0, 98.7, largest_km=VIIRS_KM),
    Sensor(("N21", "NOAA21", "J2", "JPSS2"), 150.0, 98.7, largest_km=VIIRS_KM),
    Sensor(("A", "AQUA"), 150.0, 98.2, largest_km=MODIS_KM),
    Sensor(("T", "TERRA"), 150.0, 98.2, day_ascending=False, largest_km=MODIS_KM),
    Sensor(("FY3B", "FY3D"), 500.0, 98.75, largest_km=MODIS_KM),
    Sensor(("FY3A", "FY3C"), 500.0, 98.75, day_ascending=False, largest_km=MODIS_KM),
    Sensor(("H08", "H8", "HIMAWARI8", "葵花8", "H09", "H9", "HIMAWARI9", "葵花9"), 1000.0),
    Sensor(("FY4", "FY4A", "FY4B"), 2000.0),
)
DEFAULT_ERROR_M: Final = 200.0
"""For a satellite that is not in the table."""

_BY_NAME = {name: sensor for sensor in SENSORS for name in sensor.names}


def sensor_of(satellite: str) -> Sensor | None:
    """The sensor for a satellite as the sources spell it (`N20`, `NOAA-20`, `1`, `Terra`, `FY-3D` …), else None."""
    key = "".join(letter for letter in satellite.upper() if letter.isalnum())
    for ending in ("号", "VIIRS", "MODIS", "MERSI", "AHI", "卫星"):
        key = key.removesuffix(ending)
    return _BY_NAME.get(key)


def sensor_error_m(satellite: str) -> float:
    """Geolocation error in metres to draw around a pixel of this satellite."""
    sensor = sensor_of(satellite)
    return DEFAULT_ERROR_M if sensor is None else sensor.error_m


def heading_for(satellite: str, local_hour: float, lat: float = 41.0) -> float | None:
    """Direction of flight, degrees clockwise from north, of a sun-synchronous satellite; None where it is not known.

    `local_hour` is the local (here: Beijing) hour of the pass, 0 ≤ h < 24: it tells the ascending half of the orbit
    from the descending one. The scan is perpendicular to the orbit plane, so the heading is the inertial one,
    sin(heading) = cos(inclination) / cos(latitude): at 41° about 348.4° upward and 191.6° downward.
    """
    sensor = sensor_of(satellite)
    if sensor is None or sensor.inclination_deg is None:
        return None
    sine = np.cos(np.radians(sensor.inclination_deg)) / np.cos(np.radians(lat))
    if abs(sine) > 1.0:
        return None
    lean = float(np.degrees(np.arcsin(sine)))
    by_day = 6.0 <= local_hour % 24.0 < 18.0
    return lean % 360.0 if by_day == sensor.day_ascending else (180.0 - lean) % 360.0


def headings_for(satellites: Sequence[str], local_hours: Numbers, lats: Numbers) -> FloatArray:
    """`heading_for` of many passes at once; NaN where it is not known."""
    names, of = np.unique(np.asarray(satellites, dtype=np.str_), return_inverse=True)
    sensors = [sensor_of(name) for name in names.tolist()]
    nan = float("nan")
    lean_of = np.array(
        [nan if sensor is None or sensor.inclination_deg is None else sensor.inclination_deg for sensor in sensors]
    )
    up_by_day = np.array([sensor is not None and sensor.day_ascending for sensor in sensors], dtype=bool)
    with np.errstate(invalid="ignore"):
        sine = np.cos(np.radians(lean_of[of])) / np.cos(np.radians(np.asarray(lats, dtype=np.float64)))
        lean = np.degrees(np.arcsin(np.where(np.abs(sine) > 1.0, nan, sine)))
    hours = np.asarray(local_hours, dtype=np.float64) % 24.0
    by_day = (hours >= 6.0) & (hours < 18.0)
    return np.asarray(np.where(by_day == up_by_day[of], lean % 360.0, (180.0 - lean) % 360.0))


def sensor_errors_m(satellites: Sequence[str]) -> FloatArray:
    """`sensor_error_m` of many detections at once."""
    names, of = np.unique(np.asarray(satellites, dtype=np.str_), return_inverse=True)
    return np.array([sensor_error_m(name) for name in names.tolist()], dtype=np.float64)[of]


def largest_pixels_km(satellites: Sequence[str]) -> FloatArray:
    """The largest pixel that each satellite's sensor has, shape (n, 2): kilometres across and along; NaN where not known."""
    names, of = np.unique(np.asarray(satellites, dtype=np.str_), return_inverse=True)
    sensors = [sensor_of(name) for name in names.tolist()]
    nan = (float("nan"), float("nan"))
    sizes = [nan if sensor is None or sensor.largest_km is None else sensor.largest_km for sensor in sensors]
    return np.array(sizes, dtype=np.float64).reshape(-1, 2)[of]
