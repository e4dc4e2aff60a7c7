"""A 公文 page by GB/T 9704-2012, for python-docx: paper, fonts, lines, page numbers, tables, marks.

A4, 天头 37 mm, 订口 28 mm, 版心 156 × 225 mm of 22 lines by 28 characters: 3号 (16 pt) characters on exact 29 pt lines. The
office opens the file in Word or WPS, adds number and seal there, and may still edit every word.
"""

import zipfile
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, datetime, time
from io import BytesIO
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from papers.ooxml import (
    add_border,
    add_page_number,
    join_heads,
    set_cell_margins,
    set_faces,
    set_off,
    set_row_rules,
    set_text,
    storable,
    watermark,
)

BODY_PT = 16.0
RUN = qn("w:r")
LINE_PT = 29.0
# 28 characters of 16 pt are 448 pt, and the 版心 of 156 mm is 442 pt: the standard's 28 need characters a quarter point closer.
CONDENSE_TWENTIETHS = -5
# 22 × 29 pt is 225.07 mm; at exactly 225 mm Word would set 21 lines, so the bottom margin gives way by 0.1 mm.
BOTTOM_MM = 297 - 37 - 225 - 0.1
RED = RGBColor(0xC8, 0x10, 0x1E)
GREY = RGBColor(0x59, 0x59, 0x59)
LEFT, CENTRE, RIGHT = WD_ALIGN_PARAGRAPH.LEFT, WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.RIGHT


