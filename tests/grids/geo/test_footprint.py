"""Footprints: what a pixel may have seen, in metres on the ground."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from grids.geo.footprint import distance_m, footprint, footprints, from_local_xy, local_xy
from grids.geo.sensors import heading_for, sensor_error_m

LON, LAT = 123.77, 41.30


def _in_metres(polygon: shapely.Polygon) -> shapely.Polygon:
    return shapely.transform(polygon, lambda xy: np.column_stack(local_xy(xy[:, 0], xy[:, 1], LON, LAT)))


def test_a_pixel_flown_due_north_is_scan_wide_and_track_tall() -> None:
    west, south, east, north = _in_metres(footprint(LON, LAT, 0.8, 0.4, 0.0, 0.0)).bounds
    assert (east - west, north - south) == pytest.approx((800.0, 400.0), abs=0.01)


def test_a_pixel_flown_due_east_lies_on_its_side() -> None:
    west, south, east, north = _in_metres(footprint(LON, LAT, 0.8, 0.4, 90.0, 0.0)).bounds
    assert (east - west, north - south) == pytest.approx((400.0, 800.0), abs=0.01)


def test_the_heading_turns_clockwise_from_north() -> None:
    long_pixel = _in_metres(footprint(LON, LAT, 0.1, 2.0, 45.0, 0.0))
    assert long_pixel.covers(shapely.Point(600, 600))
    assert not long_pixel.covers(shapely.Point(-600, 600))


def test_the_geolocation_error_surrounds_the_pixel() -> None:
    polygon = _in_metres(footprint(LON, LAT, 0.8, 0.4, 30.0, 150.0))
    exact = 800 * 400 + 2 * (800 + 400) * 150 + np.pi * 150**2
    assert polygon.area == pytest.approx(exact, rel=0.001)
    assert polygon.covers(_in_metres(footprint(LON, LAT, 0.8, 0.4, 30.0, 0.0)))


def test_an_unknown_heading_gives_the_disc_over_the_half_diagonal() -> None:
    disc = _in_metres(footprint(LON, LAT, 0.6, 0.8, None, 150.0))
    distance = np.hypot(*shapely.get_coordinates(disc).T)
    assert distance == pytest.approx(650.0, abs=0.01)


@pytest.mark.parametrize("size", [(None, None), (0.5, None), (None, 0.4)])
def test_an_unknown_size_gives_the_nominal_disc_of_one_kilometre(size: tuple[float | None, float | None]) -> None:
    disc = _in_metres(footprint(LON, LAT, *size, 12.0, 150.0))
    assert np.hypot(*shapely.get_coordinates(disc).T) == pytest.approx(500.0, abs=0.01)


def test_many_at_once_are_the_same_as_one_by_one() -> None:
    nan = float("nan")
    lon, lat = [123.5, 123.6, 123.7], [41.1, 41.2, 41.3]
    scan, track, heading = [0.5, nan, 1.2], [0.4, nan, 1.1], [348.4, nan, nan]
    known = [[None if np.isnan(value) else value for value in column] for column in (scan, track, heading)]
    singles = [footprint(*row, 150.0) for row in zip(lon, lat, *known, strict=True)]
    assert all(shapely.equals_exact(footprints(lon, lat, scan, track, heading, 150.0), singles, 0.0))


def test_no_detections_give_no_footprints() -> None:
    assert footprints([], [], [], [], [], 150.0).shape == (0,)


@pytest.mark.parametrize(
    ("scan", "error", "words"),
    [(0.0, 150.0, "像元"), (-1.0, 150.0, "像元"), (0.5, -1.0, "误差"), (0.5, np.nan, "误差")],
)
def test_impossible_sizes_are_refused(scan: float, error: float, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        footprint(LON, LAT, scan, 0.4, 0.0, error)


def test_a_footprint_without_a_place_is_refused() -> None:
    with pytest.raises(ValueError, match="不是有限的数"):
        footprint(float("nan"), LAT, 0.5, 0.4, 0.0, 0.0)


def test_the_local_plane_and_its_way_back_agree_across_the_date_line() -> None:
    x_m, y_m = local_xy(-179.99, 41.0, 179.99, 41.0)
    assert float(x_m) == pytest.approx(1683, abs=2)
    lon, lat = from_local_xy(x_m, y_m, 179.99, 41.0)
    assert (float(lon) - 360, float(lat)) == pytest.approx((-179.99, 41.0))


def test_distances_agree_with_the_geodesic() -> None:
    geod = pytest.importorskip("pyproj").Geod(ellps="WGS84")
    lon, lat = LON + np.linspace(-0.5, 0.5, 11), LAT + np.linspace(0.4, -0.4, 11)
    exact = geod.inv(np.full(11, LON), np.full(11, LAT), lon, lat)[2]
    assert distance_m(LON, LAT, lon, lat) == pytest.approx(exact, rel=1e-4, abs=1e-3)


def test_viirs_climbs_by_day_and_terra_descends() -> None:
    assert heading_for("N20", 13.5) == pytest.approx(348.4, abs=0.1)
    assert heading_for("1", 1.5) == pytest.approx(191.6, abs=0.1)
    assert heading_for("Terra", 10.5) == pytest.approx(190.9, abs=0.1)
    assert heading_for("T", 22.0) == pytest.approx(349.1, abs=0.1)


@pytest.mark.parametrize("satellite", ["H09", "Himawari-9", "FY-4B", "GF-4", ""])
def test_where_the_flight_is_not_known_there_is_no_heading(satellite: str) -> None:
    assert heading_for(satellite, 13.5) is None


def test_no_satellite_of_this_inclination_flies_over_the_pole() -> None:
    assert heading_for("N20", 13.5, lat=88.0) is None


def test_satellites_are_known_by_the_names_the_sources_use() -> None:
    assert sensor_error_m("NOAA-20 VIIRS") == sensor_error_m("N20") == sensor_error_m("1") == 150.0
    assert sensor_error_m("Aqua/MODIS") == 150.0
    assert sensor_error_m("FY-3D") == 500.0
    assert sensor_error_m("something new") == 200.0
