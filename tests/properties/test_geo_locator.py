"""For all tilings, all points: the locator says what GEOS says, whatever the batch."""

from __future__ import annotations

import os

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from grids.geo.arrays import Geometries, geometry_array
from grids.geo.locator import BORDER, OVERLAP, Locator
from grids.geo.tiling import split_exactly
from tests.benchmarks.worlds import bricks

FRAME = shapely.box(123.0, 41.0, 123.5, 41.4)
EXAMPLES = int(os.environ.get("JINSHAO_LOCATOR_EXAMPLES", "40"))
"""How many tilings each property is tried on; for a long run by hand, thousands."""
SIZE = 40

codes_of = st.lists(st.text("0123456789组", min_size=1, max_size=6), min_size=1, max_size=12, unique=True)


@st.composite
def tilings(draw: st.DrawFn) -> Locator:
    """A frame, sometimes with a hole and an island, cut into cells; sometimes one cell is lost (a gap)."""
    frame = FRAME
    if draw(st.booleans()):
        hole = shapely.box(123.2, 41.1, 123.3, 41.2)
        frame = (FRAME - hole) | shapely.box(123.6, 41.0, 123.7, 41.1)
    codes = draw(codes_of)
    cells = split_exactly(frame, len(codes), np.random.default_rng(draw(st.integers(0, 2**32))))
    # One cell always stays: with none there is nothing to look around.
    if len(cells) > 1 and draw(st.booleans()):
        cells[draw(st.integers(0, len(cells) - 1))] = None
    return Locator.build(cells, codes)


@st.composite
def heaps(draw: st.DrawFn) -> Locator:
    """Boxes on a small lattice: borders, corners, overlaps, enclaves and slivers coincide all the time."""
    small = st.integers(0, 6)
    cells = []
    for _ in range(draw(st.integers(1, 8))):
        x, y, width, height = draw(small), draw(small), draw(st.integers(1, 4)), draw(st.integers(1, 4))
        outer = shapely.box(x, y, x + width, y + height)
        if width > 2 and height > 2 and draw(st.booleans()):
            outer = outer - shapely.box(x + 1, y + 1, x + width - 1, y + height - 1)
        elif draw(st.booleans()):
            outer = outer | shapely.box(x + 8, y, x + 8 + 1e-9, y + 1)
        cells.append(outer)
    codes = draw(st.lists(st.text("ab1", min_size=1, max_size=2), min_size=len(cells), max_size=len(cells)))
    return Locator.build(cells, codes)


