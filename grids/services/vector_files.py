"""Writing maps for other programs: GeoPackage with its layers, or GeoJSON with the first of them."""

import os
import tempfile
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import shapely
from django.db.models import QuerySet

from grids.models import Cell, Edition
from grids.roles import LEVELS
from journal.errors import BadInput

DRIVERS = {".gpkg": "GPKG", ".geojson": "GeoJSON"}
# The office's QGIS is older than the GDAL that writes here: 1.4, its default, makes it warn that it may not read all.
OPTIONS = {"GPKG": {"VERSION": "1.2"}}


def check_target(out: Path) -> None:
    """Raises BadInput unless the file is a .gpkg or .geojson in a folder that exists."""
    if out.suffix.lower() not in DRIVERS:
        raise BadInput("只能导出 .gpkg 或 .geojson", where="out")
    if not out.parent.is_dir():
        raise BadInput(f"没有文件夹 {out.parent}", where="out")


@dataclass(frozen=True, slots=True)
class Features:
    """One layer: columns of equal length, and a WGS-84 shape for each row."""

    columns: Mapping[str, Sequence[Any]]
    shapes: Sequence[shapely.Geometry]

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, Any]], shapes: Sequence[shapely.Geometry]) -> Self:
        """From a row each, all with the same names."""
        return cls({name: [row[name] for row in rows] for name in (rows[0] if rows else ())}, shapes)


def write_features(layers: Mapping[str, Features], out: Path) -> dict[str, int]:
    """Write the layers by name, whole or not at all (GeoJSON: the first alone); empty ones are left out. Rows by layer.

    Without geopandas, whose first import takes seconds. Raises BadInput when there is nothing, or on the disk's no.
    """
    import pyogrio

    check_target(out)
    named = {name: layer for name, layer in layers.items() if len(layer.shapes)}
    if not named:
        raise BadInput("没有可导出的内容", where="out")
    driver = DRIVERS[out.suffix.lower()]
    if driver == "GeoJSON":
        named = dict([next(iter(named.items()))])
    draft = out.with_name(f".{uuid.uuid4().hex}{out.suffix}")
    try:
        for at, (name, layer) in enumerate(named.items()):
            shapes = np.empty(len(layer.shapes), dtype=object)
            shapes[:] = list(layer.shapes)
            shapes, kind = _one_kind(shapes)
            pyogrio.raw.write(
                draft,
                shapely.to_wkb(shapes),
                [_column(values) for values in layer.columns.values()],
                np.array(list(layer.columns)),
                geometry_type=kind,
                crs="EPSG:4326",
                driver=driver,
                layer=name,
                append=at > 0,
                dataset_options=OPTIONS.get(driver),
            )
        os.replace(draft, out)
    except OSError as error:
        raise BadInput(f"写不进 {out.name}：{error}", where="out") from error
    finally:
        draft.unlink(missing_ok=True)
    return {name: len(layer.shapes) for name, layer in named.items()}


_TYPES = {0: "Point", 1: "LineString", 3: "Polygon", 6: "MultiPolygon"}
_AREAS = {3, 6}


def _one_kind(shapes: npt.NDArray[np.object_]) -> tuple[npt.NDArray[np.object_], str]:
    """The shapes and the name of their kind; polygons beside multipolygons become multipolygons, which QGIS opens as one
    layer and not as two."""
    kinds = set(shapely.get_type_id(shapes).tolist())
    if kinds == _AREAS:
        whole = np.empty(len(shapes), dtype=object)
        whole[:] = [shapely.MultiPolygon([one]) if one.geom_type == "Polygon" else one for one in shapes]
        return whole, "MultiPolygon"
    return shapes, _TYPES.get(next(iter(kinds)), "Unknown") if len(kinds) == 1 else "Unknown"


def file_content(suffix: str, write: Callable[[Path], Any]) -> bytes:
    """The bytes of the .gpkg or .geojson that `write` makes at the path it is given. Raises BadInput for another suffix."""
    if suffix not in DRIVERS:
        raise BadInput("只能导出 .gpkg 或 .geojson", where="out")
    with tempfile.TemporaryDirectory(prefix="jinshao-export-") as folder:
        out = Path(folder) / f"out{suffix}"
        write(out)
        return out.read_bytes()


def plain(value: Any) -> Any:
    """A value as a column of these formats takes it: a number, nothing, or text."""
    return value if value is None or isinstance(value, int | float) else str(value)


def _column(values: Sequence[Any]) -> npt.NDArray[Any]:
    """Numbers with gaps as numbers, so that QGIS sorts and shades by them; everything else as text, a gap as the empty one."""
    given = list(values)
    known = [one for one in given if one is not None]
    if known and all(isinstance(one, int) for one in known) and len(known) == len(given):
        return np.array(given, dtype=np.int64)
    if known and all(isinstance(one, int | float) for one in known):
        return np.array([np.nan if one is None else float(one) for one in given])
    return np.array(["" if one is None else str(one) for one in given], dtype=object)


def export_cells(*, edition: Edition, out: Path, cells: QuerySet[Cell] | None = None) -> dict[str, int]:
    """Write the cells of an edition (or those of them given), one layer for each level (GeoJSON: the highest level that
    there is alone); WGS-84."""
    check_target(out)
    rows = Cell.objects.filter(edition=edition) if cells is None else cells
    rows = rows.filter(geometry__isnull=False).order_by("code")
    layers = {}
    for level in LEVELS:
        found = list(rows.filter(level=level).values_list("code", "name", "parent__code", "area_m2", "geometry"))
        if found:
            code, name, parent, area, wkb = zip(*found, strict=True)
            columns = {"code": code, "name": name, "parent": [one or "" for one in parent],
                       "area_m2": list(area)}  # fmt: skip
            layers[str(level)] = Features(columns, list(shapely.from_wkb([bytes(one) for one in wkb])))
    return write_features(layers, out)
