"""A batch of blocks: the fine cells of coarse cells that borders pass, and the records of the fine cells with borders."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from grids.geo.arrays import FloatArray, IntArray
from grids.geo.locator.edges import joined, rows
from grids.geo.locator.table import ASK, HEADER, LAST_QUANTUM, QUANTA, WIDTH, Sums, uniform
from grids.geo.locator.walk import BOTTOM, LEFT, Pieces, Sides, beside, walk

HAIR: Final = 2.0**-12
"""Fine cells; far above the rounding of float32 in a coarse cell (2**-25, times 2**8 at the greatest depth)."""

_MOST: Final = 1 << 29
_TOP: Final = int(np.array(LAST_QUANTUM << 16).astype(np.int32))

Floats = npt.NDArray[np.float32]


class CoarsePieces(NamedTuple):
    """Pieces of edges, each within one coarse cell: ends in units of the cell (0 … 1), step, and sides as in `walk`."""

    cell: IntArray
    xa: Floats
    ya: Floats
    xb: Floats
    yb: Floats
    step: IntArray
    enters: Sides
    leaves: Sides


class _Borders(NamedTuple):
    """Rows of records before they are sorted: fine cell, lower end, upper end, turn."""

    cell: IntArray
    low: IntArray
    high: IntArray
    turn: IntArray


def blocks(
    pieces: CoarsePieces, block: IntArray, corner: Sums, depth: int, unit: int, areas: int
) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """Cut blocks of one depth; `block` is that of each piece, `corner` the sum at each block's lower left corner.

    Returns the values of all fine cells without border, then the fine cells with one, the offsets of their records,
    and the records.
    """
    side = 1 << depth
    xa, ya, xb, yb = (end.astype(np.float64) * side for end in pieces[1:5])
    walked = walk(xa, ya, xb, yb, (side, side), pieces.enters, pieces.leaves)
    of, step = block[walked.edge], pieces.step[walked.edge]
    sums = _corner_sums(walked, of, step, corner, side)
    piece, i, j = beside(walked, (side, side), HAIR)
    cell, cell_beside = _flat(of, walked.i, walked.j, depth), _flat(of[piece], i, j, depth)
    hems = _pieces(rows(walked, piece), i, j, cell_beside, np.zeros(len(piece), dtype=np.int32))
    borders = _Borders(*joined([*_with_sides(walked, cell, step), hems]))
    return uniform(sums, unit, areas), *_records(borders, sums - unit)


def _flat(block: IntArray, i: IntArray, j: IntArray, depth: int) -> IntArray:
    """The number of a fine cell in the batch (a batch is far too small for that to overflow)."""
    return (((block << depth) + j) << depth) + i


def _corner_sums(walked: Pieces, of: IntArray, step: IntArray, corner: Sums, side: int) -> Sums:
    """The sum at the lower left corner of each fine cell (flat): up the left side of the block, then along the row.

    An edge that goes up or right through a side has its left-hand side on the left or above: hence the signs.
    """
    n = len(corner)
    first = walked.i == 0
    up = _crossings(
        of * side + walked.j, step, (walked.enters == LEFT) & first, (walked.leaves == LEFT) & first, n * side
    )
    cell = (of * side + walked.j) * side + walked.i
    along = -_crossings(cell, step, walked.enters == BOTTOM, walked.leaves == BOTTOM, n * side * side)
    # Floats hold these whole numbers exactly (below 2**53).
    sums = np.empty((n, side, side))
    sums[:, 0, 0] = corner
    sums[:, 1:, 0] = up.reshape(n, side)[:, :-1]
    np.cumsum(sums[:, :, 0], axis=1, out=sums[:, :, 0])
    sums[:, :, 1:] = along.reshape(n, side, side)[:, :, :-1]
    np.cumsum(sums, axis=2, out=sums)
    return sums.ravel().astype(np.int64)


def _crossings(
    at: IntArray, step: IntArray, inwards: npt.NDArray[np.bool_], outwards: npt.NDArray[np.bool_], size: int
) -> FloatArray:
    """The steps of the edges that go in through a side of each place, less those that go out."""
    come, go = np.flatnonzero(inwards), np.flatnonzero(outwards)
    total = np.zeros(size)
    total += np.bincount(at[come], weights=step[come], minlength=size)
    total -= np.bincount(at[go], weights=step[go], minlength=size)
    return total


def _quanta(value: FloatArray, cell: IntArray) -> IntArray:
    return np.clip(np.rint((value - cell) * QUANTA), 0, LAST_QUANTUM).astype(np.int32)


def _pieces(walked: Pieces, i: IntArray, j: IntArray, cell: IntArray, step: IntArray) -> _Borders:
    """Pieces as seen from the cells (i, j), drawn to their rim where they lie outside; upwards, with their turn."""
    xa, ya, xb, yb = _quanta(walked.xa, i), _quanta(walked.ya, j), _quanta(walked.xb, i), _quanta(walked.yb, j)
    # A piece smaller than a quantum has no direction, and would be near everything: make it level and one long.
    point = (xa == xb) & (ya == yb)
    xb[point] += np.where(xa[point] < LAST_QUANTUM, 1, -1)
    a, b, down = xa | ya << 16, xb | yb << 16, ya > yb
    return _Borders(cell, np.where(down, b, a), np.where(down, a, b), np.where(down, step, -step))


def _with_sides(walked: Pieces, cell: IntArray, step: IntArray) -> list[_Borders]:
    """The pieces, and an upright one on the left side above each crossing of it.

    A ray to the left leaves the cell there; what crossed the side below has changed the sum on the side since the corner.
    """
    borders = [_pieces(walked, walked.i, walked.j, cell, step)]
    for sides, y, sign in ((walked.enters, walked.ya, 1), (walked.leaves, walked.yb, -1)):
        height = _quanta(y, walked.j)
        at = np.flatnonzero((sides == LEFT) & (step != 0) & (height < LAST_QUANTUM))
        top = np.full(len(at), _TOP, dtype=np.int32)
        borders.append(_Borders(cell[at], height[at] << 16, top, sign * step[at]))
    return borders


def _records(borders: _Borders, start: Sums) -> tuple[IntArray, IntArray, IntArray]:
    """(cells with a border, the offset of each one's record, the records); see `table`."""
    order = np.argsort(borders.cell)
    cell = borders.cell[order]
    first = np.flatnonzero(np.append(True, cell[1:] != cell[:-1])) if len(cell) else cell
    count = np.diff(np.append(first, len(cell)))
    length = HEADER + WIDTH * count
    offset = np.cumsum(length) - length
    records = np.empty(int(length.sum()), dtype=np.int32)
    row = np.repeat(offset + HEADER - WIDTH * first, count) + WIDTH * np.arange(len(cell))
    for column, values in enumerate(borders[1:]):
        records[row + column] = values[order]
    corner = start[cell[first]]
    records[offset] = corner
    # Thousands of areas over one place would run out of 32 bits: such cells ask.
    records[offset + 1] = np.where(np.abs(corner) < _MOST, count, ASK)
    return cell[first].astype(np.int32), offset.astype(np.int32), records
