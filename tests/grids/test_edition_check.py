"""The check finds the dead corners, the wrong datum, and what lies twice."""

import json
from datetime import date
from typing import Any

import numpy as np
import pytest
import shapely
import shapely.affinity

from core.errors import BadInput, Conflict, Missing, Refused
from grids.editions.activating import edition_activate, edition_import, edition_load
from grids.editions.check import edition_check
from grids.editions.divisions import division_table_load
from grids.editions.files import Part, Plan
from grids.editions.reports import edition_report, errors_in_words
from grids.geo.edges import Edges, covering, faces
from grids.geo.tiling import split_exactly
from grids.locating import locate
from grids.models import Edition
from grids.selectors import groups_to_choose, payers_listed, system_user
from journal.models import Entry
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


def test_a_file_of_gcj02_that_says_it_is_wgs84_is_caught_by_the_outlines_of_all_its_counties(data_dir):
    caught = check(county=data_dir / "liaoning_counties_gcj02_RAW.geojson")
    (doubt,) = caught["datum"]
    assert (doubt["best"], doubt["counties"], doubt["certain"], caught["ok"]) == ("gcj02", 100, True, False)
    assert "GCJ-02" in doubt["message"]
    # Nobody kept this check as a report: the activation asks by itself.
    with pytest.raises(Conflict) as refused:
        edition_activate(name="版", valid_from=date(2020, 1, 1), actor=system_user())
    assert "GCJ-02" in refused.value.message


def test_a_shift_that_was_undone_although_there_was_none_is_caught_too(data_dir):
    edition_import(
        name="版", levels={"county": data_dir / "benxi_counties.geojson"}, datum="gcj02", actor=system_user()
    )
    assert [one["best"] for one in edition_check(name="版")["datum"]] == ["undone_gcj02"]


def test_two_counties_in_a_wrong_datum_are_a_warning_only(tmp_path, data_dir):
    content = json.loads((data_dir / "liaoning_counties_gcj02_RAW.geojson").read_text(encoding="utf-8"))
    two = [one for one in content["features"] if one["properties"]["adcode"] in ("210521", "210522")]
    result = check(county=write(tmp_path / "c.geojson", *two))
    assert [one["certain"] for one in result["datum"]] == [False]
    assert "只作提醒" in result["datum"][0]["message"]
    assert result["ok"] is True


def test_counties_whose_codes_belong_elsewhere_are_far_from_their_outlines(tmp_path):
    cells = [
        feature(box(120 + i, 41, 121 + i, 42), code=code, name=code)
        for i, code in enumerate(("440103", "440104", "440105"))
    ]
    (doubt,) = check(county=write(tmp_path / "c.geojson", *cells))["datum"]
    assert (doubt["kind"], doubt["certain"]) == ("far", True)


def test_multi_polygons_are_compared_like_polygons(tmp_path):
    def two_parts(*boxes: Any) -> Any:
        return {"type": "MultiPolygon", "coordinates": [one["coordinates"] for one in boxes]}

    west = two_parts(box(123.7, 41.2, 123.81, 41.4), box(123.7, 41.5, 123.8, 41.6))
    east = two_parts(box(123.8, 41.2, 123.9, 41.4), box(123.8, 41.5, 123.9, 41.6))
    file = write(
        tmp_path / "c.geojson", feature(west, code="210590", name="甲县"), feature(east, code="210591", name="乙县")
    )
    result = check(county=file)
    assert [one["codes"] for one in result["overlaps"]] == [["210590", "210591"]]
    assert [one["parts"] for one in result["warnings"]["multi_part"]] == [2, 2]


def test_an_overlap_that_lies_across_three_cells_is_told_for_each_pair(tmp_path):
    file = write(
        tmp_path / "c.geojson",
        feature(box(123.0, 41.0, 123.2, 41.2), code="210501", name="甲"),
        feature(box(123.1, 41.0, 123.3, 41.2), code="210502", name="乙"),
        feature(box(123.15, 41.0, 123.4, 41.2), code="210503", name="丙"),
    )
    pairs = [tuple(one["codes"]) for one in check(county=file)["overlaps"]]
    assert pairs == [("210501", "210502"), ("210501", "210503"), ("210502", "210503")]


