"""The areas of overlays by cell for programs, and as a workbook or a layer (C1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from core.room import written_whole
from grids.editions.exports import MAP_NOTE
from grids.editions.vector_files import check_target, layer_frame, suffix_words, write_features
from grids.geo.areas import HECTARE_M2, MU_M2
from grids.models import Overlay, User
from grids.roles import LEVEL_LABELS, Level
from grids.selectors.overlay_areas import PROJECTION, OverlayAreas
from journal.record.services import access
from papers.tables import Table, Value, workbook

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

WORKBOOK: Final = ".xlsx"
TARGET_WORDS: Final = suffix_words(WORKBOOK)


def check_areas_target(out: Path) -> None:
    """Raises BadInput unless the file is a workbook or one of the formats of layers, in a folder that exists."""
    check_target(out, WORKBOOK)


def areas_described(areas: OverlayAreas) -> dict[str, Any]:
    """The answer as plain values: every cell with its own area and that of each kind, mu and hectares; totals; what was
    mended, and which cells have no polygon."""
    return {
        "on": areas.on.isoformat(),
        "edition": areas.edition.name,
        "before_first": areas.is_before_first,
        "level": areas.level,
        "projection": PROJECTION,
        "kinds": areas.kinds,
        "cells": [
            {"code": row["code"], "name": row["name"], "parent": row["parent"], **_sizes(row["cell_m2"])}
            | {"overlays": {kind: _sizes(row[kind]) | {"share": _share(row, kind)} for kind in areas.kinds}}
            for row in areas.cells.drop(columns="geometry").to_dict("records")
        ],
        "totals": {kind: _sizes(float(areas.cells[kind].sum())) for kind in areas.kinds},
        "mended": [asdict(shape) for shape in areas.mended],
        "without_polygon": areas.without_polygon,
        "notes": areas_notes(areas),
    }


def areas_write(*, areas: OverlayAreas, out: Path, actor: User) -> dict[str, int]:
    """Write the workbook, or layer `overlay_areas` of the cells with a column for each kind; the export is noted.

    Returns rows by sheet or layer. Raises BadInput as `check_areas_target` does, or on the disk's no.
    """
    check_areas_target(out)
    if out.suffix.lower() == WORKBOOK:
        with written_whole(out) as file:
            file.write(areas_workbook(areas))
        written = {"overlay_areas": len(areas.cells)}
    else:
        written = write_features({"overlay_areas": _layer(areas)}, out)
    access(actor, "export", ("grids.overlay", areas.kinds[0] if len(areas.kinds) == 1 else "all"), detail=out.name)
    return written


def areas_workbook(areas: OverlayAreas) -> bytes:
    """One sheet: a line for each cell, and below them the sum."""
    columns = [("代码", 18), ("名称", 26), ("上级代码", 14), ("网格面积（亩）", 16), ("网格面积（公顷）", 16)]
    for kind in areas.kinds:
        label = Overlay.Kind(kind).label
        columns += [(f"{label}（亩）", 16), (f"{label}（公顷）", 16), (f"{label}占比（%）", 14)]
    cells = areas.cells.drop(columns="geometry")
    whole = {"code": "", "name": "合计", "parent": "", **cells.sum(numeric_only=True)}
    rows = [_line(row, areas.kinds) for row in (*cells.to_dict("records"), whole)]
    level = LEVEL_LABELS[Level(areas.level)]
    title = f"图层面积（{areas.on}，{areas.edition.name}，{level}）"
    return workbook(Table("图层面积", columns, rows, title=title, notes=areas_notes(areas)))


def _line(row: Mapping[str, Any], kinds: Sequence[str]) -> list[Value]:
    line = [row["code"], row["name"], row["parent"], *_sizes(row["cell_m2"]).values()]
    for kind in kinds:
        line += [*_sizes(row[kind]).values(), round(_share(row, kind) * 100, 2)]
    return line


def areas_notes(areas: OverlayAreas) -> list[str]:
    """The notes that a reader of the figures needs."""
    notes = [f"等积投影 {PROJECTION} 上的面积；同一类图层重叠的地方只算一次。1 公顷 = 15 亩。{MAP_NOTE}"]
    if areas.is_before_first:
        notes.append(f"{areas.on} 早于第一个边界版本，用的是“{areas.edition.name}”。")
    if areas.without_polygon:
        notes.append(f"没有图形、算不出的网格 {len(areas.without_polygon)} 个：{_few(areas.without_polygon)}")
    if areas.mended:
        names = [f"{shape.name}（{shape.key}）" for shape in areas.mended]
        notes.append(f"图形无效、修补后才算的 {len(names)} 个：{_few(names)}")
    return notes


def _few(words: list[str]) -> str:
    return "、".join(words[:20]) + ("……" if len(words) > 20 else "")


def _layer(areas: OverlayAreas) -> GeoDataFrame:
    frame = areas.cells
    columns: dict[str, list[Any]] = {name: frame[name].tolist() for name in ("code", "name", "parent")}
    for name, column in (("cell", "cell_m2"), *((kind, kind) for kind in areas.kinds)):
        sizes = [_sizes(m2) for m2 in frame[column].tolist()]
        columns |= {f"{name}_mu": [size["mu"] for size in sizes], f"{name}_ha": [size["hectares"] for size in sizes]}
    return layer_frame(columns, frame.geometry.tolist())


def _sizes(m2: float) -> dict[str, float]:
    """An area in mu and hectares."""
    return {"mu": round(m2 / MU_M2, 2), "hectares": round(m2 / HECTARE_M2, 4)}


def _share(row: Mapping[str, Any], kind: str) -> float:
    """The part of a cell that lies under a kind, from 0 to 1."""
    return round(float(row[kind]) / float(row["cell_m2"]), 4) if row["cell_m2"] else 0.0
