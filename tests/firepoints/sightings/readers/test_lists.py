"""Official lists in the layouts that offices send: titles above, totals below, dates without a time, DMS text."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime, timedelta

import pytest
import xlsxwriter

from firepoints.sightings.readers import keys, lists
from firepoints.sightings.readers.base import ParseOptions, ParseResult, SourceError
from firepoints.sightings.readers.coordinates import parse_coordinate
from firepoints.sightings.readers.text import plain

HEADING = ["序号", "监测日期", "过境时间", "卫星/传感器", "市", "县（市、区）", "乡镇", "经度", "纬度", "备注"]
ROW = [1, "2023-10-05", "13:05", "NOAA-20/VIIRS", "本溪市", "桓仁县", "古城镇", 125.3, 41.2, ""]


def book(*sheets: list[list[object]], names: tuple[str, ...] = ("表1", "表2", "表3")) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as workbook:
        for name, rows in zip(names, sheets, strict=False):
            sheet = workbook.add_worksheet(name)
            for i, row in enumerate(rows):
                sheet.write_row(i, 0, row)
    return out.getvalue()


def read(*rows: list[object], **options) -> ParseResult:
    return lists.parse(book([HEADING, *rows]), options=ParseOptions(**options))


def changed(**cells: object) -> list[object]:
    names = {"seq": 0, "date": 1, "time": 2, "satellite": 3, "county": 5, "lon": 7, "lat": 8, "note": 9}
    row = list(ROW)
    for name, value in cells.items():
        row[names[name]] = value
    return row


def test_a_row_with_date_and_time_is_an_instant_of_beijing_time():
    (one,) = read(ROW).sightings
    assert (one.starts_at, one.ends_at, one.precision) == (datetime(2023, 10, 5, 5, 5, tzinfo=UTC),) * 2 + ("instant",)
    assert (one.lon, one.lat, one.stated_county, one.seq_no) == (125.3, 41.2, "桓仁县", "1")
    assert one.stated_place == "本溪市 桓仁县 古城镇"


@pytest.mark.parametrize("given", ["2023年10月5日", "2023-10-05", "2023/10/5", "２０２３．１０．５", "20231005", 45204])
def test_a_date_alone_is_the_whole_beijing_day(given):
    (one,) = read(changed(date=given, time="")).sightings
    assert one.starts_at == datetime(2023, 10, 4, 16, tzinfo=UTC)
    assert (one.ends_at - one.starts_at, one.precision) == (timedelta(days=1), "day")


def test_a_date_alone_is_the_issuers_window_when_the_import_says_so():
    (one,) = read(changed(time=""), window_start_hour=17).sightings
    assert one.starts_at == datetime(2023, 10, 4, 9, tzinfo=UTC)
    assert (one.ends_at - one.starts_at, one.precision) == (timedelta(days=1), "window")


@pytest.mark.parametrize(
    ("date", "time"),
    [
        ("2023-10-05", "1305"), ("2023-10-05", "13时05分"), ("2023-10-05 13:05", ""), ("2023年10月5日13时05分", ""),
        ("2023-10-05", 13.0833333 / 24), ("2023-10-05T05:05:00Z", ""), ("2023-10-05 13:05:00", ""),
        ("", "2023年10月5日 13:05"),
    ],
)  # fmt: skip
def test_every_spelling_of_the_same_minute_is_the_same_instant(date, time):
    (one,) = read(changed(date=date, time=time)).sightings
    assert abs(one.starts_at - datetime(2023, 10, 5, 5, 5, tzinfo=UTC)) < timedelta(seconds=1)


@pytest.mark.parametrize(
    "given",
    [
        "116°14'37.289\"E",
        "１１６°１４′３７．２８９″",
        "东经116度14分37.289秒",
        "E116°14′37.289″",
        "116 14 37.289",
        "116° 14' 37.289\" E",
        "116˚14´37.289″",
        "116º14’37.289”",
        "116°14'37.289''",
        "E 116°14′37.289″",
        "东经：116°14′37.289″",
        "116-14-37.289",
        "116°14′37.289″东经",
    ],
)
def test_degrees_minutes_and_seconds_are_read_in_every_spelling(given):
    (one,) = read(changed(lon=given)).sightings
    assert one.lon == pytest.approx(116 + 14 / 60 + 37.289 / 3600, abs=1e-9)


@pytest.mark.parametrize(
    ("given", "degrees"),
    [
        ("41 3 9", 41 + 3 / 60 + 9 / 3600),
        ("41:3:9", 41 + 3 / 60 + 9 / 3600),
        ("41-3-9.5", 41 + 3 / 60 + 9.5 / 3600),
        ("41°3.9′", 41 + 3.9 / 60),
        ("41° 1 23", 41 + 1 / 60 + 23 / 3600),
        ("41°12 3", 41 + 12 / 60 + 3 / 3600),
        ("41°1230", 41 + 12 / 60 + 30 / 3600),
        ("41°3′ 9″", 41 + 3 / 60 + 9 / 3600),
    ],
)
def test_blanks_and_marks_part_degrees_minutes_and_seconds_where_they_stand(given, degrees):
    assert parse_coordinate(given, "lat") == pytest.approx(degrees, abs=1e-9)


@pytest.mark.parametrize(
    "given",
    ["41.3.9", "N41.3.9", "41.12.30.5", "北纬41.3.9", "４１．３．９", "41. 3. 9", "41。3。9", "-41.3.9", "41.3.9°"],
)
def test_numbers_parted_by_dots_are_refused_with_how_to_write_them(given):
    assert parse_coordinate(given, "lat") == "dotted"
    (bad,) = read(changed(lat=given)).rejected
    assert (bad.code, bad.column) == ("dotted", "纬度")
    assert "41°3′9″" in bad.reason
    assert "41.0525" in bad.reason


@pytest.mark.parametrize("given", ["41.3 9", "41°123", "41:3-9", "41°3.9.5", "41°9″", "41.5°3′"])
def test_what_can_be_read_in_two_ways_is_read_in_none(given):
    assert parse_coordinate(given, "lat") is None


@pytest.mark.parametrize(
    ("cells", "code", "column"),
    [
        ({"lon": "41°12'N"}, "swapped", "经度"),
        ({"lon": 41.2, "lat": 125.3}, "swapped", "纬度"),
        ({"lon": "经度不详"}, "bad_number", "经度"),
        ({"lat": ""}, "missing_coordinate", "纬度"),
        ({"lon": "116°74'00\""}, "bad_number", "经度"),
        ({"date": "十月五日", "time": ""}, "part_date", "监测日期"),
        ({"date": "2023-02-30"}, "bad_date", "监测日期"),
        ({"time": "25:00"}, "bad_time", "过境时间"),
        ({"lon": 0, "lat": 0}, "null_island", "纬度"),
    ],
)
def test_a_bad_row_is_quarantined_with_its_column(cells, code, column):
    result = read(ROW, changed(**cells))
    (bad,) = result.rejected
    assert (bad.row_no, bad.sheet, bad.code, bad.column) == (3, "表1", code, column)
    assert len(result.sightings) == 1


def test_a_future_row_is_quarantined():
    (bad,) = read(ROW, now=datetime(2023, 10, 1, tzinfo=UTC)).rejected
    assert bad.code == "future"


def test_titles_totals_and_remarks_are_notes_and_numbers_stay_the_files_own():
    blank: list[object] = [""] * 10
    result = lists.parse(
        book(
            [
                ["全省秸秆焚烧火点清单"], ["统计时段：10月4日17时至10月5日17时"], [], HEADING, ROW,
                ["合计", *blank[1:8], 1], ["注：以上为卫星监测疑似火点"], HEADING, changed(seq=2),
                ["制表：甲", *blank[1:5], "审核：乙"],
            ]
        ),
        options=ParseOptions(),
    )  # fmt: skip
    assert [one.row_no for one in result.sightings] == [5, 9]
    assert [note.row_no for note in result.notes] == [1, 2, 4, 6, 7, 8, 10]
    assert result.rows == 2


def test_a_row_without_a_position_that_says_nothing_of_being_a_total_is_quarantined():
    result = read(ROW, changed(lon="", lat=""), [3, *[""] * 9])
    assert [(bad.row_no, bad.code) for bad in result.rejected] == [(3, "missing_coordinate"), (4, "missing_coordinate")]


def test_a_heading_over_two_rows_is_read():
    top = ["序号", "监测日期", "中心位置", "", "行政区划", ""]
    low = ["", "", "经度(°)", "纬度(°)", "市", "县"]
    result = lists.parse(book([top, low, [1, "2023-10-05", 125.3, 41.2, "本溪市", "桓仁县"]]), options=ParseOptions())
    assert [one.stated_county for one in result.sightings] == ["桓仁县"]


def test_a_cover_sheet_is_notes_and_all_other_sheets_are_read():
    result = lists.parse(book([["封面"], ["2023年第10期"]], [HEADING, ROW], [HEADING, ROW]), options=ParseOptions())
    assert [(one.sheet, one.row_no) for one in result.sightings] == [("表2", 2), ("表3", 2)]
    assert {note.sheet for note in result.notes} == {"表1", "表2", "表3"}


def test_line_breaks_inside_names_are_removed():
    (one,) = read(changed(county="伊犁哈萨克自治\n州")).sightings
    assert one.stated_county == "伊犁哈萨克自治州"


def test_csv_in_gbk_reads_like_a_workbook():
    text = "\r\n".join(",".join(map(str, row)) for row in (HEADING, ROW))
    (one,) = lists.parse(text.encode("gbk"), options=ParseOptions()).sightings
    assert (one.lon, one.stated_county) == (125.3, "桓仁县")


def test_a_mapping_names_the_columns_of_an_unknown_layout():
    rows = [["火点X", "火点Y", "哪天"], [125.3, 41.2, "2023-10-05"]]
    with pytest.raises(SourceError) as caught:
        lists.parse(book(rows), options=ParseOptions())
    assert caught.value.code == "wrong_columns"
    assert "火点X" in str(caught.value)
    options = ParseOptions(mapping={"lon": "火点X", "lat": "火点Y", "date": "哪天"})
    assert len(lists.parse(book(rows), options=options).sightings) == 1


WINDOWS = [
    ("监测时段:11月3日17时至11月4日17时", "2023-11-04"),
    ("监测时段：2023年11月3日17:00—4日17:00", "2023-11-03"),
    ("（2023-11-03 17:00 至 2023-11-04 17:00）", "2023年11月4日"),
    ("统计时段：前一日17时至当日17时", "2023-11-04"),
    ("监测时段为每日17时至次日17时", "2023-11-03"),
    ("全省火点日报（2023年）监测时段：11月3日17时－11月4日17时", "11月4日"),
]


@pytest.mark.parametrize(("title", "given"), WINDOWS)
def test_the_window_that_a_title_states_is_the_interval_of_a_date_alone(title, given):
    result = lists.parse(book([[title], HEADING, changed(date=given, time="")]), options=ParseOptions())
    (one,) = result.sightings
    assert (one.starts_at, one.precision) == (datetime(2023, 11, 3, 9, tzinfo=UTC), "window")
    assert one.ends_at == datetime(2023, 11, 4, 9, tzinfo=UTC)
    assert result.meta["reading"]["表1"]["window"]["text"] == plain(title)


@pytest.mark.parametrize(("title", "given"), WINDOWS)
def test_the_day_of_a_row_is_its_own_whatever_the_window_of_the_title(title, given):
    (row,) = lists.parse(book([[title], HEADING, changed(date=given, time="")]), options=ParseOptions()).sightings
    assert row.day == (date(2023, 11, 3 if given == "2023-11-03" else 4))


def test_the_day_of_a_row_with_a_time_is_that_of_its_instant():
    late = changed(date="2023-10-05T17:30:00Z", time="")
    day, instant = read(changed(time=""), late, window_start_hour=17).sightings
    assert (day.day, instant.day) == (date(2023, 10, 5), None)


def test_the_import_wins_over_the_title_and_a_time_of_its_own_over_both():
    rows = [["监测时段:10月4日17时至10月5日17时"], HEADING, changed(time=""), ROW]
    day, instant = lists.parse(book(rows), options=ParseOptions(window_start_hour=0)).sightings
    assert (day.precision, instant.precision) == ("day", "instant")
    assert instant.starts_at == datetime(2023, 10, 5, 5, 5, tzinfo=UTC)


def test_a_window_over_the_new_year_lies_where_its_rows_lie():
    rows = [["2024年第1期 监测时段:12月31日17时至1月1日17时"], HEADING, changed(date="2024-01-01", time="")]
    (one,) = lists.parse(book(rows), options=ParseOptions()).sightings
    assert one.starts_at == datetime(2023, 12, 31, 9, tzinfo=UTC)


def test_a_window_of_a_week_gives_each_date_its_own_day_of_the_issuer():
    rows = [["监测时段:10月1日17时至10月8日17时"], HEADING, changed(time="")]
    (one,) = lists.parse(book(rows), options=ParseOptions()).sightings
    assert (one.starts_at, one.precision) == (datetime(2023, 10, 4, 9, tzinfo=UTC), "window")


def test_a_time_without_a_date_has_one_place_in_the_window_of_the_title():
    heading = ["序号", "过境时间", "经度", "纬度"]
    rows = [["2023年11月3日17时至11月4日17时"], heading, [1, "18:10", 125.3, 41.2], [2, "13:05", 125.3, 41.2]]
    evening, noon = lists.parse(book(rows), options=ParseOptions()).sightings
    assert evening.starts_at == datetime(2023, 11, 3, 10, 10, tzinfo=UTC)
    assert noon.starts_at == datetime(2023, 11, 4, 5, 5, tzinfo=UTC)


def test_a_list_without_dates_has_the_day_of_its_title_or_is_refused():
    heading = ["序号", "县", "经度", "纬度"]
    rows: list[list[object]] = [["2023年11月4日卫星监测火点"], heading, [1, "桓仁县", 125.3, 41.2]]
    (one,) = lists.parse(book(rows), options=ParseOptions()).sightings
    assert (one.starts_at, one.precision) == (datetime(2023, 11, 3, 16, tzinfo=UTC), "window")
    assert one.day == date(2023, 11, 4)
    with pytest.raises(SourceError, match="日期或时间"):
        lists.parse(book(rows[1:]), options=ParseOptions())


def test_a_heading_in_universal_time_is_not_read_as_beijing_time():
    heading = [name.replace("过境时间", "过境时间（UTC）") for name in HEADING]
    result = lists.parse(book([heading, ROW]), options=ParseOptions())
    assert result.sightings[0].starts_at == datetime(2023, 10, 5, 13, 5, tzinfo=UTC)
    assert result.meta["reading"]["表1"]["zone"] == "UTC"


def test_a_row_of_units_below_the_heading_is_no_row():
    units = ["", "年-月-日", "时:分", "", "", "", "", "（°）", "（°）", ""]
    result = lists.parse(book([HEADING, units, ROW]), options=ParseOptions())
    assert ([one.row_no for one in result.sightings], len(result.rejected)) == ([3], 0)


@pytest.mark.parametrize("one_row", [True, False])
def test_degrees_minutes_and_seconds_in_columns_of_their_own_are_put_together(one_row):
    parts = ["经度(度)", "经度(分)", "经度(秒)", "纬度(度)", "纬度(分)", "纬度(秒)"]
    top: list[list[object]] = [["日期", *parts]]
    if not one_row:
        top = [["日期", "经度", "", "", "纬度", "", ""], ["", "度", "分", "秒", "度", "分", "秒"]]
    (one,) = lists.parse(book([*top, ["2023-10-05", 125, 18, 36.0, 41, 12, 0]]), options=ParseOptions()).sightings
    assert (one.lon, one.lat) == (pytest.approx(125.31), pytest.approx(41.2))


def test_whole_degrees_alone_are_quarantined_because_the_minutes_must_be_elsewhere():
    (bad,) = read(changed(lon=125, lat=41)).rejected
    assert bad.code == "whole_degrees"


@pytest.mark.parametrize(
    "given", ["125.3,41.2", "东经125.3° 北纬41.2°", "N41.2 E125.3", "125°18'00\" 41°12'00\"", "(41.2，125.3)"]
)
def test_both_coordinates_in_one_cell_are_told_apart(given):
    result = lists.parse(book([["日期", "经纬度"], ["2023-10-05", given]]), options=ParseOptions())
    assert [(one.lon, one.lat) for one in result.sightings] == [(pytest.approx(125.3), pytest.approx(41.2))]


@pytest.mark.parametrize(
    "given",
    [
        "二〇二三年十月五日",
        "2023 年 10 月 5 日",
        "5-Oct-23",
        "Oct 5, 2023",
        "2023/10/5 0:00",
        "2023.10.5",
        "2023-10-05 星期四",
    ],
)
def test_dates_in_words_and_by_excel_are_read(given):
    (one,) = read(changed(date=given, time="")).sightings
    assert (one.starts_at, one.precision) == (datetime(2023, 10, 4, 16, tzinfo=UTC), "day")


def test_a_date_that_settles_its_own_order_settles_the_rest_of_its_column():
    result = read(changed(date="27/10/2023"), changed(date="10/11/2023"))
    assert [one.starts_at.month for one in result.sightings] == [10, 11]
    assert result.meta["reading"]["表1"]["date_order"] == "dmy"
    assert [bad.code for bad in read(changed(date="10/11/2023")).rejected] == ["ambiguous_date"]
    both = read(changed(date="27/10/2023"), changed(date="10/27/2023"), changed(date="10/11/2023"))
    assert [bad.row_no for bad in both.rejected] == [4]


def test_dates_that_excel_turned_round_are_quarantined_not_read():
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as workbook:
        sheet = workbook.add_worksheet("表1")
        sheet.write_row(0, 0, HEADING)
        for i, given in enumerate((datetime(2023, 11, 10), "27/10/2023", datetime(2023, 12, 10)), start=1):
            sheet.write_row(i, 0, changed(date="", time=""))
            if isinstance(given, str):
                sheet.write_string(i, 1, given)
            else:
                sheet.write_datetime(i, 1, given, workbook.add_format({"num_format": "yyyy-mm-dd"}))
    result = lists.parse(out.getvalue(), options=ParseOptions())
    assert [(bad.row_no, bad.code, bad.column) for bad in result.rejected] == [
        (2, "swapped_date", "监测日期"), (4, "swapped_date", "监测日期")
    ]  # fmt: skip
    assert len(result.sightings) == 1


def test_totals_are_notes_wherever_the_word_stands_and_are_compared_with_the_rows():
    rows = [HEADING, ROW, ["", "本溪市小计", "", "", "", "", "", "", "", "1(1)"], ["合计", "", "2(1)"], ["共2个火点"]]
    result = lists.parse(book(rows), options=ParseOptions())
    assert (len(result.sightings), len(result.rejected), [note.row_no for note in result.notes]) == (1, 0, [1, 3, 4, 5])
    assert result.meta["reading"]["表1"]["totals"] == [{"row": 4, "points": 2}, {"row": 5, "points": 2}]


def test_a_table_of_counts_is_refused_and_says_what_to_ask_for():
    with pytest.raises(SourceError, match="火点明细"):
        lists.parse(book([["市", "火点数"], ["淮北市", "1(1)"], ["合计", "1(1)"]]), options=ParseOptions())


def test_the_county_of_a_place_written_in_one_is_the_stated_county():
    heading = ["日期", "经度", "纬度", "省地县"]
    rows = [
        heading,
        ["2023-10-05", 125.3, 41.2, "辽宁省本溪市桓仁满族自治县"],
        ["2023-10-05", 125.3, 41.2, "辽宁 沈阳 新民市"],
    ]
    result = lists.parse(book(rows), options=ParseOptions())
    assert [one.stated_county for one in result.sightings] == ["桓仁满族自治县", "新民市"]


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"<worksheet>" + b" " * 400_000_000)
    return out.getvalue()


def with_sheet(xml: bytes) -> bytes:
    source, out = zipfile.ZipFile(io.BytesIO(book([HEADING, ROW]))), io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in source.namelist():
            archive.writestr(part, xml if part.endswith("sheet1.xml") else source.read(part))
    return out.getvalue()


FAR = (
    b'<worksheet><sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="%s"><c r="%s"><v>1</v></c></row></sheetData>'
)


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (bomb, "bomb"),
        (lambda: with_sheet(FAR % (b"1048576", b"XFD1048576") + b"</worksheet>"), "too_large"),
        (lambda: book([[f"列{i}" for i in range(10_000)]]), "too_large"),
        (lambda: book([HEADING, ROW])[:700], "broken"),
        (lambda: with_sheet(b"<worksheet><sheetData><row>"), None),
        (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
        (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "broken"),
        (lambda: b"%PDF-1.7", "not_table"),
        (lambda: b"<html><body>404</body></html>", "not_table"),
        (lambda: b"", "empty_file"),
        (lambda: book([]), "empty_file"),
        (lambda: ("经度,纬度,日期\n" + "1," * 500).encode(), "too_large"),
        (lambda: ('经度,纬度,日期\n"' + "x" * 200_000).encode(), "broken"),
    ],
)  # fmt: skip
def test_a_hostile_or_broken_file_is_refused_with_words(make, code):
    with pytest.raises(SourceError) as caught:
        lists.parse(make(), options=ParseOptions())
    assert code is None or caught.value.code == code
    assert caught.value.what


def test_the_national_list_reads_whole(data_dir):
    result = lists.parse(data_dir / "straw_fire_list_2016_2017_half.xlsx", options=ParseOptions())
    assert (len(result.sightings), len(result.rejected), len(result.notes)) == (1292, 0, 1)
    assert {one.precision for one in result.sightings} == {"day"}
    assert not any("\n" in one.stated_place for one in result.sightings)
    assert len({key.key for key in keys.list_keys(result.sightings, source="national_list")}) == 1292
