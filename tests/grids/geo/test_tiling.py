"""Invented borders tile exactly; the outlines come from the package."""

from __future__ import annotations

import csv
import time
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import shapely

from grids.geo.arrays import geometry_array
from grids.geo.outlines import county_outlines
from grids.geo.tiling import GRID_DEG, LEVELS, Cell, seeded_groups, split_exactly, tile_division
from tests.conftest import ROOT

SEED = 2022


@pytest.fixture(scope="module")
def facts() -> list[dict[str, str]]:
    with (ROOT / "packs" / "benxi" / "divisions.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def outlines(facts: list[dict[str, str]]) -> list[tuple[str, str, shapely.Geometry]]:
    return county_outlines([fact["code"] for fact in facts if fact["level"] == "county"])


def _tile(facts: list[dict[str, str]], outlines: list[tuple[str, str, shapely.Geometry]]) -> dict[str, list[Cell]]:
    children = defaultdict(list)
    for fact in facts:
        children[fact["parent_code"]].append((fact["code"], fact["name"]))
    return tile_division(outlines, children, seeded_groups(SEED), SEED)


@pytest.fixture(scope="module")
def benxi(facts: list[dict[str, str]], outlines: list[tuple[str, str, shapely.Geometry]]) -> dict[str, list[Cell]]:
    return _tile(facts, outlines)


def test_the_facts_are_one_city_six_counties_49_townships_508_villages(facts: list[dict[str, str]]) -> None:
    levels = [fact["level"] for fact in facts]
    assert [levels.count(level) for level in ("city", "county", "township", "village")] == [1, 6, 49, 508]
    codes = {fact["code"] for fact in facts}
    assert len(codes) == len(facts)
    assert all(fact["parent_code"] in codes for fact in facts if fact["level"] != "city")


def test_the_outlines_of_the_package_have_the_names_of_the_facts(
    facts: list[dict[str, str]], outlines: list[tuple[str, str, shapely.Geometry]]
) -> None:
    names = {fact["code"]: fact["name"] for fact in facts}
    assert {code: name for code, name, _ in outlines} == {c: n for c, n in names.items() if len(c) == 6}


def test_a_county_that_the_package_lacks_is_named() -> None:
    with pytest.raises(LookupError, match="999999"):
        county_outlines(["210502", "999999"])


@pytest.mark.parametrize(("level", "count"), [("county", 6), ("township", 49), ("village", 508)])
def test_every_cell_of_the_facts_has_an_area(benxi: dict[str, list[Cell]], level: str, count: int) -> None:
    assert len(benxi[level]) == len({code for code, *_ in benxi[level]}) == count


def test_groups_are_many_and_numbered_within_their_village(benxi: dict[str, list[Cell]]) -> None:
    assert 3000 < len(benxi["group"]) < 4500
    code, name, village, _ = benxi["group"][0]
    assert (code, name) == (f"{village}01", "1组")


@pytest.mark.parametrize("level", LEVELS)
def test_each_level_is_a_valid_coverage_of_valid_areas_in_one_piece(benxi: dict[str, list[Cell]], level: str) -> None:
    areas = geometry_array(area for *_, area in benxi[level])
    assert shapely.coverage_is_valid(areas)
    assert shapely.is_valid(areas).all()
    assert (shapely.get_num_geometries(areas) == 1).all()
    assert (shapely.area(areas) > 0).all()


@pytest.mark.parametrize(("above", "level"), list(pairwise(LEVELS)))
def test_a_parent_is_its_children_vertex_by_vertex(benxi: dict[str, list[Cell]], above: str, level: str) -> None:
    children = defaultdict(list)
    for *_, parent, area in benxi[level]:
        children[parent].append(area)
    for code, _, _, area in benxi[above]:
        together = shapely.normalize(shapely.coverage_union_all(children[code]))
        assert shapely.equals_exact(together, shapely.normalize(area), 0.0)


def test_the_county_outline_moves_by_less_than_the_grid(
    benxi: dict[str, list[Cell]], outlines: list[tuple[str, str, shapely.Geometry]]
) -> None:
    for (*_, woven), (*_, given) in zip(benxi["county"], outlines, strict=True):
        assert shapely.hausdorff_distance(woven, given) < GRID_DEG
        assert woven.symmetric_difference(given).area < 1e-6 * given.area


def test_the_same_seed_gives_the_same_borders_in_time_for_quickstart(
    benxi: dict[str, list[Cell]],
    facts: list[dict[str, str]],
    outlines: list[tuple[str, str, shapely.Geometry]],
) -> None:
    started = time.perf_counter()
    again = _tile(facts, outlines)
    assert time.perf_counter() - started < 20
    for level in LEVELS:
        assert [(*cell[:3], cell[3].wkb) for cell in again[level]] == [(*c[:3], c[3].wkb) for c in benxi[level]]


def test_a_cell_without_children_stays_whole() -> None:
    square = shapely.box(123.0, 41.0, 123.1, 41.1)
    levels = tile_division([("1", "甲县", square)], {"1": [("11", "乙镇"), ("12", "丙镇")]}, lambda _: 2, 1)
    assert [len(levels[level]) for level in LEVELS] == [1, 2, 0, 0]


def test_a_hole_in_the_counties_stays_a_hole() -> None:
    ring = shapely.box(123.0, 41.0, 123.3, 41.3) - shapely.box(123.1, 41.1, 123.2, 41.2)
    levels = tile_division([("1", "甲县", ring)], {"1": [(f"1{at}", "镇") for at in range(5)]}, lambda _: 1, 1)
    assert sum(cell[3].area for cell in levels["township"]) == pytest.approx(ring.area)


def test_outlines_that_do_not_fit_are_refused() -> None:
    squares = [("1", "甲县", shapely.box(0, 0, 1, 1)), ("2", "乙县", shapely.box(0.9, 0, 2, 1))]
    with pytest.raises(ValueError, match="重叠"):
        tile_division(squares, {}, lambda _: 1, 1)


def test_more_groups_than_codes_are_refused() -> None:
    children = {"1": [("11", "镇")], "11": [("111", "村")]}
    with pytest.raises(ValueError, match="99"):
        tile_division([("1", "甲县", shapely.box(0, 0, 1, 1))], children, lambda _: 100, 1)


def test_a_crooked_parent_does_not_leave_loose_pieces() -> None:
    comb = shapely.union_all(
        [shapely.box(0, 0, 1, 0.1), *(shapely.box(x, 0, x + 0.02, 1) for x in np.arange(0, 1, 0.1))]
    )
    parts = split_exactly(comb, 7, np.random.default_rng(3))
    assert shapely.coverage_is_valid(parts)
    assert (shapely.get_num_geometries(parts) == 1).all()


def test_real_outlines_of_fine_vertices_tile_as_well(data_dir: Path, facts: list[dict[str, str]]) -> None:
    import json

    from shapely.geometry import shape

    features = json.loads((data_dir / "benxi_counties.geojson").read_text(encoding="utf-8"))["features"]
    outlines = [(f["properties"]["adcode"], f["properties"]["name"], shape(f["geometry"])) for f in features]
    for cells in _tile(facts, outlines).values():
        assert shapely.coverage_is_valid(geometry_array(area for *_, area in cells))
