"""Rows that a title, a name, a remark or a line through one of their cells takes back: each is asked about."""

from __future__ import annotations

import pytest
from openpyxl.styles import Font

from firepoints.sightings.readers import lists
from firepoints.sightings.readers.base import HIDDEN, LEAVE, ParseOptions
from papers.marks import Marks
from papers.reading import read_marked
from tests.factories.workbooks import HEAD, book, line


def read(content: bytes, **options):
    return lists.parse(content, options=ParseOptions(**options))


def asked(content: bytes, **options) -> list[str]:
    return [doubt.words for doubt in read(content, **options).doubts if doubt.kind == HIDDEN]


ROWS = [line(seq) for seq in (1, 2)]
BOTH = "工作表“{}”第 {} 行（共 2 行）："


@pytest.mark.parametrize(
    "title",
    ["2024年11月3日火点清单（作废）", "2024年11月3日火点清单（已撤销）", "作废：2024年11月3日火点清单", "本表已作废，以更正后的为准",
     "2024年11月3日火点清单（上一版）", "2024年11月3日火点清单(草稿)", "2024年11月3日火点清单作废"],
)  # fmt: skip
def test_a_title_that_takes_the_list_back_is_asked_about_and_left_as_answered(title):
    content = book([[title], HEAD, *ROWS])
    assert asked(content) == [BOTH.format("清单", "3—4") + f"第 1 行写着“{title}”"]
    assert (len(read(content).sightings), len(read(content, hidden=LEAVE).sightings)) == (2, 0)


@pytest.mark.parametrize(
    "name", ["作废", "旧版", "旧", "清单（旧）", "上一版", "草稿", "old", "清单_备份", "11月3日作废"]
)
def test_a_sheet_whose_name_takes_it_back_is_asked_about(name):
    content = book([HEAD, line(3)], further={name: [HEAD, *ROWS]})
    assert asked(content) == [BOTH.format(name, "2—3") + f"工作表的名字是“{name}”"]
    assert len(read(content, hidden=LEAVE).sightings) == 1


@pytest.mark.parametrize("name", ["火点清单（作废）.xlsx", "草稿-火点清单.xlsx", "火点_旧版.xlsx"])
def test_a_file_whose_name_takes_it_back_is_asked_about(name):
    assert asked(book([HEAD, *ROWS]), filename=name) == [
        BOTH.format("清单", "2—3") + f"文件的名字是“{name.removesuffix('.xlsx')}”"
    ]


@pytest.mark.parametrize(
    "title",
    [
        "已剔除固定热源的火点清单",
        "未作废的火点清单",
        "2024年11月3日火点清单",
        "旧堡区火点清单",
        "更正后火点清单（原清单作废文号见附件）",
    ],
)
def test_a_title_that_takes_nothing_back_is_not_asked_about(title):
    assert asked(book([[title], HEAD, *ROWS]), filename="火点清单更正.xlsx") == []


def test_a_line_below_the_rows_that_takes_the_table_back_is_asked_about():
    content = book([HEAD, *ROWS, ["注：本表作废"]])
    assert asked(content) == [BOTH.format("清单", "2—3") + "第 4 行写着“注：本表作废”"]


@pytest.mark.parametrize("remark", ["误报", "经核实为误报", "误判", "重复", "重复上报"])
def test_a_remark_of_a_false_or_repeated_row_is_asked_about(remark):
    assert asked(book([HEAD, line(1), line(2, 备注=remark)])) == [f"工作表“清单”第 3 行：写着“{remark}”"]


@pytest.mark.parametrize("remark", ["非误报", "重复监测到", "与上期重复出现的固定热源"])
def test_a_remark_that_speaks_of_repetition_otherwise_is_not_asked_about(remark):
    assert asked(book([HEAD, line(1), line(2, 备注=remark)])) == []


@pytest.mark.parametrize("column", ["序号", "县", "经度", "纬度", "监测日期", "监测时间"])
def test_one_struck_cell_of_what_is_read_is_enough_to_ask(column):
    def strike(sheet):
        sheet.cell(3, HEAD.index(column) + 1).font = Font(strike=True)

    assert asked(book([HEAD, *ROWS], then=strike)) == ["工作表“清单”第 3 行：画了删除线"]


def test_a_struck_remark_takes_nothing_back():
    def strike(sheet):
        sheet.cell(3, 7).font = Font(strike=True)

    assert asked(book([HEAD, line(1), line(2, 备注="待核")], then=strike)) == []


@pytest.mark.parametrize("height", [0.1, 0.75])
def test_a_row_too_low_to_be_seen_is_hidden(height):
    def flatten(sheet):
        sheet.row_dimensions[3].height = height

    content = book([HEAD, *ROWS], then=flatten)
    assert asked(content) == ["工作表“清单”第 3 行：隐藏的行"]
    marks: Marks = read_marked(content, ParseOptions())[0].marks
    assert marks.rows == {2}
