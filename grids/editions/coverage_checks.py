"""Gaps, overlaps, cells outside their parent, slivers: what is wrong with the borders of one level. Pure.

A finding is a dict with level, code or codes, place [lon, lat] of WGS-84, area_m2, and the ground itself as `shape`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations
from typing import Any, Final

import numpy as np
import shapely

from grids.editions.layers import Layer, Positions, Shapes
from grids.geo.areas import area_m2
from grids.geo.edges import Edges, covering, faces

TOLERANCE_M2: Final = 1.0
"""Smaller differences are the rounding of coordinates."""
NARROW_GAP_DEG: Final = 0.0002
"""About 20 m: two borders that run nearer than this are meant to be one."""
SLIVER_WIDTH_M: Final = 20.0
_METRES_PER_DEGREE: Final = 111_320.0

Finding = dict[str, Any]


def cell_finding(layer: Layer, at: int) -> Finding:
    """The cell itself as a finding."""
    shape = layer.shapes[at]
    return {
        "level": str(layer.level),
        "code": layer.codes[at],
        "name": layer.names[at],
        "place": place_of(shape),
        "shape": shape,
    }


def place_of(shape: shapely.Geometry | None) -> list[float] | None:
    """A point that lies in the shape, [lon, lat]."""
    if shape is None or shape.is_empty:
        return None
    point = shapely.point_on_surface(shape)
    return [round(point.x, 6), round(point.y, 6)]


def of_one_level(layer: Layer, *, is_top: bool) -> dict[str, list[Finding]]:
    """Overlaps between the level's cells, and, of the top level, the gaps that they enclose or leave between them."""
    drawn = layer.drawn()
    shapes = layer.shapes[drawn]
    edges = Edges(shapes)
    residue = edges.residue()
    face_shapes = faces(edges, residue)
    inside = shapely.point_on_surface(face_shapes)
    counts = covering(inside, shapes)
    overlaps = _overlaps(layer, drawn, face_shapes[counts >= 2])
    if not is_top:
        return {"overlaps": overlaps}
    gaps = _grouped_gaps(layer, face_shapes[counts == 0], "")
    gaps += _narrow(layer, drawn[edges.owners_of(residue)], face_shapes[counts == 0])
    return {"overlaps": overlaps, "gaps": gaps}


def _overlaps(layer: Layer, drawn: Positions, doubled: Shapes) -> list[Finding]:
    """Pairs of cells that share ground, each once with all its ground."""
    if not len(doubled):
        return []
    tree = shapely.STRtree(layer.shapes[drawn])
    face, cell = tree.query(doubled, predicate="intersects")
    by_face: dict[int, list[int]] = defaultdict(list)
    for at, position in zip(face.tolist(), cell.tolist(), strict=True):
        by_face[at].append(position)
    pairs = sorted({pair for cells in by_face.values() for pair in combinations(sorted(cells), 2)})
    first, second = (drawn[np.array(side, dtype=np.intp)] for side in zip(*pairs, strict=True))
    common = shapely.intersection(layer.shapes[first], layer.shapes[second])
    areas = area_m2(common)
    return [
        {
            "level": str(layer.level),
            "codes": [layer.codes[first[at]], layer.codes[second[at]]],
            "area_m2": round(float(areas[at]), 1),
            "place": place_of(common[at]),
            "shape": common[at],
        }
        for at in np.flatnonzero(areas > TOLERANCE_M2)
    ]


