"""Datums: the numbers of each source become WGS-84, and come back."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import shapely
from shapely.geometry import shape

from grids.geo import datum
from grids.geo.footprint import distance_m


def _vertices(path: Path) -> dict[str, np.ndarray]:
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    return {f["properties"]["adcode"]: shapely.get_coordinates(shape(f["geometry"])) for f in features}


def test_the_unconverted_county_borders_become_the_converted_ones_to_a_centimetre(data_dir: Path) -> None:
    raw, right = (
        _vertices(data_dir / "liaoning_counties_gcj02_RAW.geojson"),
        _vertices(data_dir / "liaoning_counties.geojson"),
    )
    worst_m = 0.0
    for code, given in raw.items():
        lon, lat = datum.to_wgs84(given[:, 0], given[:, 1], "gcj02")
        worst_m = max(worst_m, float(distance_m(lon, lat, right[code][:, 0], right[code][:, 1]).max()))
    assert worst_m < 0.012  # both files are rounded to 1e-7°, which is 1 cm


def test_at_benxi_the_wrong_datum_is_off_by_about_545_metres(data_dir: Path) -> None:
    raw, right = (
        _vertices(data_dir / "liaoning_counties_gcj02_RAW.geojson"),
        _vertices(data_dir / "liaoning_counties.geojson"),
    )
    benxi = [code for code in raw if code.startswith("2105")]
    off_m = np.concatenate([distance_m(*raw[code].T, *right[code].T) for code in benxi])
    assert len(benxi) == 6
    assert 495 < off_m.min() < off_m.max() < 595
    city_centre = 123.77, 41.30
    assert float(distance_m(*city_centre, *datum.from_wgs84(*city_centre, "gcj02"))) == pytest.approx(544.8, abs=0.1)


def test_cgcs2000_is_wgs84_here() -> None:
    assert datum.to_wgs84([123.77], [41.3], "cgcs2000") == (123.77, 41.3)


def test_outside_the_box_gcj02_is_wgs84() -> None:
    lon, lat = datum.from_wgs84([139.7, 71.9, 120.0], [35.7, 40.0, 0.5], "gcj02")
    assert lon.tolist() == [139.7, 71.9, 120.0]
    assert lat.tolist() == [35.7, 40.0, 0.5]


def test_baidu_lies_beyond_gcj02_by_about_a_kilometre_from_wgs84() -> None:
    lon, lat = datum.from_wgs84(123.77, 41.3, "bd09")
    assert 500 < float(distance_m(123.77, 41.3, lon, lat)) < 1500
    assert float(distance_m(123.77, 41.3, *datum.to_wgs84(lon, lat, "bd09"))) < 0.001


def test_the_offsets_are_those_that_others_publish() -> None:
    """The example that the converters of 高德's and 百度's numbers all print."""
    gcj02 = datum.from_wgs84(116.404, 39.915, "gcj02")
    bd09 = datum.from_wgs84(116.404, 39.915, "bd09")
    assert [float(degrees) for degrees in gcj02] == pytest.approx([116.41024449916938, 39.91640428150164], abs=1e-11)
    assert [float(degrees) for degrees in bd09] == pytest.approx([116.41662724378733, 39.922699552216216], abs=1e-11)


def test_a_datum_is_never_guessed() -> None:
    with pytest.raises(ValueError, match="不认识的坐标系"):
        datum.to_wgs84(123.0, 41.0, "GCJ-02?")


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_a_number_that_is_none_is_refused_and_its_place_named(bad: float) -> None:
    with pytest.raises(ValueError, match="第 2 个坐标"):
        datum.to_wgs84([123.0, bad], [41.0, 41.0], "gcj02")


def test_the_input_is_not_changed() -> None:
    lon = np.array([123.0])
    converted, _ = datum.to_wgs84(lon, [41.0], "wgs84")
    converted[0] = 0.0
    assert lon[0] == 123.0