@st.composite
def imperfect(draw: st.DrawFn) -> Locator:
    """Bricks as surveyed by careless neighbours: vertices moved or dropped cell by cell, so that borders leave gaps,
    overlap and cross; with enclaves, cells in several parts, slivers, copies, and now and then an invalid one."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    world = bricks(
        draw(st.integers(6, SIZE)),
        (123.0, 41.0, 123.5, 41.4),
        seed=int(rng.integers(2**32)),
        bends=draw(st.integers(0, 2)),
    )
    cells = world.geometries.copy()
    moved = draw(st.sampled_from([0.0, 1e-12, 1e-9, 1e-6, 1e-4, 3e-3]))
    for at in np.flatnonzero(rng.random(len(cells)) < draw(st.sampled_from([0.0, 0.2, 1.0]))):
        cells[at] = _careless(cells[at], moved, rng)
    for at in rng.permutation(len(cells))[: draw(st.integers(0, 6))]:
        cells[at] = _odd(cells, int(at), int(rng.integers(7)), rng)
    return Locator.build(cells, [world.codes[at] for at in range(len(cells))])


def _careless(cell: shapely.Geometry, moved: float, rng: np.random.Generator) -> shapely.Geometry:
    """The cell with each vertex moved at random, or every third one dropped; as an import would, repaired."""
    if moved == 0.0:
        ring = shapely.get_coordinates(cell)[:-1]
        cut = shapely.Polygon(ring[rng.random(len(ring)) < 0.7] if len(ring) > 12 else ring)
    else:
        cut = shapely.transform(
            cell, lambda points: np.r_[(p := points[:-1] + rng.normal(0, moved, points[:-1].shape)), p[:1]]
        )
    return shapely.make_valid(cut, method="structure", keep_collapsed=False)


def _odd(cells: Geometries, at: int, kind: int, rng: np.random.Generator) -> shapely.Geometry | None:
    cell, other = cells[at], cells[rng.integers(len(cells))]
    x, y = shapely.get_coordinates(shapely.point_on_surface(cell))[0]
    if kind == 0:  # a hole, which nothing or a part of another cell fills
        return cell - shapely.Point(x, y).buffer(0.004, 2)
    if kind == 1:
        return shapely.MultiPolygon(
            shapely.get_parts([*shapely.get_parts(cell), shapely.box(123.7 + at, 41, 123.71 + at, 41.01)]).tolist()
        )
    if kind == 2:  # a sliver
        return shapely.Polygon([(x, y), (x + 0.05, y + 0.03), (x + 0.05, y + 0.03 + 10.0 ** -rng.integers(6, 14))])
    if kind == 3:  # a copy
        return other
    if kind == 4:  # a bow tie, invalid
        return shapely.Polygon([(x, y), (x + 0.05, y + 0.05), (x + 0.05, y), (x, y + 0.05)])
    if kind == 5:  # smaller than any cell of the index
        return shapely.box(x, y, x + 1e-11, y + 1e-11)
    return None


def _awkward_points(cells: Geometries, rng: np.random.Generator) -> np.ndarray:
    """Vertices, middles and random places of edges, points a hair beside them, and points anywhere around."""
    vertices = shapely.get_coordinates(cells)
    shift = vertices[1:] - vertices[:-1]
    middles, somewhere = vertices[:-1] + 0.5 * shift, vertices[:-1] + rng.random((len(shift), 1)) * shift
    near = np.concatenate([vertices, middles, somewhere])
    west, south, east, north = shapely.total_bounds(cells)
    anywhere = rng.uniform((west - 0.1, south - 0.1), (east + 0.1, north + 0.1), (200, 2))
    hair = np.nextafter(near, near + rng.choice([-1.0, 1.0], near.shape))
    points = np.concatenate([near, hair, anywhere])
    return points[rng.permutation(len(points))[:400]]


def _by_hand(locator: Locator, points: np.ndarray) -> tuple[list[int], list[int]]:
    """The same rule, said once more in the slowest way: every cell is asked about every point."""
    positions, flags = [], []
    for point in shapely.points(points):
        covering = np.flatnonzero(shapely.covers(locator.geometries, point))
        inside = np.flatnonzero(shapely.contains_properly(locator.geometries, point))
        positions.append(min(covering, key=lambda at: (locator.codes[at], at), default=-1))
        overlap = OVERLAP if len(covering) > 1 and len(inside) else 0
        flags.append(overlap | (BORDER if len(covering) > len(inside) else 0))
    return positions, flags


@settings(max_examples=EXAMPLES, deadline=None)
@given(locator=st.one_of(tilings(), heaps(), imperfect()), seed=st.integers(0, 2**32))
def test_the_answer_is_that_of_geos_on_borders_vertices_and_anywhere(locator: Locator, seed: int) -> None:
    assume(any(cell is not None for cell in locator.geometries))
    points = _awkward_points(locator.geometries, np.random.default_rng(seed))
    positions, flags = locator.locate(*points.T, flags=True)
    expected_positions, expected_flags = _by_hand(locator, points)
    assert positions.tolist() == expected_positions
    assert flags.tolist() == expected_flags
    assert locator.locate(*points.T).tolist() == expected_positions
    alone = [int(locator.locate(point[:1], point[1:])[0]) for point in points]
    assert alone == expected_positions


@settings(max_examples=EXAMPLES // 2, deadline=None)
@given(locator=st.one_of(tilings(), imperfect()), seed=st.integers(0, 2**32), cut=st.integers(0, 400))
def test_order_and_batch_size_change_nothing(locator: Locator, seed: int, cut: int) -> None:
    assume(any(cell is not None for cell in locator.geometries))
    rng = np.random.default_rng(seed)
    points = _awkward_points(locator.geometries, rng)
    whole = locator.locate(*points.T)
    order = rng.permutation(len(points))
    assert (locator.locate(*points[order].T) == whole[order]).all()
    assert [*locator.locate(*points[:cut].T), *locator.locate(*points[cut:].T)] == whole.tolist()
    assert locator.locate(*points[0]) == whole[0]


@settings(max_examples=EXAMPLES // 2, deadline=None)
@given(locator=heaps(), seed=st.integers(0, 2**32))
def test_the_order_in_which_cells_are_given_changes_no_code(locator: Locator, seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = _awkward_points(locator.geometries, rng)
    order = rng.permutation(len(locator.codes))
    shuffled = Locator.build(locator.geometries[order], [locator.codes[at] for at in order])
    names, shuffled_names = np.array([*locator.codes, ""]), np.array([*shuffled.codes, ""])
    assert (names[locator.locate(*points.T)] == shuffled_names[shuffled.locate(*points.T)]).all()


@given(
    bad=st.sampled_from([float("nan"), float("inf"), -float("inf")]),
    at=st.integers(0, 9),
    axis=st.integers(0, 1),
)
def test_one_bad_number_anywhere_refuses_the_batch(bad: float, at: int, axis: int) -> None:
    points = np.full((2, 10), 0.5)
    points[axis, at] = bad
    with pytest.raises(ValueError, match=f"第 {at + 1} 个坐标"):
        Locator.build(geometry_array([shapely.box(0, 0, 1, 1)]), ["a"]).locate(*points)
