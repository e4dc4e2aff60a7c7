"""The pieces of WordprocessingML that we write ourselves, in the order that the schema wants."""

from __future__ import annotations

from typing import Any

from docx import Document
from docx.oxml.ns import qn

from papers import ooxml


def tags(element: Any) -> list[str]:
    return [child.tag.partition("}")[2] for child in element]


def test_a_face_is_named_for_every_script_and_no_theme_wins_over_it() -> None:
    run = Document().add_paragraph().add_run("甲")
    properties = run._element.get_or_add_rPr()
    fonts = properties.get_or_add_rFonts()
    fonts.set(qn("w:eastAsiaTheme"), "minorEastAsia")
    ooxml.set_faces(properties, "Times New Roman", "仿宋")
    assert dict(fonts.attrib) == {
        qn("w:ascii"): "Times New Roman", qn("w:hAnsi"): "Times New Roman", qn("w:eastAsia"): "仿宋",
        qn("w:cs"): "Times New Roman",
    }  # fmt: skip
    ooxml.set_faces(properties, "Times New Roman", "黑体")
    assert len(properties.findall(qn("w:lang"))) == 1
    assert fonts.get(qn("w:eastAsia")) == "黑体"


def test_rules_and_borders_of_a_paragraph_come_before_its_spacing() -> None:
    paragraph = Document().add_paragraph()
    paragraph.paragraph_format.space_after = 0
    properties = paragraph._p.get_or_add_pPr()
    ooxml.set_off(properties, "autoSpaceDE", "snapToGrid")
    ooxml.add_border(paragraph, "C8101E")
    assert tags(properties) == ["pBdr", "autoSpaceDE", "snapToGrid", "spacing"]


def test_a_head_over_three_columns_is_one_cell() -> None:
    table = Document().add_table(rows=2, cols=4)
    grid = [list(row.cells) for row in table.rows]
    ooxml.join_heads(grid, (("甲", "乙", "<", "<"), ("", "1", "2", "3")))
    first, second = table.rows
    assert len({id(cell._tc) for cell in first.cells}) == 2
    assert first.cells[0]._tc is second.cells[0]._tc
    assert grid[0][1]._tc is grid[0][3]._tc


def test_two_heads_side_by_side_are_joined_apart() -> None:
    table = Document().add_table(rows=1, cols=4)
    grid = [list(row.cells) for row in table.rows]
    ooxml.join_heads(grid, (("甲", "<", "乙", "<"),))
    cells = table.rows[0].cells
    assert cells[0]._tc is cells[1]._tc
    assert cells[2]._tc is cells[3]._tc
    assert cells[0]._tc is not cells[2]._tc


def test_a_page_number_is_a_field_that_shows_one_until_the_program_counts() -> None:
    run = Document().add_paragraph().add_run()
    ooxml.add_page_number(run)
    assert tags(run._element) == ["fldChar", "instrText", "fldChar", "t", "fldChar"]
    assert run.text == "1"


def test_a_row_rule_keeps_the_row_whole_and_only_a_head_repeats() -> None:
    table = Document().add_table(rows=2, cols=1)
    for row, head in zip(table.rows, (True, False), strict=True):
        ooxml.set_row_rules(row, head=head)
    assert [row._tr.trPr.find(qn("w:tblHeader")) is not None for row in table.rows] == [True, False]
    assert all(row._tr.trPr.find(qn("w:cantSplit")) is not None and round(row.height.mm) == 8 for row in table.rows)


def test_watermarks_of_one_document_have_names_of_their_own() -> None:
    shapes = [ooxml.watermark("草稿", index).getchildren()[1] for index in (0, 1)]
    assert shapes[0].get("id") != shapes[1].get("id")
    assert "rotation:315" in shapes[0].get("style")
