"""Which column is what: units and levels in headings, a position in one cell or over two, a moment in pieces, forms of phones."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from firepoints.sightings.readers import lists, patrol
from firepoints.sightings.readers.base import ParseOptions, SourceError
from firepoints.sightings.readers.suggest import suggest_mapping
from tests.firepoints.sightings.readers.test_row_moments import beijing, workbook

LON, LAT = 124.07411, 41.12412


def parse(*rows: list[Any], **mapping: str):
    return lists.parse(workbook(list(rows)), options=ParseOptions(mapping=mapping))


def positions(result: Any) -> list[tuple[float, float]]:
    assert not result.rejected, [row.reason for row in result.rejected]
    return [(round(row.lon, 5), round(row.lat, 5)) for row in result.sightings]


@pytest.mark.parametrize(
    "headings",
    [
        ("经度(E)", "纬度(N)"), ("经度（度）", "纬度（度）"), ("经度E", "纬度N"), ("经度°", "纬度°"), ("火点经度(°)", "火点纬度(°)"),
        ("Longitude(E)", "Latitude(N)"), ("_gps_longitude", "_gps_latitude"), ("gps-Longitude", "gps-Latitude"),
        ("表单/位置_longitude", "表单/位置_latitude"), ("经度/°", "纬度/°"), ("经度Longitude", "纬度Latitude"),
        ("像元中心经度", "像元中心纬度"),
    ],
)  # fmt: skip
def test_a_heading_that_says_its_unit_is_known(headings):
    assert positions(parse(["监测日期", *headings], ["2024-11-03", LON, LAT])) == [(LON, LAT)]


@pytest.mark.parametrize(
    "heading",
    [
        "所属县",
        "所属县区",
        "所属县（市、区）",
        "县（市、区）",
        "县（市、区）名称",
        "所在县",
        "县区名",
        "归属县区",
        "区县名称",
        "火点县",
        "所属区（县）",
    ],
)
def test_a_heading_that_says_its_level_is_known(heading):
    (row,) = parse(["监测日期", heading, "经度", "纬度"], ["2024-11-03", "桓仁满族自治县", LON, LAT]).sightings
    assert row.stated_county == "桓仁满族自治县"


def test_townships_and_villages_are_known_by_their_level_too():
    (row,) = parse(
        ["日期", "所属市", "所属乡镇（街道）", "所在行政村", "经度", "纬度"],
        ["2024-11-03", "本溪市", "小市镇", "城沟村", LON, LAT],
    ).sightings
    assert row.stated_place == "本溪市 小市镇 城沟村"


@pytest.mark.parametrize(
    "heading",
    ["经纬度信息", "坐标点", "坐标信息", "点位坐标", "东经/北纬", "东经、北纬", "位置（经度，纬度）", "位置(经纬度)"],
)
def test_a_heading_of_both_axes_is_known(heading):
    assert positions(parse(["监测日期", heading], ["2024-11-03", f"{LON},{LAT}"])) == [(LON, LAT)]


def test_a_position_below_one_heading_over_two_columns_is_read_from_both():
    heading = ["序号", "县", "经纬度", None, "监测时间"]
    rows = [[1, "甲县", LON, LAT, "2024-11-03 13:00"], [2, "甲县", 124.22583, 41.11015, "2024-11-03 13:01"]]
    assert positions(parse(heading, *rows)) == [(LON, LAT), (124.22583, 41.11015)]
    turned = [[*row[:2], row[3], row[2], row[4]] for row in rows]
    assert positions(parse(heading, *turned)) == [(LON, LAT), (124.22583, 41.11015)]
    spread = ["序号", "县", "经纬度", "经纬度", "监测时间"]
    assert positions(parse(spread, *rows)) == [(LON, LAT), (124.22583, 41.11015)]
    below = [None, None, "经度", "纬度", None]
    assert positions(parse(heading, below, *rows)) == [(LON, LAT), (124.22583, 41.11015)]


@pytest.mark.parametrize(
    "cell",
    [
        "POINT (124.07411 41.12412)", "POINT(124.07411 41.12412)", "SRID=4490;POINT(124.07411 41.12412)", "经度124.07411 纬度41.12412",
        "经度：124.07411\n纬度：41.12412", "纬度：41.12412，经度：124.07411", "lon=124.07411,lat=41.12412", "E124.07411,N41.12412",
        "N41.12412，E124.07411", "124.07411E/41.12412N", "[124.07411, 41.12412]", "41.12412,124.07411", "东经：124.07411 北纬：41.12412",
        '{"type":"Point","coordinates":[124.07411,41.12412]}', "41.12412 124.07411 210.5 4.8", "\u202a124.07411\u202c,\u200b41.12412",
        "X:124.07411 Y:41.12412", "124.07411,41.12412,210", "124.07411 E, 41.12412 N",
    ],
)  # fmt: skip
def test_a_position_in_one_cell_is_read_in_every_dress(cell):
    assert positions(parse(["监测日期", "经纬度"], ["2024-11-03", cell])) == [(LON, LAT)]


def test_degrees_in_letters_are_not_taken_for_the_south():
    (row,) = parse(["监测日期", "经度", "纬度"], ["2024-11-03", "124d04m26.8s", "41d07m26.8s"]).sightings
    assert (row.lon, row.lat) == (pytest.approx(LON, abs=1e-5), pytest.approx(LAT, abs=1e-5))


@pytest.mark.parametrize(
    ("headings", "cells"),
    [
        (["X坐标", "Y坐标"], [4555123.4, 41523456.7]), (["经度", "纬度"], [523456.7, 4555123.4]), (["经纬度"], ["41523456.7,4555123.4"]),
        (["横坐标(米)", "纵坐标(米)"], [523456.7, 4555123.4]),
    ],
)  # fmt: skip
def test_metres_are_refused_as_metres(headings, cells):
    (bad,) = parse(["监测日期", *headings], ["2024-11-03", *cells]).rejected
    assert bad.code == "metres"
    assert "米" in bad.reason


@pytest.mark.parametrize(
    ("headings", "cells", "moment"),
    [
        (["年", "月", "日", "时", "分"], [2024, 11, 3, 13, 21], "2024-11-03T13:21"),
        (["年份", "月份", "日", "小时", "分钟"], ["2024", "11", "03", "13", "21"], "2024-11-03T13:21"),
        (["监测年", "监测月", "监测日", "监测时", "监测分", "秒"], [2024, 11, 3, 13, 21, 0], "2024-11-03T13:21"),
        (["日期", "时", "分"], ["2024-11-03", 13, 21], "2024-11-03T13:21"),
        (["年", "月", "日", "时(世界时)", "分"], [2024, 10, 31, 17, 30], "2024-11-01T01:30"),
        (["year", "month", "day", "hour", "minute"], [2024, 11, 3, 13, 21], "2024-11-03T13:21"),
        (["年", "月", "日", "时间"], [2024, 11, 3, "13:21"], "2024-11-03T13:21"),
    ],
)
def test_a_moment_in_columns_of_its_parts_is_put_together(headings, cells, moment):
    (row,) = parse([*headings, "经度", "纬度"], [*cells, LON, LAT]).sightings
    assert (row.starts_at, row.precision) == (beijing(moment), "instant")


def test_a_day_in_columns_without_an_hour_is_the_day():
    (row,) = parse(["年", "月", "日", "经度", "纬度"], [2024, 11, 3, LON, LAT]).sightings
    assert (row.starts_at, row.precision) == (beijing("2024-11-03T00:00"), "day")


def test_columns_that_a_person_joined_are_read_as_one():
    rows = [["哪年", "几月", "几号", "几点", "东西", "南北"], [2024, 11, 3, "13:21", LON, LAT]]
    (row,) = parse(*rows, date="#1+#2+#3", time="几点", position="#5+#6").sightings
    assert (row.starts_at, row.lon, row.lat) == (beijing("2024-11-03T13:21"), LON, LAT)
    (row,) = parse(*rows, date="#1+#2+#3", position="#5+#6", time="").sightings
    assert row.precision == "day"


def test_a_longitude_of_the_satellite_is_proposed_and_that_of_a_check_never():
    rows = [
        ["登记日期", "卫星经度", "卫星纬度", "核实经度", "核实纬度", "核查时间"],
        ["2024-11-03", LON, LAT, 124.5, 41.5, "2024-11-05"],
    ]
    suggestion = suggest_mapping(workbook(rows), parser="provincial_list")
    assert (suggestion.mapping["lon"], suggestion.mapping["lat"]) == ("卫星经度", "卫星纬度")
    assert "satellite" not in suggestion.mapping
    assert not {"核实经度", "核实纬度", "核查时间"} & set(suggestion.mapping.values())
    with pytest.raises(SourceError):
        parse(*rows)


def test_the_position_of_a_check_is_not_read_whatever_its_bracket_says():
    rows = [
        ["监测日期", "经度（复核）", "纬度（复核）", "经度（卫星）", "纬度（卫星）"],
        ["2024-11-03", 124.5, 41.5, LON, LAT],
    ]
    assert positions(parse(*rows)) == [(LON, LAT)]


def test_what_the_reader_makes_of_a_heading_is_what_the_page_says():
    rows = [["年", "月", "日", "所属县", "经度", "纬度", "发布日期"], [2024, 11, 3, "桓仁县", LON, LAT, "2024-11-05"]]
    suggestion = suggest_mapping(workbook(rows), parser="provincial_list")
    assert suggestion.complete
    columns = {guess.heading: guess.field for guess in suggestion.sheets[0].columns if guess.used}
    assert columns == {"年": "date", "所属县": "county", "经度": "lon", "纬度": "lat"}


def test_a_form_filled_in_on_a_phone_is_read_as_it_is_exported():
    heading = [
        "start",
        "发现时间",
        "类型",
        "_位置_latitude",
        "_位置_longitude",
        "_位置_altitude",
        "_位置_precision",
        "_uuid",
        "_submission_time",
    ]
    row = [
        "2024-11-03T13:15:02.120+08:00", "2024-11-03T13:21:00.000+08:00", "明火", LAT, LON, 210.5, "4.8m",
        "uuid:9d9bc2a4-3c43-4d3e-9b0a-000000000001", "2024-11-04T00:10:00",
    ]  # fmt: skip
    (sighting,) = patrol.parse(workbook([heading, row]), options=ParseOptions()).sightings
    assert (sighting.lon, sighting.lat, sighting.accuracy_m) == (LON, LAT, 4.8)
    assert sighting.starts_at == datetime(2024, 11, 3, 5, 21, tzinfo=UTC)
    assert sighting.uuid == "9d9bc2a4-3c43-4d3e-9b0a-000000000001"


@pytest.mark.parametrize(("cell", "metres"), [("4.8m", 4.8), ("±5米", 5.0), ("12", 12.0), ("4.8 米", 4.8)])
def test_an_accuracy_may_carry_its_unit(cell, metres):
    finding = {"found_at": "2024-11-03 13:21", "position": f"{LAT} {LON} 0.0 4.8", "kind": "明火", "accuracy": cell}
    row = patrol.patrol_finding(finding, options=ParseOptions())
    assert (row.accuracy_m, row.lon, row.lon_given) == (metres, LON, str(LON))


def test_the_hour_and_minute_of_a_patrol_stand_apart_from_its_date():
    finding = {"日期": "2024-10-31", "时": 23, "分": 40, "经度": LON, "纬度": LAT, "类型": "明火"}
    rows = [list(finding), list(finding.values())]
    (row,) = patrol.parse(workbook(rows), options=ParseOptions()).sightings
    assert row.starts_at == beijing("2024-10-31T23:40")
