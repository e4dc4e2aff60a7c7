"""What a workbook hides, says of itself, and holds beside its rows: each is said with sheet and row, and asked about."""

from __future__ import annotations

import pytest

from firepoints.sightings.readers import lists, patrol
from firepoints.sightings.readers.base import HIDDEN, KEEP, LEAVE, TOTAL, Note, ParseOptions, ParseResult, SourceError
from firepoints.sightings.readers.positions import axes_in, positions_in
from firepoints.sightings.readers.totals import number_of, stated_in
from papers.reading import Sheet
from tests.factories.workbooks import COUNTY, HEAD, PLACES, book, line, strike

HALF = ["序号", "县", "经度", "纬度"]
OTHER = "桓仁满族自治县"


def read(content: bytes, **options) -> ParseResult:
    return lists.parse(content, options=ParseOptions(**options))


def words(result: ParseResult, kind: str) -> list[str]:
    return [doubt.words for doubt in result.doubts if doubt.kind == kind]


def rows(count: int, county: str = COUNTY, first: int = 1) -> list[list[object]]:
    return [line(seq, 县=county) for seq in range(first, first + count)]


def test_the_title_and_the_total_of_an_incomplete_list_are_both_asked_about():
    content = book([["2024年11月3日全市监测到火点5个"], HEAD, *rows(2), ["合计", "5个"]])
    asked = words(read(content), TOTAL)
    assert asked == [
        "工作表“清单”第 1 行写着“2024年11月3日全市监测到火点5个”：5 个，读到 2 行",
        "工作表“清单”第 5 行写着“合计 5个”：5 个，读到 2 行",
    ]
    assert read(book([["2024年11月3日全市监测到火点2个"], HEAD, *rows(2), ["合计", "2个"]])).doubts == ()


@pytest.mark.parametrize(
    "title",
    [
        "共监测到疑似火点 3 处", "合计：3", "共计3个火点", "监测到火点三个", "发现3处秸秆焚烧火点", "火点总数：3", "火点（3个）",
        "11月3日17时至11月4日17时，全省共发现火点3个，其中本溪市3个", "火点个数：3个（详见下表）", "合  计：3 处", "计3处", "小计 3个",
        "总 数：三",
    ],
)  # fmt: skip
def test_every_way_of_stating_a_number_of_places_is_compared(title):
    assert read(book([[title], HEAD, *rows(3)])).doubts == ()
    assert len(words(read(book([[title], HEAD, *rows(2)])), TOTAL)) >= 1


@pytest.mark.parametrize(
    "title",
    [
        "今年以来累计监测到火点120个", "第28期火点清单", "2024年11月3日火点清单", "监测时段：11月2日17时至11月3日17时",
        "较去年同期减少火点12个", "本期共3页", "联系电话：024-12345678",
    ],
)  # fmt: skip
def test_numbers_of_other_things_are_not_compared(title):
    assert read(book([[title], HEAD, *rows(2)])).doubts == ()


def test_numbers_of_each_county_are_compared_with_the_rows_of_that_county():
    title = f"共5个火点，其中{COUNTY}3个、桓仁县2个"
    assert read(book([[title], HEAD, *rows(3), *rows(2, OTHER, 4)])).doubts == ()
    asked = words(read(book([[title], HEAD, *rows(3), *rows(1, OTHER, 4)])), TOTAL)
    assert len(asked) == 2
    assert "桓仁县 2 个，读到 桓仁县 1 行" in asked[1]


def test_a_county_behind_a_date_is_known_by_its_own_name():
    asked = words(read(book([["2024年11月3日平山区火点9个"], HEAD, *rows(2, "平山区")])), TOTAL)
    assert asked == ["工作表“清单”第 1 行写着“2024年11月3日平山区火点9个”：平山区 9 个，读到 平山区 2 行"]


def test_a_county_that_the_list_names_and_has_no_row_of_is_asked_about():
    asked = words(read(book([["平山区1处，本溪县2处"], HEAD, *rows(2)])), TOTAL)
    assert ["平山区 1 个，读到 平山区 0 行" in text for text in asked] == [True]


