"""Reading border files: one file per level, whatever GDAL opens, into cells in WGS-84 that can be trusted.

Everything wrong is refused with the number of the feature (from 1), its code and its place; nothing is repaired here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely

from grids.geo.datum import to_wgs84
from grids.roles import LEVEL_LABELS, LEVELS, Level
from journal.errors import BadInput

DATUMS: Final = ("wgs84", "cgcs2000", "gcj02", "bd09")
CODE_COLUMNS: Final = ("code", "adcode", "gb", "XZQDM")
NAME_COLUMNS: Final = ("name", "XZQMC")
PARENT_COLUMNS: Final = ("city", "county", "township", "village", "parent", "parent_code")
FIELDS: Final = ("code", "name", *PARENT_COLUMNS)
_CODE = re.compile(r"[0-9A-Za-z_-]{1,20}")


@dataclass(frozen=True, slots=True)
class RawCell:
    """One feature as read: `claims` are the codes of upper cells by column, `geometry` is WGS-84 or None."""

    level: str
    feature: int
    code: str
    name: str
    claims: Mapping[str, str]
    geometry: shapely.Geometry | None
    is_synthetic: bool = False


def read_levels(levels: Mapping[str, Path], *, datum: str, mapping: Mapping[str, str]) -> list[RawCell]:
    """All cells of all files, upper levels first, in the order of the files.

    `datum` is what the files are declared to be in; `mapping` gives columns by field (`code`) or by level and field
    (`village.code`). Raises BadInput for anything that cannot be taken as it is.
    """
    _check_request(levels, datum, mapping)
    used: set[str] = set()
    cells = [cell for level in LEVELS if level in levels for cell in _read(level, levels[level], datum, mapping, used)]
    unused = sorted(set(mapping) - used)
    if unused:
        raise BadInput(f"--map 指定的列在文件里没有：{'、'.join(f'{field}={mapping[field]}' for field in unused)}")
    return _in_wgs84(cells, datum)


def _check_request(levels: Mapping[str, Path], datum: str, mapping: Mapping[str, str]) -> None:
    unknown = sorted(set(levels) - set(LEVELS))
    if unknown or not levels:
        raise BadInput(
            f"不认识的级别 {'、'.join(unknown) or '（空）'}；可用：{'、'.join(LEVELS)}", code="unknown_level"
        )
    if datum not in DATUMS:
        raise BadInput(f"不认识的坐标系 {datum}；可用：{'、'.join(DATUMS)}", code="unknown_datum")
    wrong = [key for key in mapping if key.split(".")[-1] not in FIELDS or key.split(".")[0] not in (*LEVELS, *FIELDS)]
    if wrong:
        raise BadInput(f"--map 不认识的字段 {'、'.join(wrong)}；可用：{'、'.join(FIELDS)}", code="unknown_field")


def _read(level: str, path: Path, datum: str, mapping: Mapping[str, str], used: set[str]) -> list[RawCell]:
    where = f"{LEVEL_LABELS[Level(level)]} {path.name}"
    frame = _frame(path, where)
    if not len(frame):
        raise BadInput("文件里没有要素", where=where, code="empty_file")
    columns = [str(column) for column in frame.columns if column != frame.geometry.name]
    code_column = _column("code", level, columns, mapping, used, CODE_COLUMNS)
    name_column = _column("name", level, columns, mapping, used, NAME_COLUMNS)
    if code_column is None or name_column is None:
        lacking = "、".join(word for word, found in (("代码", code_column), ("名称", name_column)) if found is None)
        raise BadInput(
            f"找不到{lacking}列；文件的列有：{'、'.join(columns) or '无'}。请用 --map code=列名 --map name=列名 指定",
            where=where,
            code="missing_column",
        )
    above = LEVELS[: LEVELS.index(Level(level))]
    claims = {}
    for field in PARENT_COLUMNS:
        column = _column(field, level, columns, mapping, used, (field,))
        if column is not None and (field in above or field not in LEVELS):
            claims[field] = [_text(value) for value in frame[column]]
    geometries = _polygons(frame, where, datum)
    codes = [_code_text(value, code_column) for value in frame[code_column]]
    names = [_text(value) for value in frame[name_column]]
    synthetic = [_truth(value) for value in frame["synthetic"]] if "synthetic" in columns else [False] * len(codes)
    cells = [
        RawCell(level, at + 1, codes[at], names[at], {f: claims[f][at] for f in claims}, geometries[at], synthetic[at])
        for at in range(len(codes))
    ]
    for cell in cells:
        _check_cell(cell, where)
    return cells


def _frame(path: Path, where: str) -> Any:
    """The file as a GeoDataFrame. geopandas is imported here: its first import takes seconds."""
    import geopandas
    import pyogrio

    if not path.is_file():
        raise BadInput("没有这个文件", where=where, code="no_file")
    try:
        frame = geopandas.read_file(path, engine="pyogrio")
    except shapely.errors.GEOSException as error:
        raise _malformed(path, where, str(error)) from error
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, UnicodeDecodeError, ValueError) as error:
        raise BadInput(f"读不出边界数据（{error}）", where=where, code="unreadable") from error
    if not hasattr(frame, "geometry") or "geometry" not in frame.columns:
        raise BadInput("文件没有图形列", where=where, code="missing_column")
    return frame


def _malformed(path: Path, where: str, error: str) -> BadInput:
    """Which feature the reader stumbled over: the file is read again as bytes, shape by shape."""
    import pyogrio

    meta, _, shapes, columns = pyogrio.raw.read(path)
    for at, wkb in enumerate(shapes):
        try:
            shapely.from_wkb(wkb)
        except shapely.errors.GEOSException as reason:
            fields = {str(name): column[at] for name, column in zip(meta["fields"], columns, strict=True)}
            code = next((_code_text(fields[name], name) for name in CODE_COLUMNS if name in fields), "")
            return _bad(where, at + 1, code, "", f"图形不成形（{reason}）", "malformed_geometry")
    return BadInput(f"图形不成形（{error}）", where=where, code="malformed_geometry")


def _column(
    field: str, level: str, columns: list[str], mapping: Mapping[str, str], used: set[str], known: tuple[str, ...]
) -> str | None:
    """The column for a field: the mapped one if the file has it, else the first known one, in any case."""
    by_lower = {column.lower(): column for column in reversed(columns)}
    for key in (f"{level}.{field}", field):
        if key in mapping and mapping[key].lower() in by_lower:
            used.add(key)
            return by_lower[mapping[key].lower()]
    return next((by_lower[name.lower()] for name in known if name.lower() in by_lower), None)


def _text(value: Any) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        value = int(value)
    return " ".join(unicodedata.normalize("NFKC", str(value)).split())


def _code_text(value: Any, column: str) -> str:
    text = _text(value)
    # 天地图's `gb` is the country (156) followed by the 区划 code.
    if column.lower() == "gb" and text.startswith("156") and len(text) in (7, 9, 12, 15):
        return text[3:]
    return text


def _truth(value: Any) -> bool:
    return _text(value).lower() in ("1", "true", "yes", "是")


def _polygons(frame: Any, where: str, datum: str) -> npt.NDArray[np.object_]:
    """The shapes in degrees, two-dimensional. A CRS that we cannot turn into WGS-84 exactly is refused."""
    crs = frame.crs
    if crs is not None and not _is_ours(crs.geodetic_crs):
        raise BadInput(
            f"坐标系是 {crs.name}，不能精确换算；请先转换为 CGCS2000 或 WGS-84", where=where, code="unknown_crs"
        )
    if crs is not None and crs.is_projected:
        if datum not in ("wgs84", "cgcs2000"):
            raise BadInput(f"文件是投影坐标（{crs.name}），不会是 {datum}", where=where, code="unknown_crs")
        frame = frame.to_crs(4326)
    return np.asarray(shapely.force_2d(np.asarray(frame.geometry.array, dtype=object)), dtype=object)


def _is_ours(geodetic_crs: Any) -> bool:
    """WGS-84 or CGCS2000, which are equal for our purposes (policy.md §6)."""
    name = str(geodetic_crs.datum.name if geodetic_crs is not None and geodetic_crs.datum else "").lower()
    return any(word in name for word in ("world geodetic system 1984", "wgs_1984", "wgs 84", "china 2000", "china_2000",
                                         "cgcs2000", "cgcs_2000"))  # fmt: skip


def _check_cell(cell: RawCell, where: str) -> None:
    place = place_of(cell.geometry)
    if not _CODE.fullmatch(cell.code):
        raise _bad(where, cell.feature, cell.code, place, "代码为空或写法不对（应为 1–20 位字母或数字）", "bad_code")
    if len(cell.name) > 80:
        raise _bad(where, cell.feature, cell.code, place, "名称超过 80 字", "bad_name")
    shape = cell.geometry
    if shape is None or shape.is_empty:
        if cell.level in (Level.CITY, Level.TOWNSHIP, Level.VILLAGE, Level.GROUP):
            return
        raise _bad(where, cell.feature, cell.code, place, "县（区）没有图形，无法定位", "no_geometry")
    if shape.geom_type not in ("Polygon", "MultiPolygon"):
        raise _bad(where, cell.feature, cell.code, place, f"图形是 {shape.geom_type}，不是面", "not_a_polygon")
    numbers = shapely.get_coordinates(shape)
    inside = (np.abs(numbers[:, 0]) <= 180) & (np.abs(numbers[:, 1]) <= 90)
    if not inside.all():
        x, y = numbers[np.flatnonzero(~inside)[0]]
        message = f"坐标 ({x:.10g}, {y:.10g}) 不是经纬度；应为先经度后纬度的度数，投影坐标须在文件里声明坐标系"
        raise _bad(where, cell.feature, cell.code, f"{x:.10g},{y:.10g}", message, "not_degrees")
    if not shape.is_valid:
        reason = shapely.is_valid_reason(shape)
        raise _bad(where, cell.feature, cell.code, place, f"图形无效（{reason}）", "malformed_geometry")


def place_of(shape: shapely.Geometry | None) -> str:
    """Where a shape is, as "lon,lat" of the middle of its box; "" without a shape."""
    if shape is None or shape.is_empty:
        return ""
    west, south, east, north = shape.bounds
    return f"{(west + east) / 2:.5f},{(south + north) / 2:.5f}"


def _bad(where: str, feature: int, code: str, place: str, message: str, error: str) -> BadInput:
    at = f"{where} 第 {feature} 个要素（代码 {code or '空'}{f'，位置 {place}' if place else ''}）"
    return BadInput(message, where=at, code=error, details={"feature": feature, "cell_code": code, "place": place})


def _in_wgs84(cells: list[RawCell], datum: str) -> list[RawCell]:
    """Undo the declared datum, all cells in one call: a vertex that two cells share must stay one vertex."""
    if datum in ("wgs84", "cgcs2000"):
        return cells
    shapes = np.empty(len(cells), dtype=object)
    shapes[:] = [cell.geometry for cell in cells]
    moved = shapely.transform(shapes, lambda at: np.column_stack(to_wgs84(at[:, 0], at[:, 1], datum)))
    broken = np.flatnonzero(~shapely.is_valid(moved) & ~shapely.is_missing(moved))
    if len(broken):
        cell = cells[broken[0]]
        raise _bad(LEVEL_LABELS[Level(cell.level)], cell.feature, cell.code, place_of(cell.geometry),
                   f"换算 {datum} 之后图形无效", "malformed_geometry")  # fmt: skip
    return [replace(cell, geometry=shape) for cell, shape in zip(cells, moved, strict=True)]
