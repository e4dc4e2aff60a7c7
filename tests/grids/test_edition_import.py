"""Editions load whole and right, or not at all."""

from pathlib import Path

import pytest
import shapely

from core.errors import BadInput, Conflict
from grids.editions.activating import edition_import
from grids.geo.datum import from_wgs84
from grids.models import Cell, Edition
from grids.roles import Level
from grids.selectors import system_user
from journal.models import Entry
from tests.grids.files import box, feature, two_counties, write

pytestmark = pytest.mark.django_db


def load(levels: dict[str, Path], name: str = "版", **kwargs):
    return edition_import(name=name, levels=levels, actor=system_user(), **kwargs)[0]


def refusal(levels: dict[str, Path], **kwargs) -> BadInput:
    with pytest.raises(BadInput) as refused:
        load(levels, **kwargs)
    assert not Edition.objects.exists()
    assert not Cell.objects.exists()
    assert not Entry.objects.exists()
    return refused.value


@pytest.mark.embedded
def test_a_county_file_becomes_an_inactive_edition_with_one_journal_entry(tmp_path):
    edition = load({"county": two_counties(tmp_path)})
    assert edition.state == Edition.State.LOADED
    assert list(edition.cells.order_by("code").values_list("code", "name")) == [("210590", "甲县"), ("210591", "乙县")]
    assert Entry.objects.filter(act="grid.imported", subject_id=str(edition.pk)).count() == 1


def test_the_area_of_a_cell_is_in_square_metres_on_the_ellipsoid(tmp_path):
    edition = load({"county": two_counties(tmp_path)})
    # 0.1° × 0.2° at 41.3°N: 8,378 m × 22,211 m.
    assert edition.cells.get(code="210590").area_m2 == pytest.approx(8378 * 22211, rel=2e-3)


def test_the_real_synthetic_levels_load_with_every_parent_found(data_dir):
    levels = {level: data_dir / f"synthetic_benxi_{level}.geojson" for level in ("county", "township", "village")}
    edition = load(levels)
    counts = {level: edition.cells.filter(level=level).count() for level in levels}
    assert counts == {"county": 6, "township": 49, "village": 508}
    assert not edition.cells.exclude(level=Level.COUNTY).filter(parent=None).exists()
    village = edition.cells.get(code="210502001002")
    assert (village.parent.code, village.parent.parent.code) == ("210502001", "210502")
    assert edition.is_synthetic


def test_without_parent_columns_a_cell_belongs_to_the_cell_that_it_lies_in(tmp_path):
    towns = write(
        tmp_path / "town.geojson",
        feature(box(123.7, 41.2, 123.8, 41.3), XZQDM="210590001", XZQMC="南乡"),
        feature(box(123.8, 41.2, 123.9, 41.3), XZQDM="210591001", XZQMC="东乡"),
    )
    edition = load({"county": two_counties(tmp_path), "township": towns})
    assert edition.cells.get(code="210590001").parent.code == "210590"
    assert edition.cells.get(code="210591001").parent.code == "210591"


def test_a_level_may_be_absent_and_the_next_one_above_is_the_parent(tmp_path):
    village = write(
        tmp_path / "v.geojson", feature(box(123.7, 41.2, 123.75, 41.3), code="210590001001", name="村", county="210590")
    )
    edition = load({"county": two_counties(tmp_path), "village": village})
    assert edition.cells.get(level="village").parent.code == "210590"


def test_a_cell_that_names_an_unknown_parent_is_an_orphan_and_not_given_to_whoever_lies_around_it(tmp_path):
    town = write(tmp_path / "t.geojson", feature(box(123.7, 41.2, 123.8, 41.3), code="1", name="乡", county="999999"))
    edition = load({"county": two_counties(tmp_path), "township": town})
    assert edition.cells.get(code="1").parent is None


def test_the_gb_column_of_tianditu_loses_its_country_prefix(tmp_path):
    file = write(tmp_path / "c.geojson", feature(box(123, 41, 124, 42), gb="156210502", name="平山区"))
    assert load({"county": file}).cells.get().code == "210502"


def test_numeric_codes_and_full_width_names_are_read_as_text(tmp_path):
    file = write(tmp_path / "c.geojson", feature(box(123, 41, 124, 42), adcode=210502, name=" 平山区（１） "))
    cell = load({"county": file}).cells.get()
    assert (cell.code, cell.name) == ("210502", "平山区(1)")


