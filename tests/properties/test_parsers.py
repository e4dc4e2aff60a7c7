"""Whatever the bytes: outcomes add up to rows, or the file is refused with words. Never another exception."""

from __future__ import annotations

import io
import os
from datetime import UTC, datetime

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firepoints.sightings.readers import firms, keys, lists, patrol
from firepoints.sightings.readers.base import ParseOptions, ParseResult, SourceError
from firepoints.sightings.readers.table import table_of

EXAMPLES = int(os.environ.get("JINSHAO_FUZZ_EXAMPLES", "150"))
QUICK = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
FIRMS_HEADER = "latitude,longitude,scan,track,acq_date,acq_time,satellite,confidence,version,frp,type"
LIST_HEADER = "序号,日期,时间,经度,纬度,县,备注"
PATROL_HEADER = "发现时间,经度,纬度,类型,精度,uuid"
NOW = datetime(2023, 11, 1, tzinfo=UTC)

cell = st.one_of(
    st.sampled_from(
        [
            "", "41.3", "123.7", "-200", "nan", "inf", "1e400", "4１.3", "116°14'37.289\"E", "41°12'N", "2023-10-05",
            "27/10/2023", "10/11/2023", "2023年10月5日", "45226", "9999-99-99", "0501", "7", "24:61", "N20", "明火",
            "合计", "注：", "2.0NRT", "nominal", '"', "\x00", "\r", ";", "\ufeff", "９" * 400,
        ]
    ),
    st.text(max_size=12),
    st.floats().map(str),
    st.datetimes().map(str),
)  # fmt: skip


def csv_of(header: str) -> st.SearchStrategy[bytes]:
    width = header.count(",") + 1
    line = st.lists(cell, min_size=max(width - 2, 1), max_size=width + 2).map(",".join)
    text = st.lists(line, max_size=12).map(lambda lines: "\n".join([header, *lines]))
    return st.tuples(text, st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"])).map(
        lambda pair: pair[0].encode(pair[1], "replace")
    )


def outcomes(parser, data: bytes) -> ParseResult | None:
    try:
        result = parser.parse(data, options=ParseOptions(now=NOW, area=(118.0, 38.0, 126.0, 44.0)))
    except SourceError as error:
        return None if error.what and error.code else pytest.fail("a refusal without words")
    places = [(row.sheet, row.row_no) for kind in (result.sightings, result.rejected, result.notes) for row in kind]
    assert len(places) == len(set(places)), "a row ended in two places"
    assert all(row.reason and row.code for row in result.rejected)
    table = table_of(result)
    assert len(table) == len(result.sightings)
    assert all("\x00" not in line for line in table.raw_line.to_pylist())
    assert all(one.starts_at <= one.ends_at and abs(one.lat) <= 90 and abs(one.lon) <= 180 for one in result.sightings)
    return result


@QUICK
@given(st.one_of(csv_of(FIRMS_HEADER), st.binary(max_size=300)))
def test_firms_rows_each_end_in_one_place(data):
    result = outcomes(firms, data)
    if result:
        assert len(keys.satellite_columns(table_of(result), "firms").key) == len(result.sightings)


@QUICK
@given(st.lists(st.lists(cell.filter(lambda c: not set(c) & set('\r\n"')), min_size=11, max_size=11), max_size=8))
def test_no_firms_line_vanishes(rows):
    lines = [",".join(row) for row in rows]
    result = firms.parse("\n".join([FIRMS_HEADER, *lines]).encode("utf-8", "replace"), options=ParseOptions())
    filled = sum(1 for line in lines if line.strip(firms.SEPARATORS))
    assert result.rows + len(result.notes) == filled


@QUICK
@given(st.one_of(csv_of(LIST_HEADER), st.binary(max_size=300)))
def test_list_rows_each_end_in_one_place(data):
    result = outcomes(lists, data)
    if result:
        found = keys.list_keys(result.sightings, source="list")
        assert len({key.key for key in found}) == len(result.sightings)


@QUICK
@given(st.one_of(csv_of(PATROL_HEADER), st.binary(max_size=300)))
def test_patrol_rows_each_end_in_one_place(data):
    outcomes(patrol, data)


scalars = st.one_of(cell, st.none(), st.booleans(), st.floats(), st.integers(), st.lists(st.integers(), max_size=2))


@QUICK
@given(st.dictionaries(st.sampled_from(["found_at", "lon", "lat", "kind", "accuracy_m", "uuid", "纬度", "x"]), scalars))
def test_any_api_finding_is_read_or_refused(data):
    assert patrol.patrol_finding(data, options=ParseOptions(now=NOW))


excel = st.one_of(
    cell.filter(lambda c: len(c) < 100), st.floats(-1e9, 1e9), st.booleans(), st.datetimes(datetime(1901, 1, 1))
)


@settings(QUICK, max_examples=max(EXAMPLES // 5, 20))
@given(st.lists(st.lists(excel, max_size=8), max_size=8), st.binary(max_size=40), st.integers(0, 5000))
def test_workbooks_whole_and_damaged_are_read_or_refused(rows, noise, at):
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_urls": False, "remove_timezone": True}) as workbook:
        sheet = workbook.add_worksheet()
        stamp = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        for i, row in enumerate([LIST_HEADER.split(","), *rows]):
            for j, value in enumerate(row):
                if isinstance(value, datetime):
                    sheet.write_datetime(i, j, value, stamp)
                else:
                    sheet.write(i, j, value)
    data = out.getvalue()
    outcomes(lists, data)
    outcomes(lists, data[:at] + noise + data[at + len(noise) :])


@pytest.mark.parametrize("parser", [firms, lists, patrol])
def test_a_folder_or_a_missing_path_is_refused_with_words(parser, tmp_path):
    for path in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(SourceError):
            parser.parse(path, options=ParseOptions())