def test_borders_drawn_twice_leave_one_finding_for_each_pair_however_many_slivers(tmp_path):
    zigzag = [[123.8 + (0.0004 if at % 2 else -0.0004), 41.4 - 0.01 * at] for at in range(1, 20)]
    west = [[123.7, 41.2], [123.8, 41.2], [123.8, 41.4], [123.7, 41.4], [123.7, 41.2]]
    east = [[123.8, 41.4], *zigzag, [123.8, 41.2], [123.9, 41.2], [123.9, 41.4], [123.8, 41.4]]
    file = write(
        tmp_path / "c.geojson",
        feature({"type": "Polygon", "coordinates": [west]}, code="210590", name="甲县"),
        feature({"type": "Polygon", "coordinates": [east]}, code="210591", name="乙县"),
    )
    result = check(county=file)
    assert len(result["overlaps"]) == 1
    enclosed = [one for one in result["gaps"] if one["area_m2"]]
    assert [(one["codes"], one["parts"] > 5) for one in enclosed] == [(["210590", "210591"], True)]


def test_a_thread_of_land_is_a_sliver(tmp_path):
    spike = {"type": "MultiPolygon", "coordinates": [box(123.7, 41.2, 123.8, 41.4)["coordinates"],
                                                     box(123.75, 41.5, 123.75005, 41.6)["coordinates"]]}  # fmt: skip
    (sliver,) = check(county=write(tmp_path / "c.geojson", feature(spike, code="210590", name="甲县")))["warnings"][
        "slivers"
    ]
    assert sliver["width_m"] == pytest.approx(4.2, abs=0.3)
    assert sliver["place"] == pytest.approx([123.75, 41.55], abs=0.06)


def test_codes_and_names_are_held_against_the_division_table(tmp_path):
    table = tmp_path / "divisions.csv"
    table.write_text(
        "code,name,level,parent_code\n210590,甲县,county,2105\n210591,乙县,county,2105\n"
        "210590001,南山街道办事处,township,210590\n210590002,东营坊乡,township,210590\n210591009,无人镇,township,210591\n",
        encoding="utf-8",
    )
    assert division_table_load(path=table, actor=system_user()) == 5
    assert division_table_load(path=table, actor=system_user()) == 0
    towns = write(
        tmp_path / "t.geojson",
        feature(box(123.7, 41.2, 123.8, 41.3), code="210590001", name="南山街道", county="210590"),
        feature(box(123.7, 41.3, 123.8, 41.4), code="210590002", name="东营房乡", county="210590"),
        feature(box(123.8, 41.2, 123.9, 41.4), code="21059100A", name="镇", county="210591"),
    )
    told = check(county=two_counties(tmp_path), township=towns)["warnings"]
    assert [(one["code"], one["expected"]) for one in told["names_differ"]] == [("210590002", "东营坊乡")]
    assert [one["code"] for one in told["not_in_table"]] == ["21059100A"]
    assert [one["code"] for one in told["not_in_edition"]] == ["210591009"]
    assert [(one["code"], one["message"]) for one in told["bad_codes"]] == [("21059100A", "不是数字")]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("code,name,level\n1,甲,星\n", "第 2 行"),
        ("code,name,level\n1,甲,县\n1,乙,县\n", "第 3 行"),
        ("code,name\n1,甲\n", "level"),
    ],
)
def test_a_division_table_with_a_fault_is_refused_with_its_line(tmp_path, content, line):
    (tmp_path / "d.csv").write_text(content, encoding="utf-8")
    with pytest.raises(BadInput) as refused:
        division_table_load(path=tmp_path / "d.csv", actor=system_user())
    assert line in refused.value.message


def test_ground_that_the_last_edition_covered_and_this_one_does_not_is_told_with_place_and_area(tmp_path):
    edition_import(name="旧", levels={"county": two_counties(tmp_path)}, actor=system_user())
    edition_activate(name="旧", valid_from=date(2020, 1, 1), actor=system_user())
    smaller = write(
        tmp_path / "n.geojson",
        feature(box(123.7, 41.2, 123.8, 41.4), code="210590", name="甲县"),
        feature(box(123.8, 41.2, 123.9, 41.35), code="210591", name="乙县"),
    )
    edition_import(name="新", levels={"county": smaller}, actor=system_user())
    (lost,) = edition_check(name="新")["warnings"]["not_covered"]
    assert (lost["code"], lost["edition"]) == ("210591", "旧")
    assert lost["area_m2"] == pytest.approx(8378 * 5553, rel=1e-2)
    assert lost["place"] == pytest.approx([123.85, 41.375], abs=0.05)
    assert edition_check(name="旧")["warnings"]["not_covered"] == []


