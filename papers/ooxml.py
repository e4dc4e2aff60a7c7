"""The few pieces of WordprocessingML that python-docx has no word for."""

import re
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import qn
from docx.shared import Mm

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_TEXT = f"{{{_W}}}t"


# What XML 1.0 cannot hold: control characters (as pasted from other programs), half characters, no characters.
_NOT_XML = re.compile("[^\\t\\n\\r\\u0020-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")


def storable(text: str) -> str:
    """The text without the characters that no XML document can hold."""
    return _NOT_XML.sub("", text)


def set_text(run: Any, text: str) -> None:
    """Put another text into a run that has one, as python-docx would, and at once where it needs no break and no space."""
    if text and text == text.strip() and not {"\t", "\n", "\r"} & set(text):
        run.find(_TEXT).text = text
    else:
        run.text = text


def set_faces(properties: Any, latin: str, chinese: str) -> None:
    faces = properties.get_or_add_rFonts()
    for name in list(faces.attrib):
        del faces.attrib[name]  # a theme face left behind would win over the named one
    for slot, face in (("ascii", latin), ("hAnsi", latin), ("eastAsia", chinese), ("cs", latin)):
        faces.set(qn(f"w:{slot}"), face)
    language = properties.find(qn("w:lang"))
    if language is None:
        language = OxmlElement("w:lang")
        properties.append(language)
    language.set(qn("w:val"), "zh-CN")
    language.set(qn("w:eastAsia"), "zh-CN")


def set_off(paragraph_properties: Any, *names: str) -> None:
    """Switch off paragraph rules that are on by default: autoSpaceDE, autoSpaceDN, snapToGrid (in schema order)."""
    for name in names:
        element = OxmlElement(f"w:{name}")
        element.set(qn("w:val"), "0")
        paragraph_properties.insert_element_before(
            element, "w:spacing", "w:ind", "w:contextualSpacing", "w:jc", "w:rPr"
        )


def add_border(paragraph: Any, color: str, *, style: str = "single", gap_pt: int = 11) -> None:
    """Draw a line below a paragraph, as wide as the 版心; 11 pt is the standard's 4 mm."""
    properties = paragraph._p.get_or_add_pPr()
    bottom = f'<w:bottom w:val="{style}" w:sz="16" w:space="{gap_pt}" w:color="{color}"/>'
    borders = parse_xml(f'<w:pBdr xmlns:w="{_W}">{bottom}</w:pBdr>')
    followers = ("shd", "tabs", "autoSpaceDE", "autoSpaceDN", "snapToGrid", "spacing", "ind", "jc")
    properties.insert_element_before(borders, *(f"w:{name}" for name in followers))


def set_row_rules(row: Any, *, head: bool) -> None:
    """Keep a row on one page, at least 8 mm high; a head row repeats on every page."""
    properties = row._tr.get_or_add_trPr()
    properties.append(OxmlElement("w:cantSplit"))
    row.height = Mm(8)
    if head:
        properties.append(OxmlElement("w:tblHeader"))
    for cell in row._tr.tc_lst:
        alignment = OxmlElement("w:vAlign")
        alignment.set(qn("w:val"), "center")
        cell.get_or_add_tcPr().append(alignment)


def set_cell_margins(table: Any) -> None:
    """Set one millimetre beside the text of every cell: the default of two costs a Chinese character per cell."""
    sides = "".join(f'<w:{side} w:w="57" w:type="dxa"/>' for side in ("left", "right"))
    margins = parse_xml(f'<w:tblCellMar xmlns:w="{_W}">{sides}</w:tblCellMar>')
    table._tbl.tblPr.insert_element_before(margins, "w:tblLook")


def join_heads(grid: list[list[Any]], heads: Sequence[Sequence[str]]) -> None:
    """Merge head cells: "" joins upwards, "<" joins to the left. ``grid`` keeps one live cell at every place."""
    for row, texts in enumerate(heads):
        for column, text in enumerate(texts):
            if text == "" and row:
                grid[row - 1][column].merge(grid[row][column])
            if text == "<" and (column + 1 == len(texts) or texts[column + 1] != "<"):
                first = max(place for place in range(column) if texts[place] != "<")
                # The whole span at once: a merge removes the cells that it swallows.
                merged = grid[row][first].merge(grid[row][column])
                grid[row][first : column + 1] = [merged] * (column + 1 - first)


def add_page_number(run: Any) -> None:
    """Put the PAGE field into a run, showing 1 until the program counts."""
    for kind, text in (("begin", ""), ("", "PAGE"), ("separate", ""), ("text", "1"), ("end", "")):
        element = OxmlElement({"": "w:instrText", "text": "w:t"}.get(kind, "w:fldChar"))
        if text:
            element.text = text
        else:
            element.set(qn("w:fldCharType"), kind)
        run._element.append(element)


def watermark(text: str, index: int) -> Any:
    """Pale diagonal words behind the text, as Word's own watermark command makes them."""
    string = escape(storable(text), {'"': "&quot;"})
    shape = (
        f"position:absolute;margin-left:0;margin-top:0;width:{110 * len(text)}pt;height:110pt;rotation:315;"
        "z-index:-251658752;"
        "mso-position-horizontal:center;mso-position-horizontal-relative:margin;"
        "mso-position-vertical:center;mso-position-vertical-relative:margin"
    )
    return parse_xml(
        f'<w:pict xmlns:w="{_W}" xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office">'
        '<v:shapetype id="_x0000_t136" coordsize="21600,21600" o:spt="136" adj="10800" '
        'path="m@7,l@8,m@5,21600l@6,21600e"><v:formulas><v:f eqn="sum #0 0 10800"/><v:f eqn="prod #0 2 1"/>'
        '<v:f eqn="sum 21600 0 @1"/><v:f eqn="sum 0 0 @2"/><v:f eqn="sum 21600 0 @3"/><v:f eqn="if @0 @3 0"/>'
        '<v:f eqn="if @0 21600 @1"/><v:f eqn="if @0 0 @2"/><v:f eqn="if @0 @4 21600"/></v:formulas>'
        '<v:path textpathok="t" o:connecttype="rect"/><v:textpath on="t" fitshape="t"/></v:shapetype>'
        f'<v:shape id="watermark{index}" o:spid="_x0000_s{2049 + index}" type="#_x0000_t136" style="{shape}" '
        'o:allowincell="f" fillcolor="#d9d9d9" stroked="f"><v:fill opacity=".5"/>'
        f'<v:textpath style="font-family:&quot;黑体&quot;;font-size:1pt" string="{string}"/></v:shape></w:pict>'
    )
