"""What a workbook says beside its values: hidden sheets, rows and columns, struck and merged cells."""

from __future__ import annotations

import pytest
from openpyxl.styles import Font

from papers import biff
from papers.marks import Marks, spread, struck_formats
from papers.reading import Small, read_marked, read_sheets
from tests.factories.workbooks import book, strike
from tests.papers.old_workbooks import LARGE, SMALL


def marks(content: bytes) -> Marks:
    return read_marked(content, Small())[0].marks


def test_hidden_rows_and_columns_are_known_by_their_place():
    def hide(sheet):
        sheet.row_dimensions[3].hidden = True
        sheet.column_dimensions["B"].hidden = True
        sheet.column_dimensions.group("D", "F", hidden=True)

    sheet = marks(book([[1, 2, 3, 4, 5, 6]] * 5, then=hide))
    assert (sheet.rows, sheet.columns) == ({2}, {1, 3, 4, 5})
    assert not sheet.is_filtered


def test_rows_that_a_filter_hides_are_known_as_filtered():
    def choose(sheet):
        sheet.auto_filter.ref = "A1:B3"
        sheet.auto_filter.add_filter_column(0, ["1"])
        sheet.row_dimensions[3].hidden = True

    assert (marks(book([["a", "b"], [1, 1], [2, 2]], then=choose)).is_filtered) is True


def test_a_hidden_sheet_is_known_and_so_is_one_that_only_a_macro_shows():
    def hide(sheet):
        sheet.parent["草稿"].sheet_state = "hidden"
        sheet.parent["底稿"].sheet_state = "veryHidden"

    sheets = read_marked(book([[1]], then=hide, further={"草稿": [[1]], "底稿": [[1]]}), Small())
    assert [(sheet.name, sheet.marks.is_hidden) for sheet in sheets] == [
        ("清单", False),
        ("草稿", True),
        ("底稿", True),
    ]


def test_only_filled_cells_of_a_struck_font_are_struck():
    def line_through(sheet):
        strike(sheet, 2)
        sheet["B3"].font = Font(strike=True)
        sheet["A3"].font = Font(strike=False, bold=True)

    assert marks(book([[1, 2], [1, None], [1, 2]], then=line_through)).struck == {1: {0}, 2: {1}}


def test_a_strike_that_is_switched_off_strikes_nothing():
    styles = (
        b"<styleSheet><fonts><font><strike val='0'/></font><font/><font><b/><strike/></font></fonts>"
        b"<cellXfs><xf fontId='0'/><xf fontId='1'/><xf numFmtId='0' fontId='2'/></cellXfs></styleSheet>"
    )
    assert struck_formats(styles) == {2}
    assert struck_formats(b"<styleSheet/>") == frozenset()


def test_a_value_merged_downwards_stands_in_each_row_that_has_cells_of_its_own():
    rows = [["a", 1], ["", 2], ["", 3], ["", ""]]
    whole, filled = spread(rows, ((0, 0, 3, 0),))
    assert whole == [["a", 1], ["a", 2], ["a", 3], ["", ""]]
    assert filled == {(1, 0): 0, (2, 0): 0}
    assert rows[1] == ["", 2], "the cells as they were read stay"


def test_what_is_merged_to_the_right_is_not_spread():
    whole, filled = spread([["title", "", ""], [1, 2, 3]], ((0, 0, 0, 2),))
    assert (whole[0], filled) == (["title", "", ""], {})


def test_a_text_has_no_marks():
    assert read_marked(b"a,b\n1,2\n", Small())[0].marks == Marks()


def test_merged_ranges_come_with_the_marks_and_not_with_the_bare_cells():
    content = book([["a", 1], [None, 2]], then=lambda sheet: sheet.merge_cells("A1:A2"))
    assert marks(content).merged == ((0, 0, 1, 0),)
    assert read_sheets(content, Small())[0].marks.merged == ()


@pytest.mark.parametrize("content", [SMALL, LARGE])
def test_the_marks_of_an_xls_are_those_of_its_records(content):
    sheet, draft = read_marked(content, Small())
    assert (sheet.name, sheet.marks.rows, sheet.marks.columns) == ("清单", {2}, {6})
    assert {row: len(columns) for row, columns in sheet.marks.struck.items()} == {3: 6}
    assert sheet.marks.merged == ((1, 1, 2, 1),)
    assert (draft.name, draft.marks.is_hidden, draft.marks.rows) == ("上一版", True, frozenset())


@pytest.mark.parametrize("cut", [0, 8, 100, 600, 1500, 5000])
def test_an_xls_that_cannot_be_followed_has_no_marks_and_ends(cut):
    for damaged in (SMALL[:cut], SMALL[:cut] + b"\xff" * 600 + SMALL[cut + 600 :], SMALL[:cut] + bytes(600)):
        assert isinstance(biff.marks_by_sheet(damaged), dict)
