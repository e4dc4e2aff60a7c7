"""Places of an overlay from a border file of any common kind: areas as they are, roads and points with a width."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from core.errors import BadInput
from grids.editions.border_files import choose_layer, sources_in
from grids.editions.columns import text_of
from grids.editions.crs import to_degrees
from grids.editions.files import read_raw
from grids.editions.shapes import decoded, faults_of
from grids.geo.datum import to_wgs84
from grids.overlays.overlays import Place
from papers.layers import door

NAME_COLUMNS = ("name", "Name", "NAME", "名称", "地名", "mc", "MC")
MOST_PLACES = 200_000
METRES_PER_DEGREE = 111_320.0
POLYGONS = (3, 6)


def read_places(
    paths: Sequence[Path],
    *,
    datum: str,
    crs: str = "",
    name_column: str = "",
    buffer_m: float = 0.0,
    layer: str = "",
    opening: door.Opening = door.USUAL,
) -> list[Place]:
    """The features of a file as WGS-84 polygons. Lines and points need `buffer_m`, the half width around them in
    metres.

    Raises BadInput naming the feature and what is wrong with it: nothing is repaired silently.
    """
    with tempfile.TemporaryDirectory() as folder:
        sources = sources_in(paths, Path(folder), opening=opening)
        source = choose_layer(sources, level="", layer=layer, where="图层")
        rows = read_raw(source, source.name, opening)
    if len(rows.wkb) > MOST_PLACES:
        raise BadInput(
            f"有 {len(rows.wkb)} 个要素，最多 {MOST_PLACES} 个；请先合并", where=source.name, code="too_large"
        )
    names = _names(rows.columns, name_column, len(rows.wkb))
    read = decoded(rows.wkb)
    is_default = source.path.suffix.lower() in (".geojson", ".json", ".kml")
    shapes = to_degrees(
        read.shapes, file_crs=rows.crs, is_default=is_default, declared=crs, datum=datum, where=source.name
    )
    if datum not in ("wgs84", "cgcs2000"):
        shapes = shapely.transform(shapes, lambda at: np.column_stack(to_wgs84(at[:, 0], at[:, 1], datum)))
    shapes = _as_areas(shapes, buffer_m, source.name)
    faults = [*read.faults, *faults_of(shapes)]
    if faults:
        first = faults[0]
        raise BadInput(
            f"第 {first.position + 1} 个要素{first.message}（{first.place}），共 {len(faults)} 处有问题；请改好再导入",
            where=source.name,
            code=first.error,
        )
    return [Place(name, shape) for name, shape in zip(names, shapes.tolist(), strict=True) if shape is not None]


def _names(columns: Mapping[str, Any], name_column: str, rows: int) -> list[str]:
    if name_column and name_column not in columns:
        raise BadInput(f"没有“{name_column}”这一列；有：{'、'.join(columns)}", where="名称列", code="missing_column")
    chosen = name_column or next((name for name in NAME_COLUMNS if name in columns), "")
    if not chosen:
        return [f"第 {at + 1} 处" for at in range(rows)]
    return [text_of(value) or f"第 {at + 1} 处" for at, value in enumerate(columns[chosen])]


def _as_areas(shapes, buffer_m: float, where: str):  # type: ignore[no-untyped-def]
    """The shapes as areas: polygons stay; with a width, lines and points become the area around them."""
    kinds = shapely.get_type_id(shapes)
    thin = ~np.isin(kinds, POLYGONS) & ~shapely.is_missing(shapes)
    if not thin.any():
        return shapes
    if buffer_m <= 0:
        at = int(np.flatnonzero(thin)[0]) + 1
        raise BadInput(f"第 {at} 个要素是线或点：请写明两侧各多少米", where=where, code="needs_width")
    wide = shapes.copy()
    wide[thin] = [_widened(shape, buffer_m) for shape in shapes[thin]]
    return wide


def _widened(shape: shapely.Geometry, buffer_m: float) -> shapely.Geometry:
    """A buffer in metres on a local plane; exact to a part in a thousand at the sizes of a city."""
    lat = float(shapely.bounds(shape)[[1, 3]].mean())
    scale = np.array([METRES_PER_DEGREE * np.cos(np.radians(lat)), METRES_PER_DEGREE])
    flat = shapely.transform(shape, lambda at: at * scale)
    return shapely.transform(shapely.buffer(flat, buffer_m, quad_segs=4), lambda at: at / scale)
