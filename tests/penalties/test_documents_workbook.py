"""The workbook, read back by another program."""

import zipfile
from dataclasses import replace
from datetime import date
from io import BytesIO

import pytest
from python_calamine import CalamineWorkbook

from penalties.documents import workbook
from penalties.documents.report import MonthReport, ReportMismatch
from penalties.money import FEN_PER_WAN
from tests.penalties.capital_amounts import parse_daxie
from tests.penalties.report_samples import HEAD, corrected, report


def read(made: MonthReport, sheet: str = "汇总") -> list[list[object]]:
    return CalamineWorkbook.from_filelike(BytesIO(workbook.render(made))).get_sheet_by_name(sheet).to_python()


def line(rows: list[list[object]], name: str) -> list[object]:
    return next(row for row in rows if row[1] == name)


def fen(cell: object) -> int:
    assert isinstance(cell, float)
    return round(cell * FEN_PER_WAN)


def test_the_summary_read_back_equals_the_report_to_the_fen() -> None:
    made = report()
    rows = read(made)
    for row in made.rows:
        cells, f = line(rows, row.name), row.figures
        assert cells[2:6] == [f.count, f.satellite, f.inspection, f.scar]
        assert (fen(cells[6]), fen(cells[7]), cells[8], fen(cells[9])) == (
            row.rate_fen, f.amount_fen, f.cumulative_count, f.cumulative_fen,
        )  # fmt: skip
    total = line(rows, "合计")
    assert fen(total[7]) == made.total.amount_fen == sum(row.figures.amount_fen for row in made.rows)
    capital = next(str(row[0]) for row in rows if str(row[0]).startswith("合计金额（大写）："))
    assert parse_daxie(capital.partition("：")[2]) == made.total.amount_fen


def test_the_summary_of_a_mixed_batch_has_a_column_for_each_side_and_a_capital_amount_of_each() -> None:
    rows = read(corrected())
    assert [line(rows, "平山区")[at] for at in (2, 6, 8, 9)] == [0, 1, 0, 3]
    assert [line(rows, "合计")[at] for at in (2, 6, 8, 9)] == [11, 1, 33, 3]
    assert any(
        "应扣合计（大写）：人民币叁拾叁万元整　　应退合计（大写）：人民币叁万元整" in str(row[0]) for row in rows
    )
    assert not [cell for row in rows for cell in row if isinstance(cell, float) and cell < 0]


def test_amounts_that_are_not_whole_wan_survive_to_the_fen() -> None:
    odd = 1_234_567
    made = report()
    rows = tuple(
        replace(row, rate_fen=None, figures=replace(row.figures, amount_fen=row.figures.count * odd))
        for row in made.rows
    )
    made = replace(made, rows=rows, points=tuple(replace(point, amount_fen=odd) for point in made.points))
    assert fen(line(read(made), "合计")[7]) == 11 * odd
    assert line(read(made), "桓仁满族自治县")[6] == "按规则 "


def test_the_groups_have_subtotals_and_every_county_a_line() -> None:
    rows = read(report())
    assert [line(rows, name)[2] for name in ("自治县小计", "区小计", "合计")] == [7, 4, 11]
    assert line(rows, "平山区")[2:8] == [0, 0, 0, 0, 3, 0]


def test_the_unit_stands_above_the_table_on_the_right() -> None:
    rows = read(report())
    unit = next(n for n, row in enumerate(rows) if "单位：万元" in row)
    assert rows[unit + 1][0] == "序号"
    assert rows[unit].index("单位：万元") == 7  # the merge runs to the last column, right-aligned


def test_the_points_annex_lists_every_point_with_its_coordinates() -> None:
    rows = read(report(), "火点明细")
    points = [row for row in rows if str(row[1]).startswith("BX-")]
    assert len(points) == 11
    assert points[0][6] == date(2025, 10, 2)
    assert points[0][10:13] == pytest.approx([125.35223, 41.27456, 3.0])
    assert sum(fen(row[12]) for row in points) == report().total.amount_fen


def test_a_correction_cites_the_batch_it_corrects() -> None:
    rows = read(corrected(), "更正")
    assert rows[-1][1:] == [
        "BX-2025-0003",
        "平山区",
        "2025年9月批次",
        "2025-09",
        "卫星",
        "2025-10-28",
        "演示认定",
        "已认定的并入另一处：与 BX-2025-0002 为同一处",
        3.0,
    ]
    names = CalamineWorkbook.from_filelike(BytesIO(workbook.render(report()))).sheet_names
    assert names == ["汇总", "火点明细", "说明"]


@pytest.mark.parametrize("text", ['=HYPERLINK("http://x","y")', "+1", "-1+1", "@SUM(A1)", "\t=1", "http://x.example"])
def test_what_looks_like_a_formula_stays_text(text: str) -> None:
    points = (replace(report().points[0], reason=text, village=text), *report().points[1:])
    data = workbook.render(report(points=points, prepared_by=text))
    rows = CalamineWorkbook.from_filelike(BytesIO(data)).get_sheet_by_name("火点明细").to_python()
    assert next(row for row in rows if row[1] == "BX-2025-0001")[14] == text
    with zipfile.ZipFile(BytesIO(data)) as parts:
        sheets = [parts.read(name).decode() for name in parts.namelist() if "worksheets/" in name]
    assert all("<f>" not in sheet and "<hyperlink" not in sheet for sheet in sheets)


def test_demo_and_draft_stand_on_every_sheet() -> None:
    data = workbook.render(replace(corrected(), is_demo=True, is_draft=True))
    book = CalamineWorkbook.from_filelike(BytesIO(data))
    for name in book.sheet_names:
        assert any(
            "演示数据 · 草稿" in str(cell) for row in book.get_sheet_by_name(name).to_python() for cell in row
        ), name
    plain = CalamineWorkbook.from_filelike(BytesIO(workbook.render(report())))
    assert not any("草稿" in str(plain.get_sheet_by_name(n).to_python()) for n in plain.sheet_names)


def test_the_journal_head_and_the_check_are_printed() -> None:
    assert any(HEAD in str(row) for row in read(report()))
    explained = {row[0]: row[1] for row in read(report(), "说明")}
    assert explained["日志头"] == HEAD
    assert explained["核对"] == "11 处 × 3 万元 = 33 万元"


def test_the_same_report_gives_the_same_bytes() -> None:
    assert workbook.render(report()) == workbook.render(report())


def test_every_sheet_prints_on_a4_one_page_wide() -> None:
    with zipfile.ZipFile(BytesIO(workbook.render(report()))) as parts:
        sheets = [parts.read(name).decode() for name in parts.namelist() if "worksheets/sheet" in name]
    assert len(sheets) == 3
    assert all('paperSize="9"' in sheet and "fitToPage" in sheet for sheet in sheets)


def test_a_report_that_does_not_add_up_makes_no_workbook() -> None:
    with pytest.raises(ReportMismatch):
        workbook.render(report(points=()))
