"""What an SQLite file would do when it is read: views, triggers and virtual tables, told before GDAL opens it. Pure."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Final
from urllib.parse import quote

from papers.encodings import FileError

# Written by GDAL, QGIS and ArcGIS into every GeoPackage: they keep the spatial index and the counts when rows change.
_USUAL_TRIGGER: Final = re.compile(
    r"(rtree_|trigger_(insert|delete|update|undelete)_feature_count_|gpkg_|st_|fgti_|fgtu_|fgtd_).*", re.IGNORECASE
)
_USUAL_TABLE: Final = re.compile(r"create\s+virtual\s+table\s.*\busing\s+\"?rtree\b", re.IGNORECASE | re.DOTALL)
_TODO: Final = "请在 QGIS 里把要用的图层导出成新的 GeoPackage（不带视图）后再导入"


def refuse_active(path: Path) -> None:
    """Raises FileError("active_content") for views, for triggers that no program of the field writes, and for virtual
    tables other than a spatial index; FileError("unreadable") for no SQLite file."""
    address = f"file:{quote(str(path))}?mode=ro&immutable=1"
    try:
        with sqlite3.connect(address, uri=True) as database:
            database.execute("PRAGMA trusted_schema = OFF")
            entries = database.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
    except sqlite3.Error as error:
        raise FileError(f"打不开（{error}）", code="unreadable") from error
    for kind, name, sql in entries:
        what = _active(str(kind), str(name), str(sql or ""))
        if what:
            raise FileError(f"文件里有{what} {str(name)[:60]}，打开时会执行，不收", todo=_TODO, code="active_content")


def _active(kind: str, name: str, sql: str) -> str:
    if kind == "view":
        return "视图"
    if kind == "trigger" and not _USUAL_TRIGGER.fullmatch(name):
        return "触发器"
    is_virtual = kind == "table" and re.match(r"\s*create\s+virtual\s", sql, re.IGNORECASE)
    return "虚拟表" if is_virtual and not _USUAL_TABLE.match(sql) else ""