def test_mapped_columns_are_used_and_may_differ_by_level(tmp_path):
    county = write(tmp_path / "c.geojson", feature(box(123, 41, 124, 42), dm="210502", mc="平山区"))
    town = write(tmp_path / "t.geojson", feature(box(123, 41, 124, 42), tdm="210502001", mc="南地街道"))
    mapping = {"county.code": "dm", "township.code": "tdm", "name": "mc"}
    edition = load({"county": county, "township": town}, mapping=mapping)
    assert sorted(edition.cells.values_list("code", flat=True)) == ["210502", "210502001"]


def test_gcj02_borders_are_stored_as_wgs84(tmp_path):
    lon, lat = from_wgs84([123.7, 123.9], [41.2, 41.4], "gcj02")
    file = write(tmp_path / "c.geojson", feature(box(lon[0], lat[0], lon[1], lat[1]), code="210590", name="甲县"))
    cell = load({"county": file}, datum="gcj02").cells.get()
    west, south, _, _ = shapely.from_wkb(bytes(cell.geometry)).bounds
    assert (west, south) == pytest.approx((123.7, 41.2), abs=1e-4)
    assert cell.edition.datum == "gcj02"


def test_neighbours_still_share_their_border_after_the_datum_is_undone(data_dir):
    edition = load({"county": data_dir / "liaoning_counties_gcj02_RAW.geojson"}, datum="gcj02")
    shapes = shapely.from_wkb([bytes(wkb) for wkb in edition.cells.values_list("geometry", flat=True)])
    assert shapely.coverage_is_valid(shapes)


def test_gauss_krueger_coordinates_with_a_declared_zone_become_degrees(tmp_path):
    import geopandas

    frame = geopandas.GeoDataFrame(
        {"code": ["210590"], "name": ["甲县"]}, geometry=[shapely.box(123.7, 41.2, 123.8, 41.4)]
    )
    frame.set_crs(4490).to_crs(4549).to_file(tmp_path / "c.gpkg")
    west, south, east, north = shapely.from_wkb(
        bytes(load({"county": tmp_path / "c.gpkg"}).cells.get().geometry)
    ).bounds
    assert (west, south, east, north) == pytest.approx((123.7, 41.2, 123.8, 41.4), abs=1e-7)


def test_the_same_name_with_the_same_content_is_the_same_edition(tmp_path):
    file = two_counties(tmp_path)
    first, is_new = edition_import(name="版", levels={"county": file}, actor=system_user())
    again, is_new_again = edition_import(name="版", levels={"county": file}, actor=system_user())
    assert (is_new, is_new_again) == (True, False)
    assert again.pk == first.pk
    assert Entry.objects.filter(act="grid.imported").count() == 1


def test_the_same_name_with_other_content_is_refused(tmp_path):
    load({"county": two_counties(tmp_path)})
    other = write(tmp_path / "o.geojson", feature(box(123, 41, 124, 42), code="1", name="丙县"))
    with pytest.raises(Conflict) as refused:
        load({"county": other})
    assert refused.value.code == "edition_differs"
    assert Cell.objects.count() == 2


def test_the_content_hash_does_not_depend_on_the_order_of_features(tmp_path):
    features = [feature(box(i, 41, i + 1, 42), code=str(i), name=f"县{i}") for i in (120, 121, 122)]
    forward = load({"county": write(tmp_path / "a.geojson", *features)}, name="甲")
    backward = load({"county": write(tmp_path / "b.geojson", *reversed(features))}, name="乙")
    assert forward.content_hash == backward.content_hash


@pytest.mark.embedded
def test_a_duplicate_code_is_refused_with_both_features(tmp_path):
    file = write(
        tmp_path / "c.geojson",
        feature(box(123, 41, 124, 42), code="210590", name="甲县"),
        feature(box(124, 41, 125, 42), code="210590", name="乙县"),
    )
    error = refusal({"county": file})
    assert error.code == "duplicate_code"
    assert error.details["features"] == [1, 2]
    assert "210590" in error.message


def test_one_code_on_two_levels_is_a_duplicate_too(tmp_path):
    town = write(tmp_path / "t.geojson", feature(box(123.7, 41.2, 123.8, 41.3), code="210590", name="乡"))
    assert refusal({"county": two_counties(tmp_path), "township": town}).code == "duplicate_code"


