"""The faults of shapes as they were read: what is wrong, where, and a repaired copy to be accepted by a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from grids.editions.crs import looks_like
from grids.geo.areas import area_m2

Shapes = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one shape. `position` is in its array; `repaired` is a proposal, never used by itself."""

    position: int
    error: str
    message: str
    place: str = ""
    repaired: shapely.Geometry | None = None
    area_before_m2: float = 0.0
    area_after_m2: float = 0.0


@dataclass(slots=True)
class Read:
    """Shapes (None where there is none, or where it cannot be read) and their faults in order of position."""

    shapes: Shapes
    faults: list[Fault] = field(default_factory=list)


def decoded(wkb: Sequence[Any]) -> Read:
    """Two-dimensional shapes; collections of polygons become multi-polygons. A ring that does not close is a fault
    whose repair closes it."""
    raw = np.empty(len(wkb), dtype=object)
    raw[:] = [None if blob is None else bytes(blob) for blob in wkb]
    with np.errstate(invalid="ignore"):
        shapes = np.asarray(shapely.force_2d(shapely.from_wkb(raw, on_invalid="ignore")), dtype=object)
    faults = []
    present = np.array([blob is not None for blob in raw], dtype=bool)
    for at in np.flatnonzero(present & shapely.is_missing(shapes)).tolist():
        faults.append(_broken(at, raw[at]))
    for at in np.flatnonzero(shapely.get_type_id(shapes) == 7).tolist():
        shapes[at] = polygons_of(shapes[at]) or shapes[at]
    return Read(shapes, faults)


def _broken(at: int, wkb: bytes) -> Fault:
    try:
        shapely.from_wkb(wkb)
        reason = "图形不成形"
    except shapely.errors.GEOSException as error:
        reason = f"图形不成形（{error}）"
    try:
        closed = shapely.force_2d(shapely.from_wkb(wkb, on_invalid="fix"))
    except shapely.errors.GEOSException:
        closed = None
    return _with_repair(Fault(at, "malformed_geometry", reason), closed)


def polygons_of(shape: shapely.Geometry) -> shapely.Geometry | None:
    """The polygons of a collection as one shape; None if there is anything else in it, or nothing."""
    parts = shapely.get_parts(shapely.get_parts(shape))
    if not len(parts) or (shapely.get_type_id(parts) != 3).any():
        return None
    return parts[0] if len(parts) == 1 else shapely.multipolygons(parts)


def faults_of(shapes: Shapes) -> list[Fault]:
    """The faults of shapes in degrees: not a polygon, no degrees, self-crossing, a hole outside its shell."""
    faults: list[Fault] = []
    drawn = ~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)
    area = np.isin(shapely.get_type_id(shapes), (3, 6))
    for at in np.flatnonzero(drawn & ~area).tolist():
        message = f"图形是 {shapes[at].geom_type}，不是面"
        faults.append(Fault(at, "not_a_polygon", message, place_of(shapes[at])))
    bounds = shapely.bounds(shapes)
    with np.errstate(invalid="ignore"):
        beyond = (np.abs(bounds[:, [0, 2]]) > 180).any(axis=1) | (np.abs(bounds[:, [1, 3]]) > 90).any(axis=1)
        finite = np.isfinite(bounds).all(axis=1)
    for at in np.flatnonzero(drawn & area & (beyond | ~finite)).tolist():
        faults.append(_no_degrees(at, shapes[at]))
    rest = np.flatnonzero(drawn & area & ~beyond & finite)
    for at in rest[~shapely.is_valid(shapes[rest])].tolist():
        reason = str(shapely.is_valid_reason(shapes[at]))
        place = _place_in(reason) or place_of(shapes[at])
        faults.append(_with_repair(Fault(at, "malformed_geometry", f"图形无效（{reason}）", place), shapes[at]))
    return sorted(faults, key=lambda fault: fault.position)


def _no_degrees(at: int, shape: shapely.Geometry) -> Fault:
    numbers = shapely.get_coordinates(shape)
    inside = (np.abs(numbers[:, 0]) <= 180) & (np.abs(numbers[:, 1]) <= 90)
    x, y = numbers[np.flatnonzero(~inside)[0]]
    hint = looks_like(float(x), float(y))
    message = (
        f"坐标 ({x:.10g}, {y:.10g}) 不是经纬度；应为先经度后纬度的度数，投影坐标须在文件里声明坐标系，或用 --crs 声明"
        + (f"（{hint}）" if hint else "")
    )
    return Fault(at, "not_degrees", message, f"{x:.10g},{y:.10g}")


def _with_repair(fault: Fault, shape: shapely.Geometry | None) -> Fault:
    """The fault with a copy made valid, if polygons are left of it."""
    if shape is None or shape.is_empty or not np.isfinite(shapely.get_coordinates(shape)).all():
        return fault
    fixed = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    fixed = fixed if fixed.geom_type in ("Polygon", "MultiPolygon") else polygons_of(fixed)
    if fixed is None or fixed.is_empty or not fixed.is_valid or fixed.area == 0:
        return fault
    # A self-crossing ring has lobes of both signs; their plain sum is what other programs show as its area.
    before, after = area_m2([shape, fixed])
    place = fault.place or place_of(shape)
    return Fault(fault.position, fault.error, fault.message, place, fixed, float(abs(before)), float(after))


def _place_in(reason: str) -> str:
    """The place with which GEOS ends its reason: `Self-intersection[123.5 41.5]`."""
    start = reason.rfind("[")
    words = reason[start + 1 : -1].split() if start >= 0 and reason.endswith("]") else []
    try:
        return f"{float(words[0]):.5f},{float(words[1]):.5f}"
    except (IndexError, ValueError):
        return ""


def place_of(shape: shapely.Geometry | None) -> str:
    """Where a shape is, as "lon,lat" of the middle of its box; "" without a shape."""
    if shape is None or shape.is_empty:
        return ""
    west, south, east, north = shape.bounds
    return f"{(west + east) / 2:.5f},{(south + north) / 2:.5f}"
