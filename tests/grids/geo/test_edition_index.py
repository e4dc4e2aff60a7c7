"""An edition: the county first, the leaf inside it, the distance to the border, the shares of a footprint."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import shapely
from shapely.geometry import shape

from grids.geo import edition_index as edition
from grids.geo.edition_index import EditionIndex
from grids.geo.store import IndexDamaged

WEST, EAST = shapely.box(123.0, 41.0, 123.1, 41.1), shapely.box(123.1, 41.0, 123.2, 41.1)
COUNTIES = ([WEST, EAST], ["210502", "210503"], ["2105", "2105"])


def _two_counties(**levels: edition.Layer) -> EditionIndex:
    return EditionIndex.build({"county": COUNTIES, **levels})


def test_levels_that_the_edition_lacks_are_empty() -> None:
    chain = _two_counties().locate_chain([123.05, 123.15, 124.0], [41.05] * 3)
    assert chain.county.tolist() == ["210502", "210503", ""]
    assert chain.township.tolist() == chain.village.tolist() == chain.group.tolist() == ["", "", ""]
    assert chain.flags.tolist() == [0, 0, 0]


def test_a_leaf_that_reaches_into_another_county_is_not_returned_there_but_said() -> None:
    reaching = shapely.box(123.0, 41.0, 123.15, 41.1)
    index = _two_counties(township=([reaching], ["210502001"], ["210502"]))
    chain = index.locate_chain([123.05, 123.12, 123.18], [41.05] * 3)
    assert chain.county.tolist() == ["210502", "210503", "210503"]
    assert chain.township.tolist() == ["210502001", "", ""]
    assert chain.flags.tolist() == [0, edition.LEAF_ELSEWHERE | edition.INCOMPLETE, edition.INCOMPLETE]


def test_where_leaves_overlap_across_counties_the_own_one_is_found() -> None:
    reaching = shapely.box(123.0, 41.0, 123.15, 41.1)
    index = _two_counties(township=([reaching, EAST], ["210502001", "210503001"], ["210502", "210503"]))
    chain = index.locate_chain(123.12, 41.05)
    assert chain.township == "210503001"
    assert chain.flags == 0


def test_a_leaf_in_a_gap_of_the_county_layer_is_said_and_pays_nothing() -> None:
    outside = shapely.box(123.2, 41.0, 123.3, 41.1)
    chain = _two_counties(township=([outside], ["210503001"], ["210503"])).locate_chain(123.25, 41.05)
    assert (chain.county, chain.township, chain.flags) == ("", "", edition.LEAF_ELSEWHERE)


def test_a_village_without_groups_is_found_and_said() -> None:
    index = _two_counties(
        township=([WEST], ["210502001"], ["210502"]),
        village=([WEST], ["210502001001"], ["210502001"]),
        group=([shapely.box(123.0, 41.0, 123.05, 41.1)], ["21050200100101"], ["210502001001"]),
    )
    chain = index.locate_chain([123.02, 123.08], [41.05, 41.05])
    assert chain.village.tolist() == ["210502001001"] * 2
    assert chain.township.tolist() == ["210502001"] * 2
    assert chain.group.tolist() == ["21050200100101", ""]
    assert chain.flags.tolist() == [0, edition.INCOMPLETE]


def test_the_levels_between_are_the_ancestors_of_the_leaf() -> None:
    # The village pokes out of its township: the chain follows the parents, not the township's polygon.
    halves = [shapely.box(123.0, 41.0, 123.05, 41.1), shapely.box(123.05, 41.0, 123.1, 41.1)]
    index = _two_counties(
        township=(halves, ["210502001", "210502002"], ["210502", "210502"]),
        village=([shapely.box(123.0, 41.0, 123.06, 41.1)], ["210502001001"], ["210502001"]),
    )
    chain = index.locate_chain(123.055, 41.05)
    assert (chain.village, chain.township) == ("210502001001", "210502001")


def test_an_absent_level_between_does_not_break_the_chain() -> None:
    index = _two_counties(village=([WEST], ["210502001001"], ["210502001"]))
    chain = index.locate_chain(123.05, 41.05)
    assert (chain.county, chain.township, chain.village) == ("210502", "", "210502001001")


def test_a_parent_code_outranks_the_digits_of_the_code() -> None:
    index = _two_counties(township=([EAST], ["210502001"], ["210503"]))
    assert index.locate_chain(123.15, 41.05).township == "210502001"


def test_parents_that_run_in_a_circle_belong_to_no_county() -> None:
    index = _two_counties(
        township=([WEST], ["x"], ["y"]),
        village=([WEST], ["y"], ["x"]),
    )
    chain = index.locate_chain(123.05, 41.05)
    assert (chain.county, chain.township, chain.village) == ("210502", "", "")
    assert chain.flags & edition.LEAF_ELSEWHERE


def test_a_point_on_the_county_border_is_flagged_and_goes_to_the_lower_code() -> None:
    index = _two_counties(township=([WEST, EAST], ["210502001", "210503001"], ["210502", "210503"]))
    chain = index.locate_chain(123.1, 41.05)
    assert (chain.county, chain.township) == ("210502", "210502001")
    assert chain.flags == edition.COUNTY_BORDER | edition.LEAF_BORDER


def test_the_answer_has_the_shape_of_the_question_and_nowhere_is_refused() -> None:
    assert _two_counties().locate_chain(np.full((2, 2), 123.05), 41.05).county.shape == (2, 2)
    assert _two_counties().locate_chain([], []).flags.shape == (0,)
    with pytest.raises(ValueError, match="不是有限的数"):
        _two_counties().locate_chain([123.05], [float("nan")])


def test_an_edition_needs_counties_and_knows_its_levels() -> None:
    with pytest.raises(ValueError, match="county"):
        EditionIndex.build({"township": COUNTIES})
    with pytest.raises(ValueError, match="hamlet"):
        _two_counties(hamlet=COUNTIES)
    with pytest.raises(ValueError, match="上级代码"):
        _two_counties(township=([WEST], ["210502001"], []))


def test_the_distance_to_the_border_is_that_to_the_nearest_edge_inner_or_outer() -> None:
    east_m = 84_000.0  # one degree of longitude at 41°, roughly
    distance = _two_counties().border_distance_m([123.1, 123.11, 123.005, 123.3], [41.05, 41.05, 41.05, 41.05])
    assert distance / east_m == pytest.approx([0.0, 0.01, 0.005, 0.1], rel=0.01)


def test_the_distance_to_the_border_agrees_with_the_geodesic() -> None:
    geod = pytest.importorskip("pyproj").Geod(ellps="WGS84")
    slanted = shapely.Polygon([(123.0, 41.0), (123.4, 41.15), (123.35, 41.4), (123.05, 41.3)])
    index = EditionIndex.build({"county": ([slanted], ["210502"], [""])})
    rng = np.random.default_rng(7)
    lon, lat = rng.uniform(122.9, 123.5, 40), rng.uniform(40.9, 41.5, 40)
    border = shapely.get_coordinates(shapely.segmentize(slanted.exterior, 0.0001))
    exact = [geod.inv(*np.broadcast_arrays(x, y, *border.T))[2].min() for x, y in zip(lon, lat, strict=True)]
    assert index.border_distance_m(lon, lat) == pytest.approx(exact, rel=2e-3, abs=0.5)


def test_shares_are_of_the_footprint_and_what_is_missing_lies_outside() -> None:
    index = _two_counties()
    assert index.county_shares(shapely.box(123.06, 41.04, 123.11, 41.06)) == [
        ("210502", pytest.approx(0.8)),
        ("210503", pytest.approx(0.2)),
    ]
    assert index.county_shares(shapely.box(123.19, 41.04, 123.23, 41.06)) == [("210503", pytest.approx(0.25))]
    assert index.county_shares(shapely.box(125.0, 41.0, 125.1, 41.1)) == []
    assert index.county_shares(shapely.box(123.01, 41.01, 123.02, 41.02)) == [("210502", 1.0)]


def test_a_footprint_that_only_touches_a_county_has_no_share_there() -> None:
    index = _two_counties()
    touching = shapely.box(123.05, 41.04, 123.1, 41.06)
    assert index.county_shares(touching) == [("210502", 1.0)]


def test_an_edition_is_saved_once_under_its_own_content(tmp_path: Path) -> None:
    index = _two_counties(township=([WEST, None], ["210502001", "210502002"], ["210502", "210502"]))
    path = index.save(tmp_path / "indexes")
    assert index.save(tmp_path / "indexes") == path
    assert [entry.name for entry in (tmp_path / "indexes").iterdir()] == [path.name]
    assert index.digest in path.name
    again = EditionIndex.open(path)
    assert again.digest == index.digest
    assert again.locate_chain([123.05, 123.15], [41.05, 41.05]).township.tolist() == ["210502001", ""]


def test_another_edition_has_another_name(tmp_path: Path) -> None:
    first, second = _two_counties(), _two_counties(township=([WEST], ["210502001"], ["210502"]))
    assert first.save(tmp_path) != second.save(tmp_path)


def test_a_lost_or_damaged_layer_is_never_read_as_an_absent_one(tmp_path: Path) -> None:
    path = _two_counties(township=([WEST], ["210502001"], ["210502"])).save(tmp_path)
    layer = path / "township.idx"
    whole = layer.read_bytes()
    layer.write_bytes(whole[:-3])
    with pytest.raises(IndexDamaged, match="校验和"):
        EditionIndex.open(path)
    layer.unlink()
    with pytest.raises(IndexDamaged, match=r"缺少 township\.idx"):
        EditionIndex.open(path)


PARENT_FIELD = {"county": None, "township": "county", "village": "township", "group": "village"}


@pytest.fixture(scope="module")
def benxi(data_dir: Path) -> EditionIndex:
    levels: dict[str, edition.Layer] = {}
    for level, parent in PARENT_FIELD.items():
        text = (data_dir / f"synthetic_benxi_{level}.geojson").read_text(encoding="utf-8")
        features = json.loads(text)["features"]
        facts = [feature["properties"] for feature in features]
        levels[level] = (
            [shape(feature["geometry"]) for feature in features],
            [fact["code"] for fact in facts],
            [fact[parent] if parent else "2105" for fact in facts],
        )
    return EditionIndex.build(levels)


def _october(data_dir: Path) -> tuple[np.ndarray, np.ndarray]:
    with (data_dir / "firms_viirs_noaa20_liaoning_2023-10.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return np.array([float(r["longitude"]) for r in rows]), np.array([float(r["latitude"]) for r in rows])


def test_the_october_file_has_308_rows_in_benxi_each_with_a_whole_chain(benxi: EditionIndex, data_dir: Path) -> None:
    chain = benxi.locate_chain(*_october(data_dir))
    assert Counter(chain.county.tolist()) == {
        "": 2053, "210502": 189, "210503": 41, "210504": 5, "210505": 3, "210521": 44, "210522": 26,
    }  # fmt: skip
    inside = chain.county != ""
    for short, long in ((chain.county, chain.township), (chain.township, chain.village), (chain.village, chain.group)):
        assert all(np.char.startswith(long[inside], short[inside]))
        assert all(short[inside] != "")
    assert not chain.flags.any()


def test_a_thousand_points_of_the_edition_agree_with_covers(benxi: EditionIndex) -> None:
    rng = np.random.default_rng(11)
    lon, lat = rng.uniform(123.5, 125.8, 1000), rng.uniform(40.8, 41.6, 1000)
    chain = benxi.locate_chain(lon, lat)
    for level, answer in (("county", chain.county), ("group", chain.group)):
        cells, codes = benxi.locators[level].geometries, np.array(benxi.locators[level].codes)
        points = shapely.points(lon, lat)
        covering = [sorted(codes[shapely.covers(cells, point)])[:1] for point in points]
        assert answer.tolist() == [found[0] if found else "" for found in covering]
