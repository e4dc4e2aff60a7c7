"""The cells that edges pass in a raster, and where they enter and leave them. All edges at once, no loop.

The path of an edge is a chain of cells that share sides, whatever the rounding: the crossings of upright and of level
lines are woven by one rule, so that what enters a cell also leaves it, and sums taken along any way agree.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from grids.geo.arrays import FloatArray, IntArray

NONE: Final = 0
LEFT: Final = 1
RIGHT: Final = 2
BOTTOM: Final = 3
TOP: Final = 4

Ints = npt.NDArray[np.int64]
Sides = npt.NDArray[np.int8]


class Pieces(NamedTuple):
    """n pieces of edges: of which edge, in which cell (column i, row j), from where to where in units of the raster,
    and through which side each enters and leaves (NONE: it begins or ends inside)."""

    edge: Ints
    i: IntArray
    j: IntArray
    xa: FloatArray
    ya: FloatArray
    xb: FloatArray
    yb: FloatArray
    enters: Sides
    leaves: Sides


def walk(
    xa: FloatArray, ya: FloatArray, xb: FloatArray, yb: FloatArray, size: tuple[int, int],
    enters: Sides | None = None, leaves: Sides | None = None,
) -> Pieces:  # fmt: skip
    """The pieces of edges cut at the lines of a raster of `size` (columns, rows), in its units.

    `enters` and `leaves` are the sides of the ends where they are known already.
    """
    ia, ib = _cell(xa, size[0]), _cell(xb, size[0])
    ja, jb = _cell(ya, size[1]), _cell(yb, size[1])
    n_upright, n_level = np.abs(ib - ia), np.abs(jb - ja)
    n = n_upright.astype(np.int64) + n_level + 1
    first = np.cumsum(n) - n
    total = int(first[-1] + n[-1]) if len(n) else 0
    edge = np.repeat(np.arange(len(n)), n)
    right, up = ib > ia, jb > ja
    start_x, start_y = xa[edge], ya[edge]
    upright = np.zeros(total, dtype=bool)
    begins = np.zeros(total, dtype=bool)
    begins[first] = True

    e, m = _several(n_upright)
    line = np.where(right[e], ia[e] + 1 + m, ia[e] - m)
    y = ya[e] + (line - xa[e]) / (xb[e] - xa[e]) * (yb[e] - ya[e])
    row = np.clip(np.floor(y).astype(np.int64), np.minimum(ja[e], jb[e]), np.maximum(ja[e], jb[e]))
    at = first[e] + 1 + m + np.abs(row - ja[e])
    upright[at] = True
    start_x[at], start_y[at] = line, y

    at_level = np.flatnonzero(~(upright | begins))
    f, m = _several(n_level)
    line = np.where(up[f], ja[f] + 1 + m, ja[f] - m)
    start_x[at_level] = xa[f] + (line - ya[f]) / (yb[f] - ya[f]) * (xb[f] - xa[f])
    start_y[at_level] = line

    passed = np.cumsum(upright, dtype=np.int32)
    passed -= passed[first][edge]
    passed_level = (np.arange(total) - first[edge]).astype(np.int32) - passed
    i: IntArray = ia[edge] + _direction(right)[edge] * passed
    j: IntArray = ja[edge] + _direction(up)[edge] * passed_level
    end_x, end_y = np.append(start_x[1:], 0.0), np.append(start_y[1:], 0.0)
    last = first + n - 1
    end_x[last], end_y[last] = xb, yb

    side_in = np.zeros(total, dtype=np.int8)
    side_in[at] = np.where(right[e], LEFT, RIGHT)
    side_in[at_level] = np.where(up[f], BOTTOM, TOP)
    side_out = np.append(_OPPOSITE[side_in[1:]], np.int8(0)) if total else side_in.copy()
    side_in[first] = NONE if enters is None else enters
    side_out[last] = NONE if leaves is None else leaves
    return Pieces(edge, i, j, start_x, start_y, end_x, end_y, side_in, side_out)


_OPPOSITE = np.array([NONE, RIGHT, LEFT, TOP, BOTTOM], dtype=np.int8)


def _direction(forwards: npt.NDArray[np.bool_]) -> IntArray:
    return np.where(forwards, 1, -1).astype(np.int32)


def _cell(x: FloatArray, size: int) -> IntArray:
    return np.clip(np.floor(x), 0, size - 1).astype(np.int32)


def _several(counts: IntArray) -> tuple[Ints, Ints]:
    """Each index as often as its count, and the running number beside it: [2, 0, 1] → [0, 0, 2], [0, 1, 0]."""
    of = np.repeat(np.arange(len(counts)), counts)
    starts = np.cumsum(counts, dtype=np.int64) - counts
    return of, np.arange(len(of)) - starts[of]


def beside(pieces: Pieces, size: tuple[int, int], hair: float) -> tuple[Ints, IntArray, IntArray]:
    """(piece, column, row) of the cells that a piece comes within a `hair` of without passing them.

    What lies exactly on such a piece may, by rounding, be looked for in the cell beside: that cell must know of it.
    """
    ends = [
        _around(pieces.xa, pieces.ya, pieces.enters, pieces, hair),
        _around(pieces.xb, pieces.yb, pieces.leaves, pieces, hair),
    ]
    piece, i, j = (np.concatenate(column) for column in zip(*ends, strict=True))
    inside = (i >= 0) & (i < size[0]) & (j >= 0) & (j < size[1])
    return piece[inside], i[inside], j[inside]


def _around(x: FloatArray, y: FloatArray, side: Sides, pieces: Pieces, hair: float) -> tuple[Ints, IntArray, IntArray]:
    across, along = _hem(x - pieces.i, hair), _hem(y - pieces.j, hair)
    # A crossing of a line lies on it by nature: only near a corner is there a third cell.
    upright = (side == LEFT) | (side == RIGHT)
    level = (side == BOTTOM) | (side == TOP)
    near = np.where(upright, along != 0, np.where(level, across != 0, (along != 0) | (across != 0)))
    at = np.flatnonzero(near)
    di, dj = across[at], along[at]
    piece = np.concatenate([at, at, at])
    i = np.concatenate([di, di, np.zeros_like(di)])
    j = np.concatenate([dj, np.zeros_like(dj), dj])
    real = (i != 0) | (j != 0)
    piece, i, j = piece[real], i[real], j[real]
    return piece, pieces.i[piece] + i, pieces.j[piece] + j


def _hem(local: FloatArray, hair: float) -> IntArray:
    return (local >= 1 - hair).astype(np.int32) - (local <= hair)
