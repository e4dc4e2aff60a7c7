"""Workbooks and layers of overlays: those in force, those that have ended, and those that wait for a person (C1, C15).

Layers are in WGS-84, one for each kind in a GeoPackage, all in one in the other formats; shapes are whole, not those of the map.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING

import shapely
from django.db.models import QuerySet

from grids.editions.exports import MAP_NOTE
from grids.editions.vector_files import FORMATS, check_suffix, file_content, layer_frame, plain, write_features
from grids.models import Overlay
from papers.tables import Table, Value, workbook

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

COLUMNS = (("编号", 8), ("名称", 26), ("类别", 14), ("状态", 10), ("自（北京）", 12), ("至（不含）", 12), ("依据", 22), ("说明", 40),
           ("决定人", 12), ("经度", 11), ("纬度", 11))  # fmt: skip
FIELDS = ("id", "name", "kind", "state", "valid_from", "valid_to", "document", "note", "decided_by", "lon", "lat")


def listed(kind: str = "") -> QuerySet[Overlay]:
    """The overlays that the page lists, of one kind or of all: accepted places, ended or not, and proposals; none that
    was rejected."""
    rows = Overlay.objects.exclude(state=Overlay.State.REJECTED).select_related("decided_by")
    return (rows.filter(kind=kind) if kind else rows).order_by("kind", "state", "name", "pk")


def overlays_workbook(rows: QuerySet[Overlay], *, on: date) -> bytes:
    """The overlays as a workbook of one sheet; `on` is the Beijing date in its title."""
    lines = [_line(row) for row in rows.defer("geometry")]
    notes = (
        "全域禁烧：图层只作提示和移交的依据，没有任何一处免计入（一（二））。",
        f"经纬度是外接框的中心。{MAP_NOTE}",
    )
    return workbook(Table("提示图层", COLUMNS, lines, title=f"提示图层（{on}）", notes=notes))


def overlays_layer(rows: Iterable[Overlay], suffix: str) -> bytes:
    """The overlays with their ground as a file of layers. Raises BadInput for a suffix not of FORMATS, or without a
    row."""
    check_suffix(suffix)
    by_kind: dict[str, list[Overlay]] = {}
    for row in rows:
        by_kind.setdefault(row.kind, []).append(row)
    if not FORMATS[suffix].has_layers:
        by_kind = {"overlays": [row for group in by_kind.values() for row in group]}
    layers = {kind: _layer(group) for kind, group in by_kind.items()}
    return file_content(suffix, lambda out: write_features(layers, out))


def _layer(rows: Sequence[Overlay]) -> GeoDataFrame:
    lines = [_line(row) for row in rows]
    columns = {name: [plain(line[at]) for line in lines] for at, name in enumerate(FIELDS)}
    return layer_frame(columns, list(shapely.from_wkb([bytes(row.geometry) for row in rows])))


def _line(row: Overlay) -> tuple[Value, ...]:
    decider = row.decided_by.full_name if row.decided_by else ""
    lon, lat = round((row.west + row.east) / 2, 6), round((row.south + row.north) / 2, 6)
    return (row.pk, row.name, row.get_kind_display(), row.get_state_display(), row.valid_from, row.valid_to,
            row.document_no, row.note, decider, lon, lat)  # fmt: skip
