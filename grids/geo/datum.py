"""Datum conversion: WGS-84, CGCS2000, GCJ-02 (高德、腾讯、微信) and BD-09 (百度), both ways, vectorised (policy.md §6).

* CGCS2000 equals WGS-84 here: they differ by centimetres, far below any sensor and any border of ours.
* GCJ-02 is the published-by-use offset polynomial on the Krasovsky ellipsoid (about 545 m at Benxi). It is applied
  only inside the rectangle OFFSET_BOX; outside it GCJ-02 and WGS-84 are the same numbers. The rectangle is tested on
  the coordinates that are *given*, in both directions, so within about 0.8 km of its edge (open sea and foreign
  land) the two directions are not inverses of each other.
* The inverses have no closed form: they are iterated until a step is below 1e-10 degree (about 0.01 mm).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from grids.geo.arrays import FloatArray, Numbers, lonlat

DATUMS: Final = ("wgs84", "cgcs2000", "gcj02", "bd09")
DATUM_NAMES: Final = {
    "wgs84": "WGS-84",
    "cgcs2000": "CGCS2000",
    "gcj02": "GCJ-02（高德、腾讯）",
    "bd09": "BD-09（百度）",
}
"""How they are called on the screen."""
OFFSET_BOX: Final = (72.004, 0.8293, 137.8347, 55.8271)
"""West, south, east, north in degrees: where GCJ-02 is offset at all."""

_KRASOVSKY_A_M = 6_378_245.0
_KRASOVSKY_E2 = 0.006_693_421_622_965_943
_BD_PI = np.pi * 3000.0 / 180.0
_STEP_DEG = 1e-10
_MAX_STEPS = 30

Pair = tuple[FloatArray, FloatArray]


def to_wgs84(lon: Numbers, lat: Numbers, datum: str) -> Pair:
    """Degrees in `datum` → degrees in WGS-84; arrays of the broadcast shape.

    Raises ValueError for an unknown datum (a datum is declared, never guessed) and for NaN or infinity.
    """
    _require_datum(datum)
    x, y = lonlat(lon, lat)
    if datum == "bd09":
        x, y = _inverse(_gcj02_to_bd09, x, y)
    if datum in ("gcj02", "bd09"):
        inside = _offset_applies(x, y)
        # Far outside (at the poles) the polynomial runs away: points that keep their numbers iterate at a dummy place.
        back_x, back_y = _inverse(_offset_everywhere, np.where(inside, x, 105.0), np.where(inside, y, 35.0))
        return np.where(inside, back_x, x), np.where(inside, back_y, y)
    return x.copy(), y.copy()


def from_wgs84(lon: Numbers, lat: Numbers, datum: str) -> Pair:
    """Degrees in WGS-84 → degrees in `datum`; errors as `to_wgs84`."""
    _require_datum(datum)
    x, y = lonlat(lon, lat)
    if datum in ("gcj02", "bd09"):
        inside = _offset_applies(x, y)
        moved_x, moved_y = _offset_everywhere(x, y)
        x, y = np.where(inside, moved_x, x), np.where(inside, moved_y, y)
    if datum == "bd09":
        return _gcj02_to_bd09(x, y)
    return x.copy(), y.copy()


def _require_datum(datum: str) -> None:
    if datum not in DATUMS:
        raise ValueError(f"不认识的坐标系: {datum!r}，可用: {'、'.join(DATUMS)}")


def _offset_applies(lon: FloatArray, lat: FloatArray) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    west, south, east, north = OFFSET_BOX
    return (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)


def _offset_everywhere(lon: FloatArray, lat: FloatArray) -> Pair:
    """WGS-84 → GCJ-02 without the rectangle, so that the inverse may step across its edge."""
    x, y = lon - 105.0, lat - 35.0
    ripple = (20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)) * 2.0 / 3.0
    root = np.sqrt(np.abs(x))
    north_m = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + ripple
    north_m += (20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    north_m += (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    east_m = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + ripple
    east_m += (20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    east_m += (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0

    phi = np.radians(lat)
    w2 = 1.0 - _KRASOVSKY_E2 * np.sin(phi) ** 2
    meridian_m = _KRASOVSKY_A_M * (1.0 - _KRASOVSKY_E2) / (w2 * np.sqrt(w2))
    # At the poles a degree of longitude has no length; nothing there is ever offset, so any finite number will do.
    parallel_m = np.maximum(_KRASOVSKY_A_M / np.sqrt(w2) * np.cos(phi), 1.0)
    return lon + np.degrees(east_m / parallel_m), lat + np.degrees(north_m / meridian_m)


def _gcj02_to_bd09(lon: FloatArray, lat: FloatArray) -> Pair:
    radius = np.hypot(lon, lat) + 0.000_02 * np.sin(lat * _BD_PI)
    angle = np.arctan2(lat, lon) + 0.000_003 * np.cos(lon * _BD_PI)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def _inverse(forward: Callable[[FloatArray, FloatArray], Pair], lon: FloatArray, lat: FloatArray) -> Pair:
    """Fixed-point inverse of a map that moves every point by much less than it varies (contraction about 1e-3)."""
    x, y = lon.copy(), lat.copy()
    for _ in range(_MAX_STEPS):
        there_x, there_y = forward(x, y)
        step_x, step_y = lon - there_x, lat - there_y
        x, y = x + step_x, y + step_y
        if max(np.max(np.abs(step_x), initial=0.0), np.max(np.abs(step_y), initial=0.0)) < _STEP_DEG:
            break
    return x, y