def test_a_section_and_its_subtotal_are_compared_with_their_own_rows():
    sections = [
        [f"一、{COUNTY}（2处）"],
        *rows(2),
        ["小计", 2],
        [f"二、{OTHER}（1处）"],
        *rows(1, OTHER, 3),
        ["小计", 1],
    ]
    assert read(book([HEAD, *sections, ["合计", 3]])).doubts == ()
    sections[3] = ["小计", 3]
    asked = words(read(book([HEAD, *sections, ["合计", 3]])), TOTAL)
    assert [text.partition("：")[2] for text in asked] == ["3 个，读到 2 行"], (
        "3 is the number of all rows, not of these"
    )


def test_a_total_of_pixels_is_compared_with_the_pixels():
    head = ["序号", "县", "经度", "纬度", "监测时间", "火点像元数", "面积（亩）"]
    data = [[seq, COUNTY, *PLACES[seq - 1], "2024-11-03 13:21", 2, 1.5] for seq in (1, 2)]
    assert read(book([head, *data, ["合计", None, None, None, None, 4, 3]])).doubts == ()


def test_a_cover_that_counts_by_county_is_compared_with_the_sheet_of_places():
    cover = {"汇总": [["县", "火点数"], [COUNTY, "2个"], ["合计", "2个"]]}
    assert read(book([HEAD, *rows(2)], further=cover)).doubts == ()
    cover["汇总"][1][1] = "4个"
    assert len(words(read(book([HEAD, *rows(2)], further=cover)), TOTAL)) == 1


def test_totals_of_tables_beside_each_other_are_those_of_the_sheet():
    both = [["2024年11月3日火点4个"], [*HALF, *HALF]]
    both += [[1, COUNTY, *PLACES[0], 3, COUNTY, *PLACES[2]], [2, COUNTY, *PLACES[1], 4, COUNTY, *PLACES[3]]]
    assert read(book([*both, ["合计 4 个"]])).doubts == ()
    assert len(words(read(book([*both, ["合计 5 个"]])), TOTAL)) == 1


@pytest.mark.parametrize(("text", "number"), [("12", 12), ("十二", 12), ("一百零五", 105), ("二十", 20), ("两", 2)])
def test_numbers_are_read_in_digits_and_in_chinese(text, number):
    assert number_of(text) == number
    assert stated_in(Note(1, "", (f"共{text}个火点",)))[0].numbers == (number,)


def hide_sheet(sheet):
    sheet.parent["上一版"].sheet_state = "hidden"


def test_a_hidden_sheet_is_asked_about_and_left_or_kept_as_answered():
    content = book([HEAD, *rows(3)], then=hide_sheet, further={"上一版": [HEAD, *rows(4)]})
    assert words(read(content), HIDDEN) == ["工作表“上一版”第 2—5 行（共 4 行）：在隐藏的工作表里"]
    assert (len(read(content, hidden=KEEP).sightings), len(read(content, hidden=LEAVE).sightings)) == (7, 3)
    left = [note for note in read(content, hidden=LEAVE).notes if note.code]
    assert [(note.sheet, note.row_no, note.code) for note in left] == [
        ("上一版", row, "left_out") for row in range(2, 6)
    ]
    assert left[0].reason == "在隐藏的工作表里，导入时选择不读"
    assert left[0].raw[1] == COUNTY


def hide_row(sheet):
    sheet.row_dimensions[3].hidden = True


def filter_row(sheet):
    sheet.auto_filter.ref = "A1:G4"
    sheet.auto_filter.add_filter_column(0, ["1"])
    hide_row(sheet)


def strike_row(sheet):
    strike(sheet, 3)


def void_row(sheet):
    sheet["G3"] = "与上期重复，作废"


def void_below(sheet):
    sheet.insert_rows(3)
    sheet["A3"] = "以下为上一版，作废"


@pytest.mark.parametrize(
    ("then", "reason"),
    [
        (hide_row, "工作表“清单”第 3 行：隐藏的行"),
        (filter_row, "工作表“清单”第 3 行：被筛选隐藏的行"),
        (strike_row, "工作表“清单”第 3 行：画了删除线"),
        (void_row, "工作表“清单”第 3 行：写着“与上期重复，作废”"),
        (void_below, "工作表“清单”第 4—5 行（共 2 行）：第 3 行写着“以下为上一版，作废”"),
    ],
)
def test_hidden_filtered_struck_and_void_rows_are_asked_about(then, reason):
    content = book([HEAD, *rows(3)], then=then)
    assert words(read(content), HIDDEN) == [reason]
    assert len(read(content).sightings) == 3
    left = read(content, hidden=LEAVE)
    assert len(left.sightings) + sum(bool(note.code) for note in left.notes) == 3
    assert len(left.sightings) < 3


