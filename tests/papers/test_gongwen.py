"""A 公文 read back as Word reads it: the measures of GB/T 9704-2012, and nothing that breaks the file."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from typing import Any

import pytest
from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml.ns import qn

from papers.gongwen import CENTRE, LEFT, RIGHT, Fonts, Gongwen, Layout, TableRow

HEADS = (("序号", "县", "处数", "<"), ("", "", "卫星", "黑斑"))


def new(*marks: str, fonts: Fonts | None = None) -> Gongwen:
    return Gongwen(title="关于某事的请示", author="某市生态环境局", dated=date(2025, 11, 5), marks=marks, fonts=fonts)


def read(paper: Gongwen) -> Any:
    return Document(io.BytesIO(paper.save()))


def texts(document: Any) -> list[str]:
    return [paragraph.text for paragraph in document.paragraphs]


def paragraph(document: Any, text: str) -> Any:
    return next(paragraph for paragraph in document.paragraphs if paragraph.text == text)


def faces(run: Any) -> str:
    return str(run._element.rPr.rFonts.get(qn("w:eastAsia")))


def test_the_page_has_the_measures_of_the_standard() -> None:
    section = read(new()).sections[0]
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    assert (round(section.top_margin.mm), round(section.left_margin.mm)) == (37, 28)
    assert 210 - round(section.left_margin.mm) - round(section.right_margin.mm) == 156


def test_the_body_is_set_in_third_size_on_lines_of_29_points() -> None:
    paper = new()
    paper.body("正文")
    body = paragraph(read(paper), "正文")
    assert body.runs[0].font.size.pt == 16
    assert faces(body.runs[0]) == "仿宋_GB2312"
    layout = body.paragraph_format
    assert (layout.line_spacing_rule, layout.line_spacing.pt) == (WD_LINE_SPACING.EXACTLY, 29)
    assert layout.first_line_indent.pt == 32


def test_the_levels_have_their_faces_and_stay_with_what_follows() -> None:
    paper = new(fonts=Fonts(level_1="黑", level_2="楷"))
    paper.level_1("一、情况")
    paper.level_2("（一）其中")
    document = read(paper)
    for text, face in (("一、情况", "黑"), ("（一）其中", "楷")):
        assert faces(paragraph(document, text).runs[0]) == face
        assert paragraph(document, text).paragraph_format.keep_with_next


def test_a_request_has_its_number_on_the_left_and_its_signatory_on_the_right() -> None:
    paper = new()
    paper.red_head("某市生态环境局文件", "某环〔2025〕1号", "演示甲")
    paper.title("关于某事", "的请示")
    paper.addressee("某市人民政府")
    document = read(paper)
    assert "某环〔2025〕1号\t签发人：演示甲" in texts(document)
    assert {"某市生态环境局文件", "关于某事", "的请示", "某市人民政府："} <= set(texts(document))
    assert str(paragraph(document, "某市生态环境局文件").runs[0].font.color.rgb) == "C8101E"


def test_a_paper_downwards_has_its_number_in_the_middle_and_no_signatory() -> None:
    paper = new()
    paper.red_head("某市生态环境局文件", "某环〔2025〕1号", None)
    document = read(paper)
    assert paragraph(document, "某环〔2025〕1号").alignment == CENTRE
    assert "签发人" not in "".join(texts(document))


def test_the_place_of_an_unknown_signatory_stays_open_and_a_draft_says_that_it_is_one() -> None:
    paper = new("草稿")
    paper.red_head("某局文件", "号", "")
    assert texts(read(paper))[0] == "草稿，不作公文使用"
    assert "号\t签发人：　　　　" in texts(read(paper))


def test_a_long_name_of_an_office_is_set_smaller_so_that_it_fits_a_line() -> None:
    paper = new()
    paper.letter_head("某" * 30, "号")
    assert paragraph(read(paper), "某" * 30).runs[0].font.size.pt == pytest.approx(430 / 30, abs=0.5)


def test_a_letter_has_a_double_line_below_its_head_and_the_number_on_the_right() -> None:
    paper = new("草稿")
    paper.letter_head("某市生态环境局", "某环函〔2025〕2号")
    document = read(paper)
    border = paragraph(document, "某市生态环境局")._p.pPr.find(qn("w:pBdr")).find(qn("w:bottom"))
    assert border.get(qn("w:val")) == "thickThinSmallGap"
    assert paragraph(document, "某环函〔2025〕2号").alignment == RIGHT
    assert "草稿，不作公文使用" in texts(document)


def test_one_attachment_has_no_number_and_several_are_numbered() -> None:
    paper = new()
    paper.attachments(["汇总表"])
    paper.attachments(["汇总表", "明细表"])
    words = texts(read(paper))
    assert "附件：汇总表" in words
    assert words[words.index("附件：1. 汇总表") + 1] == "2. 明细表"


def test_signature_and_date_stay_on_the_page_of_the_last_words() -> None:
    paper = new()
    paper.closing("妥否，请批示。")
    paper.signature("某市生态环境局", "2025年11月5日")
    paper.footnote("（联系人）")
    paper.small("核对")
    document = read(paper)
    for text in ("妥否，请批示。", "某市生态环境局", "2025年11月5日"):
        assert paragraph(document, text).paragraph_format.keep_with_next
    signed = paragraph(document, "2025年11月5日")
    assert (signed.alignment, signed.paragraph_format.right_indent.pt) == (RIGHT, 64)
    assert paragraph(document, "核对").runs[0].font.size.pt == 9


def test_the_imprint_names_who_gets_a_copy_who_issued_and_when() -> None:
    paper = new()
    paper.imprint("某市人民政府", "某市生态环境局", "2025年11月5日")
    assert texts(read(paper))[-2:] == ["抄送：某市人民政府。", "某市生态环境局\t2025年11月5日印发"]


def test_an_annex_begins_a_page_and_a_wide_one_turns_it() -> None:
    paper = new()
    paper.annex("附件1", "汇总表")
    paper.annex("附件2", "明细表", landscape=True)
    document = read(paper)
    assert paragraph(document, "附件1").paragraph_format.page_break_before
    first, second = document.sections
    assert (first.orientation, second.orientation) == (WD_ORIENT.PORTRAIT, WD_ORIENT.LANDSCAPE)
    # The binding edge turns with the paper: what was on the left is on top.
    assert (round(second.page_width.mm), round(second.top_margin.mm), round(second.right_margin.mm)) == (297, 28, 37)


def test_small_print_leaves_the_grid_of_lines_and_body_text_does_not() -> None:
    paper = new()
    paper.line("小", Layout(size=9, exact=14))
    paper.line("正")
    document = read(paper)
    assert paragraph(document, "小")._p.pPr.find(qn("w:snapToGrid")).get(qn("w:val")) == "0"
    assert paragraph(document, "正")._p.pPr.find(qn("w:snapToGrid")) is None


def test_a_table_joins_its_heads_repeats_them_and_aligns_its_columns() -> None:
    paper = new()
    rows = [
        TableRow(("1", "甲县", "2", "0"), align_left=(1,), align_right=(2, 3)),
        TableRow(("", "合计", "2", "0"), strong=True),
    ]
    paper.table((10, 40, 20, 20), HEADS, rows)
    table = read(paper).tables[0]
    grid = [[cell.text for cell in row.cells] for row in table.rows]
    assert grid == [
        ["序号", "县", "处数", "处数"], ["序号", "县", "卫星", "黑斑"], ["1", "甲县", "2", "0"], ["", "合计", "2", "0"],
    ]  # fmt: skip
    assert [row._tr.trPr.find(qn("w:tblHeader")) is not None for row in table.rows] == [True, True, False, False]
    assert [cell.paragraphs[0].alignment for cell in table.rows[2].cells] == [CENTRE, LEFT, RIGHT, RIGHT]
    assert faces(table.rows[3].cells[1].paragraphs[0].runs[0]) == "黑体"


def test_a_row_with_a_cell_too_few_is_a_defect() -> None:
    with pytest.raises(ValueError, match="zip"):
        new().table((10, 40), (("序号", "县"),), [TableRow(("1",))])


def test_pages_are_numbered_outside_right_on_odd_and_left_on_even_ones() -> None:
    section = read(new()).sections[0]
    for footer, side in (
        (section.footer, WD_ALIGN_PARAGRAPH.RIGHT),
        (section.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT),
    ):
        line = footer.paragraphs[0]
        assert (line.text, line.alignment) == ("— 1 —", side)
        assert [field.text for field in line._p.iter(qn("w:instrText"))] == ["PAGE"]


def test_the_marks_stand_on_every_page_with_a_watermark() -> None:
    document = read(new("演示数据", "草稿"))
    for header in (document.sections[0].header, document.sections[0].even_page_header):
        assert header.paragraphs[0].text == "演示数据 · 草稿"
        assert 'string="演示草稿"' in header._element.xml
    assert document.core_properties.comments == "演示数据；草稿"
    assert read(new()).sections[0].header.paragraphs[0].text == ""


@pytest.mark.parametrize("mark", ['<"&', "a&b", "'\"'"])
def test_a_mark_with_the_signs_of_xml_breaks_no_paper(mark: str) -> None:
    assert read(new(mark)).sections[0].header.paragraphs[0].text == mark


@pytest.mark.parametrize("text", ["甲\x0b村", "甲\x00村", "甲\x1f村", "甲\ud800村", "甲\ufffe村"])
def test_a_character_that_no_paper_can_hold_is_left_out(text: str) -> None:
    paper = new()
    paper.body(text)
    paper.table((10,), (("村",),), [TableRow((text,))])
    document = read(paper)
    assert "甲村" in texts(document)
    assert document.tables[0].rows[1].cells[0].text == "甲村"


def test_a_text_like_markup_stays_text() -> None:
    paper = new()
    paper.body("<w:p>&amp;</w:p>")
    assert "<w:p>&amp;</w:p>" in texts(read(paper))


def test_the_same_content_gives_the_same_bytes_dated_as_the_paper() -> None:
    contents = []
    for _ in range(2):
        paper = new("草稿")
        paper.body("正文")
        contents.append(paper.save())
    assert contents[0] == contents[1]
    core = Document(io.BytesIO(contents[0])).core_properties
    assert (core.title, core.author, core.created.date()) == ("关于某事的请示", "某市生态环境局", date(2025, 11, 5))
    with zipfile.ZipFile(io.BytesIO(contents[0])) as archive:
        assert {part.date_time[0] for part in archive.infolist()} == {1980}
