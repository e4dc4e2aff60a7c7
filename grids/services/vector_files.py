"""Writing maps for other programs: GeoPackage with its layers, or GeoJSON with the first of them."""

import os
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grids.models import Cell, Edition
from grids.roles import LEVELS
from journal.errors import BadInput

DRIVERS = {".gpkg": "GPKG", ".geojson": "GeoJSON"}


def check_target(out: Path) -> None:
    """Raises BadInput unless the file is a .gpkg or .geojson in a folder that exists."""
    if out.suffix.lower() not in DRIVERS:
        raise BadInput("只能导出 .gpkg 或 .geojson", where="out")
    if not out.parent.is_dir():
        raise BadInput(f"没有文件夹 {out.parent}", where="out")


def write_layers(layers: Mapping[str, Any], out: Path) -> dict[str, int]:
    """Write GeoDataFrames (None = empty) by layer name, whole or not at all; rows by layer. Raises BadInput on the disk's no."""
    check_target(out)
    named = {name: frame for name, frame in layers.items() if frame is not None}
    if not named:
        raise BadInput("没有可导出的内容", where="out")
    driver = DRIVERS[out.suffix.lower()]
    if driver == "GeoJSON":
        named = dict([next(iter(named.items()))])
    draft = out.with_name(f".{uuid.uuid4().hex}{out.suffix}")
    try:
        for name, frame in named.items():
            frame.to_file(draft, driver=driver, layer=name, engine="pyogrio")
        os.replace(draft, out)
    except OSError as error:
        raise BadInput(f"写不进 {out.name}：{error}", where="out") from error
    finally:
        draft.unlink(missing_ok=True)
    return {name: len(frame) for name, frame in named.items()}


def export_cells(*, edition: Edition, out: Path) -> dict[str, int]:
    """Write the cells of an edition, one layer for each level (GeoJSON: the highest level alone); WGS-84."""
    import geopandas
    import shapely

    check_target(out)
    layers: dict[str, Any] = {}
    for level in LEVELS:
        cells = list(Cell.objects.filter(edition=edition, level=level, geometry__isnull=False).select_related("parent"))
        if cells:
            facts = {
                "code": [cell.code for cell in cells],
                "name": [cell.name for cell in cells],
                "parent": [cell.parent.code if cell.parent else "" for cell in cells],
            }
            shapes = shapely.from_wkb([bytes(cell.geometry or b"") for cell in cells])
            layers[str(level)] = geopandas.GeoDataFrame(facts, geometry=shapes, crs="EPSG:4326")
    return write_layers(layers, out)
