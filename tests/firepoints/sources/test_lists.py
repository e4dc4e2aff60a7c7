"""Official lists in the layouts that offices send: titles above, totals below, dates without a time, DMS text."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
import xlsxwriter

from firepoints.sources import keys, lists
from firepoints.sources.base import ParseOptions, ParseResult, SourceError

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
    ["116°14'37.289\"E", "１１６°１４′３７．２８９″", "东经116度14分37.289秒", "E116°14′37.289″", "116 14 37.289"],
)
def test_degrees_minutes_and_seconds_are_read_in_every_spelling(given):
    (one,) = read(changed(lon=given)).sightings
    assert one.lon == pytest.approx(116 + 14 / 60 + 37.289 / 3600, abs=1e-9)


@pytest.mark.parametrize(
    ("cells", "code", "column"),
    [
        ({"lon": "41°12'N"}, "swapped", "经度"),
        ({"lon": 41.2, "lat": 125.3}, "swapped", "纬度"),
        ({"lon": "经度不详"}, "bad_number", "经度"),
        ({"lat": ""}, "missing_coordinate", "纬度"),
        ({"lon": "116°74'00\""}, "bad_number", "经度"),
        ({"date": "十月五日", "time": ""}, "bad_date", "监测日期"),
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
