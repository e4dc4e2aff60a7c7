"""The 请示 and the 函, read back from the file."""

import zipfile
from dataclasses import replace
from datetime import date
from io import BytesIO

import pytest
from docx import Document
from docx.shared import Mm, Pt

from penalties.documents import han, qingshi
from penalties.documents.report import Approval, Figures, ReportMismatch
from penalties.money import FEN_PER_WAN
from tests.penalties.capital_amounts import parse_daxie
from tests.penalties.report_samples import HEAD, corrected, report

APPROVED = Approval("本政批〔2025〕118号", date(2025, 11, 12))


def texts(data: bytes) -> list[str]:
    return [paragraph.text for paragraph in Document(BytesIO(data)).paragraphs]


def table(data: bytes, index: int) -> list[list[str]]:
    return [[cell.text for cell in row.cells] for row in Document(BytesIO(data)).tables[index].rows]


def part(data: bytes, name: str) -> str:
    with zipfile.ZipFile(BytesIO(data)) as parts:
        return parts.read(name).decode()


def test_the_totals_in_the_request_equal_the_report_to_the_fen() -> None:
    made = report()
    data = qingshi.render(made)
    rows = {row[1]: row for row in table(data, 0)}
    for payer in made.rows:
        cells, f = rows[payer.name], payer.figures
        assert [int(cell) for cell in cells[2:6]] == [f.count, f.satellite, f.inspection, f.scar]
        assert [int(cells[7]) * FEN_PER_WAN, int(cells[9]) * FEN_PER_WAN] == [f.amount_fen, f.cumulative_fen]
    assert int(rows["合计"][7]) * FEN_PER_WAN == made.total.amount_fen
    capital = next(text for text in texts(data) if text.startswith("合计金额（大写）："))
    assert parse_daxie(capital.partition("：")[2]) == made.total.amount_fen
    assert len(table(data, 1)) == 1 + len(made.points)


def test_the_request_asks_one_thing_and_ends_as_a_request_does() -> None:
    said = texts(qingshi.render(report()))
    assert "妥否，请批示。" in said
    assert "市人民政府：" in said
    assert "本溪市生态环境局关于扣缴2025年10月" in said
    assert any("本期应扣缴秸秆火点生态补偿款33万元（人民币叁拾叁万元整）" in text for text in said)
    assert any("桓仁满族自治县4处12万元" in text for text in said)
    assert "平山区本期没有计入的火点，不扣缴。" in said
    assert "附件：1. 本溪市2025年10月秸秆火点生态补偿款扣缴汇总表" in said
    assert "2025年11月5日" in said


def test_the_number_is_left_to_the_office_system() -> None:
    said = "".join(texts(qingshi.render(report())))
    assert "（文号由办公系统编发）" in said
    assert "〔2025〕" not in said


def test_what_goes_back_stands_apart_in_the_request_with_its_reason_day_and_person() -> None:
    data = qingshi.render(corrected())
    words = "".join(texts(data))
    assert "本溪市生态环境局关于扣缴和退还2025年10月秸秆火点生态补偿款的请示" in words
    assert "本期认定计入的秸秆焚烧火点共11处，其中卫星6处、巡查督查3处、黑斑2处" in words
    assert "以前批次扣缴的火点，有1处不再计入，退回" in words
    assert "本期应扣缴秸秆火点生态补偿款33万元（人民币叁拾叁万元整），其中：桓仁满族自治县4处12万元" in words
    assert "对以前批次的更正1处，应退还3万元（人民币叁万元整），其中：平山区1处3万元。" in words
    assert "应扣与应退相抵，净扣缴30万元（人民币叁拾万元整）。" in words
    assert "应扣合计（大写）：人民币叁拾叁万元整　　应退合计（大写）：人民币叁万元整" in texts(data)
    assert table(data, 2)[1][3:] == [
        "2025年9月批次", "2025-09", "2025-10-28", "演示认定", "已认定的并入另一处：与 BX-2025-0002 为同一处", "3",
    ]  # fmt: skip


def test_the_table_of_a_mixed_batch_has_a_column_for_each_side_and_no_negative_figure() -> None:
    made = corrected()
    rows = {row[1]: row for row in table(qingshi.render(made), 0)}
    assert rows["平山区"][2:10] == ["0", "0", "0", "0", "1", "3", "0", "3"]
    assert rows["合计"][2:10] == ["11", "6", "3", "2", "1", "—", "33", "3"]
    assert not [cell for row in rows.values() for cell in row if cell.startswith("-")]


@pytest.mark.parametrize("render", [qingshi.render, han.render])
def test_a_batch_that_only_gives_back_asks_to_give_back(render) -> None:
    made = corrected()
    rows = tuple(row if row.name == "平山区" else replace(row, figures=Figures()) for row in made.rows)
    data = render(replace(made, rows=rows, points=(), approval=APPROVED))
    words = "".join(texts(data))
    assert "关于退还2025年10月" in words
    assert "应退还3万元（人民币叁万元整），其中：平山区1处3万元" in words
    cells = (cell.text for each in Document(BytesIO(data)).tables for row in each.rows for cell in row.cells)
    everything = words + "".join(cells)
    for nonsense in ("-1处", "-3万元", "扣缴-", "负", "应扣缴秸秆"):
        assert nonsense not in everything


