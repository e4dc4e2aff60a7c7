"""Building the table: areas → edges → pieces in coarse cells → blocks of fine cells with their records.

Everything is done for many edges at once. Memory is bounded by walking edges and cutting blocks in batches.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

from grids.geo.arrays import BoolArray, FloatArray, Geometries, IntArray
from grids.geo.locator.blocks import CoarsePieces, blocks
from grids.geo.locator.edges import Edges, collect, joined, rows, unit_for
from grids.geo.locator.table import (
    ASK,
    ASKING_BLOCK,
    ASKING_CELL,
    DEPTH_BITS,
    FIRST_LINK,
    HEADER,
    MAX_DEPTH,
    Grid,
    Sums,
    Table,
    uniform,
)  # fmt: skip
from grids.geo.locator.walk import LEFT, beside, walk
from grids.geo.locator.workers import in_order

HAIR: Final = 2.0**-20
"""Coarse cells: far above the rounding of float64 degrees in cell units."""

CELLS_PER_AREA: Final = 24
"""Coarse cells for each area, and many more while that costs nothing (PLENTY): what they answer needs one look only."""
PLENTY: Final = 1 << 20
MOST_CELLS: Final = 1 << 24
FINENESS: Final = 3.5
"""Fine cells along the side of a block for each cell length of border in it: about a third of the block has a
border."""

_WALK_CHUNK: Final = 200_000
_BLOCK_CHUNK: Final = 100_000  # batches whose arrays malloc keeps: larger ones cost more in page faults
_VALID_CHUNK: Final = 20_000
_MOST_AREAS: Final = 1 << 24
_MOST_RECORDS: Final = 2**31 - 8
_MOST_FINE: Final = 1 << 29  # a link has 31 bits, 4 of them for the depth, and counts in fours


class _Blocks(NamedTuple):
    """The coarse cells that are cut, in order of depth; where each block begins in `fine`, and where the last ends."""

    cell: npt.NDArray[np.int64]
    depth: npt.NDArray[np.int64]
    start: npt.NDArray[np.int64]
    end: int


def compile_table(geometries: Geometries) -> Table:
    """The table for (multi)polygons in degrees; None and empty ones cover nothing.

    Invalid polygons have no inside that sums could tell: wherever their box reaches, GEOS is asked.
    Raises ValueError for more than 16 million areas, or borders beyond 8 GB.
    """
    areas = len(geometries)
    if areas > _MOST_AREAS:
        raise ValueError(f"网格 {areas} 个，超过索引的上限 {_MOST_AREAS} 个")
    unit, invalid = unit_for(areas), _invalid(geometries)
    edges = collect(geometries, unit, invalid)
    grid = _grid(geometries, len(edges.step))
    pieces = _coarse_pieces(edges, grid)
    del edges
    corner = _corners(pieces, grid)
    cut = _blocks_of(_depths(pieces, grid.columns * grid.rows))
    coarse = uniform(corner, unit, areas)
    coarse[coarse == ASKING_CELL] = ASKING_BLOCK
    coarse[cut.cell] = FIRST_LINK - (cut.start >> 2 << DEPTH_BITS | cut.depth)
    for box in shapely.bounds(geometries[invalid]):
        _ask_within(coarse, grid, box)
    fine, records = _cut(*_by_block(pieces, cut, len(coarse)), cut, corner[cut.cell], unit, areas)
    return Table(grid, areas, coarse, fine, records)


def _invalid(geometries: Geometries) -> BoolArray:
    parts = [geometries[at : at + _VALID_CHUNK] for at in range(0, len(geometries), _VALID_CHUNK)]
    valid = np.concatenate([*in_order(shapely.is_valid, parts), np.zeros(0, dtype=bool)])
    return np.asarray(~valid & (shapely.get_type_id(geometries) >= 0))


def _grid(geometries: Geometries, n_edges: int) -> Grid:
    west, south, east, north = shapely.total_bounds(geometries) if n_edges else (0.0, 0.0, 1.0, 1.0)
    # A degree of 1e-9 (a tenth of a millimetre) at least, so that cells stay far above the rounding of coordinates.
    width, height = max(east - west, 1e-9), max(north - south, 1e-9)
    n_cells = max(min(PLENTY, 500 * len(geometries), 4 * n_edges), CELLS_PER_AREA * len(geometries), 256)
    n_cells = min(n_cells, MOST_CELLS)
    columns = int(np.clip(round((n_cells * width / height) ** 0.5), 4, n_cells // 4))
    rows = int(np.clip(n_cells // columns, 4, n_cells // 4))
    per_x, per_y = columns / width, rows / height
    # No round part of a cell: borders along round degrees should not lie on the lines of the raster.
    return Grid(float(west - 1.3717 / per_x), float(south - 1.3717 / per_y), per_x, per_y, columns + 3, rows + 3)


def _coarse_pieces(edges: Edges, grid: Grid) -> CoarsePieces:
    starts = range(0, max(len(edges.step), 1), _WALK_CHUNK)
    parts = (rows(edges, slice(at, at + _WALK_CHUNK)) for at in starts)
    return CoarsePieces(*joined(list(in_order(lambda part: _coarse_part(part, grid), parts))))


def _coarse_part(edges: Edges, grid: Grid) -> CoarsePieces:
    size = grid.columns, grid.rows
    walked = walk(
        (edges.xa - grid.west) * grid.per_x, (edges.ya - grid.south) * grid.per_y,
        (edges.xb - grid.west) * grid.per_x, (edges.yb - grid.south) * grid.per_y, size,
    )  # fmt: skip
    piece, i, j = beside(walked, size, HAIR)
    i, j = np.concatenate([walked.i, i]), np.concatenate([walked.j, j])

    def local(values: FloatArray, cell: IntArray) -> npt.NDArray[np.float32]:
        return np.clip(np.concatenate([values, values[piece]]) - cell, 0.0, 1.0).astype(np.float32)

    none = np.zeros(len(piece), dtype=np.int8)
    return CoarsePieces(
        (j * grid.columns + i).astype(np.int32),
        local(walked.xa, i), local(walked.ya, j), local(walked.xb, i), local(walked.yb, j),
        np.concatenate([edges.step[walked.edge], none.astype(np.int32)]),
        np.concatenate([walked.enters, none]), np.concatenate([walked.leaves, none]),
    )  # fmt: skip


def _corners(pieces: CoarsePieces, grid: Grid) -> Sums:
    """The sum at the lower left corner of each coarse cell, added up from the empty southern rim."""
    total = np.zeros(grid.columns * grid.rows, dtype=np.int64)
    for through, sign in ((pieces.enters == LEFT, 1), (pieces.leaves == LEFT, -1)):
        np.add.at(total, pieces.cell[through], sign * pieces.step[through].astype(np.int64))
    crossed = total.reshape(grid.rows, grid.columns)
    corner = np.zeros_like(crossed)
    np.cumsum(crossed[:-1], axis=0, out=corner[1:])
    return corner.ravel()


def _depths(pieces: CoarsePieces, size: int) -> npt.NDArray[np.int8]:
    """How deep each coarse cell is cut: by the length of border in it; 0 where there is none."""
    length = np.bincount(pieces.cell, weights=np.hypot(pieces.xb - pieces.xa, pieces.yb - pieces.ya), minlength=size)
    count = np.bincount(pieces.cell, minlength=size)
    ideal = np.round(np.log2(np.maximum(FINENESS * length, 1.0)))
    # Not much more than four pieces out of one: borders that lie upon each other are not parted by cutting.
    at_most = np.floor(np.log2((4 * count + 16) / np.maximum(length, 1.0)))
    depth = np.clip(np.minimum(ideal, at_most), 1, MAX_DEPTH).astype(np.int8)
    depth[count == 0] = 0
    return np.asarray(depth)


def _blocks_of(depth: npt.NDArray[np.int8]) -> _Blocks:
    # Blocks lie in the order of their depth, so that a batch of them is one rectangle of numbers.
    cell = np.flatnonzero(depth)
    cell = cell[np.argsort(depth[cell], kind="stable")]
    depths = depth[cell].astype(np.int64)
    ends = 4 + np.cumsum(4**depths)  # four cells before them: the block that asks
    if len(ends) and ends[-1] > _MOST_FINE:
        raise ValueError("边界太密，超过索引的上限（2 GB）")
    return _Blocks(cell, depths, ends - 4**depths, int(ends[-1]) if len(ends) else 4)


def _by_block(pieces: CoarsePieces, cut: _Blocks, size: int) -> tuple[CoarsePieces, IntArray]:
    """The pieces in the order of their blocks, and the block of each."""
    number = np.full(size, -1, dtype=np.int32)
    number[cut.cell] = np.arange(len(cut.cell), dtype=np.int32)
    block = number[pieces.cell]
    order = np.argsort(block)
    return rows(pieces, order), block[order]


def _cut(
    pieces: CoarsePieces, block: IntArray, cut: _Blocks, corner: Sums, unit: int, areas: int
) -> tuple[IntArray, IntArray]:
    """`fine` and `records` of all blocks."""

    def work(batch: tuple[slice, slice]) -> tuple[IntArray, IntArray, IntArray, IntArray]:
        part, of = batch
        return blocks(rows(pieces, part), block[part] - of.start, corner[of], int(cut.depth[of.start]), unit, areas)

    fine = np.full(cut.end, ASKING_CELL, dtype=np.int32)
    records = [np.array([0, ASK], dtype=np.int32)]
    length = HEADER
    batches = list(_batches(block, cut.depth))
    for (_, of), (values, cells, offsets, part) in zip(batches, in_order(work, batches), strict=True):
        if length + len(part) > _MOST_RECORDS:
            raise ValueError("边界太多，超过索引的上限（8 GB）")
        values[cells] = FIRST_LINK - length - offsets
        fine[cut.start[of.start] : cut.start[of.start] + len(values)] = values
        records.append(part)
        length += len(part)
    return fine, _emptied(records, length)


def _emptied(parts: list[IntArray], length: int) -> IntArray:
    """The parts as one array, each let go as soon as it is copied."""
    whole = np.empty(length, dtype=np.int32)
    parts.reverse()
    at = 0
    while parts:
        part = parts.pop()
        whole[at : at + len(part)] = part
        at += len(part)
    return whole


def _batches(block: IntArray, depth: npt.NDArray[np.int64]) -> Iterator[tuple[slice, slice]]:
    """(pieces, blocks) in slices: blocks of one depth, a bounded number of pieces and of cells."""
    first = np.searchsorted(block, np.arange(len(depth) + 1))
    at = 0
    while at < len(depth):
        same = int(np.searchsorted(depth, depth[at], side="right"))
        by_cells = at + (6 * _BLOCK_CHUNK >> 2 * int(depth[at]))
        by_pieces = int(np.searchsorted(first, first[at] + _BLOCK_CHUNK, side="right")) - 1
        end = max(at + 1, min(same, by_cells, by_pieces))
        yield slice(int(first[at]), int(first[end])), slice(at, end)
        at = end


def _ask_within(coarse: IntArray, grid: Grid, box: FloatArray) -> None:
    """Mark all coarse cells that a box touches as cells to be asked of GEOS."""
    if np.isnan(box).any():
        return
    i = np.floor((box[[0, 2]] - grid.west) * grid.per_x).astype(np.int64) + np.array([-1, 2])
    j = np.floor((box[[1, 3]] - grid.south) * grid.per_y).astype(np.int64) + np.array([-1, 2])
    coarse.reshape(grid.rows, grid.columns)[max(j[0], 0) : j[1], max(i[0], 0) : i[1]] = ASKING_BLOCK
