"""For all places in China, all pixels, all parents: datums invert, footprints hold, tilings tile."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from grids.geo import datum
from grids.geo.edition_index import EditionIndex
from grids.geo.footprint import distance_m, footprint, local_xy
from grids.geo.tiling import LEVELS, split_exactly, tile_division

lons, lats = st.floats(74.0, 135.0), st.floats(4.0, 53.0)
seeds = st.integers(0, 2**32)


@given(lon=lons, lat=lats, name=st.sampled_from(datum.DATUMS))
def test_a_datum_undone_is_the_same_place_to_a_centimetre(lon: float, lat: float, name: str) -> None:
    back = datum.to_wgs84(*datum.from_wgs84(lon, lat, name), name)
    assert float(distance_m(lon, lat, *back)) < 0.01
    forth = datum.from_wgs84(*datum.to_wgs84(lon, lat, name), name)
    assert float(distance_m(lon, lat, *forth)) < 0.01


@given(lon=st.floats(-180, 180), lat=st.floats(-90, 90), name=st.sampled_from(datum.DATUMS))
def test_every_place_on_earth_has_a_finite_answer(lon: float, lat: float, name: str) -> None:
    assert np.isfinite(datum.to_wgs84(lon, lat, name)).all()
    assert np.isfinite(datum.from_wgs84(lon, lat, name)).all()


@given(
    lon=lons,
    lat=lats,
    scan=st.floats(0.2, 5),
    track=st.floats(0.2, 5),
    heading=st.floats(0, 360) | st.none(),
    error=st.floats(0, 1000),
)
def test_a_footprint_is_valid_holds_its_centre_and_fits_its_half_diagonal(
    lon: float, lat: float, scan: float, track: float, heading: float | None, error: float
) -> None:
    polygon = footprint(lon, lat, scan, track, heading, error)
    assert polygon.is_valid
    assert polygon.contains(shapely.Point(lon, lat))
    x_m, y_m = local_xy(*shapely.get_coordinates(polygon).T, lon, lat)
    reach_m = np.hypot(scan, track) * 500 + error
    assert np.hypot(x_m, y_m).max() == pytest.approx(reach_m, rel=1e-2)
    assert np.hypot(x_m, y_m).max() <= reach_m * (1 + 1e-9)


@settings(max_examples=30, deadline=None)
@given(n=st.integers(1, 25), seed=seeds)
def test_a_parent_is_cut_into_n_parts_without_gap_or_overlap(n: int, seed: int) -> None:
    parent = shapely.Polygon([(123, 41), (123.6, 41.05), (123.3, 41.2), (123.6, 41.5), (123.1, 41.4), (123.2, 41.2)])
    parts = split_exactly(parent, n, np.random.default_rng(seed))
    assert len(parts) == n
    assert shapely.coverage_is_valid(parts)
    assert shapely.area(parts).min() > 0
    assert shapely.area(parts).sum() == pytest.approx(parent.area, rel=1e-9)


@settings(max_examples=15, deadline=None)
@given(seed=seeds, townships=st.integers(1, 4), villages=st.integers(1, 4), groups=st.integers(1, 4))
def test_nested_levels_tile_across_the_borders_of_their_parents(
    seed: int, townships: int, villages: int, groups: int
) -> None:
    counties = [
        ("210502", "甲", shapely.Polygon([(123, 41), (123.3, 41), (123.35, 41.2), (123.3, 41.4), (123, 41.4)])),
        ("210503", "乙", shapely.Polygon([(123.3, 41), (123.6, 41), (123.6, 41.4), (123.3, 41.4), (123.35, 41.2)])),
    ]
    children = {county: [(f"{county}{at:03d}", "镇") for at in range(townships)] for county, *_ in counties}
    for township, _ in [cell for cells in list(children.values()) for cell in cells]:
        children[township] = [(f"{township}{at:03d}", "村") for at in range(villages)]
    levels = tile_division(counties, children, lambda _: groups, seed)
    for level in LEVELS:
        areas = [cell[3] for cell in levels[level]]
        assert shapely.coverage_is_valid(np.array(areas, dtype=object))
        assert shapely.area(areas).sum() == pytest.approx(0.24, rel=1e-5)
    _every_inner_point_has_a_whole_chain(levels, seed)


def _every_inner_point_has_a_whole_chain(levels: dict, seed: int) -> None:
    index = EditionIndex.build(
        {name: ([c[3] for c in cells], [c[0] for c in cells], [c[2] for c in cells]) for name, cells in levels.items()}
    )
    rng = np.random.default_rng(seed)
    chain = index.locate_chain(rng.uniform(123.001, 123.599, 300), rng.uniform(41.001, 41.399, 300))
    assert (chain.county != "").all()
    assert np.char.startswith(chain.group, chain.county).all()
    assert np.char.startswith(chain.group, chain.village).all()
