"""The footprint of a detection on the ground: the pixel polygon, and the small metric plane that it is drawn in.

A satellite pixel is scan × track km (across and along the flight path), turned by the heading of the platform, with
the geolocation error around it (policy.md §4). Where the heading is unknown the disc over the half diagonal stands in;
where even the size is unknown (official lists) a nominal disc of 500 m radius, to be marked as nominal by the caller.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import shapely

from grids.geo.arrays import FloatArray, Numbers, lonlat

NOMINAL_RADIUS_M: Final = 500.0
QUARTER_STEPS: Final = 8
"""Chords per quarter circle; inscribed, so a disc is at most 0.5 % too small, as GEOS buffers are."""

_A_M = 6_378_137.0
_E2 = 0.006_694_380_022_90
_CORNERS = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]], dtype=np.float64)


def metres_per_degree(lat: Numbers) -> tuple[FloatArray, FloatArray]:
    """Length in metres of one degree of longitude and of latitude at `lat` (WGS-84 ellipsoid: N cos φ and M)."""
    phi = np.radians(np.asarray(lat, dtype=np.float64))
    w2 = 1.0 - _E2 * np.sin(phi) ** 2
    east = _A_M / np.sqrt(w2) * np.cos(phi)
    north = _A_M * (1.0 - _E2) / (w2 * np.sqrt(w2))
    return np.radians(east), np.radians(north)


def local_xy(lon: Numbers, lat: Numbers, lon0: Numbers, lat0: Numbers) -> tuple[FloatArray, FloatArray]:
    """Metres east and north of (lon0, lat0), in the plane tangent there. The map is affine, so straight edges stay
    straight; at 20 km from the origin it is off by about 0.3 %. Longitudes are taken the short way round ±180."""
    east, north = metres_per_degree(lat0)
    dlon = np.remainder(np.asarray(lon, dtype=np.float64) - np.asarray(lon0) + 180.0, 360.0) - 180.0
    return dlon * east, (np.asarray(lat, dtype=np.float64) - np.asarray(lat0)) * north


def from_local_xy(x_m: Numbers, y_m: Numbers, lon0: Numbers, lat0: Numbers) -> tuple[FloatArray, FloatArray]:
    """Degrees lon, lat of metres in the plane; the inverse of `local_xy`."""
    east, north = metres_per_degree(lat0)
    return np.asarray(lon0) + np.asarray(x_m) / east, np.asarray(lat0) + np.asarray(y_m) / north


def distance_m(lon1: Numbers, lat1: Numbers, lon2: Numbers, lat2: Numbers) -> FloatArray:
    """Metres between points, with the radii of the middle latitude: better than 1 in 10,000 up to 100 km.

    Raises ValueError for NaN or infinity."""
    x1, y1 = lonlat(lon1, lat1)
    x2, y2 = lonlat(lon2, lat2)
    middle = (y1 + y2) / 2.0
    east = local_xy(x2, middle, x1, middle)[0]
    north = (y2 - y1) * metres_per_degree(middle)[1]
    return np.asarray(np.hypot(east, north))


def footprint(
    lon: float, lat: float, scan_km: float | None, track_km: float | None, heading_deg: float | None, error_m: float
) -> shapely.Polygon:
    """One footprint in lon/lat; see `footprints`. None stands for unknown."""
    nan = float("nan")
    measures = [nan if value is None else float(value) for value in (scan_km, track_km, heading_deg)]
    polygon: shapely.Polygon = footprints([lon], [lat], [measures[0]], [measures[1]], [measures[2]], error_m)[0]
    return polygon


def footprints(
    lon: Numbers, lat: Numbers, scan_km: Numbers, track_km: Numbers, heading_deg: Numbers, error_m: Numbers
) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """Footprints of many detections: an object array of shapely polygons in WGS-84 lon/lat.

    `heading_deg` is the direction of flight, clockwise from north: track lies along it, scan across. NaN stands for
    unknown. Size unknown → a disc of NOMINAL_RADIUS_M (the error is within it); heading unknown → a disc of half the
    diagonal plus `error_m`; else the turned rectangle with `error_m` around it.
    Raises ValueError for a position that is not finite, a size that is not positive, a negative or unknown error.
    """
    x, y = (axis.ravel() for axis in lonlat(lon, lat))
    scan, track, heading, error = (
        np.broadcast_to(np.asarray(value, dtype=np.float64), x.shape)
        for value in (scan_km, track_km, heading_deg, error_m)
    )
    _check_sizes(scan, track, error)
    nominal = np.isnan(scan) | np.isnan(track)
    disc = nominal | np.isnan(heading)
    disc_m = np.where(nominal, NOMINAL_RADIUS_M, np.hypot(scan, track) * 500.0 + error)
    x_m, y_m = _rings(
        half_scan_m=np.where(disc, 0.0, scan * 500.0),
        half_track_m=np.where(disc, 0.0, track * 500.0),
        heading_deg=np.where(disc, 0.0, heading),
        radius_m=np.where(disc, disc_m, error),
    )
    rings = np.stack(from_local_xy(x_m, y_m, x[:, None], y[:, None]), axis=-1)
    # Quarter circles meet in one point, or have no radius: drop the repeated vertices (1e-10° is 0.01 mm).
    return np.asarray(shapely.remove_repeated_points(shapely.polygons(rings), 1e-10), dtype=object)


def _check_sizes(scan: FloatArray, track: FloatArray, error: FloatArray) -> None:
    if (scan <= 0).any() or (track <= 0).any() or np.isinf(scan).any() or np.isinf(track).any():
        raise ValueError("像元的扫描、轨道尺寸必须大于 0 公里")
    if not (np.isfinite(error) & (error >= 0)).all():
        raise ValueError("定位误差必须是不小于 0 的米数")


def _rings(
    half_scan_m: FloatArray, half_track_m: FloatArray, heading_deg: FloatArray, radius_m: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The rings of rectangle ⊕ disc, drawn corner by corner: each corner carries its quarter circle. Shape (n, 4 ·
    (steps + 1))."""
    turn = np.arange(QUARTER_STEPS + 1) * (np.pi / 2 / QUARTER_STEPS)
    angle = np.concatenate([turn + quarter * np.pi / 2 for quarter in range(4)])
    corner = np.repeat(_CORNERS, QUARTER_STEPS + 1, axis=0)
    across = corner[:, 0] * half_scan_m[:, None] + np.cos(angle) * radius_m[:, None]
    along = corner[:, 1] * half_track_m[:, None] + np.sin(angle) * radius_m[:, None]
    theta = np.radians(heading_deg)[:, None]
    return across * np.cos(theta) + along * np.sin(theta), along * np.cos(theta) - across * np.sin(theta)
