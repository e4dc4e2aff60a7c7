"""The coordinates of a file as degrees: declared CRS, Gauss-Krüger zones with and without the zone number before the
easting. Nothing is guessed: what contradicts itself is refused, with what it looks like.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely

from core.errors import BadInput

Shapes = npt.NDArray[np.object_]
_MILLION: Final = 1_000_000
_EASTING_M: Final = 500_000
_OURS = ("world geodetic system 1984", "wgs_1984", "wgs 84", "china 2000", "china_2000", "cgcs2000", "cgcs_2000",
         "china geodetic coordinate system 2000")  # fmt: skip
_MERCATOR_TODO: Final = (
    "多是从网页地图上取下来的，可能带偏移；请要 CGCS2000 或 WGS-84 的原始数据；"
    "确知没有偏移的，先在 QGIS 里转成 EPSG:4490"
)
_MERCATOR_M_PER_DEGREE: Final = 111_319.49
_LON_RANGE, _LAT_RANGE = (70.0, 140.0), (0.0, 60.0)


def crs_named(text: str) -> Any:
    """The pyproj CRS of what a person wrote: `EPSG:4547`, `4547`, WKT. Raises BadInput("unknown_crs")."""
    import pyproj

    user_input = text.strip()
    try:
        return pyproj.CRS.from_user_input(f"EPSG:{user_input}" if user_input.isdecimal() else user_input)
    except pyproj.exceptions.CRSError as error:
        raise BadInput(
            f"不认识的坐标参考 {user_input[:60]}；例如 EPSG:4490、EPSG:4547", where="crs", code="unknown_crs"
        ) from error


def to_degrees(
    shapes: Shapes, *, file_crs: str | None, is_default: bool, declared: str, datum: str, where: str
) -> Shapes:
    """The shapes in degrees of their own datum, longitude first.

    `file_crs` is what the file says (`is_default`: its format says so of every file, as GeoJSON does), `declared` what the
    person says. Raises BadInput("unknown_crs") for a CRS that cannot be turned into WGS-84 exactly, one that the declared
    one contradicts, and a projection together with GCJ-02 or BD-09; BadInput("wrong_zone") for eastings of another zone.
    """
    crs = _effective(shapes, file_crs, is_default, declared, where)
    if crs is None:
        return shapes
    if not _is_ours(crs.geodetic_crs):
        raise BadInput(
            f"坐标系是 {crs.name}，不能精确换算；请先转换为 CGCS2000 或 WGS-84", where=where, code="unknown_crs"
        )
    if not crs.is_projected:
        return shapes
    if "pseudo mercator" in _method_of(crs) or "web mercator" in crs.name.lower():
        raise BadInput(f"坐标是网络墨卡托（{crs.name}），{_MERCATOR_TODO}", where=where, code="unknown_crs")
    if datum not in ("wgs84", "cgcs2000"):
        raise BadInput(f"文件是投影坐标（{crs.name}），不会是 {datum}", where=where, code="unknown_crs")
    return _unproject(_with_zone(shapes, crs, where), crs)


def _method_of(crs: Any) -> str:
    return str(crs.coordinate_operation.method_name if crs.coordinate_operation else "").lower()


def _effective(shapes: Shapes, file_crs: str | None, is_default: bool, declared: str, where: str) -> Any:
    own_crs = crs_named(file_crs) if file_crs else None
    if not declared:
        return own_crs
    declared_crs = crs_named(declared)
    disproved = own_crs is not None and not own_crs.is_projected and not _all_degrees(shapes)
    if own_crs is None or is_default or disproved or own_crs.equals(declared_crs, ignore_axis_order=True):
        return declared_crs
    same_datum = _is_ours(own_crs.geodetic_crs) and _is_ours(declared_crs.geodetic_crs)
    if same_datum and not own_crs.is_projected and not declared_crs.is_projected:
        return declared_crs
    raise BadInput(
        f"文件写的坐标参考是 {own_crs.name}，声明的是 {declared_crs.name}，两者不同；请去掉声明，或改正文件的 .prj",
        where=where,
        code="unknown_crs",
    )


def _is_ours(geodetic_crs: Any) -> bool:
    """WGS-84 or CGCS2000, which are equal for our purposes (policy.md §6)."""
    name = str(geodetic_crs.datum.name if geodetic_crs is not None and geodetic_crs.datum else "").lower()
    return any(word in name for word in _OURS)


def _all_degrees(shapes: Shapes) -> bool:
    at = shapely.get_coordinates(shapes)
    return bool(((np.abs(at[:, 0]) <= 180) & (np.abs(at[:, 1]) <= 90)).all())


def _with_zone(shapes: Shapes, crs: Any, where: str) -> Shapes:
    """Eastings with the zone number exactly where the CRS has it. A surveyor's file may have it although its CRS does
    not (EPSG:4547 with 38 500 000), and the other way round."""
    facts = (
        {parameter.name: parameter.value for parameter in crs.coordinate_operation.params}
        if crs.coordinate_operation
        else {}
    )
    meridian, false_m = facts.get("Longitude of natural origin"), facts.get("False easting")
    eastings = shapely.get_coordinates(shapes)[:, 0]
    if meridian is None or false_m is None or not len(eastings):
        return shapes
    zone_in_file, zone_in_crs = int(np.median(eastings) // _MILLION), int(false_m // _MILLION)
    if zone_in_file == zone_in_crs:
        return shapes
    zones = {round(meridian / 3), round((meridian + 3) / 6)}
    if zone_in_file not in (zones if zone_in_crs == 0 else {0}):
        raise BadInput(
            f"东坐标前两位是 {zone_in_file}（{looks_like(float(np.median(eastings)), 4_500_000) or '不是带号'}），"
            f"与坐标参考 {crs.name}（中央经线 {meridian:g}°）不符",
            where=where,
            code="wrong_zone",
        )
    shift = np.array([(zone_in_crs - zone_in_file) * _MILLION, 0.0])
    return np.asarray(shapely.transform(shapes, lambda at: at + shift), dtype=object)


def _unproject(shapes: Shapes, crs: Any) -> Shapes:
    import pyproj

    back = pyproj.Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)
    # Missing shapes stay; all vertices go through at once, so that a vertex that two cells share stays one vertex.
    return np.asarray(
        shapely.transform(shapes, lambda at: np.column_stack(back.transform(at[:, 0], at[:, 1]))), dtype=object
    )


def looks_like(x: float, y: float) -> str:
    """In words what a pair of numbers that are no degrees may be; "" when nothing comes to mind."""
    if _LAT_RANGE[0] <= x <= _LAT_RANGE[1] and _LON_RANGE[0] <= y <= _LON_RANGE[1]:
        return "像是先写了纬度，要先经度后纬度"
    zone = int(x // _MILLION)
    if mercator := _looks_mercator(x, y):
        return mercator
    if 25 <= zone <= 45 and 0 < y < 6_500_000:
        return f"像是 CGCS2000 三度带第 {zone} 带，中央经线 {zone * 3}°，EPSG:{4513 + zone - 25}"
    if 13 <= zone <= 23 and 0 < y < 6_500_000:
        return f"像是 CGCS2000 六度带第 {zone} 带，中央经线 {zone * 6 - 3}°，EPSG:{4491 + zone - 13}"
    if 100_000 < x < 900_000 and 0 < y < 6_500_000:
        return "像是不带带号的高斯-克吕格坐标，要说明是哪一带（例如 EPSG:4547 是中央经线 114°）"
    return ""


def _looks_mercator(x: float, y: float) -> str:
    """Web Mercator in words where both numbers lie in China as such; an easting of a six-degree zone is named beside it."""
    lon = x / _MERCATOR_M_PER_DEGREE
    if not (73 <= lon <= 136 and 1_800_000 <= y <= 7_200_000):
        return ""
    lat = float(np.degrees(2 * np.arctan(np.exp(np.radians(y / _MERCATOR_M_PER_DEGREE))) - np.pi / 2))
    zone, easting = divmod(x, _MILLION)
    or_zone = f"；也可能是六度带第 {int(zone)} 带" if zone >= 13 and abs(easting - _EASTING_M) < 260_000 else ""
    return f"像是网络墨卡托（EPSG:3857，约东经 {lon:.2f}°、北纬 {lat:.2f}°），{_MERCATOR_TODO}{or_zone}"