@pytest.mark.parametrize("note", ["未删除", "不作废", "正常", "2024年补充", "无需取消"])
def test_a_remark_that_voids_nothing_is_not_asked_about(note):
    content = book([HEAD, line(1, 备注=note)])
    assert read(content).doubts == ()


def test_a_hidden_column_that_is_read_is_asked_about_and_emptied_when_left():
    head = ["序号", "县", "经度", "纬度", "监测日期", "监测时间", "等级", "备注"]
    data = [[seq, COUNTY, *PLACES[seq - 1], "2024-11-03", "13:21", "中", None] for seq in (1, 2)]

    def hide(sheet):
        sheet.column_dimensions["F"].hidden = True
        sheet.column_dimensions["H"].hidden = True

    content = book([head, *data], then=hide)
    assert words(read(content), HIDDEN) == ["工作表“清单”F 列是隐藏的列，现在当作时间读"]
    assert read(content, hidden=KEEP).sightings[0].starts_at.minute == 21
    assert [sighting.precision for sighting in read(content, hidden=LEAVE).sightings] == ["day", "day"]


def test_the_total_is_compared_with_what_is_left_after_the_answer():
    content = book([["2024年11月3日火点3个"], HEAD, *rows(3)], then=hide_sheet, further={"上一版": [HEAD, *rows(4)]})
    assert not words(read(content, hidden=LEAVE), TOTAL)


def test_a_position_that_became_no_row_is_asked_about_with_its_place():
    data = [[*line(1), None, None, 124.5, 41.3], line(2), ["另有一处：124.61234，41.25678 未列入"]]
    asked = words(read(book([HEAD, *data])), TOTAL)
    assert len(asked) == 1
    assert "像坐标的有 4 处，其中 2 处没有读成行" in asked[0]
    assert "第 2 行 J 列 124.5, 41.3" in asked[0]
    assert "第 4 行 A 列" in asked[0]


def test_a_sheet_without_a_heading_that_holds_positions_is_asked_about():
    content = book([HEAD, *rows(2)], further={"补充": [[3, COUNTY, *PLACES[2]], [4, COUNTY, *PLACES[3]]]})
    asked = words(read(content), TOTAL)
    assert asked[0].startswith("工作表“补充”里像坐标的有 2 处，其中 2 处没有读成行")


def test_a_position_of_the_same_row_under_another_heading_is_a_remark():
    head = [*HEAD[:6], "核实经度", "核实纬度"]
    data = [[*line(seq)[:6], *PLACES[seq - 1]] for seq in (1, 2)]
    result = read(book([head, *data]))
    assert result.doubts == ()
    assert result.remarks == ("工作表“清单”G、H 列（核实经度、核实纬度）里也有坐标，没有当作火点的位置读",)


def test_a_second_pair_under_the_same_headings_is_asked_about():
    head = ["序号", "县", "经度", "纬度", "经度", "纬度", "监测时间"]
    content = book([head, [1, COUNTY, *PLACES[0], *PLACES[1], "2024-11-03 13:21"]])
    assert len(words(read(content), TOTAL)) == 1


def test_a_list_that_says_nothing_odd_leaves_nothing_open():
    assert read(book([["监测范围：东经123.6°-125.8°，北纬40.8°-41.6°"], HEAD, *rows(4)])).doubts == ()


@pytest.mark.parametrize(
    ("cell", "axes"),
    [
        (124.07, {"lon"}), (41.1, {"lat"}), (124, set()), (124.0, set()), ("124°04′26.8″", {"lon"}), ("北纬41°07′", {"lat"}),
        ("124.07411,41.12412", {"lon", "lat"}), ("POINT(124.07 41.12)", {"lon", "lat"}), ("2024-11-03 13:21", set()),
        ("2024.11.03", set()), (True, set()), (float("nan"), set()), ("", set()), ("0.4", set()),
    ],
)  # fmt: skip
def test_positions_are_known_by_their_numbers(cell, axes):
    assert axes_in(cell) == axes


