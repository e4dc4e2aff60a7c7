"""The check finds the dead corners."""

import pytest

from grids.selectors import system_user
from grids.services.edition_check import edition_check
from grids.services.editions import edition_import
from journal.errors import Refused
from tests.grids.files import box, feature, two_counties, write

pytestmark = pytest.mark.django_db


def check(**levels):
    edition_import(name="版", levels=levels, actor=system_user())
    return edition_check(name="版")


def test_the_real_tiling_of_four_levels_has_nothing_to_report(data_dir):
    result = check(
        **{level: data_dir / f"synthetic_benxi_{level}.geojson" for level in ("county", "township", "village")}
    )
    assert result["ok"] is True
    assert result["cells"] == {"county": 6, "township": 49, "village": 508}
    assert not any(result["counts"].values())


@pytest.mark.parametrize("name", ["benxi_counties", "liaoning_counties", "liaoning_counties_tianditu"])
def test_the_real_county_files_are_sound_and_铁西区_of_two_cities_is_no_duplicate(data_dir, name):
    result = check(county=data_dir / f"{name}.geojson")
    assert (result["ok"], result["overlaps"], result["duplicates"]) == (True, [], [])


@pytest.mark.embedded
def test_an_overlap_of_neighbours_is_named_with_both_codes_place_and_area(tmp_path):
    file = write(
        tmp_path / "c.geojson",
        feature(box(123.7, 41.2, 123.81, 41.4), code="210590", name="甲县"),
        feature(box(123.8, 41.2, 123.9, 41.4), code="210591", name="乙县"),
    )
    result = check(county=file)
    assert not result["ok"]
    (overlap,) = result["overlaps"]
    assert overlap["codes"] == ["210590", "210591"]
    assert overlap["area_m2"] == pytest.approx(838 * 22211, rel=1e-2)
    assert 123.8 < overlap["place"][0] < 123.81


def test_a_strip_between_two_counties_is_a_gap(tmp_path):
    file = write(
        tmp_path / "c.geojson",
        feature(box(123.7, 41.2, 123.8, 41.4), code="210590", name="甲县"),
        feature(box(123.8001, 41.2, 123.9, 41.4), code="210591", name="乙县"),
    )
    result = check(county=file)
    assert not result["ok"]
    assert result["gaps"]


def test_a_hole_inside_the_top_level_is_a_gap_with_its_area(tmp_path):
    outer = box(123.0, 41.0, 124.0, 42.0)
    outer["coordinates"].append(box(123.4, 41.4, 123.5, 41.5)["coordinates"][0])
    result = check(county=write(tmp_path / "c.geojson", feature(outer, code="210590", name="甲县")))
    (gap,) = result["gaps"]
    assert gap["area_m2"] == pytest.approx(8.36e3 * 11.1e3, rel=1e-2)
    assert gap["place"] == pytest.approx([123.45, 41.45], abs=0.05)


def test_ground_of_a_county_that_no_township_covers_is_a_gap(tmp_path):
    towns = write(
        tmp_path / "t.geojson",
        feature(box(123.7, 41.2, 123.8, 41.3), code="210590001", name="南乡", county="210590"),
        feature(box(123.8, 41.2, 123.9, 41.4), code="210591001", name="全乡", county="210591"),
    )
    result = check(county=two_counties(tmp_path), township=towns)
    (gap,) = result["gaps"]
    assert (gap["level"], gap["parent"]) == ("township", "210590")
    assert gap["place"] == pytest.approx([123.75, 41.35], abs=0.05)


def test_a_township_beyond_its_county_is_outside_its_parent(tmp_path):
    towns = write(
        tmp_path / "t.geojson",
        feature(box(123.7, 41.2, 123.85, 41.4), code="210590001", name="大乡", county="210590"),
        feature(box(123.85, 41.2, 123.9, 41.4), code="210591001", name="小乡", county="210591"),
    )
    result = check(county=two_counties(tmp_path), township=towns)
    assert [row["code"] for row in result["outside_parent"]] == ["210590001"]
    assert result["gaps"] == []


def test_orphans_nameless_cells_and_cells_without_polygon_are_listed(tmp_path):
    villages = write(
        tmp_path / "v.geojson",
        feature(box(123.7, 41.2, 123.8, 41.4), code="1", name="", county="210590"),
        feature(None, code="2", name="无图村", county="210590"),
        feature(box(123.8, 41.2, 123.9, 41.4), code="3", name="孤村", county="999999"),
    )
    result = check(county=two_counties(tmp_path), village=villages)
    assert [row["code"] for row in result["no_name"]] == ["1"]
    assert [row["code"] for row in result["no_polygon"]] == ["2"]
    assert [row["code"] for row in result["orphans"]] == ["3"]


def test_one_name_twice_in_one_county_and_one_shape_twice_are_duplicates(tmp_path):
    towns = write(
        tmp_path / "t.geojson",
        feature(box(123.7, 41.2, 123.8, 41.3), code="210590001", name="同乡", county="210590"),
        feature(box(123.7, 41.3, 123.8, 41.4), code="210590002", name="同乡", county="210590"),
        feature(box(123.8, 41.2, 123.9, 41.4), code="210591001", name="同乡", county="210591"),
        feature(box(123.8, 41.2, 123.9, 41.4), code="210591002", name="异乡", county="210591"),
    )
    found = check(county=two_counties(tmp_path), township=towns)["duplicates"]
    assert {(row["kind"], *row["codes"]) for row in found} == {
        ("name", "210590001", "210590002"),
        ("shape", "210591001", "210591002"),
    }


def test_an_edition_that_does_not_exist_is_refused():
    with pytest.raises(Refused) as refused:
        edition_check(name="没有")
    assert refused.value.code == "no_edition"
