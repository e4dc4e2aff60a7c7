"""Invented borders that tile exactly: for demonstrations and tests, never for a real deployment.

Each parent is split by the Voronoi edges of seeded, relaxed points; then the leaves of all parents are woven into one
planar graph on a fixed grid, and every level is put together again from its faces. So on each level neighbours share
every vertex (a valid coverage: no gap, no overlap), also across different parents, and a parent is exactly the union
of its children. The price: where a border gained a vertex, the county outline moves by less than one GRID_DEG (1 cm).

All coordinates are lon/lat degrees of whatever datum the county outlines have. The same seed gives the same borders;
each parent draws from its own stream, so adding a county changes nothing in the others.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

from grids.geo.arrays import FloatArray, Geometries, IntArray, geometry_array
from grids.geo.footprint import metres_per_degree

LEVELS: Final = ("county", "township", "village", "group")
GRID_DEG: Final = 1e-7

_SAMPLES_PER_CHILD = 60
_RELAXATIONS = 5
_DRAWS = 20

Cell = tuple[str, str, str, shapely.Geometry]
"""Code, name, parent code, area."""
Named = tuple[str, str]
Rng = np.random.Generator


def seeded_groups(seed: int, low: int = 3, high: int = 11) -> Callable[[str], int]:
    """The number of groups of a village: low ≤ n ≤ high, drawn from the seed and the village code."""
    return lambda code: int(_rng(seed, f"groups of {code}").integers(low, high + 1))


def tile_division(
    counties: Sequence[tuple[str, str, shapely.Geometry]],
    children: Mapping[str, Sequence[Named]],
    groups_per_village: Callable[[str], int],
    seed: int,
) -> dict[str, list[Cell]]:
    """Cells of all LEVELS, in the order of the input; the parent code of a county is "".

    `counties`: code, name, outline; `children`: parent code → its townships or villages. Groups are made up: village
    code + two digits, `1组`, `2组` … A cell without children stays whole. Raises ValueError if the outlines overlap or
    do not share their vertices, or if a village would have more than 99 groups.
    """
    outlines = geometry_array(outline for _, _, outline in counties)
    if not shapely.coverage_is_valid(outlines):
        raise ValueError("县（区）界线之间有重叠，或相邻界线的顶点不一致，不能切分")
    levels: dict[str, list[Cell]] = {
        "county": [(code, name, "", area) for (code, name, _), area in zip(counties, outlines, strict=True)]
    }
    for above, level in pairwise(LEVELS):
        levels[level] = [
            (code, name, parent, area)
            for parent, _, _, whole in levels[above]
            for (code, name), area in _split(whole, _named(level, parent, children, groups_per_village), seed, parent)
        ]
    return _weave(levels)


def split_exactly(parent: shapely.Geometry, n: int, rng: Rng) -> Geometries:
    """`n` parts that tile the (multi)polygon, each in one piece where the parent is; none is empty.

    Raises ValueError when no draw of the points gives every part an area.
    """
    if n == 1:
        return geometry_array([parent])
    shapely.prepare(parent)
    squeeze = _squeeze(parent)
    for _ in range(_DRAWS):
        seeds = _relaxed_points(parent, n, squeeze, rng)
        faces = _faces(parent, seeds, squeeze)
        inner = shapely.get_coordinates(shapely.point_on_surface(faces)) * (squeeze, 1.0)
        owner = _gather(faces, _nearest(inner, seeds))
        # The neighbour may have taken a part's only piece: such a draw is drawn again.
        if len(np.unique(owner)) == n:
            return geometry_array(_dissolve(faces[owner == child]) for child in range(n))
    raise ValueError(f"切分成 {n} 块时总有空块")


def _named(
    level: str, parent: str, children: Mapping[str, Sequence[Named]], groups: Callable[[str], int]
) -> Sequence[Named]:
    if level != "group":
        return children.get(parent, ())
    n = groups(parent)
    if n > 99:
        raise ValueError(f"村 {parent} 的组数 {n} 超过 99，组代码放不下")
    return [(f"{parent}{at:02d}", f"{at}组") for at in range(1, n + 1)]


def _split(
    whole: shapely.Geometry, named: Sequence[Named], seed: int, parent: str
) -> Iterable[tuple[Named, shapely.Geometry]]:
    if not named:
        return ()
    return zip(named, split_exactly(whole, len(named), _rng(seed, parent)), strict=True)


def _rng(seed: int, stream: str) -> Rng:
    return np.random.default_rng([seed, zlib.crc32(stream.encode())])


def _squeeze(parent: shapely.Geometry) -> float:
    """The factor by which longitudes are squeezed, so that cells come out as wide as they are tall."""
    _, south, _, north = parent.bounds
    east_m, north_m = metres_per_degree((south + north) / 2)
    return max(float(east_m / north_m), 1e-3)


def _relaxed_points(parent: shapely.Geometry, n: int, squeeze: float, rng: Rng) -> FloatArray:
    """`n` well-spread points in the squeezed plane (k-means over random points of the parent).

    Each is the mean of points that lie in its Voronoi cell, so no cell misses the parent."""
    west, south, east, north = parent.bounds
    sample = np.empty((0, 2))
    while len(sample) < n * _SAMPLES_PER_CHILD:
        drawn = rng.uniform((west, south), (east, north), (4 * n * _SAMPLES_PER_CHILD, 2))
        sample = np.concatenate([sample, drawn[shapely.contains_xy(parent, drawn)]])
    sample = sample[: n * _SAMPLES_PER_CHILD] * (squeeze, 1.0)
    seeds = sample[:n]
    for _ in range(_RELAXATIONS):
        owner = _nearest(sample, seeds)
        seeds = np.stack([sample[owner == child].mean(axis=0) for child in range(n)])
    return seeds


def _nearest(points: FloatArray, seeds: FloatArray) -> IntArray:
    nearest: npt.NDArray[np.int64] = ((points[:, None, :] - seeds[None, :, :]) ** 2).sum(axis=2).argmin(axis=1)
    return nearest.astype(np.int32)


def _faces(parent: shapely.Geometry, seeds: FloatArray, squeeze: float) -> Geometries:
    """The parent cut along the Voronoi edges. Edges are noded whole: clipped first, they would end beside the
    border."""
    west, south, east, north = parent.bounds
    # Wider than the parent: an edge that ended on its very border could miss it by a rounding and cut nothing.
    around = shapely.box(west * squeeze, south, east * squeeze, north).buffer(north - south)
    edges = shapely.voronoi_polygons(shapely.multipoints(seeds), extend_to=around, only_edges=True)
    edges = shapely.transform(edges, lambda xy: xy / (squeeze, 1.0))
    faces = shapely.get_parts(shapely.polygonize([*shapely.get_parts(shapely.union_all([parent.boundary, edges]))]))
    middle = shapely.get_coordinates(shapely.point_on_surface(faces))
    return np.asarray(faces[shapely.contains_xy(parent, middle)], dtype=object)


def _gather(faces: Geometries, owner: IntArray) -> IntArray:
    """Give the smaller pieces of a cell that the parent's shape cut apart to the neighbour with the longest border."""
    owner, area = owner.copy(), shapely.area(faces)
    at_home = np.zeros(len(faces), dtype=bool)
    for child in np.unique(owner):
        mine = np.flatnonzero(owner == child)
        at_home[mine[area[mine].argmax()]] = True
    rings = shapely.boundary(faces)
    moved = True
    while moved and not at_home.all():
        moved = False
        for loose in np.flatnonzero(~at_home):
            home = np.flatnonzero(at_home)
            shared = shapely.length(shapely.intersection(rings[loose], rings[home]))
            if shared.max() > 0:
                owner[loose] = owner[home[shared.argmax()]]
                at_home[loose] = moved = True
    return owner