def test_positions_are_counted_in_cells_whatever_the_headings():
    sheet = Sheet(
        "", [["a", 124.1, 41.2, 124.3, 41.4], ["124.1 41.2", "", 41.5, 124.6], [124.1, None, None, None, 41.2]]
    )
    assert [(position.row_no, position.first, position.last) for position in positions_in(sheet)] == [
        (1, 1, 2),
        (1, 3, 4),
        (2, 0, 0),
        (2, 2, 3),
    ]


def test_a_position_merged_over_rows_is_said():
    def merge(sheet):
        sheet["C3"] = sheet["D3"] = None
        sheet.merge_cells("C2:C3")
        sheet.merge_cells("D2:D3")

    result = read(book([HEAD, *rows(2)], then=merge))
    assert {(row.lon, row.lat) for row in result.sightings} == {PLACES[0]}
    assert result.remarks == ("工作表“清单”第 3 行的坐标是合并单元格，与上面一行相同",)


def test_a_patrol_file_is_asked_about_in_the_same_way():
    head = ["发现时间", "经度", "纬度", "类型"]
    data = [["2024-11-03 10:20", *PLACES[seq], "明火"] for seq in (0, 1)]
    content = book([head, *data], then=hide_row)
    result = patrol.parse(content, options=ParseOptions())
    assert words(result, HIDDEN) == ["工作表“清单”第 3 行：隐藏的行"]
    assert len(patrol.parse(content, options=ParseOptions(hidden=LEAVE)).sightings) == 1


def test_a_total_in_the_columns_of_the_axes_is_no_row():
    head = ["纬度", "经度", "县", "监测时间"]
    content = book([head, [PLACES[0][1], PLACES[0][0], COUNTY, "2024-11-03 13:21"], ["合计", "1个"]])
    result = read(content)
    assert (result.rows, result.doubts) == (1, ())


def test_a_second_place_kilometres_away_in_a_row_is_asked_about_and_the_same_place_in_another_form_is_not():
    head = ["序号", "县", "东经", "北纬", "经度", "纬度", "监测时间"]
    at = "2024-11-03 13:21"
    same = book([head, [1, COUNTY, "124°04′26″", "41°07′27″", *PLACES[0], at]])
    assert read(same).doubts == ()
    assert len(words(read(book([head, [1, COUNTY, *PLACES[1], *PLACES[0], at]])), TOTAL)) == 1


def test_a_small_summary_below_a_list_is_no_row_and_is_compared():
    summary = [[], ["县", "火点数"], [COUNTY, 2], ["合计", 2]]
    assert (read(book([HEAD, *rows(2), *summary])).rows, read(book([HEAD, *rows(2), *summary])).doubts) == (2, ())
    asked = words(read(book([HEAD, *rows(1), *summary])), TOTAL)
    assert [text.partition("：")[2] for text in asked] == [
        f"{COUNTY} 2 个，读到 {COUNTY} 1 行",
        "2 个，读到 1 行",
    ]


def test_leaving_out_the_column_that_alone_says_where_is_refused_with_the_way_out():
    content = book([HEAD, line(1)], then=lambda sheet: setattr(sheet.column_dimensions["D"], "hidden", True))
    with pytest.raises(SourceError, match="隐藏的列") as refused:
        read(content, hidden=LEAVE)
    assert refused.value.code == "hidden_columns"


@pytest.mark.parametrize("text", ["3 个疑似火点", "3个", "3处火点（含固定热源1处）", "3"])
def test_a_total_row_is_compared_however_its_number_is_dressed(text):
    assert read(book([HEAD, *rows(3), ["合计", text]])).doubts == ()
    assert len(words(read(book([HEAD, *rows(2), ["合计", text]])), TOTAL)) == 1


@pytest.mark.parametrize("column", range(1, 7))
def test_the_one_number_of_a_total_row_counts_the_rows_under_whatever_heading(column):
    total = ["合计", *[None] * 6]
    total[column] = 3
    assert read(book([HEAD, *rows(3), total])).doubts == ()
    assert len(words(read(book([HEAD, *rows(2), total])), TOTAL)) == 1


@pytest.mark.parametrize("text", ["3个乡镇", "12.5亩", "—", "见附件"])
def test_a_total_row_of_something_else_is_not_compared(text):
    assert read(book([HEAD, *rows(2), ["合计", text]])).doubts == ()
