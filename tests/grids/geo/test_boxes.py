"""The tree of boxes finds what comparing all with all finds, and the nearest edge is the nearest."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from grids.geo.borders import Borders, _to_edge_m
from grids.geo.locator.boxes import BoxTree
from tests.benchmarks.worlds import bricks


def _boxes(count: int, rng: np.random.Generator) -> np.ndarray:
    corner = rng.uniform(0, 100, (count, 2))
    return np.concatenate([corner, corner + rng.exponential(2, (count, 2))], axis=1)


@pytest.mark.parametrize("count", [0, 1, 16, 17, 300])
def test_the_tree_finds_what_comparing_all_with_all_finds(count: int) -> None:
    rng = np.random.default_rng(count)
    boxes, asked = _boxes(count, rng), _boxes(50, rng)
    if count > 3:
        boxes[3] = np.nan  # a cell without a polygon
    pairs = sorted(zip(*(part.tolist() for part in BoxTree.build(boxes).meeting(asked)), strict=True))
    one, other = asked[:, None], boxes[None]
    meet = (one[..., :2] <= other[..., 2:]).all(axis=2) & (other[..., :2] <= one[..., 2:]).all(axis=2)
    assert pairs == [tuple(pair) for pair in np.argwhere(meet).tolist()]


def test_the_nearest_border_is_the_nearest_of_all_edges() -> None:
    world = bricks(60, (123.0, 41.0, 123.5, 41.4), seed=5, bends=2)
    borders = Borders.build(world.geometries)
    ends = shapely.get_coordinates(world.geometries)
    edges = np.concatenate([ends[:-1], ends[1:]], axis=1)
    _, cell = shapely.get_coordinates(world.geometries, return_index=True)
    edges = edges[cell[1:] == cell[:-1]]
    rng = np.random.default_rng(6)
    x, y = rng.uniform(122.5, 124.0, 80), rng.uniform(40.7, 41.7, 80)
    nearest = [
        _to_edge_m(np.full(len(edges), a), np.full(len(edges), b), edges).min() for a, b in zip(x, y, strict=True)
    ]
    assert borders.distance_m(x, y) == pytest.approx(nearest, rel=1e-9)


def test_without_areas_the_border_is_nowhere() -> None:
    assert Borders.build(np.array([None], dtype=object)).distance_m([1.0], [2.0]).tolist() == [np.inf]
