"""The ground of each kind of overlay inside each cell: cropland by village, built-up area by county (C1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import shapely

from core.errors import Refused
from grids.models import Edition, Overlay
from grids.selectors.editions import edition_for
from grids.selectors.overlays import overlays_in_force

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

PROJECTION: Final = "EPSG:6933"
"""The cylindrical equal-area projection of WGS-84 (EASE-Grid 2.0): that of `grids.geo.areas`, so that an overlay can be
set against the area of its cell, and under a number that QGIS knows. Borders along a meridian or a parallel stay
straight in it; in the Albers projection usual for maps of China they bend, and neighbours would gain from each
other."""


@dataclass(frozen=True, slots=True)
class Mended:
    """A shape that crossed itself and was measured by its mended copy: of which overlay (its id) or cell (its code),
    and what GEOS said against it."""

    subject: str
    key: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class OverlayAreas:
    """Square metres of each kind inside each cell of a level, on a Beijing date.

    `cells` has one row for each cell with a polygon, by code: `code, name, parent, cell_m2`, a column of square metres for
    each of `kinds` (0 where there is none), and its WGS-84 shape. `without_polygon` are the codes of the others.
    """

    on: date
    edition: Edition
    is_before_first: bool
    level: str
    kinds: list[str]
    cells: GeoDataFrame
    without_polygon: list[str]
    mended: list[Mended]


def overlay_areas(*, on: date, level: str, kind: str = "") -> OverlayAreas:
    """The areas of one kind of overlay, or of each that is in force, inside the cells of the edition of a Beijing date.

    Ground under two overlays of one kind counts once. On the ellipsoid, by `PROJECTION`; good to 0.02 % even where a
    border runs straight for 20 km. Raises
    Refused("no_edition"), ("no_polygon") when no cell of the level is drawn, and ("no_overlay") when nothing of the kind
    is in force: that nobody loaded cropland is not that there is none.
    """
    edition, is_before_first = edition_for(on)
    if edition is None:
        raise Refused("还没有启用的边界版本；请先 grid import，再 grid activate。", code="no_edition")
    cells, without_polygon = _cells(edition, level)
    places = _places(on, kind)
    mended = [*_mend(cells, "cell", cells["code"]), *_mend(places, "overlay", places["id"])]
    kinds = sorted(set(places["kind"]), key=Overlay.Kind.values.index)
    return OverlayAreas(on=on, edition=edition, is_before_first=is_before_first, level=level, kinds=kinds,
                        cells=_measured(cells, places, kinds), without_polygon=without_polygon, mended=mended)  # fmt: skip


def _cells(edition: Edition, level: str) -> tuple[GeoDataFrame, list[str]]:
    rows = list(
        edition.cells.filter(level=level).order_by("code").values_list("code", "name", "parent__code", "geometry")
    )
    # pandas would make a cell without a parent NaN, which is not JSON.
    drawn = [(code, name, parent or "", wkb) for code, name, parent, wkb in rows if wkb]
    if not drawn:
        raise Refused(f"边界版本“{edition.name}”在这一级没有带图形的网格。", code="no_polygon")
    return _frame(("code", "name", "parent"), drawn), [code for code, _, _, wkb in rows if not wkb]


def _places(on: date, kind: str) -> GeoDataFrame:
    rows = overlays_in_force(on)
    if kind:
        rows = rows.filter(kind=kind)
    listed = list(rows.order_by("pk").values_list("pk", "name", "kind", "geometry"))
    if not listed:
        label = f"“{Overlay.Kind(kind).label}”" if kind else ""
        raise Refused(f"{on} 没有生效的{label}图层，算不出面积；请先 overlay import。", code="no_overlay")
    return _frame(("id", "name", "kind"), listed)


def _frame(names: Iterable[str], rows: list[Any]) -> GeoDataFrame:
    """Rows whose last value is WKB, with their shapes. geopandas is imported here, never at the start of a process."""
    import geopandas

    *columns, wkb = zip(*rows, strict=True)
    shapes = shapely.from_wkb([bytes(shape) for shape in wkb])
    return geopandas.GeoDataFrame(dict(zip(names, columns, strict=True)), geometry=shapes, crs="EPSG:4326")


def _mend(frame: GeoDataFrame, subject: str, keys: Iterable[Any]) -> list[Mended]:
    """Put mended copies in the place of shapes that are not valid, and say which."""
    is_wrong = ~frame.is_valid.to_numpy()
    wrong = frame.geometry.to_numpy()[is_wrong]
    reasons = shapely.is_valid_reason(wrong)
    frame.loc[is_wrong, "geometry"] = shapely.make_valid(wrong, method="structure", keep_collapsed=False)
    names = frame["name"].to_numpy()[is_wrong]
    keyed = [key for key, is_bad in zip(keys, is_wrong, strict=True) if is_bad]
    return [Mended(subject, str(key), name, reason) for key, name, reason in zip(keyed, names, reasons, strict=True)]


def _measured(cells: GeoDataFrame, places: GeoDataFrame, kinds: list[str]) -> GeoDataFrame:
    """The cells with their own area and that of each kind within them, in square metres."""
    import geopandas

    flat = cells[["code", "geometry"]].to_crs(PROJECTION)
    ground = places[["kind", "geometry"]].to_crs(PROJECTION)
    pieces = geopandas.overlay(ground, flat, how="intersection", keep_geom_type=True)
    # Joined within each cell: pieces are small there, and what two overlays of a kind share is one ground.
    areas = pieces.dissolve(by=["code", "kind"]).area.unstack("kind") if len(pieces) else pieces.reindex([])
    by_kind = areas.reindex(index=cells["code"], columns=kinds).fillna(0.0)
    return cells.assign(cell_m2=flat.area, **{kind: by_kind[kind].to_numpy(dtype=float) for kind in kinds})
