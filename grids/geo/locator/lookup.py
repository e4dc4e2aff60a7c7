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

CHUNK: Final = 1 << 17

ASK_GEOS: Final = -2
"""What `one` answers for a point that it cannot decide."""

_DEPTH_MASK: Final = (1 << DEPTH_BITS) - 1

Ints = npt.NDArray[np.int64]


class _Scratch(threading.local):
    """Room for one batch, kept by each thread: fresh memory for every step would cost more than the steps."""

    def __init__(self) -> None:
        self.floats = [np.empty(CHUNK) for _ in range(6)]
        self.longs = [np.empty(CHUNK, dtype=np.intp) for _ in range(2)]
        self.ints = [np.empty(CHUNK, dtype=np.int32) for _ in range(2)]


_scratch = _Scratch()


def many(table: Table, x: FloatArray, y: FloatArray, out: IntArray) -> Ints:
    """Write the positions of at most CHUNK finite points to `out`; return which points must be asked of GEOS."""
    u, v = _in_cells(table, x, y, out)
    linked = np.flatnonzero(out < NO_AREA)
    if not linked.size:
        return linked
    value = _in_blocks(table, linked, u, v, out)
    out[linked] = value
    border = np.flatnonzero(value < NO_AREA)
    if not border.size:
        return border
    at = linked.take(border)
    found, ask = _in_records(table.records, value.take(border), u.take(border), v.take(border))
    # A sum of 0 stands for none, and the unit has been taken off.
    np.maximum(found, NO_AREA, out=found)
    out[at] = found
    ask |= found >= table.areas
    return at[ask]


def _in_cells(table: Table, x: FloatArray, y: FloatArray, out: IntArray) -> tuple[FloatArray, FloatArray]:
    """What the coarse cells say, into `out`; the places of the points in their cells (0 … 1)."""
    grid, n = table.grid, len(x)
    u, v, i, j = (room[:n] for room in _scratch.floats[:4])
    for degrees, first, per, size, place, cell in (
        (x, grid.west, grid.per_x, grid.columns, u, i),
        (y, grid.south, grid.per_y, grid.rows, v, j),
    ):
        np.subtract(degrees, first, out=place)
        np.multiply(place, per, out=place)
        np.clip(place, 0.0, size - 0.5, out=place)  # the outermost cells are empty
        np.floor(place, out=cell)
        np.subtract(place, cell, out=place)
    np.multiply(j, grid.columns, out=j)
    np.add(j, i, out=j)
    at = _scratch.longs[0][:n]
    np.copyto(at, j, casting="unsafe")
    table.coarse.take(at, out=out, mode="clip")  # "clip": the indexes are right, and need no check
    return u, v


def _in_blocks(table: Table, linked: Ints, u: FloatArray, v: FloatArray, out: IntArray) -> IntArray:
    """What the fine cells say; u and v are replaced by the places in the fine cells, in the order of `linked`."""
    n = linked.size
    link, side = (room[:n] for room in _scratch.ints)
    i, j, fu, fv = (room[:n] for room in _scratch.floats[2:])
    out.take(linked, out=link, mode="clip")
    np.subtract(FIRST_LINK, link, out=link)
    np.bitwise_and(link, _DEPTH_MASK, out=side)
    np.left_shift(1, side, out=side)
    for place, cell, fine in ((u, i, fu), (v, j, fv)):
        place.take(linked, out=fine, mode="clip")
        np.multiply(fine, side, out=fine)
        np.floor(fine, out=cell)
        np.subtract(fine, cell, out=place[:n])
    np.multiply(j, side, out=j)
    np.add(j, i, out=j)
    at = _scratch.longs[0][:n]
    np.copyto(at, j, casting="unsafe")
    np.right_shift(link, DEPTH_BITS, out=link)
    np.left_shift(link, 2, out=link)
    np.add(at, link, out=at)
    return table.fine.take(at, out=side, mode="clip")


