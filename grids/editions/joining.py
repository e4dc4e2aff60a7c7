"""Cells that come in several pieces under one code (a county with exclaves), made one by a person's word."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import shapely

from core.errors import BadInput
from grids.editions.raw_cells import RawCell, fault_at
from grids.editions.shapes import place_of
from grids.geo.areas import area_m2
from grids.roles import LEVEL_LABELS, Level

MOST_OVERLAP: Final = 0.001
"""Of the pieces' area: what two drawings of one border may cover twice."""


def joined(cells: Sequence[RawCell]) -> tuple[list[RawCell], list[dict[str, Any]], list[BadInput]]:
    """(the cells in their order, pieces of one level, code, name and upper cells made one; what was joined, for the record;
    faults: pieces that differ, or lie over each other)."""
    pieces: dict[tuple[str, str], list[RawCell]] = defaultdict(list)
    for cell in cells:
        pieces[cell.level, cell.code].append(cell)
    whole, joins, faults = [], list[dict[str, Any]](), list[BadInput]()
    for same in pieces.values():
        if len(same) == 1:
            whole.append(same[0])
            continue
        fault = _fault_of(same)
        if fault is not None:
            faults.append(fault)
            continue
        cell = _one(same)
        whole.append(cell)
        joins.append(_described(cell, same))
    return whole, joins, faults


def _one(same: Sequence[RawCell]) -> RawCell:
    shapes = [piece.geometry for piece in same if piece.geometry is not None and not piece.geometry.is_empty]
    if len(shapes) < 2:
        return replace(same[0], geometry=shapes[0] if shapes else same[0].geometry)
    return replace(same[0], geometry=shapely.union_all(shapes))


def _fault_of(same: Sequence[RawCell]) -> BadInput | None:
    first = same[0]
    other = next((piece for piece in same if (piece.name, piece.claims) != (first.name, first.claims)), None)
    where = LEVEL_LABELS[Level(first.level)]
    if other is not None:
        what = f"代码 {first.code} 的几块名称或上级不同（{first.name}、{other.name}），不能合为一个网格"
        return fault_at(where, other.feature, first.code, place_of(other.geometry), what, "duplicate_code")
    before, after = _areas(same, _one(same))
    if before - after > MOST_OVERLAP * before:
        what = f"代码 {first.code} 的几块互相重叠 {before - after:,.0f} 平方米，不能合为一个网格"
        return fault_at(where, same[1].feature, first.code, place_of(same[1].geometry), what, "duplicate_code")
    return None


def _areas(same: Sequence[RawCell], cell: RawCell) -> tuple[float, float]:
    shapes: list[Any] = [piece.geometry for piece in same if piece.geometry is not None]
    whole: Any = [cell.geometry]
    return (float(sum(area_m2(shapes))), float(area_m2(whole)[0])) if shapes else (0.0, 0.0)


def _described(cell: RawCell, same: Sequence[RawCell]) -> dict[str, Any]:
    before, after = _areas(same, cell)
    features = "、".join(str(piece.feature) for piece in same)
    return {
        "level": cell.level,
        "feature": cell.feature,
        "code": cell.code,
        "name": cell.name,
        "place": place_of(cell.geometry),
        "message": f"同一代码的 {len(same)} 块（第 {features} 个要素）合为一个网格",
        "area_before_m2": round(before),
        "area_after_m2": round(after),
    }
