"""Layers for other programs: which formats there are, and their one writer, from GeoDataFrames."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import shapely
from django.db.models import QuerySet

from core.errors import BadInput
from grids.models import Cell, Edition
from grids.roles import LEVELS

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from pandas.api.extensions import ExtensionArray


@dataclass(frozen=True, slots=True)
class Format:
    """A file format by its GDAL driver ("" for GeoParquet, which geopandas writes without GDAL)."""

    label: str
    driver: str = ""
    has_layers: bool = False
    """Whether it holds many layers; the others hold the first alone."""
    options: Mapping[str, str] = field(default_factory=dict)


FORMATS: Final = {
    # The office's QGIS is older than the GDAL that writes here: 1.4, its default, makes it warn that it may not read all.
    ".gpkg": Format("GeoPackage", "GPKG", has_layers=True, options={"VERSION": "1.2"}),
    ".geojson": Format("GeoJSON", "GeoJSON"),
    ".fgb": Format("FlatGeobuf", "FlatGeobuf"),
    ".parquet": Format("GeoParquet"),
}
"""By the suffix of the file. What commands and refusals say of the formats is made from this table."""

WGS84: Final = "EPSG:4326"


def suffix_words(*others: str) -> str:
    """The suffixes of FORMATS, after others that a caller takes besides, as people read them."""
    *listed, last = (*others, *FORMATS)
    return f"{'、'.join(listed)} 或 {last}"


SUFFIX_WORDS: Final = suffix_words()


def check_target(out: Path, *others: str) -> None:
    """Raises BadInput unless the file has a suffix of FORMATS (or one of the others) and lies in a folder that
    exists."""
    check_suffix(out.suffix, *others)
    if not out.parent.is_dir():
        raise BadInput(f"没有文件夹 {out.parent}", where="out")


def check_suffix(suffix: str, *others: str) -> None:
    """Raises BadInput for a suffix that is neither of FORMATS nor one of the others, in whatever case."""
    if suffix.lower() not in (*others, *FORMATS):
        raise BadInput(f"只能导出 {suffix_words(*others)}", where="out")


def layer_frame(columns: Mapping[str, Sequence[Any]], shapes: Sequence[shapely.Geometry]) -> GeoDataFrame:
    """A layer: columns of equal length, typed, and a WGS-84 shape for each row.

    geopandas is imported here and in `write_features`, never at the start of a process: 0.3 s of work, once in a process.
    Pages wait for it no longer than for pyogrio, with which they read border files, and which brings geopandas along.
    """
    import geopandas

    typed = {name: _column(values) for name, values in columns.items()}
    return geopandas.GeoDataFrame(typed, geometry=list(shapes), crs=WGS84)


def columns_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """The columns of rows that all have the same names."""
    return {name: [row[name] for row in rows] for name in (rows[0] if rows else ())}


def write_features(layers: Mapping[str, GeoDataFrame], out: Path) -> dict[str, int]:
    """Write the layers by name, whole or not at all (only GeoPackage holds more than the first); empty ones are left
    out.

    Returns rows by layer. Raises BadInput when there is nothing, or on the disk's no.
    """
    import pyogrio

    check_target(out)
    frames = {name: frame for name, frame in layers.items() if len(frame)}
    if not frames:
        raise BadInput("没有可导出的内容", where="out")
    form = FORMATS[out.suffix.lower()]
    if not form.has_layers:
        frames = dict([next(iter(frames.items()))])
    try:
        with tempfile.TemporaryDirectory(prefix=".jinshao-", dir=out.parent) as folder:
            draft = Path(folder) / out.name
            _write(frames, draft, form)
            os.replace(draft, out)
    except (OSError, pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        raise BadInput(f"写不进 {out.name}：{error}", where="out") from error
    return {name: len(frame) for name, frame in frames.items()}


def _write(frames: Mapping[str, GeoDataFrame], draft: Path, form: Format) -> None:
    """Write the layers to the draft; polygons beside multipolygons become multipolygons where a layer has one kind."""
    for at, (name, frame) in enumerate(frames.items()):
        if not form.driver:
            frame.to_parquet(draft, index=False)
        elif at:
            frame.to_file(draft, layer=name, driver=form.driver, engine="pyogrio", mode="a")
        else:
            frame.to_file(draft, layer=name, driver=form.driver, engine="pyogrio", dataset_options=dict(form.options))


def file_content(suffix: str, write: Callable[[Path], Any]) -> bytes:
    """The bytes of the file that `write` makes at the path it is given. Raises BadInput for a suffix not of FORMATS."""
    check_suffix(suffix)
    with tempfile.TemporaryDirectory(prefix="jinshao-export-") as folder:
        out = Path(folder) / f"out{suffix}"
        write(out)
        return out.read_bytes()


def plain(value: Any) -> Any:
    """A value as a column of these formats takes it: a number, nothing, or text."""
    return value if value is None or isinstance(value, int | float) else str(value)


def _column(values: Sequence[Any]) -> ExtensionArray:
    """Numbers with gaps as numbers, so that QGIS sorts and shades by them; everything else as text, a gap as the empty
    one."""
    import pandas

    present = [value for value in values if value is not None]
    if present and all(isinstance(value, Integral) for value in present):
        return pandas.array(list(values), dtype="Int64")
    if present and all(isinstance(value, Real) for value in present):
        return pandas.array(list(values), dtype="Float64")
    return pandas.array(["" if value is None else str(value) for value in values], dtype="str")


def export_cells(*, edition: Edition, out: Path, cells: QuerySet[Cell] | None = None) -> dict[str, int]:
    """Write the cells of an edition (or those of them given), one layer for each level, the highest alone where the
    format holds one layer; WGS-84."""
    check_target(out)
    rows = Cell.objects.filter(edition=edition) if cells is None else cells
    rows = rows.filter(geometry__isnull=False).order_by("code")
    layers = {}
    for level in LEVELS:
        drawn = list(rows.filter(level=level).values_list("code", "name", "parent__code", "area_m2", "geometry"))
        if drawn:
            code, name, parent, area, wkb = zip(*drawn, strict=True)
            columns = {"code": code, "name": name, "parent": parent, "area_m2": area}
            layers[str(level)] = layer_frame(columns, list(shapely.from_wkb([bytes(shape) for shape in wkb])))
    return write_features(layers, out)
