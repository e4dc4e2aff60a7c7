"""Filling somebody else's workbook: the cells asked for change, and nothing else does."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation

from core.errors import BadInput
from firepoints.feedback.xlsx import CellText, column_at, fill, letters

HEAD = ["序号", "县", "经度", "纬度", "日期", "核实结果"]


def book(**options: Any) -> bytes:
    """A list as offices make them: cover, merged title, fills, a formula, a comment, a drop-down, a frozen pane."""
    made = openpyxl.Workbook()
    cover = made.active
    cover.title = "封面"
    cover["A1"] = "某省火点清单"
    sheet = made.create_sheet("火点清单")
    sheet.append(["2023年第28期"])
    sheet.merge_cells("A1:F1")
    sheet["A1"].font = Font(bold=True, size=16)
    sheet.append(HEAD)
    for number in range(1, 4):
        sheet.append([number, "甲县", 123.75, 41.25 + number / 100, "2023-10-07", None])
        sheet.cell(number + 2, 6).fill = PatternFill("solid", fgColor="FFFFCC")
    sheet.append(["合计", "=COUNTA(B3:B5)", None, None, None, '=COUNTIF(F3:F5,"属实*")'])
    sheet["B3"].comment = Comment("请核对", "省厅")
    choice = DataValidation(type="list", formula1='"属实,不属实"')
    sheet.add_data_validation(choice)
    choice.add("F3:F5")
    sheet.freeze_panes = "A3"
    sheet.column_dimensions["F"].width = 31
    for ref in options.get("merge", ()):
        sheet.merge_cells(ref)
    out = io.BytesIO()
    made.save(out)
    # Excel does not ask for a new calculation in every file that it writes.
    return repacked(out.getvalue(), "xl/workbook.xml", lambda content: content.replace(b' fullCalcOnLoad="1"', b""))


def repacked(data: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == part else old.read(name))
    return out.getvalue()


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        assert package.testzip() is None
        return {name: package.read(name) for name in package.namelist()}


def cells(data: bytes) -> dict[tuple[str, str], tuple[Any, ...]]:
    """Every cell with what it holds and how it looks."""
    found = {}
    for sheet in openpyxl.load_workbook(io.BytesIO(data)):
        for row in sheet.iter_rows():
            for one in row:
                found[sheet.title, one.coordinate] = (
                    one.value,
                    one.data_type,
                    one.style_id,
                    one.comment and one.comment.text,
                )
    return found


def test_only_the_cells_asked_for_change_and_every_other_part_keeps_its_bytes():
    before = book()
    filled = fill(before, [CellText("火点清单", 3, 5, "属实"), CellText("火点清单", 5, 5, "不属实（荒草）")])
    assert (filled.written, filled.left) == (2, ())
    old, new = parts(before), parts(filled.data)
    assert list(old) == list(new)
    changed = {name for name in old if old[name] != new[name]}
    assert changed == {"xl/worksheets/sheet2.xml", "xl/workbook.xml"}
    assert new["xl/workbook.xml"].replace(b' fullCalcOnLoad="1"', b"") == old["xl/workbook.xml"]
    had, has = cells(before), cells(filled.data)
    assert {at for at in has if has[at] != had.get(at)} == {("火点清单", "F3"), ("火点清单", "F5")}
    assert has["火点清单", "F5"][0] == "不属实（荒草）"
    assert has["火点清单", "F5"][2] == had["火点清单", "F5"][2]
    sheet = openpyxl.load_workbook(io.BytesIO(filled.data))["火点清单"]
    assert [str(one) for one in sheet.merged_cells.ranges] == ["A1:F1"]
    assert (sheet.freeze_panes, sheet.column_dimensions["F"].width) == ("A3", 31)
    assert sheet.data_validations.dataValidation[0].sqref == "F3:F5"


def test_a_workbook_without_formulas_keeps_its_workbook_part_too():
    made = openpyxl.Workbook()
    made.active.append(HEAD)
    made.active.append([1, "甲县", 123.75, 41.25, "2023-10-07"])
    out = io.BytesIO()
    made.save(out)
    filled = fill(out.getvalue(), [CellText("Sheet", 2, 5, "属实")])
    old, new = parts(out.getvalue()), parts(filled.data)
    assert {name for name in old if old[name] != new[name]} == {"xl/worksheets/sheet1.xml"}


def test_a_new_column_takes_the_looks_of_its_neighbour_and_widens_the_sheet():
    filled = fill(
        book(), [CellText("火点清单", 2, 6, "核实说明", style_from=5), CellText("火点清单", 3, 6, "x", style_from=5)]
    )
    sheet = openpyxl.load_workbook(io.BytesIO(filled.data))["火点清单"]
    assert (sheet.max_column, sheet["G2"].value, sheet["G3"].value) == (7, "核实说明", "x")
    assert sheet["G3"].fill.fgColor.rgb == sheet["F3"].fill.fgColor.rgb
    assert b'ref="A1:G6"' in parts(filled.data)["xl/worksheets/sheet2.xml"]


def test_a_text_that_looks_like_a_formula_is_text():
    text = '=HYPERLINK("http://x.example","点")'
    filled = fill(book(), [CellText("火点清单", 3, 5, text)])
    cell = openpyxl.load_workbook(io.BytesIO(filled.data))["火点清单"]["F3"]
    assert cell.value == text
    assert b'<c r="F3"' in parts(filled.data)["xl/worksheets/sheet2.xml"]
    assert b"<f>HYPERLINK" not in parts(filled.data)["xl/worksheets/sheet2.xml"]


def test_a_formula_and_the_inside_of_a_merged_cell_are_left_and_said():
    asked = [CellText("火点清单", 6, 5, "x"), CellText("火点清单", 4, 5, "y"), CellText("火点清单", 99, 0, "z")]
    filled = fill(book(merge=["F3:F4"]), asked)
    assert (filled.written, filled.left) == (0, tuple(asked))


def test_what_xml_cannot_hold_does_not_break_the_sheet():
    filled = fill(book(), [CellText("火点清单", 3, 5, "荒\x00草\x0b<&>")])
    assert openpyxl.load_workbook(io.BytesIO(filled.data))["火点清单"]["F3"].value == "荒\ufffd草\ufffd<&>"


def test_cells_and_rows_without_references_are_counted():
    """The format lets writers leave out where a cell stands; some do."""
    bare = (
        b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        b"<sheetData><row><c t='inlineStr'><is><t>a</t></is></c></row>"
        b"<row><c><v>1</v></c><c><v>2</v></c></row></sheetData></worksheet>"
    )
    data = repacked(book(), "xl/worksheets/sheet2.xml", lambda _: bare)
    filled = fill(data, [CellText("火点清单", 2, 1, "属实"), CellText("火点清单", 2, 2, "新")])
    row = list(openpyxl.load_workbook(io.BytesIO(filled.data))["火点清单"].values)[1]
    assert row == (1, "属实", "新")


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04broken", b"no archive at all"])
def test_what_is_no_workbook_is_refused_in_words(data):
    with pytest.raises(BadInput, match="打不开"):
        fill(data, [CellText("火点清单", 1, 1, "x")])


def test_a_sheet_that_is_not_there_is_refused_by_name():
    with pytest.raises(BadInput, match="没有这张"):
        fill(book(), [CellText("没有这张", 1, 1, "x")])


@pytest.mark.parametrize(("at", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")])
def test_columns_are_named_there_and_back(at, name):
    assert (letters(at), column_at(name)) == (name, at)
