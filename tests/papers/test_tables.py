"""A plain workbook as Excel and our own reader see it: constants alone, the same bytes for the same tables."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from typing import Any

import openpyxl
import pytest

from papers.reading import Small, read_sheets
from papers.tables import LONGEST, Table, workbook

COLUMNS = (("编号", 12.0), ("说明", 30.0))
DANGEROUS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0", '=HYPERLINK("http://x")']


def page(*tables: Table) -> Any:
    return openpyxl.load_workbook(io.BytesIO(workbook(*tables))).worksheets[0]


def cells(value: object, **changes: Any) -> Any:
    return page(Table("表", COLUMNS, [("x", value)], **changes))["B2"]


def test_a_table_reads_back_as_it_was_written() -> None:
    table = Table(
        "清单", COLUMNS, [("1", "甲县"), ("2", "乙区")], title="二〇二五年清单", notes=("一行说明", "两行说明")
    )
    (sheet,) = read_sheets(workbook(table), Small())
    assert sheet.name == "清单"
    assert [[value for value in row if value] for row in sheet.rows] == [
        ["二〇二五年清单"], ["一行说明"], ["两行说明"], ["编号", "说明"], ["1", "甲县"], ["2", "乙区"],
    ]  # fmt: skip


def test_every_table_is_a_sheet_whose_name_fits() -> None:
    names = [
        sheet.name for sheet in read_sheets(workbook(Table("甲" * 40, COLUMNS, []), Table("乙", COLUMNS, [])), Small())
    ]
    assert names == ["甲" * 31, "乙"]


@pytest.mark.parametrize("text", DANGEROUS)
@pytest.mark.parametrize("faults", [frozenset(), frozenset({(0, 1)})], ids=["plain", "marked"])
def test_a_text_like_a_formula_stays_text_even_when_somebody_edits_it(
    text: str, faults: frozenset[tuple[int, int]]
) -> None:
    content = workbook(Table("表", COLUMNS, [("x", text)], faults=faults))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")
        assert not [name for name in archive.namelist() if "vba" in name or "externalLink" in name]
    cell = openpyxl.load_workbook(io.BytesIO(content)).active["B2"]
    assert (cell.data_type, cell.quotePrefix) == ("s", True)
    assert read_sheets(content, Small())[0].rows[1][1].replace("_x000D_", "\r") == text


def test_an_address_is_text_and_no_link() -> None:
    assert cells("http://example.invalid/").hyperlink is None


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, None), ("", None), (0, 0), (1.5, 1.5), (True, "是"), (False, "否"), (float("nan"), "nan"), (float("inf"), "inf"),
     (date(2025, 10, 12), datetime(2025, 10, 12)), ("甲县", "甲县")],
)  # fmt: skip
def test_a_value_is_written_as_its_kind(value: object, shown: object) -> None:
    assert cells(value).value == shown


def test_a_date_is_shown_as_a_date() -> None:
    assert cells(date(2025, 10, 12)).number_format == "yyyy-mm-dd"


def test_a_text_longer_than_a_cell_is_cut() -> None:
    assert len(cells("字" * (LONGEST + 5)).value) == LONGEST


def test_a_faulty_cell_is_marked_and_its_neighbour_is_not() -> None:
    sheet = page(Table("表", COLUMNS, [("x", "坏")], faults=frozenset({(0, 1)})))
    assert sheet["B2"].fill.fgColor.rgb == "FFFDECEA"
    assert sheet["A2"].fill.fgColor.rgb == "00000000"


def test_a_column_with_choices_offers_them_also_below_the_last_row() -> None:
    sheet = page(Table("表", COLUMNS, [("x", "是")], choices={1: ["是", "否"]}))
    (choice,) = sheet.data_validations.dataValidation
    assert (choice.formula1, str(choice.sqref)) == ('"是,否"', "B2:B1001")


def test_the_head_stays_in_sight_and_filters_the_rows_that_are_there() -> None:
    sheet = page(Table("表", COLUMNS, [("x", "1")], title="题"))
    assert (sheet.freeze_panes, sheet.auto_filter.ref, sheet.print_title_rows) == ("A3", "A2:B3", "$2:$2")
    assert page(Table("表", COLUMNS, [])).auto_filter.ref is None


def test_the_same_tables_give_the_same_bytes() -> None:
    tables = [
        Table("表", COLUMNS, [("x", date(2025, 10, 12)), ("y", "=1")], title="题", notes=("注",)) for _ in range(2)
    ]
    assert workbook(tables[0]) == workbook(tables[1])
