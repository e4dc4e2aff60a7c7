"""The check of an edition before it is activated: does it leave a dead corner, and does anything lie twice? (C2)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely

from grids.areas import area_m2
from grids.models import Edition
from grids.roles import LEVELS
from journal.errors import Refused

TOLERANCE_M2: Final = 1.0
"""Smaller differences are the rounding of coordinates."""
NARROW_GAP_DEG: Final = 0.0002
"""About 20 m: two borders that run nearer than this are meant to be one."""

Finding = dict[str, Any]
Shapes = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class Layer:
    """One level as arrays, in code order; `shapes` holds None for a cell without polygon."""

    level: str
    codes: list[str]
    names: list[str]
    parents: list[str]
    shapes: Shapes

    def drawn(self) -> npt.NDArray[np.intp]:
        """Positions of the cells that have a polygon."""
        return np.flatnonzero(~shapely.is_missing(self.shapes))


def edition_check(*, name: str) -> dict[str, Any]:
    """Look over an edition; nothing is written.

    Returns `ok` (no finding that lets a fire belong to nobody or to two), `cells` by level, and lists of findings with
    level, codes, place (lon, lat) and area: `gaps`, `overlaps`, `outside_parent`, `orphans`, `duplicates`, `no_name`,
    `no_polygon`. Raises Refused("no_edition").
    """
    edition = Edition.objects.filter(name=name).first()
    if edition is None:
        raise Refused(f"没有名为“{name}”的边界版本；请先 grid import。", code="no_edition")
    layers = load_layers(edition)
    result: dict[str, Any] = {
        "edition": edition.name,
        "state": edition.state,
        "valid_from": edition.valid_from,
        "content_hash": edition.content_hash,
        "ok": False,
        "cells": {str(layer.level): len(layer.codes) for layer in layers},
    }
    found: dict[str, list[Finding]] = {
        "gaps": [],
        "overlaps": [],
        "outside_parent": [],
        "orphans": [],
        "duplicates": [],
        "no_name": [],
        "no_polygon": [],
    }
    for at, layer in enumerate(layers):
        upper = layers[at - 1] if at else None
        found["overlaps"] += _overlaps(layer)
        found["gaps"] += _holes(layer) if upper is None else _uncovered(layer, upper)
        if upper is not None:
            found["outside_parent"] += _outside(layer, upper)
            found["orphans"] += [_cell(layer, one) for one, code in enumerate(layer.parents) if not code]
        found["duplicates"] += _duplicates(layer)
        found["no_name"] += [_cell(layer, one) for one, text in enumerate(layer.names) if not text]
        found["no_polygon"] += [_cell(layer, int(one)) for one in np.flatnonzero(shapely.is_missing(layer.shapes))]
    result["ok"] = not any(found[kind] for kind in ("gaps", "overlaps", "outside_parent", "orphans", "duplicates"))
    return result | {"counts": {kind: len(rows) for kind, rows in found.items()}} | found


def load_layers(edition: Edition) -> list[Layer]:
    """The levels that the edition has, from the top down."""
    return [layer for level in LEVELS if (layer := load_layer(edition, level)).codes]


def load_layer(edition: Edition, level: str) -> Layer:
    """One level of an edition with its shapes; without cells when the edition lacks it."""
    cells = edition.cells.filter(level=level).order_by("code")
    rows = list(cells.values_list("code", "name", "parent__code", "geometry"))
    wkb = np.empty(len(rows), dtype=object)
    wkb[:] = [None if row[3] is None else bytes(row[3]) for row in rows]
    shapes = np.asarray(shapely.from_wkb(wkb), dtype=object)
    return Layer(level, [row[0] for row in rows], [row[1] for row in rows], [row[2] or "" for row in rows], shapes)


def _cell(layer: Layer, at: int) -> Finding:
    return {"level": layer.level, "code": layer.codes[at], "name": layer.names[at], "place": _place(layer.shapes[at])}


def _place(shape: shapely.Geometry | None) -> list[float] | None:
    if shape is None or shape.is_empty:
        return None
    point = shapely.point_on_surface(shape)
    return [round(point.x, 6), round(point.y, 6)]


def _overlaps(layer: Layer) -> list[Finding]:
    """Pairs of neighbours that share ground. Only cells with an edge that does not fit the coverage are compared."""
    drawn = layer.drawn()
    shapes = layer.shapes[drawn]
    edges = shapely.coverage_invalid_edges(shapes)
    suspects = np.flatnonzero(~shapely.is_empty(edges))
    if not len(suspects):
        return []
    tree = shapely.STRtree(shapes)
    of, other = tree.query(shapes[suspects], predicate="intersects")
    pairs = sorted({(min(a, b), max(a, b)) for a, b in zip(suspects[of].tolist(), other.tolist(), strict=True)})
    pairs = [(a, b) for a, b in pairs if a != b]
    if not pairs:
        return []
    left, right = (np.array(side) for side in zip(*pairs, strict=True))
    common = shapely.intersection(shapes[left], shapes[right])
    areas = area_m2(common)
    return [
        {
            "level": layer.level,
            "codes": [layer.codes[drawn[left[at]]], layer.codes[drawn[right[at]]]],
            "area_m2": round(float(areas[at]), 1),
            "place": _place(common[at]),
        }
        for at in np.flatnonzero(areas > TOLERANCE_M2)
    ]


def _holes(layer: Layer) -> list[Finding]:
    """Gaps of the top level: ground enclosed by its cells, and narrow strips between two of them."""
    drawn = layer.drawn()
    shapes = layer.shapes[drawn]
    # The overlay may leave threads along borders that do not fit; a grid of about 1 cm closes those.
    whole = shapely.union_all(shapes, grid_size=1e-7)
    rings = [ring for part in shapely.get_parts(whole) for ring in part.interiors]
    holes = np.array([shapely.Polygon(ring) for ring in rings], dtype=object)
    found = _gaps(layer, holes, "") if len(holes) else []
    narrow = shapely.coverage_invalid_edges(shapes, NARROW_GAP_DEG)
    plain = shapely.coverage_invalid_edges(shapes)
    for at in np.flatnonzero(~shapely.is_empty(narrow) & shapely.is_empty(plain)):
        line = narrow[at]
        if not any(shapely.distance(line, hole) < NARROW_GAP_DEG for hole in holes):
            found.append({"level": layer.level, "codes": [layer.codes[drawn[at]]], "area_m2": None,
                          "place": _place(line), "narrow": True})  # fmt: skip
    return found


def _gaps(layer: Layer, areas: Shapes, parent: str) -> list[Finding]:
    sizes = area_m2(areas)
    tree = shapely.STRtree(layer.shapes[layer.drawn()])
    codes = np.array(layer.codes, dtype=object)[layer.drawn()]
    found = []
    for at in np.flatnonzero(sizes > TOLERANCE_M2):
        around = sorted(codes[tree.query(areas[at], predicate="intersects")].tolist())
        found.append({"level": layer.level, "parent": parent, "codes": around[:10],
                      "area_m2": round(float(sizes[at]), 1), "place": _place(areas[at])})  # fmt: skip
    return found


def _uncovered(layer: Layer, upper: Layer) -> list[Finding]:
    """Ground of an upper cell that none of the level's cells cover. An upper cell whose children have no polygons at
    all is not a gap of the borders: it is a missing layer there, and each child stands under `no_polygon`."""
    by_parent: dict[str, list[int]] = defaultdict(list)
    for at in layer.drawn().tolist():
        by_parent[layer.parents[at]].append(at)
    tree = shapely.STRtree(layer.shapes[layer.drawn()])
    found = []
    for at in upper.drawn().tolist():
        code = upper.codes[at]
        own = by_parent.get(code, [])
        if not own:
            continue
        rest = shapely.difference(upper.shapes[at], shapely.union_all(layer.shapes[own]))
        if rest.is_empty or area_m2([rest])[0] <= TOLERANCE_M2:
            continue
        # What a neighbour's child covers is not a gap; it is found under `outside_parent`.
        near = layer.shapes[layer.drawn()][tree.query(rest)]
        rest = shapely.difference(rest, shapely.union_all(near))
        found += _gaps(layer, np.array(shapely.get_parts(rest), dtype=object), code)
    return found


def _outside(layer: Layer, upper: Layer) -> list[Finding]:
    position = {code: at for at, code in enumerate(upper.codes)}
    drawn = [at for at in layer.drawn().tolist() if layer.parents[at] in position]
    above = np.array([position[layer.parents[at]] for at in drawn], dtype=np.intp)
    kept = np.flatnonzero(~shapely.is_missing(upper.shapes[above])) if drawn else np.array([], dtype=np.intp)
    if not len(kept):
        return []
    cells = np.array(drawn)[kept]
    beyond = shapely.difference(layer.shapes[cells], upper.shapes[above[kept]])
    areas = area_m2(beyond)
    return [
        _cell(layer, int(cells[at]))
        | {"parent": layer.parents[cells[at]], "area_m2": round(float(areas[at]), 1), "place": _place(beyond[at])}
        for at in np.flatnonzero(areas > TOLERANCE_M2)
    ]


def _duplicates(layer: Layer) -> list[Finding]:
    """One name twice under one parent, or one shape twice. (One code twice cannot be loaded.)"""
    named: dict[tuple[str, str], list[int]] = defaultdict(list)
    drawn: dict[bytes, list[int]] = defaultdict(list)
    for at, name in enumerate(layer.names):
        if name:
            # Where no parent is loaded, the prefecture of the code stands in: 铁西区 is in 沈阳 and in 鞍山.
            named[layer.parents[at] or layer.codes[at][:4], name].append(at)
    for at in layer.drawn().tolist():
        drawn[shapely.to_wkb(shapely.normalize(layer.shapes[at]))].append(at)
    twins = [("name", group) for group in named.values()] + [("shape", group) for group in drawn.values()]
    return [
        {"level": layer.level, "kind": kind, "name": layer.names[group[0]], "codes": [layer.codes[at] for at in group]}
        for kind, group in twins
        if len(group) > 1
    ]
