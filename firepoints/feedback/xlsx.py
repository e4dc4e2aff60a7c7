"""Texts written into cells of an issuer's .xlsx: only those cells change.

Every part of the package but the sheets written to keeps its bytes (styles, shared strings, pictures, other sheets). A
cell becomes an inline string: text, never a formula. No library keeps a foreign workbook whole, hence by hand.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from lxml import etree

from core.errors import BadInput

WORKBOOK = "xl/workbook.xml"
RELATIONS = "xl/_rels/workbook.xml.rels"
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
CALC = re.compile(rb"<((?:\w+:)?calcPr)\b(?![^>]*fullCalcOnLoad)")
NEW_WIDTH = 22  # characters


@dataclass(frozen=True, slots=True)
class CellText:
    """A text for one cell: sheet by name, row from 1, column from 0. `style_from`: the column whose looks a new cell takes."""

    sheet: str
    row: int
    column: int
    text: str
    style_from: int | None = None


@dataclass(frozen=True, slots=True)
class Filled:
    """The workbook, the number of cells written, and those left alone: a formula, or the inside of a merged cell."""

    data: bytes
    written: int
    left: tuple[CellText, ...]


class Area(NamedTuple):
    """A rectangle of cells, its edges included: rows from 1, columns from 0."""

    top: int
    left: int
    bottom: int
    right: int


def fill(data: bytes, cells: Iterable[CellText]) -> Filled:
    """Write the texts. Raises BadInput when the package is no workbook or a sheet is not in it."""
    by_sheet: dict[str, list[CellText]] = {}
    for cell in cells:
        by_sheet.setdefault(cell.sheet, []).append(cell)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            parts = _sheet_parts(package)
            missing = [name for name in by_sheet if name not in parts]
            if missing:
                raise BadInput(f"原表里没有工作表“{missing[0]}”", where="反馈")
            changed: dict[str, bytes] = {}
            unfilled: list[CellText] = []
            for name, mine in by_sheet.items():
                sheet = _Sheet(package.read(parts[name]))
                unfilled += [cell for cell in mine if not sheet.put(cell)]
                changed[parts[name]] = sheet.as_bytes()
            if any(b"<f" in content for content in changed.values()) or _has_formula(package, changed):
                # Totals that count our answers must be computed anew when the workbook is opened.
                changed[WORKBOOK] = CALC.sub(rb'<\1 fullCalcOnLoad="1"', package.read(WORKBOOK))
            return Filled(
                _rewritten(package, changed), sum(map(len, by_sheet.values())) - len(unfilled), tuple(unfilled)
            )
    except (zipfile.BadZipFile, KeyError, etree.XMLSyntaxError) as error:
        raise BadInput("原表打不开，不能填写", where="反馈") from error


def _has_formula(package: zipfile.ZipFile, but: Iterable[str]) -> bool:
    sheets = [name for name in package.namelist() if name.startswith("xl/worksheets/") and name not in set(but)]
    return any(re.search(rb"<(?:\w+:)?f[\s>/]", package.read(name)) for name in sheets)


def _rewritten(package: zipfile.ZipFile, changed: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for part in package.infolist():
            copy = zipfile.ZipInfo(part.filename, part.date_time)
            copy.compress_type, copy.external_attr = part.compress_type, part.external_attr
            content = changed.get(part.filename)
            target.writestr(copy, package.read(part) if content is None else content)
    return out.getvalue()


def _parse(content: bytes) -> Any:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    return etree.fromstring(content, parser)


def _sheet_parts(package: zipfile.ZipFile) -> dict[str, str]:
    """Sheet name → the name of its part."""
    targets = {
        element.get("Id"): element.get("Target", "")
        for element in _parse(package.read(RELATIONS))
        if isinstance(element.tag, str)
    }
    parts = {}
    for sheet in _named(_parse(package.read(WORKBOOK)), "sheet"):
        relation = next((value for key, value in sheet.attrib.items() if key.endswith("}id")), "")
        target = targets.get(relation, "")
        parts[str(sheet.get("name"))] = target[1:] if target.startswith("/") else f"xl/{target}"
    return parts


def _named(root: Any, name: str) -> Iterator[Any]:
    """Elements of this name in the main namespace, whichever of its two that is."""
    yield from root.iter(f"{{{etree.QName(root).namespace}}}{name}")


class _Sheet:
    """One sheet's XML. Rows and cells may leave out their reference: then they follow the one before."""

    def __init__(self, content: bytes) -> None:
        self._root = _parse(content)
        self._space = etree.QName(self._root).namespace
        self._rows: dict[int, Any] = {}
        number = 0
        for row in _named(self._root, "row"):
            number = int(row.get("r") or number + 1)
            self._rows[number] = row
        self._merged = [_area(element.get("ref", "")) for element in _named(self._root, "mergeCell")]

    def put(self, cell: CellText) -> bool:
        """Write one text; False where a formula or the inside of a merged cell stands in the way."""
        row = self._rows.get(cell.row)
        if row is None or self._is_hidden_by_merge(cell):
            return False
        there, after = self._find(row, cell.column)
        if there is None:
            there = etree.Element(self._tag("c"), r=f"{letters(cell.column)}{cell.row}")
            style = self._style(row, cell.style_from)
            if style:
                there.set("s", style)
            row.insert(after, there)
            self._widen(row, cell.column)
        elif there.find(self._tag("f")) is not None:
            return False
        for child in list(there):
            there.remove(child)
        there.set("t", "inlineStr")
        for name in ("cm", "vm"):
            there.attrib.pop(name, None)
        text = etree.SubElement(etree.SubElement(there, self._tag("is")), self._tag("t"))
        text.text = CONTROL.sub("\ufffd", cell.text)
        text.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
        return True

    def as_bytes(self) -> bytes:
        info = self._root.getroottree().docinfo
        written: bytes = etree.tostring(
            self._root.getroottree(), xml_declaration=True, encoding="UTF-8", standalone=info.standalone
        )
        return written

    def _tag(self, name: str) -> str:
        return f"{{{self._space}}}{name}"

    def _cells(self, row: Any) -> Iterator[tuple[int, int, Any]]:
        """(position among the row's children, column, cell)."""
        column = -1
        for at, child in enumerate(row):
            if child.tag != self._tag("c"):
                continue
            ref = re.match(r"[A-Z]+", child.get("r", ""))
            column = column_at(ref.group()) if ref else column + 1
            yield at, column, child

    def _find(self, row: Any, target: int) -> tuple[Any | None, int]:
        """(the cell, or None; where a new one would stand)."""
        after = 0
        for at, column, child in self._cells(row):
            if column == target:
                return child, at
            if column < target:
                after = at + 1
        return None, after

    def _style(self, row: Any, column: int | None) -> str:
        styles = {at: child.get("s", "") for _, at, child in self._cells(row)}
        return styles.get(column, "") if column is not None else ""

    def _is_hidden_by_merge(self, cell: CellText) -> bool:
        return any(
            area.top <= cell.row <= area.bottom
            and area.left <= cell.column <= area.right
            and (cell.row, cell.column) != (area.top, area.left)
            for area in self._merged
        )

    def _widen(self, row: Any, column: int) -> None:
        """Widen what states the extent: the row's spans, the sheet's dimension, the columns with their width."""
        spans = re.fullmatch(r"(\d+):(\d+)", row.get("spans", ""))
        if spans and int(spans[2]) < column + 1:
            row.set("spans", f"{spans[1]}:{column + 1}")
        dimension, cols = (self._root.find(self._tag(name)) for name in ("dimension", "cols"))
        if dimension is not None:
            area = _area(dimension.get("ref", ""))
            if area.top and area.right < column:
                dimension.set("ref", f"{letters(area.left)}{area.top}:{letters(column)}{area.bottom}")
        if cols is not None:
            last = max((int(col.get("max", 0)) for col in cols), default=0)
            if last < column + 1:
                at, width = str(column + 1), str(NEW_WIDTH)
                etree.SubElement(cols, self._tag("col"), {"min": at, "max": at, "width": width, "customWidth": "1"})


def _area(ref: str) -> Area:
    """The area of "A1:C3" or "A1"; zeros where it cannot be read."""
    match = re.fullmatch(r"\$?([A-Z]+)\$?(\d+)(?::\$?([A-Z]+)\$?(\d+))?", ref)
    if not match:
        return Area(0, 0, 0, 0)
    first = int(match[2]), column_at(match[1])
    last = (int(match[4]), column_at(match[3])) if match[3] else first
    return Area(*first, *last)


def letters(column: int) -> str:
    """0 → A, 25 → Z, 26 → AA."""
    text, at = "", column + 1
    while at:
        at, rest = divmod(at - 1, 26)
        text = chr(65 + rest) + text
    return text


def column_at(name: str) -> int:
    """A → 0, AA → 26."""
    number = 0
    for letter in name:
        number = number * 26 + ord(letter) - 64
    return number - 1
