"""The placemarks of a KML as rows: their data under the names that the file gives them, and one shape each. Pure.

GDAL turns every letter of a Chinese name into an underscore, so that two fields of one length become one; and its built-in
columns stand before the file's own even where they are empty.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from lxml import etree

from papers.encodings import FileError

MOST_PLACEMARKS: Final = 500_000
MOST_FIELDS: Final = 300
_SHAPES: Final = ("Point", "LineString", "LinearRing", "Polygon", "MultiGeometry", "Track", "MultiTrack")
_POINT, _LINE, _POLYGON, _COLLECTION = 1, 2, 3, 7
_MULTI: Final = {_POINT: 4, _LINE: 5, _POLYGON: 6}
"""The numbers of WKB."""
_TABLE_ROW: Final = re.compile(
    r"<tr[^>]*>\s*<t[dh][^>]*>\s*([^<>]{1,60}?)\s*[:：]?\s*</t[dh]>\s*<td[^>]*>\s*([^<>]{0,200}?)\s*</td>\s*</tr>",
    re.IGNORECASE,
)
"""A field in the description, as ArcGIS writes it: a row of two cells."""


@dataclass(frozen=True, slots=True)
class Placemark:
    """One row: values by field, and its shape as WKB (None without one)."""

    values: dict[str, str]
    wkb: bytes | None


@dataclass(slots=True)
class Placemarks:
    """All rows, and the names of the fields of which any row has a value, in the order of the file."""

    fields: list[str] = field(default_factory=list)
    rows: list[Placemark] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read(path: Path) -> Placemarks:
    """Every placemark of the file. Addresses in it (links, icons, schemas) are never followed.

    Raises FileError("unreadable", "too_large").
    """
    placemarks = Placemarks()
    names: dict[str, None] = {}
    for element in _elements(path, "Placemark"):
        values = {name: text for name, text in _values(element) if text}
        names |= dict.fromkeys(values)
        placemarks.rows.append(Placemark(values, _wkb(element)))
        if len(placemarks.rows) > MOST_PLACEMARKS or len(names) > MOST_FIELDS:
            raise FileError("KML 里的要素或字段太多；请分成几个文件", code="too_large")
    placemarks.fields = list(names)
    return placemarks


def _elements(path: Path, local_name: str) -> Iterator[Any]:
    """The elements of that name, each gone from memory when the next is asked for."""
    # Some apps write gx: or their own prefix without saying what it stands for; all else that is wrong stays an error.
    lenient = _has_undeclared_prefix(path)
    events = etree.iterparse(
        str(path), events=("end",), tag=f"{{*}}{local_name}", resolve_entities=False, no_network=True, load_dtd=False,
        recover=lenient, huge_tree=False,
    )  # fmt: skip
    try:
        for _, element in events:
            yield element
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
    except etree.XMLSyntaxError as error:
        raise FileError(f"KML 写得不完整或有错（{error}）", code="unreadable") from error


def _has_undeclared_prefix(path: Path) -> bool:
    """Whether the only fault of the file is a prefix without a namespace."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True)
    etree.parse(str(path), parser)
    kinds = {entry.domain_name for entry in parser.error_log}
    return kinds == {"NAMESPACE"}


def _values(placemark: Any) -> Iterator[tuple[str, str]]:
    """(field, value) of a placemark: the file's own fields under their names, then what every placemark may have."""
    for element in placemark.iter("{*}Data", "{*}SimpleData"):
        name = str(element.get("name") or "").strip()
        value = next(element.iterchildren("{*}value"), element)
        if name:
            yield name, _text(value)
    yield from _TABLE_ROW.findall("".join(_text(part) for part in placemark.iterchildren("{*}description")))
    for built_in, name in (("name", "Name"), ("description", "Description")):
        element = next(placemark.iterchildren(f"{{*}}{built_in}"), None)
        if element is not None:
            yield name, _text(element)


def _text(element: Any) -> str:
    return "".join(element.itertext()).strip()


def _wkb(placemark: Any) -> bytes | None:
    shapes = [
        shape for child in placemark.iterchildren(*(f"{{*}}{name}" for name in _SHAPES)) for shape in _parts(child)
    ]
    if len(shapes) < 2:
        return shapes[0] if shapes else None
    kinds = {shape[1] for shape in shapes}
    return _header(_MULTI[kinds.pop()] if len(kinds) == 1 else _COLLECTION, len(shapes)) + b"".join(shapes)


def _parts(element: Any) -> Iterator[bytes]:
    """The simple shapes of an element as WKB, collections taken apart. A ring that does not close stays as it is."""
    kind = etree.QName(element).localname
    if kind in ("MultiGeometry", "MultiTrack"):
        for child in element.iterchildren(*(f"{{*}}{name}" for name in _SHAPES)):
            yield from _parts(child)
    elif kind == "Polygon":
        rings = [_coordinates(ring) for ring in _rings(element)]
        if rings and rings[0]:
            yield _header(_POLYGON, len(rings)) + b"".join(
                struct.pack("<I", len(ring)) + _pairs(ring) for ring in rings
            )
    elif kind == "Track":
        yield from _line([_position(_text(coord).split()) for coord in element.iterchildren("{*}coord")])
    elif kind == "Point":
        yield from _line(_coordinates(element)[:1])
    else:
        yield from _line(_coordinates(element))


def _rings(polygon: Any) -> Iterator[Any]:
    for border in ("outerBoundaryIs", "innerBoundaryIs"):
        for element in polygon.iterchildren(f"{{*}}{border}"):
            yield from element.iter("{*}LinearRing")


def _line(positions: list[tuple[float, float]]) -> Iterator[bytes]:
    if len(positions) == 1:
        yield struct.pack("<BI", 1, _POINT) + _pairs(positions)
    elif positions:
        yield _header(_LINE, len(positions)) + _pairs(positions)


def _header(kind: int, parts: int) -> bytes:
    return struct.pack("<BII", 1, kind, parts)


def _pairs(positions: list[tuple[float, float]]) -> bytes:
    return b"".join(struct.pack("<dd", *position) for position in positions)


def _coordinates(element: Any) -> list[tuple[float, float]]:
    texts = [_text(coordinates) for coordinates in element.iter("{*}coordinates")]
    return [_position(word.split(",")) for text in texts for word in text.split()]


def _position(words: list[str]) -> tuple[float, float]:
    try:
        return float(words[0]), float(words[1])
    except (ValueError, IndexError) as error:
        raise FileError(f"KML 里的坐标读不懂：{','.join(words)[:40]}", code="unreadable") from error