@pytest.mark.parametrize(
    ("ring", "word"),
    [
        ([[123, 41], [124, 42], [124, 41], [123, 42], [123, 41]], "Self-intersection"),
        ([[123, 41], [124, 42], [123, 41]], "Too few points"),
        ([[123, 41], [124, 42], [124, 41], [123.5, 41]], "closed"),
    ],
)
def test_a_malformed_ring_is_refused_with_feature_and_code(tmp_path, ring, word):
    file = write(
        tmp_path / "c.geojson",
        feature(box(120, 41, 121, 42), code="210590", name="甲县"),
        feature({"type": "Polygon", "coordinates": [ring]}, code="210591", name="乙县"),
    )
    error = refusal({"county": file})
    assert error.code == "malformed_geometry"
    assert (error.details["feature"], error.details["cell_code"]) == (2, "210591")
    assert word in error.message


def test_a_hole_outside_its_shell_is_refused_with_its_place(tmp_path):
    shell = box(123, 41, 124, 42)["coordinates"][0]
    hole = box(125, 41, 125.5, 41.5)["coordinates"][0]
    file = write(
        tmp_path / "c.geojson", feature({"type": "Polygon", "coordinates": [shell, hole]}, code="1", name="县")
    )
    error = refusal({"county": file})
    assert "Hole lies outside shell" in error.message
    assert error.details["place"]


def test_metres_without_a_crs_are_refused_as_no_degrees(tmp_path):
    file = write(tmp_path / "c.geojson", feature(box(41500000, 4570000, 41510000, 4580000), code="1", name="县"))
    error = refusal({"county": file})
    assert error.code == "not_degrees"
    assert "(41510000, 4570000)" in error.message


def test_latitude_before_longitude_is_refused_as_no_degrees(tmp_path):
    file = write(tmp_path / "c.geojson", feature(box(41, 123, 42, 124), code="1", name="县"))
    assert refusal({"county": file}).code == "not_degrees"


def test_a_file_without_a_code_column_is_refused_with_the_columns_that_it_has(tmp_path):
    file = write(tmp_path / "c.geojson", feature(box(123, 41, 124, 42), DM="1", name="县"))
    error = refusal({"county": file})
    assert error.code == "missing_column"
    assert "DM" in error.message
    assert "--map" in error.message


def test_a_mapped_column_that_no_file_has_is_refused(tmp_path):
    assert "NAEM" in refusal({"county": two_counties(tmp_path)}, mapping={"name": "NAEM"}).message


@pytest.mark.parametrize("level", ["kounty", "province"])
def test_an_unknown_level_is_refused(tmp_path, level):
    assert refusal({level: two_counties(tmp_path)}).code == "unknown_level"


def test_an_empty_code_is_refused_with_feature_and_place(tmp_path):
    file = write(tmp_path / "c.geojson", feature(box(123, 41, 124, 42), code=None, name="县"))
    error = refusal({"county": file})
    assert error.code == "bad_code"
    assert "123.50000,41.50000" in error.message


def test_a_point_layer_is_refused(tmp_path):
    point = {"type": "Point", "coordinates": [123, 41]}
    assert (
        refusal({"county": write(tmp_path / "c.geojson", feature(point, code="1", name="县"))}).code == "not_a_polygon"
    )


def test_a_county_without_polygon_is_refused_and_a_village_without_one_is_not(tmp_path):
    assert refusal({"county": write(tmp_path / "c.geojson", feature(None, code="1", name="县"))}).code == "no_geometry"
    village = write(
        tmp_path / "v.geojson",
        feature(box(123.7, 41.2, 123.8, 41.3), code="11", name="有图村"),
        feature(None, code="12", name="无图村", county="210590"),
    )
    edition = load({"county": two_counties(tmp_path), "village": village})
    bare = edition.cells.get(code="12")
    assert bare.geometry is None
    assert bare.parent.code == "210590"


@pytest.mark.parametrize("content", ["", "not json", '{"type":"FeatureCollection","features":[]}'])
def test_a_file_that_cannot_be_read_is_refused(tmp_path, content):
    file = tmp_path / "c.geojson"
    file.write_text(content)
    assert refusal({"county": file}).code in ("unreadable", "empty_file")


def test_a_missing_file_is_refused(tmp_path):
    assert refusal({"county": tmp_path / "nowhere.geojson"}).code == "no_file"


def test_beijing_1954_coordinates_are_refused_because_the_shift_is_not_known(tmp_path):
    file = write(
        tmp_path / "c.geojson", feature(box(123, 41, 124, 42), code="1", name="县"), crs="urn:ogc:def:crs:EPSG::4214"
    )
    assert refusal({"county": file}).code == "unknown_crs"