def _grouped_gaps(layer: Layer, holes: Shapes, parent: str) -> list[Finding]:
    """Gaps by the cells around them: two borders drawn apart leave many slivers, and they are one thing to mend."""
    holes = holes[area_m2(holes) > 0.0] if len(holes) else holes
    if not len(holes):
        return []
    drawn = layer.drawn()
    tree, codes = shapely.STRtree(layer.shapes[drawn]), np.array(layer.codes, dtype=object)[drawn]
    around: dict[tuple[str, ...], list[int]] = defaultdict(list)
    hole, cell = tree.query(holes, predicate="intersects")
    near: dict[int, list[str]] = defaultdict(list)
    for at, position in zip(hole.tolist(), cell.tolist(), strict=True):
        near[at].append(codes[position])
    for at in range(len(holes)):
        around[tuple(sorted(near[at])[:10])].append(at)
    gaps = []
    for names, parts in around.items():
        sizes = area_m2(holes[parts])
        if sizes.sum() <= TOLERANCE_M2:
            continue
        largest = holes[parts[int(np.argmax(sizes))]]
        shape = holes[parts[0]] if len(parts) == 1 else shapely.multipolygons(holes[parts])
        gaps.append({"level": str(layer.level), "parent": parent, "codes": list(names), "parts": len(parts),
                      "area_m2": round(float(sizes.sum()), 1), "place": place_of(largest), "shape": shape})  # fmt: skip
    return gaps


def _narrow(layer: Layer, edge_cells: Positions, holes: Shapes) -> list[Finding]:
    """Strips between two cells that are open at an end, so that no ring encloses them."""
    if not len(edge_cells):
        return []
    suspects = edge_cells[_near_others(layer.shapes[edge_cells])]
    if len(suspects):
        # Once more with the cells between: what lies there is no gap.
        drawn = layer.drawn()
        around = drawn[shapely.STRtree(layer.shapes[drawn]).query(layer.shapes[suspects], predicate="intersects")[1]]
        among = np.unique(np.concatenate([suspects, around]))
        suspects = np.intersect1d(suspects, among[_near_others(layer.shapes[among])])
        narrow = shapely.coverage_invalid_edges(layer.shapes[among], NARROW_GAP_DEG)[np.searchsorted(among, suspects)]
    else:
        narrow = np.array([], dtype=object)
    explained = set(shapely.STRtree(holes).query(narrow, predicate="dwithin", distance=NARROW_GAP_DEG)[0].tolist())
    return [
        {"level": str(layer.level), "parent": "", "codes": [layer.codes[at]], "area_m2": None,
         "place": place_of(narrow[order]), "narrow": True, "shape": narrow[order]}
        for order, at in enumerate(suspects.tolist()) if order not in explained
    ]  # fmt: skip


def _near_others(shapes: Shapes) -> Positions:
    """Cells whose border runs close to another's without touching it wrongly anywhere."""
    narrow = shapely.coverage_invalid_edges(shapes, NARROW_GAP_DEG)
    return np.flatnonzero(~shapely.is_empty(narrow) & shapely.is_empty(shapely.coverage_invalid_edges(shapes)))


def against_parents(layer: Layer, upper: Layer) -> dict[str, list[Finding]]:
    """Ground of a parent that no child covers, and children beyond their parent.

    Parents whose children tile them exactly are told by their edges alone; only the others cost geometry. A parent whose
    children have no polygons at all is not a gap of the borders: each child stands under `no_polygon`.
    """
    drawn, above = layer.drawn(), upper.drawn()
    position = {upper.codes[at]: order for order, at in enumerate(above.tolist())}
    parent = np.array([position.get(layer.parents[at], -1) for at in drawn.tolist()], dtype=np.int64)
    if not len(drawn) or not len(above):
        return {"gaps": [], "outside_parent": []}
    misfit = Edges(layer.shapes[drawn], upper.shapes[above]).misfits(parent, len(above))
    own: dict[int, list[int]] = defaultdict(list)
    for order, at in zip(parent.tolist(), drawn.tolist(), strict=True):
        if order >= 0 and misfit[order]:
            own[order].append(at)
    gaps = _uncovered(layer, upper, [(int(above[order]), cells) for order, cells in sorted(own.items())])
    wrong = np.array(sorted(at for cells in own.values() for at in cells), dtype=np.intp)
    return {"gaps": gaps, "outside_parent": _outside(layer, upper, wrong)}


