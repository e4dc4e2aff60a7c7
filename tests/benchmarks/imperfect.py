"""Tilings as careless surveyors leave them, for the count of answers that differ from GEOS."""

from __future__ import annotations

import numpy as np
import shapely

from grids.geo.locator import OVERLAP, Locator
from tests.benchmarks.worlds import BOXES, bricks

CELLS, POINTS = 400, 40_000
MOVED_DEGREES = (0.0, 1e-12, 1e-9, 1e-6, 1e-4, 2e-3)


def mismatches_on_imperfect_tilings(seed: int) -> dict[str, int]:
    """Points, answers unlike GEOS (position or overlap flag), points in two cells, and in none, over all tilings."""
    total = {"points": 0, "mismatches": 0, "in_two": 0, "in_none": 0}
    for at, moved in enumerate(MOVED_DEGREES):
        rng = np.random.default_rng([seed, 2, at])
        cells, codes = careless(moved, rng)
        x, y = _points(cells, rng)
        positions, flags = Locator.build(cells, codes).locate(x, y, flags=True)
        expected, in_two, overlap = _by_geos(cells, codes, x, y)
        total["points"] += x.size
        total["mismatches"] += int(((positions != expected) | (overlap & (flags & OVERLAP == 0))).sum())
        total["in_two"] += int(in_two.sum())
        total["in_none"] += int((expected < 0).sum())
    return total


def careless(moved: float, rng: np.random.Generator) -> tuple[np.ndarray, list[str]]:
    """Bricks whose vertices each cell moves for itself (or drops, for 0), so that borders gape, overlap and cross."""
    world = bricks(CELLS, BOXES["prefecture"], seed=int(rng.integers(2**32)))

    def move(points: np.ndarray) -> np.ndarray:
        ring = points[:-1]
        ring = ring + rng.normal(0, moved, ring.shape) if moved else ring[rng.random(len(ring)) < 0.7]
        return np.concatenate([ring, ring[:1]])

    cells = [shapely.Polygon(move(shapely.get_coordinates(cell))) for cell in world.geometries]
    repaired = shapely.make_valid(np.array(cells, dtype=object), method="structure", keep_collapsed=False)
    return repaired, world.codes


def _points(cells: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Half anywhere, half on the borders, on vertices and a hair beside them."""
    west, south, east, north = shapely.total_bounds(cells)
    anywhere = rng.uniform((west, south), (east, north), (POINTS // 2, 2))
    vertices = shapely.get_coordinates(cells)
    at = rng.integers(0, len(vertices) - 1, POINTS // 2)
    along = vertices[at] + rng.random((len(at), 1)) * (vertices[at + 1] - vertices[at]) * rng.integers(
        0, 2, (len(at), 1)
    )
    hair = rng.normal(0, 1, along.shape) * 10.0 ** -rng.integers(3, 16, (len(at), 1)) * rng.integers(0, 2, (len(at), 1))
    x, y = np.concatenate([anywhere, along + hair]).T
    return np.ascontiguousarray(x), np.ascontiguousarray(y)


def _by_geos(cells: np.ndarray, codes: list[str], x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, ...]:
    """The lowest code's position, whether two cells cover the point, and whether one of them holds it inside."""
    point, cell = shapely.STRtree(cells).query(shapely.points(x, y))
    covers = shapely.covers(cells[cell], shapely.points(x[point], y[point]))
    point, cell = point[covers], cell[covers]
    inside = shapely.contains_properly(cells[cell], shapely.points(x[point], y[point]))
    expected = np.full(x.size, -1, dtype=np.int32)
    order = np.argsort(np.array(codes)[cell])[::-1]
    expected[point[order]] = cell[order]
    in_two = np.bincount(point, minlength=x.size) > 1
    return expected, in_two, in_two & (np.bincount(point[inside], minlength=x.size) > 0)
