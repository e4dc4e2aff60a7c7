"""Several tables in a sheet, and merged cells: every row that a person sees is read, where it stands."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
import xlsxwriter

from firepoints.feedback.returned import places_in
from firepoints.sightings.readers import lists
from firepoints.sightings.readers.base import ParseOptions, ParseResult
from firepoints.sightings.readers.blocks import block_name, letters, span_of
from papers.reading import Small, read_sheets
from tests.factories.workbooks import COUNTY, HEAD, PLACES, book, line

MOMENT = datetime(2024, 11, 3, 5, 21, tzinfo=UTC)
HALF = ["序号", "县", "经度", "纬度"]


def read(content: bytes, **options) -> ParseResult:
    return lists.parse(content, options=ParseOptions(**options))


def half(seq: int) -> list[object]:
    return [seq, COUNTY, *PLACES[seq - 1]]


def seqs(result: ParseResult) -> list[tuple[str, str, int]]:
    return [(row.seq_no, row.sheet, row.row_no) for row in result.sightings]


def test_tables_beside_each_other_are_both_read():
    rows = [["2024年11月3日火点"], [*HALF, *HALF], [*half(1), *half(3)], [*half(2), *half(4)], ["合计 4 个"]]
    result = read(book(rows))
    assert seqs(result) == [("1", "清单", 3), ("2", "清单", 4), ("3", "清单[E:H]", 3), ("4", "清单[E:H]", 4)]
    assert [(row.lon, row.lat) for row in result.sightings] == PLACES
    assert {row.starts_at for row in result.sightings} == {datetime(2024, 11, 2, 16, tzinfo=UTC)}


@pytest.mark.parametrize("gap", [[], [None]])
@pytest.mark.parametrize("tail", [[], ["备注"]])
def test_three_tables_beside_each_other_with_or_without_a_column_between(gap, tail):
    head = [*HALF, *tail]
    cells = [[*half(seq), *[None] * len(tail)] for seq in (1, 2, 3)]
    rows = [["2024年11月3日"], [*head, *gap, *head, *gap, *head], [*cells[0], *gap, *cells[1], *gap, *cells[2]]]
    assert sorted(seq for seq, *_ in seqs(read(book(rows)))) == ["1", "2", "3"]


def test_a_second_half_that_leaves_out_the_date_is_read_by_the_day_of_the_title_or_quarantined():
    rows = [[*HALF, "监测时间", *HALF], [*half(1), "2024-11-03 13:21", *half(2)]]
    result = read(book(rows))
    assert len(result.sightings) == 1
    assert [(row.sheet, row.code) for row in result.rejected] == [("清单[F:I]", "bad_date")]
    titled = read(book([["2024年11月3日火点"], *rows]))
    assert len(titled.sightings) == 2


def test_a_second_pair_of_axes_in_one_row_is_no_second_table():
    rows = [["序号", "县", "经度", "纬度", "经度", "纬度", "监测时间"]]
    rows.append([1, COUNTY, *PLACES[0], *PLACES[0], "2024-11-03 13:21"])
    assert seqs(read(book(rows))) == [("1", "清单", 2)]


def test_a_table_below_with_its_columns_in_another_order_is_read_by_its_own_heading():
    below = ["序号", "监测时间", "纬度", "经度", "监测日期", "县"]
    rows = [HEAD, line(1), ["二、桓仁县"], below, [2, "13:21", PLACES[1][1], PLACES[1][0], "2024-11-03", COUNTY]]
    result = read(book(rows))
    assert seqs(result) == [("1", "清单", 2), ("2", "清单", 5)]
    assert [(row.lon, row.lat) for row in result.sightings] == PLACES[:2]
    assert {row.starts_at for row in result.sightings} == {MOMENT}
    assert not result.rejected


def test_a_table_below_with_two_rows_of_headings_is_read():
    upper, lower = ["序号", "县", "位置", None, "监测时间"], [None, None, "经度", "纬度", None]
    rows = [HEAD, line(1), upper, lower, [2, COUNTY, *PLACES[1], "2024-11-03 13:21"]]
    assert seqs(read(book(rows))) == [("1", "清单", 2), ("2", "清单", 5)]


def test_a_table_that_begins_right_of_the_end_of_another_is_read():
    rows = [["2024年11月3日火点"], HALF, half(1), [*half(2), None, *HALF], [*half(3), None, *half(4)]]
    result = read(book(rows))
    assert seqs(result) == [("1", "清单", 3), ("2", "清单", 4), ("3", "清单", 5), ("4", "清单[F:I]", 5)]


def test_a_wider_table_below_two_narrow_ones_is_read_whole():
    wide = ["序号", "省", "市", "县", "乡镇", "村", "经度", "纬度"]
    below = [4, "辽宁省", "本溪市", COUNTY, "小市镇", "某村", *PLACES[3]]
    rows = [["2024年11月3日火点"], [*HALF, *HALF], [*half(1), *half(2)], ["补充"], wide, below]
    result = read(book(rows))
    assert sorted(seqs(result)) == [("1", "清单", 3), ("2", "清单[E:H]", 3), ("4", "清单", 6)]
    assert result.sightings[-1].stated_place == f"辽宁省 本溪市 {COUNTY} 小市镇 某村"


def test_the_same_heading_again_is_a_note_however_far_down():
    rows = [HEAD, *(line(seq) for seq in range(1, 60)), HEAD, line(60)]
    result = read(book(rows))
    assert (len(result.sightings), len(result.notes)) == (60, 2)


def test_merged_dates_times_and_counties_stand_for_all_the_rows_that_they_cover():
    def merge(sheet):
        for cells in ("E2:E5", "F2:F5", "B2:B3", "B4:B5"):
            sheet.merge_cells(cells)

    result = read(book([HEAD, *(line(seq) for seq in (1, 2, 3, 4))], then=merge))
    assert [row.seq_no for row in result.sightings] == ["1", "2", "3", "4"]
    assert {(row.starts_at, row.stated_county) for row in result.sightings} == {(MOMENT, COUNTY)}


def test_a_merged_cell_makes_no_row_out_of_blank_ones():
    def merge(sheet):
        sheet["E4"] = None
        sheet.merge_cells("E2:E9")

    result = read(book([HEAD, line(1), line(2)], then=merge))
    assert (len(result.sightings), len(result.rejected)) == (2, 0)


def test_the_name_of_a_table_beside_another_says_its_columns_and_is_read_back():
    assert block_name("清单", 4, 8) == "清单[E:H]"
    assert span_of("清单[E:H]") == ("清单", 4, 8)
    assert span_of("清单")[:2] == ("清单", 0)
    assert span_of(block_name("", 26, 28)) == ("", 26, 28)
    assert [letters(at) for at in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]


def test_the_opinions_on_a_returned_list_find_the_rows_of_a_table_beside_another():
    rows = [["2024年11月3日火点"], [*HALF, *HALF], [*half(1), *half(2)]]
    places = places_in(read_sheets(book(rows), Small()), ParseOptions())
    assert [(place.sheet, place.seq_no, place.cells[0]) for place in places] == [
        ("清单", "1", "1"),
        ("清单[E:H]", "2", "2"),
    ]


def test_a_row_of_data_with_letters_for_its_axes_is_no_heading():
    result = read(book([HEAD, line(1), [2, COUNTY, "x", "y", "2024-11-03", "13:21", None]]))
    assert (len(result.sightings), [row.code for row in result.rejected]) == (1, ["bad_number"])


def test_a_table_below_with_the_same_axes_and_another_order_beside_them_is_read_by_its_own_heading():
    first, below = ["序号", "县", "经度", "纬度", "监测时间"], ["县", "序号", "经度", "纬度", "监测时间"]
    at = "2024-11-03 13:21"
    result = read(book([first, [1, COUNTY, *PLACES[0], at], below, [COUNTY, 2, *PLACES[1], at]]))
    assert [(row.seq_no, row.stated_county) for row in result.sightings] == [("1", COUNTY), ("2", COUNTY)]


def test_a_bare_number_of_the_1904_epoch_is_the_day_that_the_workbook_means():
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "date_1904": True}) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, HEAD)
        sheet.write_row(1, 0, line(1, 监测日期=45599 - 1462))
        sheet.write_row(2, 0, line(2))
        sheet.write_datetime(2, 4, datetime(2024, 11, 3), workbook.add_format({"num_format": "yyyy-mm-dd"}))
    assert [row.starts_at for row in read(out.getvalue()).sightings] == [MOMENT, MOMENT]


def test_a_table_beside_another_whose_headings_say_the_same_in_other_words_is_read():
    rows = [["2024年11月3日火点"], [*HALF, "编号", "区县", "东经", "北纬"], [*half(1), *half(2)]]
    assert seqs(read(book(rows))) == [("1", "清单", 3), ("2", "清单[E:H]", 3)]
    with_code = [["2024年11月3日火点"], ["序号", "县", "东经", "北纬", "火点编号", "经度", "纬度"]]
    with_code.append([1, COUNTY, *PLACES[0], "A1", *PLACES[0]])
    assert len(read(book(with_code)).sightings) == 1
