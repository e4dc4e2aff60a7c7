"""FIRMS files as they reach an office: every row ends in exactly one place, and times are UTC."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, time

import pytest
import xlsxwriter

from firepoints.sightings.readers import firms
from firepoints.sightings.readers.base import ParseOptions, ParseResult, SourceError
from firepoints.sightings.readers.table import table_of

VIIRS = (
    "latitude,longitude,bright_ti4,scan,track,acq_date,acq_time,satellite,confidence,version,bright_ti5,frp,daynight"
)
ROW = "41.30000,123.70000,330.1,0.49,0.4,2023-10-05,0501,N20,nominal,2.0NRT,299.5,2.41,D"


def read(*lines: str, header: str = VIIRS, end: str = "\n", **options) -> ParseResult:
    return firms.parse(end.join((header, *lines, "")).encode(), options=ParseOptions(**options))


def row(**changes: str) -> str:
    cells = dict(zip(VIIRS.split(","), ROW.split(","), strict=True)) | changes
    return ",".join(cells.values())


def codes(result: ParseResult) -> list[str]:
    return [rejected.code for rejected in result.rejected]


def test_a_plain_row_becomes_an_instant_in_utc():
    (one,) = read(ROW).sightings
    assert (one.starts_at, one.ends_at) == (datetime(2023, 10, 5, 5, 1, tzinfo=UTC),) * 2
    assert (one.satellite, one.instrument, one.confidence, one.version) == ("N20", "VIIRS", "nominal", "2.0NRT")
    assert (one.lon, one.lat, one.scan_km, one.track_km, one.frp_mw) == (123.7, 41.3, 0.49, 0.4, 2.41)
    assert (one.lon_given, one.row_no, one.raw["acq_time"]) == ("123.70000", 2, "0501")


@pytest.mark.parametrize(
    ("given", "hour", "minute"),
    [
        ("7", 0, 7),
        ("35", 0, 35),
        ("642", 6, 42),
        ("0007", 0, 7),
        ("1830", 18, 30),
        ("18:30", 18, 30),
        ("501.0", 5, 1),
        ("0.029861", 0, 43),
        ("5:01 AM", 5, 1),
        ("12:43:00 AM", 0, 43),
        ("6:43 PM", 18, 43),
    ],
)
def test_a_time_that_lost_its_leading_zeros_is_still_hhmm(given, hour, minute):
    (one,) = read(row(acq_time=given)).sightings
    assert (one.starts_at.hour, one.starts_at.minute) == (hour, minute)


@pytest.mark.parametrize(
    "given",
    ["2023/10/27", "27/10/2023", "10/27/2023", "45226", "20231027", "27-Oct-23", "27-Oct-2023", "Oct 27 2023",
     "2023/10/27 0:00", "2023-10-27 00:00:00", "2023年10月27日"],
)  # fmt: skip
def test_a_date_that_excel_rewrote_is_read_when_it_can_mean_one_day_only(given):
    (one,) = read(row(acq_date=given)).sightings
    assert (one.starts_at.year, one.starts_at.month, one.starts_at.day) == (2023, 10, 27)


def test_a_date_that_may_be_two_days_is_quarantined_until_somebody_says_the_order():
    assert codes(read(row(acq_date="10/11/2023"), row(acq_date="27/10/23"))) == ["ambiguous_date"] * 2
    (one,) = read(row(acq_date="10/11/2023"), date_order="dmy").sightings
    assert (one.starts_at.month, one.starts_at.day) == (11, 10)


def test_a_date_that_can_be_one_day_only_settles_the_order_of_its_file():
    result = read(row(acq_date="10/11/2023"), row(acq_date="27/10/2023"))
    assert [one.starts_at.month for one in result.sightings] == [11, 10]
    assert result.meta["date_order"] == "dmy"
    mixed = read(row(acq_date="10/11/2023"), row(acq_date="27/10/2023"), row(acq_date="10/27/2023"))
    assert codes(mixed) == ["ambiguous_date"]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("1", "N20"), ("N20", "N20"), ("NOAA-20", "N20"), ("N", "N"), ("Suomi NPP", "N"), ("N21", "N21"),
        ("2", "N21"), ("T", "T"), ("Terra", "T"), ("A", "A"), ("Aqua", "A"),
    ],
)  # fmt: skip
def test_a_satellite_has_one_name_however_the_file_spells_it(given, code):
    assert read(row(satellite=given)).sightings[0].satellite == code


@pytest.mark.parametrize(("given", "word"), [("n", "nominal"), ("h", "high"), ("low", "low"), ("87", "87")])
def test_confidence_is_a_word_for_viirs_and_a_number_for_modis(given, word):
    assert read(row(confidence=given)).sightings[0].confidence == word


@pytest.mark.parametrize(
    ("changes", "code", "column"),
    [
        ({"latitude": "123.7", "longitude": "41.3"}, "swapped", "latitude"),
        ({"latitude": "abc"}, "bad_number", "latitude"),
        ({"longitude": ""}, "missing_coordinate", "longitude"),
        ({"latitude": "nan"}, "bad_number", "latitude"),
        ({"latitude": "0", "longitude": "0.0"}, "null_island", "latitude"),
        ({"longitude": "223.7"}, "out_of_range", "longitude"),
        ({"acq_date": "2023-02-30"}, "bad_date", "acq_date"),
        ({"acq_date": ""}, "bad_date", "acq_date"),
        ({"acq_time": "2460"}, "bad_time", "acq_time"),
        ({"satellite": "X9"}, "bad_satellite", "satellite"),
    ],
)
def test_a_bad_row_is_quarantined_with_its_column_and_the_rest_is_read(changes, code, column):
    result = read(ROW, row(**changes), ROW)
    assert [one.row_no for one in result.sightings] == [2, 4]
    (bad,) = result.rejected
    assert (bad.row_no, bad.code, bad.column) == (3, code, column)
    assert bad.reason


def test_a_future_date_is_quarantined_when_the_import_says_what_time_it_is():
    now = datetime(2023, 10, 5, 3, 0, tzinfo=UTC)
    assert codes(read(ROW, now=now)) == ["future"]
    assert codes(read(ROW, now=now.replace(hour=5))) == []


def test_coordinates_swapped_within_range_are_found_by_the_declared_area():
    area = (70.0, 3.0, 136.0, 54.0)
    assert codes(read(row(latitude="80.1", longitude="42.5"))) == []
    assert codes(read(row(latitude="80.1", longitude="42.5"), area=area)) == ["swapped"]


def test_lines_of_the_wrong_length_cost_only_themselves():
    result = read(ROW, ROW + ",extra", "only,three,cells", ROW + ",,", '"unclosed,' + ROW, "", ",,,", ROW)
    assert [one.row_no for one in result.sightings] == [2, 5, 9]
    assert [(bad.row_no, bad.code) for bad in result.rejected] == [(3, "columns"), (4, "columns"), (6, "columns")]
    assert result.rows == 6


def test_all_good_rows_read_fast_equal_the_same_rows_read_around_a_bad_one():
    rows = [row(latitude=f"41.{i:05d}", acq_time=str(i)) for i in range(50)]
    fast, slow = read(*rows), read(*rows, "bad")
    assert [one.raw for one in fast.sightings] == [one.raw for one in slow.sightings]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_line_ends_and_encodings_do_not_matter(end, encoding):
    text = end.join((VIIRS + ",备注", ROW + ",秸秆", ROW + ",荒草"))
    result = firms.parse(text.encode(encoding), options=ParseOptions())
    assert [one.raw["备注"] for one in result.sightings] == ["秸秆", "荒草"]


def test_a_row_number_column_country_in_front_and_type_behind_are_taken_in_stride():
    quoted = '"",' + ",".join(f'"{name}"' for name in VIIRS.split(","))
    assert read('"1",' + ROW, header=quoted).sightings[0].raw["#1"] == "1"
    (one,) = read("CHN," + ROW + ",2", header="country_id," + VIIRS + ",type").sightings
    assert (one.lat, one.static_type) == (41.3, 2)


def test_row_numbers_that_the_heading_leaves_out_shift_it_by_one():
    header = " ".join(f'"{name}"' for name in VIIRS.split(",")).replace(" ", ",")
    result = read('"1",' + ROW, '"2",' + ROW, header=header)
    assert [one.raw["#1"] for one in result.sightings] == ["1", "2"]
    assert (result.sightings[0].lat, result.sightings[0].satellite) == (41.3, "N20")


def workbook(*rows: list[object], names: tuple[str, ...] = ("封面", "数据")) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        book.add_worksheet(names[0]).write(0, 0, "FIRMS 2023年10月")
        sheet = book.add_worksheet(names[1])
        day = book.add_format({"num_format": "yyyy/m/d"})
        clock = book.add_format({"num_format": "h:mm"})
        for i, cells in enumerate(rows):
            for j, cell in enumerate(cells):
                if isinstance(cell, datetime):
                    sheet.write_datetime(i, j, cell, day)
                elif isinstance(cell, time):
                    sheet.write_datetime(i, j, cell, clock)
                else:
                    sheet.write(i, j, cell)
    return out.getvalue()


def test_a_workbook_reads_like_the_csv_that_it_was():
    def cells(day: object, clock: object) -> list[object]:
        return [41.3, 123.7, 330.1, 0.49, 0.4, day, clock, 1, "nominal", "2.0NRT", 299.5, 2.41, "D"]

    day = datetime(2023, 10, 5)
    rows = [
        cells(day, 501),
        cells(45204, "0501"),
        [],
        cells("2023-10-05", time(5, 1)),
        cells(day, 5.0166666667 / 24),
        cells(day, "x"),
    ]
    result = firms.parse(workbook(VIIRS.split(","), *rows), options=ParseOptions())
    assert [(one.sheet, one.row_no) for one in result.sightings] == [("数据", 2), ("数据", 3), ("数据", 5), ("数据", 6)]
    assert {one.starts_at for one in result.sightings} == {datetime(2023, 10, 5, 5, 1, tzinfo=UTC)}
    assert [(bad.sheet, bad.row_no, bad.code) for bad in result.rejected] == [("数据", 7, "bad_time")]
    assert [(note.sheet, note.row_no) for note in result.notes] == [("封面", 1)]
    assert {one.satellite for one in result.sightings} == {"N20"}


def test_a_workbook_without_a_firms_heading_is_refused_with_its_sheet():
    with pytest.raises(SourceError, match="工作表 封面") as caught:
        firms.parse(workbook(["a", "b"]), options=ParseOptions())
    assert caught.value.code == "wrong_columns"


def test_headings_pasted_again_and_lines_above_are_notes():
    result = firms.parse(f"# LANCE FIRMS\n{VIIRS}\n{ROW}\n{VIIRS}\n{ROW}".encode(), options=ParseOptions())
    assert (len(result.sightings), [note.row_no for note in result.notes]) == (2, [1, 4])


def test_a_mapping_names_columns_that_have_other_names():
    header = VIIRS.replace("latitude", "纬度").replace("longitude", "经度")
    assert len(read(ROW, header=header, mapping={"latitude": "纬度", "longitude": "经度"}).sightings) == 1


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b"\n \n", "empty_file"),
        (b"a,b,c\n1,2,3\n", "wrong_columns"),
        (b"<!DOCTYPE html><html></html>", "wrong_columns"),
        (b"PK\x03\x04rest", "broken"),
        (b"Invalid MAP_KEY.", "wrong_columns"),
        (b"\xff\xfe\x00", "encoding"),
    ],
)
def test_a_file_that_is_no_firms_csv_says_so(data, code):
    with pytest.raises(SourceError) as caught:
        firms.parse(data, options=ParseOptions())
    assert caught.value.code == code
    assert "：" in str(caught.value)


def test_a_heading_without_rows_is_an_empty_result():
    result = firms.parse(VIIRS.encode(), options=ParseOptions())
    assert (len(result.sightings), result.rows) == (0, 0)


def test_null_bytes_and_overlong_cells_do_not_reach_the_database():
    result = read(row(version="9" * 50, latitude="41.3" + "0" * 60) + "\x00", ROW)
    (one, _) = result.sightings
    assert (len(one.version), len(one.lat_given)) == (20, 40)
    assert "\x00" not in table_of(result).raw_line.to_pylist()[0]


@pytest.mark.parametrize(
    ("name", "rows", "satellites"),
    [
        ("firms_viirs_noaa20_liaoning_2023-10.csv", 2361, {"N20"}),
        ("firms_modis_liaoning_2021_2022.csv", 762, {"T", "A"}),
        ("samples/modis_c61_excel_mangled_dates_3000.csv", 3000, {"T", "A"}),
        ("samples/viirs_noaa20_R_export_2023-10-28.csv", 9980, {"N20"}),
        ("samples/viirs_noaa20_R_export_2023-10-29.csv", 20395, {"N20"}),
    ],
)
def test_every_row_of_the_real_files_is_a_sighting(data_dir, name, rows, satellites):
    result = firms.parse(data_dir / name, options=ParseOptions())
    assert (len(result.sightings), len(result.rejected), len(result.notes)) == (rows, 0, 0)
    assert set(table_of(result).satellite) == satellites


def test_a_himawari_file_is_not_taken_for_firms(data_dir):
    (path,) = (data_dir / "samples").glob("H09_*.csv")
    with pytest.raises(SourceError):
        firms.parse(path, options=ParseOptions())


def test_chunks_and_slices_of_a_table_agree_with_its_rows():
    table = table_of(read(*(row(latitude=f"41.{i:05d}") for i in range(10))))
    assert [one.lat for chunk in table.chunks(3) for one in chunk] == [one.lat for one in table]
    assert [one.row_no for one in table[2:8:2]] == [4, 6, 8]
    assert table[-1].row_no == 11
    with pytest.raises(IndexError):
        table[10]


def on_day(day: object) -> list[object]:
    return [41.3, 123.7, 330.1, 0.49, 0.4, day, "0501", "N20", "nominal", "2.0NRT", 299.5, 2.41, "D"]


@pytest.mark.parametrize(
    ("given", "left", "order"),
    [
        # Excel reads month/day: 10/11/2023 and 05/10/2023 of a day/month file became 11 October and 10 May.
        ([datetime(2023, 10, 11), datetime(2023, 5, 10)], "27/10/2023", "dmy"),
        # Excel reads day/month: 11/10/2023 and 10/05/2023 of a month/day file became 11 October and 10 May too.
        ([datetime(2023, 10, 11), datetime(2023, 5, 10)], "10/27/2023", "mdy"),
    ],
)
def test_dates_that_excel_turned_round_are_read_by_the_rule_of_the_csv_that_they_were(given, left, order):
    result = firms.parse(workbook(VIIRS.split(","), *(on_day(day) for day in [*given, left])), options=ParseOptions())
    days = [(one.starts_at.month, one.starts_at.day) for one in result.sightings]
    assert (days, result.meta["date_order"]) == ([(11, 10), (10, 5), (10, 27)], order)
    written = ["10/11/2023", "05/10/2023"] if order == "dmy" else ["11/10/2023", "10/05/2023"]
    text = read(*(row(acq_date=one) for one in [*written, left]))
    assert [(one.starts_at.month, one.starts_at.day) for one in text.sightings] == days


@pytest.mark.parametrize("days", [[datetime(2023, 10, 13), "27/10/2023"], [datetime(2023, 10, 11), "2023-10-27"]])
def test_real_dates_that_nothing_calls_in_question_stay_what_they_are(days):
    result = firms.parse(workbook(VIIRS.split(","), *(on_day(day) for day in days)), options=ParseOptions())
    assert [one.starts_at.date() for one in result.sightings] == [days[0].date(), date(2023, 10, 27)]


def test_turned_dates_beside_texts_of_both_orders_are_quarantined_until_somebody_says_the_order():
    data = workbook(VIIRS.split(","), *(on_day(day) for day in [datetime(2023, 10, 11), "27/10/2023", "10/27/2023"]))
    assert codes(firms.parse(data, options=ParseOptions())) == ["ambiguous_date"]
    told = firms.parse(data, options=ParseOptions(date_order="mdy"))
    assert [one.starts_at.day for one in told.sightings] == [11, 27]
    assert codes(told) == ["bad_date"]