def _dissolve(faces: Geometries) -> shapely.Geometry:
    """The union of faces of one planar graph, all their outer vertices kept."""
    return faces[0] if len(faces) == 1 else shapely.coverage_union_all(faces)


def _weave(levels: dict[str, list[Cell]]) -> dict[str, list[Cell]]:
    """One noding of all leaves on the grid: a vertex that one side put on a border is then on the other side too."""
    has_children = {parent for cells in levels.values() for _, _, parent, _ in cells}
    leaves = [cell for cells in levels.values() for cell in cells if cell[0] not in has_children]
    rough = geometry_array(area for _, _, _, area in leaves)
    lines = shapely.union_all(shapely.boundary(rough), grid_size=GRID_DEG)
    faces = shapely.get_parts(shapely.polygonize([*shapely.get_parts(lines)]))
    pieces: dict[str, list[shapely.Geometry]] = {}
    for face, leaf in zip(faces, _leaf_of_each(faces, rough), strict=True):
        if leaf >= 0:
            pieces.setdefault(leaves[leaf][0], []).append(face)
    woven: dict[str, list[Cell]] = {}
    for level in reversed(LEVELS):
        woven[level] = []
        for code, name, parent, _ in levels[level]:
            area = _dissolve(geometry_array(pieces.pop(code)))
            woven[level].append((code, name, parent, area))
            pieces.setdefault(parent, []).append(area)
    return {level: woven[level] for level in LEVELS}


def _leaf_of_each(faces: Geometries, leaves: Geometries) -> IntArray:
    """The leaf under the inner point of each face, the lowest if borders of a hair's breadth leave two; −1: a hole."""
    leaf_of_face = np.full(len(faces), len(leaves), dtype=np.int32)
    face, leaf = shapely.STRtree(leaves).query(shapely.point_on_surface(faces), predicate="intersects")
    np.minimum.at(leaf_of_face, face, leaf.astype(np.int32))
    leaf_of_face[leaf_of_face == len(leaves)] = -1
    return leaf_of_face