def test_a_group_without_polygon_is_legal_and_its_fire_is_the_villages(tmp_path):
    village = write(
        tmp_path / "v.geojson", feature(box(123.7, 41.2, 123.8, 41.4), code="210590001001", name="村", county="210590")
    )
    groups = write(
        tmp_path / "g.geojson",
        feature(None, code="21059000100101", name="一组", village="210590001001"),
        feature(None, code="21059000100102", name="二组", village="210590001001"),
    )
    result = check(county=two_counties(tmp_path), village=village, group=groups)
    assert [one["code"] for one in result["no_polygon"]] == ["21059000100101", "21059000100102"]
    assert result["orphans"] == []
    edition, _ = edition_activate(name="版", valid_from=date(2020, 1, 1), actor=system_user())
    assert locate([123.75], [41.25], date(2023, 10, 1)).chain(0) == {"county": "210590", "village": "210590001001"}
    assert [(cell.code, cell.name) for cell in groups_to_choose(edition, "210590001001")] == [
        ("21059000100101", "一组"),
        ("21059000100102", "二组"),
    ]


def test_another_city_needs_its_data_and_nothing_else(tmp_path, data_dir):
    rows = (data_dir / "liaoning_divisions.csv").read_text(encoding="utf-8").splitlines()
    table = tmp_path / "divisions.csv"
    table.write_text("\n".join([rows[0], *(row for row in rows[1:] if row.startswith("2112"))]), encoding="utf-8")
    division_table_load(path=table, actor=system_user())
    content = json.loads((data_dir / "liaoning_counties.geojson").read_text(encoding="utf-8"))
    tieling = [one for one in content["features"] if one["properties"]["adcode"].startswith("2112")]
    plan = Plan([Part("*", write(tmp_path / "tieling.geojson", *tieling))], datum="cgcs2000")
    edition = edition_load(name="铁岭", plan=plan, actor=system_user()).edition
    report = edition_report(edition=edition, actor=system_user())
    assert report.is_ok, errors_in_words(report.result)
    assert report.result["warnings"]["names_differ"] == []
    edition_activate(name="铁岭", valid_from=date(2020, 1, 1), actor=system_user())
    place = shapely.point_on_surface(shapely.from_wkb(bytes(edition.cells.get(code="211221").geometry)))
    assert locate([place.x], [place.y], date(2023, 10, 1)).chain(0)["county"] == "211221"
    assert {row.code for row in payers_listed(date(2023, 10, 1))} == {cell["properties"]["adcode"] for cell in tieling}


def test_an_edition_with_errors_rules_only_when_somebody_answers_for_it(tmp_path):
    file = write(
        tmp_path / "c.geojson",
        feature(box(123.7, 41.2, 123.81, 41.4), code="210590", name="甲县"),
        feature(box(123.8, 41.2, 123.9, 41.4), code="210591", name="乙县"),
    )
    edition, _ = edition_import(name="版", levels={"county": file}, actor=system_user())
    edition_report(edition=edition, actor=system_user())
    wanted = {"name": "版", "valid_from": date(2020, 1, 1), "actor": system_user()}
    with pytest.raises(Conflict) as refused:
        edition_activate(**wanted)
    assert refused.value.code == "check_failed"
    assert "重叠 1 处" in refused.value.message
    with pytest.raises(Missing):
        edition_activate(**wanted, accept_findings=True)
    assert not Edition.objects.filter(state="active").exists()
    edition_activate(**wanted, accept_findings=True, reason="勘界前暂用")
    assert Entry.objects.get(act="grid.activated").after["accepted"] == ["重叠 1 处"]


def test_edges_find_what_areas_find_in_random_tilings():
    rng = np.random.default_rng(7)
    land = shapely.box(123, 41, 124, 42)
    for _ in range(15):
        cells = np.array(split_exactly(land, 12, rng), dtype=object)
        # With every corner of the cells on it: a corner on a parent's straight edge costs a look at the areas, no more.
        whole = shapely.coverage_union_all(cells)
        fitting = Edges(cells, np.array([whole]))
        assert not fitting.misfits(np.zeros(len(cells), dtype=np.int64), 1).any()
        at = int(rng.integers(len(cells)))
        cells[at] = shapely.affinity.translate(cells[at], 0.01, 0.003)
        edges = Edges(cells, np.array([whole]))
        assert edges.misfits(np.zeros(len(cells), dtype=np.int64), 1).all()
        found = faces(edges, edges.residue())
        counts = covering(shapely.point_on_surface(found), cells)
        doubled = shapely.union_all(
            [shapely.intersection(cells[at], cells[one]) for one in range(len(cells)) if one != at]
        )
        bare = shapely.difference(whole, shapely.union_all(cells))
        assert shapely.area(found[counts >= 2]).sum() == pytest.approx(doubled.area, abs=1e-9)
        # What is open to the outside is no enclosed face.
        assert shapely.area(found[counts == 0]).sum() <= bare.area + 1e-9
