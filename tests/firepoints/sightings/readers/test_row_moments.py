"""The moment of a row from all its columns of time: one rules, what contradicts it is named, nothing is blended."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from firepoints.sightings.readers import lists, patrol
from firepoints.sightings.readers.base import ParseOptions, ParseResult
from firepoints.sightings.readers.row_moment import Fault, Moment, moment_of
from firepoints.sightings.readers.zones import BEIJING

COUNTY = "本溪满族自治县"
LON, LAT = 124.07411, 41.12412


def workbook(rows: list[list[Any]], *, is_1904: bool = False) -> bytes:
    book = openpyxl.Workbook()
    if is_1904:
        book.epoch = CALENDAR_MAC_1904
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def read(
    headings: list[str], *cells: list[Any], titles: tuple[str, ...] = (), is_1904: bool = False, **how: Any
) -> ParseResult:
    """A list with these columns of time beside 序号, 县, 经度, 纬度."""
    rows: list[list[Any]] = [[title] for title in titles]
    rows.append(["序号", "县", "经度", "纬度", *headings])
    rows += [[i, COUNTY, LON + i / 100, LAT, *row] for i, row in enumerate(cells, start=1)]
    return lists.parse(workbook(rows, is_1904=is_1904), options=ParseOptions(**how))


def beijing(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


def begins(result: ParseResult) -> list[datetime]:
    assert not result.rejected, [row.reason for row in result.rejected]
    return [row.starts_at for row in result.sightings]


def test_a_range_in_the_cell_is_an_interval_on_its_own_day_and_in_its_own_month():
    result = read(["监测时间"], ["2024-10-31 17:00-17:10"], ["2024-11-03 01:30—02:00"], ["2024-10-31 23:50至00:10"])
    spans = [(row.starts_at, row.ends_at, row.precision, row.day) for row in result.sightings]
    assert spans == [
        (beijing("2024-10-31T17:00"), beijing("2024-10-31T17:10"), "window", date(2024, 10, 31)),
        (beijing("2024-11-03T01:30"), beijing("2024-11-03T02:00"), "window", date(2024, 11, 3)),
        (beijing("2024-10-31T23:50"), beijing("2024-11-01T00:10"), "window", date(2024, 10, 31)),
    ]


def test_a_range_in_a_column_of_its_own_belongs_to_the_date_beside_it():
    (row,) = read(["监测日期", "过境时间"], ["2024-10-31", "17:00-17:10"]).sightings
    assert (row.starts_at, row.ends_at) == (beijing("2024-10-31T17:00"), beijing("2024-10-31T17:10"))


@pytest.mark.parametrize(
    ("day", "stamp"),
    [("2024-11-01", "2024-10-31 22:10"), (datetime(2024, 11, 1), datetime(2024, 10, 31, 22, 10)), ("2024-11-03", "2024-10-31 22:10:00")],
)  # fmt: skip
def test_a_date_and_a_stamp_that_contradict_each_other_are_quarantined_with_both_named(day, stamp):
    result = read(["监测日期", "过境时间"], [day, stamp], ["2024-11-01", "2024-11-01 01:30"])
    assert [row.starts_at for row in result.sightings] == [beijing("2024-11-01T01:30")]
    (bad,) = result.rejected
    assert (bad.code, bad.column) == ("contradicting_times", "监测日期")
    assert "过境时间 2024-10-31 22:10" in bad.reason
    assert f"监测日期 {str(day)[:10]}" in bad.reason


def test_a_bulletins_date_may_name_the_day_on_which_its_window_ends():
    titles = ("监测时段：2024年10月31日17时-11月1日17时",)
    assert begins(read(["监测日期", "过境时间"], ["2024-11-01", "2024-10-31 22:10"], titles=titles)) == [
        beijing("2024-10-31T22:10")
    ]
    assert begins(read(["监测日期", "过境时间"], ["2024-11-01", "2024-10-31 22:10"], window_start_hour=17)) == [
        beijing("2024-10-31T22:10")
    ]


TWO_CLOCKS = [
    (["日期(世界时)", "时间(世界时)", "北京时间"], ["2024-10-31", "17:30", "2024-11-01 01:30"]),
    (["日期", "时间(世界时)", "时间(北京时)"], ["2024-11-01", "17:30", "01:30"]),
    (["日期", "时间(北京时)", "时间(UTC)"], ["2024-11-01", "01:30", "17:30"]),
    (["日期", "时间(世界时)", "时间(北京时)"], ["2024-11-01", "17:30", ""]),
    (["日期(UTC)", "北京时间"], ["2024-10-31", "01:30"]),
    (["日期（北京时间）", "观测时间UTC"], ["2024-11-01", "17:30"]),
    (["监测时间(GMT)", "监测时间（北京时间）"], ["2024-10-31 17:30", "2024-11-01 01:30"]),
    (["日期", "时间", "acq_date", "acq_time"], ["2024-11-01", "01:30", "2024-10-31", "1730"]),
    (["acq_date", "acq_time"], ["2024-10-31", "1730"]),
    (["观测时间(UTC)"], ["2024-10-31 17:30"]),
    (["监测时间(UTC+8)"], ["2024-11-01 01:30"]),
    (["监测时间"], ["2024-10-31 17:30 UTC"]),
    (["监测日期", "监测时间"], ["2024-10-31", "17:30Z"]),
    (["监测日期", "过境时间"], ["2024-11-01", "2024-10-31T17:30:00Z"]),
    (["监测日期", "过境时间"], ["2024-10-31", "2024-10-31T17:30:00Z"]),
]


@pytest.mark.parametrize(("headings", "cells"), TWO_CLOCKS)
def test_a_clock_belongs_to_the_column_that_names_it(headings, cells):
    assert begins(read(headings, cells)) == [beijing("2024-11-01T01:30")]


@pytest.mark.parametrize(
    ("headings", "cells"),
    [
        (["日期(世界时)", "时间(世界时)", "北京时间"], ["2024-10-31", "17:30", "2024-11-01 02:30"]),
        (["日期", "时间(世界时)", "时间(北京时)"], ["2024-11-01", "17:30", "01:45"]),
        (["日期", "时间", "acq_date", "acq_time"], ["2024-11-01", "01:30", "2024-11-01", "1730"]),
        (["监测日期", "过境日期"], ["2024-11-01", "2024-10-31"]),
        (["日期", "时间"], ["2024-11-03 13:21", "05:21"]),
        (["过境时间", "监测时间"], ["2024-11-03 13:21", "2024-11-05 13:21"]),
    ],
)
def test_two_clocks_that_contradict_each_other_are_quarantined(headings, cells):
    (bad,) = read(headings, cells).rejected
    assert bad.code == "contradicting_times"


@pytest.mark.parametrize(
    ("headings", "cells"),
    [
        (["发布日期", "过境时间"], ["2024-11-04", "2024-11-03 13:21"]),
        (["上报时间", "监测时间"], ["2024-11-04 09:00", "2024-11-03 13:21"]),
        (["发现时间", "过境时间"], ["2024-11-03 15:00", "2024-11-03 13:21"]),
        (["监测日期", "发布时间", "过境时间"], ["2024-11-03", "17:00", "13:21"]),
        (["监测时间", "更新时间", "核查日期"], ["2024-11-03 13:21", "2024-11-05 08:00", "2024-11-06"]),
        (["日期", "时间"], ["2024-11-03 13:21", "13:21"]),
        (["监测日期", "监测时间", "发现时间"], ["2024-11-03", "13:21", "14:00"]),
        (["日期", "发现时间", "卫星过境时间"], ["2024-11-03", "14:00", "13:21"]),
    ],
)
def test_the_pass_rules_and_columns_of_reporting_are_no_time_of_a_fire(headings, cells):
    assert begins(read(headings, cells)) == [beijing("2024-11-03T13:21")]


def test_the_clock_that_a_title_names_is_that_of_columns_which_name_none():
    assert begins(read(["监测时间"], ["2024-10-31 17:30"], titles=("表中时间均为世界时",))) == [
        beijing("2024-11-01T01:30")
    ]
    assert begins(read(["北京时间"], ["2024-11-01 01:30"], titles=("卫星数据时间为UTC",))) == [
        beijing("2024-11-01T01:30")
    ]
    explained = ("时间由世界时换算为北京时间",)
    assert begins(read(["监测时间"], ["2024-11-01 01:30"], titles=explained)) == [beijing("2024-11-01T01:30")]
    (bad,) = read(["监测时间"], ["2024-11-01 01:30"], titles=("时间：世界时", "时间：北京时")).rejected
    assert bad.code == "two_zones"


@pytest.mark.parametrize("sign", ["—", "无", "/", "#N/A", "夜间", "-", "－", "不详"])
def test_a_sign_for_an_empty_time_leaves_the_day(sign):
    (row,) = read(["监测日期", "监测时间"], ["2024-11-03", sign]).sightings
    assert (row.starts_at, row.precision, row.day) == (beijing("2024-11-03T00:00"), "day", date(2024, 11, 3))


def test_half_a_day_is_an_interval_and_24_00_the_end_of_the_day():
    morning, midnight, first = read(
        ["日期", "时间"], ["2024-11-03", "上午"], ["2024-10-31", "24:00"], ["2024-10-31", "0:00"]
    ).sightings
    assert (morning.starts_at, morning.ends_at) == (beijing("2024-11-03T00:00"), beijing("2024-11-03T12:00"))
    assert (midnight.starts_at, midnight.precision) == (beijing("2024-11-01T00:00"), "instant")
    assert (first.starts_at, first.precision) == (beijing("2024-10-31T00:00"), "instant")


def test_a_time_alone_in_the_window_of_a_title_may_be_a_range():
    titles = ("2023年11月3日17时至11月4日17时",)
    (row,) = read(["过境时间"], ["01:30-01:40"], titles=titles).sightings
    assert (row.starts_at, row.ends_at) == (beijing("2023-11-04T01:30"), beijing("2023-11-04T01:40"))
    (bad,) = read(["过境时间"], ["16:50-17:10"], titles=titles).rejected
    assert bad.code == "outside_window"


def test_a_sign_for_an_empty_position_is_a_missing_one():
    heading = ["序号", "经度", "纬度", "监测日期"]
    (bad,) = lists.parse(workbook([heading, [1, "/", "/", "2024-11-03"]]), options=ParseOptions()).rejected
    assert bad.code == "missing_coordinate"


UTC_DATE, UTC_CLOCK, UTC_STAMP = "日期(世界时)", "时间(世界时)", "时间（UTC）"
OWN_DATE, OWN_CLOCK, OWN_STAMP = "日期(北京时)", "时间(北京时)", "北京时间"
LAYOUTS = [
    [UTC_DATE, UTC_CLOCK], [OWN_DATE, OWN_CLOCK], [UTC_STAMP], [OWN_STAMP], [UTC_DATE, OWN_CLOCK], [OWN_DATE, UTC_CLOCK],
    [UTC_DATE, UTC_CLOCK, OWN_STAMP], [OWN_STAMP, UTC_STAMP], [OWN_DATE, OWN_CLOCK, UTC_CLOCK], [UTC_STAMP, OWN_DATE, OWN_CLOCK],
    ["日期", OWN_CLOCK, UTC_CLOCK], ["日期", "时间", "acq_date", "acq_time"], ["日期", "时间"],
]  # fmt: skip


def cell_under(heading: str, at: datetime) -> str:
    local = at if "世界" in heading or "UTC" in heading or "acq" in heading else at.astimezone(BEIJING)
    if heading in (UTC_STAMP, OWN_STAMP):
        return f"{local:%Y-%m-%d %H:%M:%S}"
    return f"{local:%Y-%m-%d}" if "日期" in heading or heading == "acq_date" else f"{local:%H:%M:%S}"


moments = st.datetimes(datetime(2001, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)).map(
    lambda at: at.replace(second=1, microsecond=0)
)


@given(at=moments, layout=st.sampled_from(LAYOUTS))
def test_one_moment_printed_under_any_clocks_is_that_moment(at, layout):
    cells = [(f"clock#{i}", heading, cell_under(heading, at)) for i, heading in enumerate(layout)]
    moment = moment_of(cells, ParseOptions())
    assert isinstance(moment, Moment)
    assert (moment.starts_at, moment.precision) == (at, "instant")


@given(at=moments, layout=st.sampled_from(LAYOUTS), data=st.data(), minutes=st.integers(-3000, 3000))
def test_a_column_that_says_another_time_is_named_or_states_the_moment_alone(at, layout, data, minutes):
    moved = data.draw(st.integers(0, len(layout) - 1))
    texts = [
        cell_under(heading, at + timedelta(minutes=minutes) if i == moved else at) for i, heading in enumerate(layout)
    ]
    cells = [(f"clock#{i}", heading, text) for i, (heading, text) in enumerate(zip(layout, texts, strict=True))]
    moment = moment_of(cells, ParseOptions())
    if isinstance(moment, Fault):
        assert moment.code == "contradicting_times"
        return
    # Every column is true of the moment: nothing was put together that no column states.
    assert [cell_under(heading, moment.starts_at) for heading in layout] == texts


def finding(**cells: Any) -> patrol.Sighting | patrol.Rejected:
    return patrol.patrol_finding({"经度": LON, "纬度": LAT, "类型": "明火", **cells}, options=ParseOptions())


def test_the_date_and_the_time_of_a_patrol_are_one_moment():
    assert finding(巡查日期="2024-10-31", 发现时间="23:40").starts_at == beijing("2024-10-31T23:40")
    assert finding(巡查日期="2024-10-31", 发现时间="2024-10-31 23:40").starts_at == beijing("2024-10-31T23:40")
    row = finding(发现时间="2024-10-31 23:40-23:55")
    assert (row.starts_at, row.ends_at) == (beijing("2024-10-31T23:40"), beijing("2024-10-31T23:55"))
    assert finding(巡查时间="2024-10-31 20:00", 发现时间="2024-10-31 23:40").starts_at == beijing("2024-10-31T23:40")
    assert finding(巡查日期="2024-10-30", 发现时间="2024-10-31 23:40").code == "contradicting_times"


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        (datetime(2024, 11, 3, 13, 21), "2024-11-03T13:21"),
        (44137.55625, "2024-11-03T13:21"),
        (date(2024, 11, 3), "2024-11-03T00:00"),
        (44137, "2024-11-03T00:00"),
    ],
)
def test_a_workbook_of_1904_means_the_same_day_in_every_kind_of_cell(cell, moment):
    result = read(["监测时间"], [cell], is_1904=True)
    assert begins(result) == [beijing(moment)]
    (bad,) = read(["监测时间"], ["45599.55625"], is_1904=True).rejected
    assert bad.code == "serial_1904"


@pytest.mark.parametrize(
    "headings",
    [
        ("首次发现时间", "最后发现时间"), ("开始时间", "结束时间"), ("观测起始时间", "观测终止时间"), ("监测时间起", "监测时间止"),
        ("最早监测时间", "最晚监测时间"), ("末次监测时间", "首次监测时间"),
    ],
)  # fmt: skip
def test_the_two_ends_of_an_interval_in_two_columns_are_one_interval(headings):
    ends = ["2024-11-03 13:21", "2024-11-03 14:26"]
    row = ends[::-1] if headings[0].startswith("末") else ends
    sighting = read(list(headings), row).sightings[0]
    assert (sighting.starts_at, sighting.ends_at) == (beijing("2024-11-03T13:21"), beijing("2024-11-03T14:26"))
    assert (sighting.precision, sighting.day) == ("window", date(2024, 11, 3))


def test_the_ends_of_an_interval_beside_a_column_of_dates_may_lie_over_midnight():
    result = read(
        ["日期", "起始时间", "终止时间"],
        ["2024-11-03", "23:50", "00:10"],
        ["2024-11-03", "13:21", "13:21"],
        ["2024-11-03", "13:21", "—"],
    )
    spans = [(row.starts_at, row.ends_at) for row in result.sightings]
    assert spans[0] == (beijing("2024-11-03T23:50"), beijing("2024-11-04T00:10"))
    assert spans[1] == spans[2] == (beijing("2024-11-03T13:21"), beijing("2024-11-03T13:21"))


def test_ends_that_are_turned_round_or_days_apart_are_refused_with_both_named():
    result = read(
        ["首次发现时间", "最后发现时间"],
        ["2024-11-03 14:26", "2024-11-03 13:21"],
        ["2024-11-03 14:26", "2024-11-06 13:21"],
    )
    assert [row.code for row in result.rejected] == ["bad_range", "long_span"]
    assert "首次发现时间 2024-11-03 14:26；最后发现时间 2024-11-03 13:21" in result.rejected[0].reason


@pytest.mark.parametrize(
    ("title", "cell", "begin"),
    [
        ("2024年11月火点清单", "3日13时", "2024-11-03T13:00"),
        ("2024年11月3日火点清单", "3日13时21分", "2024-11-03T13:21"),
        ("2024年11月1日火点清单", "31日22:10", "2024-10-31T22:10"),
        ("2024年10月31日17时至11月1日17时火点", "1日13:21", "2024-11-01T13:21"),
        ("2024年10月31日17时至11月1日17时火点", "31日22时", "2024-10-31T22:00"),
    ],
)
def test_a_day_of_the_month_is_one_of_the_days_that_the_title_states(title, cell, begin):
    assert begins(read(["监测时间"], [cell], titles=(title,))) == [beijing(begin)]


@pytest.mark.parametrize(
    ("titles", "cell"),
    [((), "3日13时"), (("火点清单",), "11月3日13时"), (("2024年火点清单",), "3日13时"), ((), "十一月三日")],
)
def test_a_date_without_its_month_or_year_is_refused_for_what_it_lacks(titles, cell):
    assert [row.code for row in read(["监测时间"], [cell], titles=titles).rejected] == ["part_date"]


def test_a_day_that_the_title_does_not_hold_is_no_day():
    assert [row.code for row in read(["监测时间"], ["5日13时"], titles=("2024年11月3日火点",)).rejected] == ["bad_date"]
