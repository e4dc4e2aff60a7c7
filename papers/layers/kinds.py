"""The kind of a vector file by its first bytes, and the GDAL drivers that may open a file of that kind. Pure."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Final

HEAD_BYTES: Final = 1 << 16
SHAPEFILE, GEOPACKAGE, JSON, KML, GEODATABASE, FLATGEOBUF = "shp", "gpkg", "json", "kml", "gdb", "fgb"
DRIVERS: Final = {
    SHAPEFILE: ("ESRI Shapefile",),
    GEOPACKAGE: ("GPKG",),
    JSON: ("GeoJSON", "TopoJSON", "ESRIJSON"),
    KML: (),
    GEODATABASE: ("OpenFileGDB",),
    FLATGEOBUF: ("FlatGeobuf",),
    "tab": ("MapInfo File",),
    "csv": ("CSV",),
}
"""KML is read by `kml`, not by GDAL, which launders the names of Chinese fields into underscores."""
SUFFIX_KINDS: Final = {".tab": "tab", ".mif": "tab", ".csv": "csv"}
"""Kinds without a mark in their first bytes, by suffix; for commands alone, whose files the office chose itself."""
_DESCRIPTIONS: Final = (b"<ogrvrt", b"<vrt", b"gdal_streamed_alg")
"""Marks of files that only describe other files, or computations on them: nobody may hand these in."""


def kind_of(path: Path) -> str:
    """The kind by content, for what has a mark in its first bytes; "" for anything else, descriptions included."""
    if path.is_dir():
        return GEODATABASE if any(path.glob("a00000001.gdbtabl*")) else ""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    text = head.removeprefix(codecs.BOM_UTF8).lstrip()
    if any(mark in head.lower() for mark in _DESCRIPTIONS):
        return ""
    marks = {
        SHAPEFILE: head[:4] == b"\x00\x00\x27\x0a",
        GEOPACKAGE: head[:16] == b"SQLite format 3\x00",
        FLATGEOBUF: head[:3] == b"fgb" and head[4:7] == b"fgb",
        KML: is_kml(head),
        JSON: text[:1] == b"{",
    }
    return next((kind for kind, is_this in marks.items() if is_this), "")


def is_kml(head: bytes) -> bool:
    """Whether the first bytes are those of a KML, in whatever encoding an XML may have."""
    plain = head[:4096].replace(b"\x00", b"").lstrip(codecs.BOM_UTF8).lstrip()
    return plain[:1] == b"<" and (b"<kml" in plain or b":kml" in plain or b"opengis.net/kml" in plain)