def _in_records(records: IntArray, value: IntArray, u: FloatArray, v: FloatArray) -> tuple[IntArray, BoolArray]:
    """For points in cells with borders: the sum of weights less the unit, and who must be asked.

    From the corner of the cell up its left side and along a ray to the point: each piece of border that is crossed
    turns the sum.
    """
    row = np.subtract(FIRST_LINK, value, dtype=np.intp)
    total, count = records.take(row), records.take(row + 1)
    ask = count == ASK
    if ask.any():
        count[ask] = 0
    ends = np.cumsum(count, dtype=np.intp)
    first = ends - count
    of = np.repeat(np.arange(len(count)), count)
    at = np.arange(0, WIDTH * len(of), WIDTH)
    at += (row + HEADER - WIDTH * first).take(of)
    turn, near = _crossed(records, at, _quanta(u).take(of), _quanta(v).take(of))
    # One more 0 for cells without pieces at the end; for others without pieces reduceat repeats a stranger: ask.
    total += np.add.reduceat(np.append(turn, np.int32(0)), first)
    hit = np.flatnonzero(near)
    ask[of[hit]] = True
    return total, ask


def _quanta(place: FloatArray) -> npt.NDArray[np.float32]:
    """Places (0 … 1) as whole quanta below the last, so that a border on the upper or right rim is never reached."""
    quanta: npt.NDArray[np.float32] = np.minimum(np.floor(place * QUANTA), LAST_QUANTUM - 1).astype(np.float32)
    return quanta


def _crossed(
    records: IntArray, at: Ints, px: npt.NDArray[np.float32], py: npt.NDArray[np.float32]
) -> tuple[IntArray, BoolArray]:
    """For each point and piece: the turn of the piece if a ray to the left crosses it, and whether it is too near.

    float32 is enough: what it rounds off is below 1 % of the margin.
    """
    low = records.take(at).view(np.uint16).astype(np.float32)
    at += 1
    along = records.take(at).view(np.uint16).astype(np.float32)
    at += 1
    turn = records.take(at)
    along -= low
    dx, dy = along[0::2], along[1::2]
    px -= low[0::2]
    py -= low[1::2]
    turn *= (py >= 0) & (py < dy)
    px *= dy
    py *= dx
    px -= py  # the cross product: above 0 to the right of the piece, |cross| = distance × length
    turn *= px > 0
    np.abs(px, out=px)
    np.abs(dx, out=dx)
    return turn, px <= (dx + dy) * np.float32(MARGIN)


class One:
    """The same for one point at a time, in plain Python over memoryviews: numpy would take longer to be called."""

    def __init__(self, table: Table) -> None:
        self._grid = table.grid
        self._width, self._height = table.grid.columns - 0.5, table.grid.rows - 0.5
        self._areas = table.areas
        self._coarse, self._fine, self._records = (_view(part) for part in (table.coarse, table.fine, table.records))

    def __call__(self, lon: float, lat: float) -> int:
        """A position, −1, or ASK_GEOS. Raises ValueError for NaN and infinity."""
        west, south, per_x, per_y, columns, _ = self._grid
        u, v = (lon - west) * per_x, (lat - south) * per_y
        if not (0.0 <= u < self._width and 0.0 <= v < self._height):
            if isfinite(lon) and isfinite(lat):
                return NO_AREA
            raise ValueError(f"坐标不是有限的数（NaN 或无穷大）: {lon}, {lat}")
        i, j = int(u), int(v)
        found = self._coarse[j * columns + i]
        if found >= NO_AREA:
            return found
        link = FIRST_LINK - found
        side = 1 << (link & _DEPTH_MASK)
        u, v = (u - i) * side, (v - j) * side
        i, j = int(u), int(v)
        found = self._fine[(link >> DEPTH_BITS << 2) + j * side + i]
        if found >= NO_AREA:
            return found
        return self._in_record(FIRST_LINK - found, int((u - i) * QUANTA), int((v - j) * QUANTA))

    def _in_record(self, row: int, px: int, py: int) -> int:
        records = self._records
        total, count = records[row], records[row + 1]
        if count == ASK:
            return ASK_GEOS
        px, py = min(px, LAST_QUANTUM - 1), min(py, LAST_QUANTUM - 1)
        for at in range(row + HEADER, row + HEADER + WIDTH * count, WIDTH):
            low, high = records[at], records[at + 1]
            x, y = low & 0xFFFF, low >> 16 & 0xFFFF
            dx, dy = (high & 0xFFFF) - x, (high >> 16 & 0xFFFF) - y
            x, y = px - x, py - y
            cross = x * dy - y * dx
            if abs(cross) <= MARGIN * (abs(dx) + dy):
                return ASK_GEOS
            if cross > 0 and 0 <= y < dy:
                total += records[at + 2]
        if total < self._areas:
            return total if total >= 0 else NO_AREA
        return ASK_GEOS


def _view(numbers: Any) -> memoryview[int]:
    return memoryview(numbers)