def _uncovered(layer: Layer, upper: Layer, families: Sequence[tuple[int, list[int]]]) -> list[Finding]:
    tree, drawn = shapely.STRtree(layer.shapes[layer.drawn()]), layer.drawn()
    gaps = []
    for at, cells in families:
        rest = shapely.difference(upper.shapes[at], shapely.union_all(layer.shapes[cells]))
        if rest.is_empty or area_m2([rest])[0] <= TOLERANCE_M2:
            continue
        # What a neighbour's child covers is not a gap; it is found under `outside_parent`.
        near = layer.shapes[drawn[tree.query(rest)]]
        rest = shapely.difference(rest, shapely.union_all(near))
        parts = np.array([part for part in shapely.get_parts(rest) if part.geom_type == "Polygon"], dtype=object)
        gaps += _grouped_gaps(layer, parts, upper.codes[at])
    return gaps


def _outside(layer: Layer, upper: Layer, cells: Positions) -> list[Finding]:
    if not len(cells):
        return []
    position = {code: at for at, code in enumerate(upper.codes)}
    above = np.array([position[layer.parents[at]] for at in cells.tolist()], dtype=np.intp)
    beyond = shapely.difference(layer.shapes[cells], upper.shapes[above])
    areas = area_m2(beyond)
    return [
        cell_finding(layer, int(cells[at]))
        | {"parent": layer.parents[cells[at]], "area_m2": round(float(areas[at]), 1), "place": place_of(beyond[at]),
           "shape": beyond[at]}
        for at in np.flatnonzero(areas > TOLERANCE_M2)
    ]  # fmt: skip


def odd_shapes(layer: Layer) -> dict[str, list[Finding]]:
    """Warnings: cells in several parts, and parts or holes that are thinner than a road is wide."""
    drawn = layer.drawn()
    shapes = layer.shapes[drawn]
    numbers = shapely.get_num_geometries(shapes)
    multi = []
    for at in np.flatnonzero(numbers > 1).tolist():
        parts = shapely.get_parts(shapes[at])
        sizes = area_m2(parts)
        least = parts[int(np.argmin(sizes))]
        multi.append(cell_finding(layer, int(drawn[at])) | {"parts": len(parts), "area_m2": round(float(sizes.min()), 1),
                                                            "place": place_of(least), "shape": least})  # fmt: skip
    return {"multi_part": multi, "slivers": _slivers(layer, drawn, shapes)}


def _slivers(layer: Layer, drawn: Positions, shapes: Shapes) -> list[Finding]:
    parts, of_part = shapely.get_parts(shapes, return_index=True)
    inner, of_hole = shapely.get_rings(parts, return_index=True)
    outer = np.r_[True, of_hole[1:] != of_hole[:-1]] if len(of_hole) else np.array([], dtype=bool)
    rings = shapely.polygons(inner) if len(inner) else np.array([], dtype=object)
    areas = area_m2(rings) if len(rings) else np.array([])
    widths = 2 * areas / np.maximum(_lengths_m(inner), 1e-9) if len(rings) else areas
    slivers = []
    for at in np.flatnonzero(widths < SLIVER_WIDTH_M).tolist():
        cell = int(drawn[of_part[of_hole[at]]])
        slivers.append(cell_finding(layer, cell) | {"is_hole": not bool(outer[at]), "width_m": round(float(widths[at]), 1),
                     "area_m2": round(float(areas[at]), 1), "place": place_of(rings[at]), "shape": rings[at]})  # fmt: skip
    return slivers


def _lengths_m(rings: Shapes) -> Any:
    """Lengths in metres, good to a percent: each edge at its own latitude."""
    at, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[1:] == ring[:-1]
    step = np.diff(at, axis=0)[same] * _METRES_PER_DEGREE
    east = step[:, 0] * np.cos(np.radians(at[:-1, 1][same]))
    return np.bincount(ring[:-1][same], weights=np.hypot(east, step[:, 1]), minlength=len(rings))
