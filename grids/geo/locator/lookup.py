"""Reading the table: many points in a few dozen passes of numpy, or one point in plain Python.

Both return a position, −1 for none, or that the point must be asked of GEOS: it lies within MARGIN quanta of a border,
in an overlap, or in a cell that asks.
"""

from __future__ import annotations

import threading
from math import isfinite
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from grids.geo.arrays import BoolArray, FloatArray, IntArray
from grids.geo.locator.table import (
    ASK,
    DEPTH_BITS,
    FIRST_LINK,
    HEADER,
    LAST_QUANTUM,
    NO_AREA,
    QUANTA,
    WIDTH,
    Table,
)  # fmt: skip

MARGIN: Final = 4
"""Quanta. A border's ends are rounded by at most 1.5 (float32 in the coarse cell, then to a quantum, then to the rim),
a point by 2 (down to a quantum, then below the last)."""

CHUNK: Final = 1 << 18
_NUMBERS: Final = np.arange(CHUNK)

_DEPTH_MASK: Final = (1 << DEPTH_BITS) - 1

Ints = npt.NDArray[np.int64]
Floats32 = npt.NDArray[np.float32]


class NotFinite(ValueError):
    """A coordinate is NaN or infinite."""


class _Room(threading.local):
    """Memory for the steps of one batch, kept by each thread. Fresh arrays would cost more than the steps: malloc gives
    them back to the system and fetches them again, page by page, and threads wait for each other there."""

    def __init__(self) -> None:
        self._bytes = np.empty(80 * CHUNK, dtype=np.uint8)
        self.used = 0

    def __call__(self, size: int, kind: npt.DTypeLike) -> Any:
        """An array that lasts until `used` is set back; from malloc when the room is full."""
        kind = np.dtype(kind)
        end = self.used + -(-size * kind.itemsize // 64) * 64
        if end > len(self._bytes):
            return np.empty(size, dtype=kind)
        array = self._bytes[self.used : self.used + size * kind.itemsize].view(kind)
        self.used = end
        return array


_room = _Room()


def many(table: Table, x: FloatArray, y: FloatArray, out: IntArray) -> Ints:
    """Write the positions of at most CHUNK points to `out`; return which points must be asked of GEOS.

    Raises NotFinite for NaN and infinity.
    """
    _room.used = 0
    _require_finite(x, y)
    u, v = _in_cells(table, x, y, out)
    linked = _below(out)
    if not linked.size:
        return linked
    value, fu, fv = _in_blocks(table, linked, u, v, out)
    out[linked] = value
    border = _below(value)
    if not border.size:
        return border
    at, links = linked.take(border), _room(border.size, np.int32)
    value.take(border, out=links, mode="clip")
    area, ask = _in_records(table.records, links, _quanta(fu, border), _quanta(fv, border))
    # A sum of 0 stands for none, and the unit has been taken off.
    np.maximum(area, NO_AREA, out=area)
    out[at] = area
    ask |= area >= table.areas
    return at[ask]


def _require_finite(x: FloatArray, y: FloatArray) -> None:
    """Raises NotFinite for NaN and infinity. A sum is finite when all are; only if it is not, each is looked at."""
    with np.errstate(invalid="ignore", over="ignore"):
        total = x.sum() + y.sum()
    if not isfinite(total) and not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise NotFinite("NaN 或无穷大")


def _below(values: IntArray) -> Ints:
    """The positions of the numbers that point on to a block or a record."""
    return np.flatnonzero(np.less(values, NO_AREA, out=_room(len(values), np.bool_)))


def _in_cells(table: Table, x: FloatArray, y: FloatArray, out: IntArray) -> tuple[FloatArray, FloatArray]:
    """Write the numbers of the coarse cells to `out`; return the places of the points in the raster (cells from its
    corner)."""
    grid, n = table.grid, len(x)
    u, v = _room(n, np.float64), _room(n, np.float64)
    mark = _room.used
    i, j, at = _room(n, np.int32), _room(n, np.int32), _room(n, np.intp)
    # A place beyond all int32 becomes an outermost cell, as any that is outside.
    with np.errstate(invalid="ignore", over="ignore"):
        for degrees, first, per, size, place, cell in (
            (x, grid.west, grid.per_x, grid.columns, u, i),
            (y, grid.south, grid.per_y, grid.rows, v, j),
        ):
            np.subtract(degrees, first, out=place)
            np.multiply(place, per, out=place)
            np.copyto(cell, place, casting="unsafe")
            np.clip(cell, 0, size - 1, out=cell)  # the outermost cells are empty
    np.multiply(j, grid.columns, out=j)
    np.add(j, i, out=j)
    np.copyto(at, j)
    table.coarse.take(at, out=out, mode="clip")  # "clip": the indexes are right, and need no check
    _room.used = mark
    return u, v


def _in_blocks(
    table: Table, linked: Ints, u: FloatArray, v: FloatArray, out: IntArray
) -> tuple[IntArray, FloatArray, FloatArray]:
    """The numbers of the fine cells, and the places in them (0 … 1), in the order of `linked`."""
    n = linked.size
    value, fu, fv = _room(n, np.int32), _room(n, np.float64), _room(n, np.float64)
    mark = _room.used
    link, side, i, j = (_room(n, np.int32) for _ in range(4))
    whole, at = _room(n, np.float64), _room(n, np.intp)
    out.take(linked, out=link, mode="clip")
    np.subtract(FIRST_LINK, link, out=link)
    np.bitwise_and(link, _DEPTH_MASK, out=side)
    np.left_shift(1, side, out=side)
    for place, cell, fine in ((u, i, fu), (v, j, fv)):
        place.take(linked, out=fine, mode="clip")
        np.subtract(fine, np.floor(fine, out=whole), out=fine)
        np.multiply(fine, side, out=fine)
        np.subtract(fine, np.floor(fine, out=whole), out=fine)
        np.copyto(cell, whole, casting="unsafe")
    np.multiply(j, side, out=j)
    np.add(j, i, out=j)
    np.right_shift(link, DEPTH_BITS, out=link)
    np.left_shift(link, 2, out=link)
    np.add(j, link, out=j)
    np.copyto(at, j)
    table.fine.take(at, out=value, mode="clip")
    _room.used = mark
    return value, fu, fv


def _in_records(records: IntArray, value: IntArray, px: Floats32, py: Floats32) -> tuple[IntArray, BoolArray]:
    """For points in cells with borders: the sum of weights less the unit, and who must be asked.

    From the corner of the cell up its left side and along a ray to the point: each piece of border that is crossed
    turns the sum.
    """
    n = len(value)
    row, total, count = _room(n, np.intp), _room(n, np.int32), _room(n, np.int32)
    np.subtract(FIRST_LINK, value, out=row)
    records.take(row, out=total, mode="clip")
    row += 1
    records.take(row, out=count, mode="clip")
    ask = np.equal(count, ASK, out=_room(n, np.bool_))
    if ask.any():
        count[ask] = 0
    ends = np.cumsum(count, out=_room(n, np.intp))
    first = np.subtract(ends, count, out=_room(n, np.intp))
    pieces = int(ends[-1])
    of = _owners(first, pieces)
    at = _room(pieces, np.intp)
    np.multiply(first, -WIDTH, out=ends)
    ends += row
    ends += HEADER - 1
    ends.take(of, out=at, mode="clip")
    at += np.multiply(_numbers(pieces), WIDTH, out=_room(pieces, np.intp))
    turned = _room(pieces + 1, np.int32)
    turned[0] = 0
    near = _crossed(records, at, px, py, of, turned[1:])
    # Sums of parts as differences of running sums: reduceat would keep the interpreter's lock.
    np.add.accumulate(turned, out=turned)
    total += turned.take(first + count)
    total -= turned.take(first)
    ask[of[near]] = True
    return total, ask


def _owners(first: Ints, pieces: int) -> Ints:
    """For each piece the number of the point it is looked at for; `first` is the first piece of each, ascending.

    What np.repeat does, but without the interpreter's lock. A point without pieces begins where the next one does, and
    the later of two that are written to one place stays.
    """
    of: Ints = _room(pieces + 1, np.intp)
    of.fill(0)
    of[first] = _numbers(len(first))
    return np.maximum.accumulate(of, out=of)[:pieces]


def _numbers(n: int) -> Ints:
    """0 … n − 1, not to be written to."""
    return _NUMBERS[:n] if n <= CHUNK else np.arange(n)


def _quanta(place: FloatArray, positions: Ints) -> Floats32:
    """The places (0 … 1) as whole quanta below the last, so that a border on the upper or right rim is never
    reached."""
    quanta: Floats32 = _room(positions.size, np.float32)
    exact = _room(positions.size, np.float64)
    place.take(positions, out=exact, mode="clip")
    exact *= QUANTA
    np.floor(exact, out=exact)
    np.minimum(exact, LAST_QUANTUM - 1, out=exact)
    np.copyto(quanta, exact, casting="unsafe")
    return quanta


def _crossed(records: IntArray, at: Ints, px: Floats32, py: Floats32, of: Ints, turn: IntArray) -> Ints:
    """For each piece (at `at` in the records, for the point `of`) its turn into `turn` if a ray to the left crosses it,
    else 0; returns which pieces are too near.

    float32 is enough: what it rounds off is below 1 % of the margin.
    """
    n = len(at)
    ends, low, along = _room(n, np.int32), _room(2 * n, np.float32), _room(2 * n, np.float32)
    x, y, over, within = _room(n, np.float32), _room(n, np.float32), _room(n, np.float32), _room(n, np.bool_)
    records.take(at, out=ends, mode="clip")
    np.copyto(low, ends.view(np.uint16))
    at += 1
    records.take(at, out=ends, mode="clip")
    np.copyto(along, ends.view(np.uint16))
    at += 1
    records.take(at, out=turn, mode="clip")
    along -= low
    dx, dy = along[0::2], along[1::2]
    px.take(of, out=x, mode="clip")
    py.take(of, out=y, mode="clip")
    x -= low[0::2]
    y -= low[1::2]
    turn *= np.greater_equal(y, 0, out=within)
    turn *= np.less(y, dy, out=within)
    x *= dy
    y *= dx
    x -= y  # the cross product: above 0 to the right of the piece, |cross| = distance × length
    turn *= np.greater(x, 0, out=within)
    np.abs(x, out=x)
    np.abs(dx, out=dx)
    np.add(dx, dy, out=over)
    over *= np.float32(MARGIN)
    return np.flatnonzero(np.less_equal(x, over, out=within))