def test_the_request_tells_what_was_waived_with_its_number_from_what_lapsed() -> None:
    first, second, *others = report().points
    points = (
        replace(first, final_by="waived", waiver_no="桓政函〔2025〕7号"),
        replace(second, final_by="upheld"),
        *(replace(point, final_by="lapsed") for point in others),
    )
    data = qingshi.render(report(points=points))
    words = "".join(texts(data))
    assert "其中1处由属地县（区）书面放弃异议，9处异议期满，1处经异议复核维持认定。" in words
    assert "桓仁满族自治县：桓政函〔2025〕7号（1处）" in texts(data), "on a line of its own: no line breaks the number"
    assert table(data, 1)[1][8] == "书面放弃\n桓政函〔2025〕7号"
    assert "异议期已结束" not in words


def test_the_page_is_that_of_the_standard() -> None:
    section = Document(BytesIO(qingshi.render(report()))).sections[0]
    margins = (section.top_margin, section.left_margin, section.right_margin)
    assert [round(m.mm) for m in margins if m] == [37, 28, 26]
    assert section.page_height is not None
    assert section.bottom_margin is not None
    assert section.top_margin is not None
    body = section.page_height - section.top_margin - section.bottom_margin
    # 22 lines of 29 pt fit, and a 23rd does not.
    assert 22 * Pt(29) <= body < 23 * Pt(29)
    assert abs(body - Mm(225)) < Mm(0.2)


def test_fonts_language_grid_and_page_numbers_are_chinese_and_exact() -> None:
    data = qingshi.render(report())
    body = part(data, "word/document.xml")
    assert 'w:eastAsia="仿宋_GB2312"' in body
    assert 'w:eastAsia="方正小标宋简体"' in body
    assert '<w:docGrid w:linePitch="580" w:type="lines"/>' in body
    assert "linesAndChars" not in body
    assert 'w:eastAsia="zh-CN"' in part(data, "word/styles.xml")
    assert "evenAndOddHeaders" in part(data, "word/settings.xml")
    footers = [part(data, name) for name in zipfile.ZipFile(BytesIO(data)).namelist() if "footer" in name]
    numbered = [footer for footer in footers if "PAGE" in footer]
    assert len(numbered) == 2
    assert all("— " in footer and 'w:eastAsia="宋体"' in footer for footer in numbered)
    assert {'w:val="right"' in footer for footer in numbered} == {True, False}


def test_every_run_of_the_request_names_its_chinese_face() -> None:
    for paragraph in Document(BytesIO(qingshi.render(report()))).paragraphs:
        for run in paragraph.runs:
            assert "w:eastAsia" in run._element.xml, run.text


def test_demo_and_draft_stand_in_the_head_and_behind_every_page() -> None:
    data = qingshi.render(report(is_demo=True, is_draft=True))
    assert texts(data)[0] == "演示数据 · 草稿，不作公文使用"
    headers = [part(data, name) for name in zipfile.ZipFile(BytesIO(data)).namelist() if "header" in name]
    assert sum("演示数据 · 草稿" in header and 'string="演示草稿"' in header for header in headers) == 2
    assert "草稿" not in "".join(texts(qingshi.render(report())))


def test_the_journal_head_is_the_last_line() -> None:
    assert texts(qingshi.render(report()))[-1] == f"核对：11 处 × 3 万元 = 33 万元　　日志头：{HEAD}"


def test_text_from_outside_cannot_become_markup() -> None:
    points = (replace(report().points[0], village="<w:p/>&\"'"), *report().points[1:])
    assert "<w:p/>&\"'" in table(qingshi.render(report(points=points)), 1)[1][3]


def test_a_month_without_points_still_makes_a_request() -> None:
    rows = tuple(
        replace(row, figures=replace(row.figures, count=0, satellite=0, inspection=0, scar=0, amount_fen=0))
        for row in report().rows
    )
    said = texts(qingshi.render(report(rows=rows, points=())))
    assert any("0万元（人民币零元整）。" in text for text in said)
    assert "本期没有扣缴的火点。" in said


def test_the_same_report_gives_the_same_bytes() -> None:
    assert qingshi.render(report()) == qingshi.render(report())


def test_a_request_whose_figures_disagree_is_not_written() -> None:
    with pytest.raises(ReportMismatch):
        qingshi.render(report(points=()))


def test_the_letter_to_finance_cites_the_approval() -> None:
    said = texts(han.render(report(approval=APPROVED)))
    assert "市财政局：" in said
    assert any(text.endswith("市政府已于2025年11月12日批复同意。") for text in said)
    assert "批件文号：本政批〔2025〕118号。" in said, "on a line of its own: no line breaks the number"
    assert "特此函达。" in said
    assert any("3. 市政府批件（复印件）" in text for text in said)


def test_there_is_no_letter_to_finance_before_the_approval() -> None:
    with pytest.raises(han.NotApproved, match="没有市政府批件"):
        han.render(report())