@dataclass(frozen=True)
class Fonts:
    """The faces of the standard as Chinese offices have them; a machine without one shows its nearest."""

    body: str = "仿宋_GB2312"
    title: str = "方正小标宋简体"
    level_1: str = "黑体"
    level_2: str = "楷体_GB2312"
    number: str = "宋体"
    latin: str = "Times New Roman"


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How a paragraph is set; all measures in points.

    ``exact`` is its line pitch, ``first`` the indent of its first line; ``keep`` holds it on the page of the next one.
    """

    align: Any = None
    size: float = BODY_PT
    font: str | None = None
    color: Any = None
    exact: float = LINE_PT
    first: float = 0
    indent_left: float = 0
    indent_right: float = 0
    before: float = 0
    keep: bool = False


BODY = Layout()


@dataclass(frozen=True)
class TableRow:
    """The texts of one table row, and the columns that are aligned to a side (others are centred)."""

    cells: tuple[str, ...]
    align_left: tuple[int, ...] = ()
    align_right: tuple[int, ...] = ()
    strong: bool = False

    @property
    def look(self) -> tuple[tuple[int, ...], tuple[int, ...], bool]:
        """Rows of one look differ in their texts alone."""
        return self.align_left, self.align_right, self.strong


class Gongwen:
    """One document being written from the top down; every method adds one part of the standard."""

    def __init__(
        self, *, title: str, author: str, dated: date, marks: Sequence[str], fonts: Fonts | None = None
    ) -> None:
        self.fonts = fonts or Fonts()
        self.document = Document()
        self._marks = tuple(marks)
        self._defaults()
        self._page(self.document.sections[0])
        self._running()
        core = self.document.core_properties
        core.title, core.revision = storable(title), 1
        core.author = core.last_modified_by = storable(author)
        core.comments = storable("；".join(self._marks))
        core.created = core.modified = datetime.combine(dated, time())

    def red_head(self, issuer: str, number: str, signatory: str | None) -> None:
        """版头: 发文机关标志, 发文字号, the red line. To a superior the number stands on the left and 签发人 on the right;
        `signatory` None is a document downwards, with the number in the middle (GB/T 9704-2012, 7.2.5)."""
        if self._marks:
            self.line(f"{' · '.join(self._marks)}，不作公文使用", Layout(font=self.fonts.level_1, color=RED))
        mark_size = min(40.0, 430 / len(issuer))
        self.line(
            issuer,
            Layout(align=CENTRE, size=mark_size, font=self.fonts.title, color=RED, exact=mark_size * 1.3, before=60),
        )
        self.line("")
        if signatory is None:
            add_border(self.line(number, Layout(align=CENTRE)), "C8101E")
            return
        paragraph = self.line("", Layout(first=BODY_PT))
        paragraph.paragraph_format.tab_stops.add_tab_stop(Mm(156) - Pt(BODY_PT), alignment=WD_TAB_ALIGNMENT.RIGHT)
        self._run(paragraph, number)
        self._run(paragraph, "\t" + "签发人：")
        self._run(paragraph, signatory or "　　　　", font=self.fonts.level_2)
        add_border(paragraph, "C8101E")

    def letter_head(self, issuer: str, number: str) -> None:
        """信函格式 (GB/T 9704-2012, 10.1): the office's name in red, a red double line, the number on the right below it."""
        if self._marks:
            self.line(f"{' · '.join(self._marks)}，不作公文使用", Layout(font=self.fonts.level_1, color=RED))
        size = min(36.0, 430 / len(issuer))
        head = self.line(issuer, Layout(align=CENTRE, size=size, font=self.fonts.title, color=RED, exact=size * 1.3))
        add_border(head, "C8101E", style="thickThinSmallGap", gap_pt=8)
        self.line(number, Layout(align=RIGHT, before=10))
        self.line("")

    def title(self, *lines: str) -> None:
        """2号小标宋, centred, broken by sense into the given lines."""
        for text in lines:
            self.line(text, Layout(align=CENTRE, size=22, font=self.fonts.title, exact=35))
        self.line("")

    def addressee(self, text: str) -> None:
        self.line(f"{text}：")

    def body(self, text: str) -> None:
        self.line(text, Layout(first=2 * BODY_PT))

    def closing(self, text: str) -> None:
        """The last words of the body; they stay on the page of the signature, which must not stand alone."""
        self.line(text, Layout(first=2 * BODY_PT, keep=True))

    def level_1(self, text: str) -> None:
        """一、in 黑体."""
        self.line(text, Layout(first=2 * BODY_PT, font=self.fonts.level_1, keep=True))

    def level_2(self, text: str) -> None:
        """（一）in 楷体."""
        self.line(text, Layout(first=2 * BODY_PT, font=self.fonts.level_2, keep=True))

    def attachments(self, names: Sequence[str]) -> None:
        """附件说明: one line below the body, two characters in, numbers under each other, no closing mark."""
        self.line("", Layout(keep=True))
        label = 3 * BODY_PT
        for number, name in enumerate(names, start=1):
            item = name if len(names) == 1 else f"{number}. {name}"
            hang = (0 if len(names) == 1 else _width_pt("1. ")) + (label if number == 1 else 0)
            indent = 2 * BODY_PT + label + (0 if len(names) == 1 else _width_pt("1. "))
            self.line(("附件：" if number == 1 else "") + item, Layout(indent_left=indent, first=-hang, keep=True))

    def signature(self, office: str, dated: str) -> None:
        """署名 and 成文日期 with room for the seal: the date four characters from the right, the office centred on it."""
        self.line("", Layout(keep=True))
        self.line("", Layout(keep=True))
        indent = 4 * BODY_PT
        self.line(
            office,
            Layout(align=RIGHT, indent_right=max(0.0, indent - (_width_pt(office) - _width_pt(dated)) / 2), keep=True),
        )
        self.line(dated, Layout(align=RIGHT, indent_right=indent, keep=True))

    def imprint(self, copies_to: str, issuer: str, dated: str) -> None:
        """版记 in 4号 between two lines: 抄送, then 印发机关 on the left and 印发日期 on the right (GB/T 9704-2012, 7.4)."""
        add_border(self.line("", Layout(exact=14, keep=True)), "000000", gap_pt=4)
        add_border(
            self.line(f"抄送：{copies_to}。", Layout(size=14, first=14, exact=24, keep=True)), "000000", gap_pt=4
        )
        paragraph = self.line("", Layout(first=14, exact=24))
        paragraph.paragraph_format.tab_stops.add_tab_stop(Mm(156) - Pt(14), alignment=WD_TAB_ALIGNMENT.RIGHT)
        self._run(paragraph, f"{issuer}\t{dated}印发", size=14)
        add_border(paragraph, "000000", gap_pt=4)

    def footnote(self, text: str) -> None:
        self.line(text, Layout(first=2 * BODY_PT))

    def small(self, text: str) -> None:
        self.line(text, Layout(size=9, exact=14, color=GREY))

    def annex(self, label: str, title: str, *, landscape: bool = False) -> None:
        """A new page: 附件N at the top in 黑体, its title on the third line."""
        if landscape:
            self._page(self.document.add_section(WD_SECTION.NEW_PAGE), landscape=True)
            self.line(label, Layout(font=self.fonts.level_1))
        else:
            self.line(label, Layout(font=self.fonts.level_1)).paragraph_format.page_break_before = True
        self.line(title, Layout(align=CENTRE, size=18, font=self.fonts.title, before=6))

    def line(self, text: str, layout: Layout = BODY) -> Any:
        """Add one paragraph; returns its python-docx object."""
        paragraph = self.document.add_paragraph()
        form = paragraph.paragraph_format
        form.alignment = layout.align
        form.line_spacing_rule, form.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(layout.exact)
        form.space_before, form.space_after = Pt(layout.before), Pt(0)
        form.first_line_indent = Pt(layout.first)
        form.left_indent, form.right_indent = Pt(layout.indent_left), Pt(layout.indent_right)
        form.keep_with_next = layout.keep or None
        if layout.exact != LINE_PT:  # on the grid, small print would take a whole line and a title line two
            set_off(paragraph._p.get_or_add_pPr(), "snapToGrid")
        if text:
            self._run(paragraph, text, size=layout.size, font=layout.font, color=layout.color)
        return paragraph

    def table(self, widths_mm: Sequence[float], heads: Sequence[Sequence[str]], rows: Sequence[TableRow]) -> None:
        """A ruled table; ``heads`` repeat on every page. An empty head cell joins the one above it, ``<`` the one to its left."""
        looks = list(dict.fromkeys(line.look for line in rows))
        table = self.document.add_table(rows=len(heads) + len(looks), cols=len(widths_mm))
        table.style, table.alignment, table.autofit = "Table Grid", WD_TABLE_ALIGNMENT.CENTER, False
        set_cell_margins(table)
        for column, width in zip(table.columns, widths_mm, strict=True):
            column.width = Mm(width)
        # One pass over the grid: python-docx walks the whole table for each cell(row, column).
        grid = [list(row.cells) for row in table.rows]
        for index, (cells, row) in enumerate(zip(grid, table.rows, strict=True)):
            set_row_rules(row, head=index < len(heads))
            for cell, width in zip(cells, widths_mm, strict=True):
                cell.width = Mm(width)
        join_heads(grid, heads)
        for cells, texts in zip(grid, heads, strict=False):
            for cell, text in zip(cells, texts, strict=True):
                if text and text != "<":
                    self._cell(cell, text, CENTRE, font=self.fonts.level_1)
        self._fill(table, grid[len(heads) :], looks, rows)

    def _fill(self, table: Any, grid: Sequence[Sequence[Any]], looks: Sequence[Any], rows: Sequence[TableRow]) -> None:
        """The rows of a table, each a copy of the first one of its look: python-docx takes half a millisecond for a cell, and
        a month may have ninety thousand."""
        patterns = {}
        for cells, look in zip(grid, looks, strict=True):
            align_left, align_right, strong = look
            for column, cell in enumerate(cells):
                align = LEFT if column in align_left else RIGHT if column in align_right else CENTRE
                self._cell(cell, "字", align, font=self.fonts.level_1 if strong else None)
            patterns[look] = cells[0]._tc.getparent()
            table._tbl.remove(patterns[look])
        for line in rows:
            row = deepcopy(patterns[line.look])
            for run, text in zip(list(row.iter(RUN)), line.cells, strict=True):
                set_text(run, storable(text))
            table._tbl.append(row)

    def save(self) -> bytes:
        """The .docx; the same content gives the same bytes, so that its sha256 can be filed."""
        raw, out = BytesIO(), BytesIO()
        self.document.save(raw)
        with zipfile.ZipFile(raw) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
            for name in source.namelist():
                target.writestr(zipfile.ZipInfo(name), source.read(name), zipfile.ZIP_DEFLATED)
        return out.getvalue()

    def _cell(self, cell: Any, text: str, align: Any, font: str | None = None) -> None:
        paragraph = cell.paragraphs[0]
        layout = paragraph.paragraph_format
        layout.alignment, layout.space_after = align, Pt(0)
        layout.line_spacing_rule, layout.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(15)
        set_off(paragraph._p.get_or_add_pPr(), "snapToGrid")
        self._run(paragraph, text, size=10.5, font=font, condense=False)

    def _run(
        self, paragraph: Any, text: str, *, size: float = BODY_PT, font: str | None = None, color: Any = None,
        condense: bool = True,
    ) -> Any:  # fmt: skip
        run = paragraph.add_run(storable(text))
        run.font.size = Pt(size)
        if color is not None:
            run.font.color.rgb = color
        properties = run._element.get_or_add_rPr()
        set_faces(properties, self.fonts.latin, font or self.fonts.body)
        if condense and size == BODY_PT:
            spacing = OxmlElement("w:spacing")
            spacing.set(qn("w:val"), str(CONDENSE_TWENTIETHS))
            properties.insert_element_before(spacing, "w:w", "w:kern", "w:position", "w:sz", "w:szCs", "w:lang")
        return run

    def _defaults(self) -> None:
        """Set the body face and Chinese for every run that names no other: also for what the office types in later."""
        normal = self.document.styles["Normal"]
        normal.font.size = Pt(BODY_PT)
        set_faces(normal.element.get_or_add_rPr(), self.fonts.latin, self.fonts.body)
        # A page holds its 22 lines: no line is held back for company.
        normal.paragraph_format.widow_control = False
        # 公文 sets no gap between Chinese and digits: 2025年10月.
        set_off(normal.element.get_or_add_pPr(), "autoSpaceDE", "autoSpaceDN")
        for language in self.document.styles.element.iter(qn("w:lang")):
            language.set(qn("w:val"), "zh-CN")
            language.set(qn("w:eastAsia"), "zh-CN")
        self.document.settings.odd_and_even_pages_header_footer = True

    def _page(self, section: Any, *, landscape: bool = False) -> None:
        width, height = (Mm(297), Mm(210)) if landscape else (Mm(210), Mm(297))
        section.orientation = WD_ORIENT.LANDSCAPE if landscape else WD_ORIENT.PORTRAIT
        section.page_width, section.page_height = width, height
        # On a landscape page the binding edge is at the top, so the margins turn with the paper.
        top, outer, bottom, binding = (28, 37, 26, BOTTOM_MM) if landscape else (37, 26, BOTTOM_MM, 28)
        section.top_margin, section.bottom_margin = Mm(top), Mm(bottom)
        section.left_margin, section.right_margin = Mm(binding), Mm(outer)
        section.header_distance = Mm(15)
        # The page number's dash stands 7 mm below the 版心.
        section.footer_distance = Mm(max(8.0, bottom - 7 - 5))
        grid = section._sectPr.find(qn("w:docGrid"))
        if grid is None:
            grid = OxmlElement("w:docGrid")
            section._sectPr.append(grid)
        grid.set(qn("w:type"), "lines")
        grid.set(qn("w:linePitch"), str(int(LINE_PT * 20)))

    def _running(self) -> None:
        """Put page numbers (odd right, even left, one character in) and, on every page, the marks with a watermark."""
        section = self.document.sections[0]
        for footer, align in ((section.footer, RIGHT), (section.even_page_footer, LEFT)):
            paragraph = footer.paragraphs[0]
            paragraph.style = self.document.styles["Normal"]
            layout = paragraph.paragraph_format
            layout.alignment = align
            layout.right_indent, layout.left_indent = (Pt(14), Pt(0)) if align == RIGHT else (Pt(0), Pt(14))
            self._number(paragraph)
        if not self._marks:
            return
        for index, header in enumerate((section.header, section.even_page_header)):
            paragraph = header.paragraphs[0]
            paragraph.style = self.document.styles["Normal"]
            paragraph.paragraph_format.alignment = RIGHT
            self._run(paragraph, " · ".join(self._marks), size=10.5, color=RED, font=self.fonts.level_1)
            paragraph.add_run()._element.append(watermark("".join(mark[:2] for mark in self._marks), index))

    def _number(self, paragraph: Any) -> None:
        self._run(paragraph, "— ", size=14, font=self.fonts.number)
        add_page_number(self._run(paragraph, "", size=14, font=self.fonts.number))
        self._run(paragraph, " —", size=14, font=self.fonts.number)


def _width_pt(text: str) -> float:
    """The width of a line of body text: a Chinese character is a full em, a digit half of one."""
    return sum(BODY_PT / 2 if ord(char) < 0x2E80 else BODY_PT for char in text)
