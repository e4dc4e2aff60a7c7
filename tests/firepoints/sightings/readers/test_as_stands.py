"""What nobody can see is cleaned and said; what was read stands beside the cell as it stands in the file."""

from __future__ import annotations

from firepoints.sightings.readers import firms, lists, patrol
from firepoints.sightings.readers.as_stands import time_cells
from firepoints.sightings.readers.base import ParseOptions
from firepoints.sightings.readers.text import INVISIBLE, plain
from tests.firepoints.sightings.readers.test_row_moments import beijing, read, workbook

HEADING = ["序号", "县", "经度", "纬度", "监测时间"]
MARKED = [
    [1, "本溪满族自治县", "\u202a124.07411\u202c", "41.12412", "2024-11-03 13:21"],
    [2, "本溪满族\u2060自治县", "\u200b124.08411", "41.12412\u00a0", "2024-11-03 13:21"],
    [3, "本溪满族自治县", "124.09411", "\ufeff41.12412", "\u202a2024\u202f-11-03\u00a013:21\u202c"],
    [4, "本溪满族自治县", "124.\u200e10411", "41.12412\u200f", "2024\u00ad-11-03 13:21"],
]


def test_marks_that_nobody_can_see_are_cleaned_and_said_with_their_number():
    result = lists.parse(workbook([HEADING, *MARKED]), options=ParseOptions())
    assert [row.lon for row in result.sightings] == [124.07411, 124.08411, 124.09411, 124.10411]
    assert {row.starts_at for row in result.sightings} == {beijing("2024-11-03T13:21")}
    assert {row.stated_county for row in result.sightings} == {"本溪满族自治县"}
    (remark,) = result.remarks
    assert "第 2—5 行（共 4 行）有 9 格" in remark
    assert "U+202A 2 个" in remark
    assert not lists.parse(
        workbook([HEADING, [1, "甲　县", 124.1, 41.2, "2024-11-03"]]), options=ParseOptions()
    ).remarks


def test_a_heading_with_marks_is_the_heading_and_a_row_of_marks_is_blank():
    heading = ["序号", "\u200b县", "经\u2060度", "纬度\ufeff", "\u202a监测时间\u202c"]
    blank = ["\u200b", "", "\u00a0", None, "\u2060"]
    result = lists.parse(workbook([heading, blank, MARKED[0]]), options=ParseOptions())
    assert ([row.row_no for row in result.sightings], len(result.rejected)) == ([3], 0)


def test_a_patrol_file_says_its_marks_too():
    rows = [["发现时间", "经度", "纬度", "类型"], ["2024-11-03 13:21", "\u202a124.07411\u202c", 41.12412, "明火\u200b"]]
    result = patrol.parse(workbook(rows), options=ParseOptions())
    assert (len(result.sightings), len(result.remarks)) == (1, 1)


def test_no_mark_of_the_kinds_that_copies_bring_stays_in_a_text():
    kinds = [*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF, 0x00AD]
    assert all(INVISIBLE.fullmatch(chr(mark)) and plain(f"a{chr(mark)}b") == "ab" for mark in kinds)
    assert plain("a\u00a0b\u202fc\u2007d") == "a b c d"


def test_the_cells_of_time_are_shown_as_they_stand():
    result = read(["监测日期", "过境时间", "发布时间"], ["2024-11-03", "13:21-13:26", "2024-11-04 08:00"])
    words = time_cells(result.sightings[0].raw, result.meta["reading"])
    assert words == "过境时间 13:21-13:26；监测日期 2024-11-03"
    apart = read(["年", "月", "日"], [2024, 11, 3])
    assert time_cells(apart.sightings[0].raw, apart.meta["reading"]).split("；")[1] == "月 11.0"


def test_the_clock_of_every_column_is_said():
    result = read(["日期(世界时)", "时间(世界时)", "北京时间"], ["2024-10-31", "17:30", "2024-11-01 01:30"])
    clocks = {clock["heading"]: clock["zone"] for clock in result.meta["reading"]["Sheet"]["clocks"]}
    assert clocks == {"日期(世界时)": "UTC", "时间(世界时)": "UTC", "北京时间": "Asia/Shanghai"}


FIRMS = (
    "date,time,latitude,longitude,bright_ti4,scan,track,acq_date,acq_time,satellite,confidence,version,bright_ti5,frp,daynight\n"
    "2023-10-02,13:01,41.29984,123.72683,334.71,0.53,0.42,2023-10-01,0501,1,nominal,2.0NRT,296.48,2.68,D\n"
)


def test_acq_date_and_acq_time_win_over_columns_of_local_time_in_front_of_them():
    (row,) = firms.parse(FIRMS.encode(), options=ParseOptions()).sightings
    assert row.starts_at.isoformat() == "2023-10-01T05:01:00+00:00"
    renamed = FIRMS.replace("acq_date,acq_time", "a,b")
    (row,) = firms.parse(renamed.encode(), options=ParseOptions()).sightings
    assert row.starts_at.isoformat() == "2023-10-02T13:01:00+00:00"
