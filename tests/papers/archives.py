"""Workbooks written part by part, sound and hostile."""

from __future__ import annotations

import io
import zipfile

BOOK = (
    '<workbook xmlns:r="x"><sheets><sheet name="清单 &amp; 附表" sheetId="1" r:id="rId1"/></sheets></workbook>'.encode()
)
LINKS = b'<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>'
TWO_CELLS = b'<row r="1"><c r="A1"><v>1</v></c><c r="B1"><v>2</v></c></row>'


def packed(parts: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive of these parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def book(rows: bytes = TWO_CELLS, *, method: int = zipfile.ZIP_DEFLATED, **parts: bytes) -> bytes:
    """An archive that is a workbook of one sheet with these rows; `strings` are its shared strings."""
    sheet = b"<worksheet><sheetData>" + rows + b"</sheetData></worksheet>"
    content = {
        "xl/workbook.xml": BOOK,
        "xl/_rels/workbook.xml.rels": LINKS,
        "xl/worksheets/sheet1.xml": parts.get("sheet", sheet),
    }
    if "strings" in parts:
        content["xl/sharedStrings.xml"] = parts["strings"]
    return packed(content, method)
