"""Pairs of detections near each other in time and place, by a grid of cells. Pure.

Positions are in canonical order. What is done for every pair reads columns in the order of the cells, where neighbours
stand side by side: from any other order most of the time would go into waiting for memory.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from firepoints.grouping.model import Bools, Detections, Floats, Ints
from grids.geo.footprint import metres_per_degree

BLOCK = 1 << 16  # pairs measured in one go: what that takes stays in the cache
ROWS = 1 << 16  # rows whose cells are walked in one go
SLAB = 1 << 18  # rows of a stretch of time that is looked at by itself
SIDE = 2  # reaches in a cell's side: fewer look beyond a longer one, and more meet within it
MOST_KEYS = 2.0**61
METRES_PER_DEGREE = 110_500.0  # a little under the least anywhere, so that cells are never too small


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Pairs of positions, a < b: seconds between their intervals, metres east and north from a to b, and metres apart."""

    a: Ints
    b: Ints
    gap_s: Ints
    east: Floats
    north: Floats
    distance_m: Floats

    def __len__(self) -> int:
        return len(self.a)

    def where(self, index: Ints | Bools) -> Pairs:
        return Pairs(*(getattr(self, name)[index] for name in self.__slots__))


def offset_m(d: Detections, a: Ints, b: Ints) -> tuple[Floats, Floats]:
    """Metres east and north from a to b, with the radii of the middle latitude."""
    return _offset(d.lon, d.lat, a, b)


def gap_s(d: Detections, a: Ints, b: Ints) -> Ints:
    """Seconds between two closed intervals; 0 where they meet."""
    return _gap(d.starts_at, d.ends_at, a, b)


def slabs(d: Detections, window_s: float) -> Iterator[tuple[int, int, int]]:
    """(first, last, end) that cut the time into stretches: who is within the window of a row in [first, last) and not
    before it lies in [first, end). Ten years then take ten times as long as one, and no more: memory stays near."""
    first = 0
    while first < len(d):
        size = SLAB
        while True:
            last = min(first + size, len(d))
            end = int(np.searchsorted(d.starts_at, int(d.ends_at[first:last].max()) + math.ceil(window_s), "right"))
            if end - last <= size:  # else more would be looked at twice than once
                break
            size *= 2
        yield first, last, end
        first = last


def pairs_within(d: Detections, used: Ints, reach_m: float, window_s: float) -> Iterator[Pairs]:
    """In blocks, each pair of the positions `used` (rising) whose centres are within reach and intervals within window."""
    if len(used) < 2 or reach_m <= 0:
        return
    cells = _Cells.of(d, used, reach_m, math.ceil(window_s))
    for i, j in cells.candidates():
        gap = _gap(cells.starts, cells.ends, i, j)
        east, north = _offset(cells.lon, cells.lat, i, j)
        distance = np.hypot(east, north)
        near = np.flatnonzero((distance <= reach_m) & (gap <= window_s))
        a, b = cells.at[i[near]], cells.at[j[near]]
        turned = np.where(a > b, -1.0, 1.0)
        yield Pairs(
            np.minimum(a, b), np.maximum(a, b), gap[near], east[near] * turned, north[near] * turned, distance[near]
        )


def _offset(lon: Floats, lat: Floats, a: Ints, b: Ints) -> tuple[Floats, Floats]:
    lat_a, lat_b = lat[a], lat[b]
    east, north = metres_per_degree((lat_a + lat_b) / 2)
    return (lon[b] - lon[a]) * east, (lat_b - lat_a) * north


def _gap(starts: Ints, ends: Ints, a: Ints, b: Ints) -> Ints:
    apart = np.maximum(starts[a], starts[b]) - np.minimum(ends[a], ends[b])
    return np.asarray(np.maximum(apart, 0), dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class _Cells:
    """Columns by cell and then by time. `key` says both in one number, with one more at the end that is beyond all: what
    of a cell may lie within the window of a row is the stretch of keys from `since` to `until`, moved to that cell.

    A cell is twice the reach long. Only who lies in its right or upper half (`right`, `upper`) can reach the cell beyond.
    """

    at: Ints
    starts: Ints
    ends: Ints
    lon: Floats
    lat: Floats
    key: Ints
    since: Ints
    until: Ints
    right: Bools
    upper: Bools
    column: int
    row: int

    @classmethod
    def of(cls, d: Detections, used: Ints, reach_m: float, window_s: int) -> _Cells:
        starts, ends, lon, lat = (column[used] for column in (d.starts_at, d.ends_at, d.lon, d.lat))
        slack = window_s + int((ends - starts).max())
        cosine = max(float(np.cos(np.radians(np.abs(lat).max() + 0.1))), 0.01)
        size = SIDE * reach_m / METRES_PER_DEGREE
        span = int(np.ptp(starts)) + 2 * slack + 1
        bits = len(used).bit_length()
        while (np.ptp(lat) / size + 3) * (np.ptp(lon) * cosine / size + 3) * max(span, 1 << bits) > MOST_KEYS:
            size *= 2
        east, north = (lon - lon.min()) * (cosine / size), (lat - lat.min()) / size
        x, y = east.astype(np.int64), north.astype(np.int64)
        wide = int(x.max()) + 3
        # Cell and row in one number: its sort is several times faster than an argsort, and keeps the order of time.
        packed = np.sort((y * wide + x + 1) << bits | np.arange(len(used), dtype=np.int64))
        order, first = packed & ((1 << bits) - 1), (packed >> bits) * span - int(starts.min())
        starts, ends = starts[order], ends[order]
        return cls(
            at=used[order],
            starts=starts,
            ends=ends,
            lon=lon[order],
            lat=lat[order],
            key=np.append(first + starts + slack, np.iinfo(np.int64).max),
            since=first + starts,
            until=first + ends + (slack + window_s),
            right=(east - x >= 0.5)[order],
            upper=(north - y >= 0.5)[order],
            column=span,
            row=wide * span,
        )

    def candidates(self) -> Iterator[tuple[Ints, Ints]]:
        """(i, j), rows of these columns, each pair once: forward in the own cell, to the right, above, and above on both
        sides. Every pair within reach and window, and some that are not."""
        return _gathered(pair for i, by in self._looks() for pair in self._walk(i, by))

    def _looks(self) -> Iterator[tuple[Ints, int]]:
        """(rows, how far from their own the cell is in which they look), a block at a time."""
        for begin in range(0, len(self.at), ROWS):
            own = np.arange(begin, min(begin + ROWS, len(self.at)), dtype=np.int64)
            right, upper = self.right[own], self.upper[own]
            yield own, 0
            yield own[right], self.column
            yield own[upper], self.row
            yield own[upper & right], self.row + self.column
            yield own[upper & ~right], self.row - self.column

    def _walk(self, i: Ints, by: int) -> Iterator[tuple[Ints, Ints]]:
        """(i, j) for every j of the cell that is `by` farther and in the window of i: the first of each, the second …"""
        j = np.searchsorted(self.key, self.since[i] + by) if by else i + 1
        until = self.until[i] + by
        while True:
            inside = np.flatnonzero(self.key[j] <= until)
            if not len(inside):
                return
            i, j, until = i[inside], j[inside], until[inside]
            yield i, j
            j = j + 1


def _gathered(pairs: Iterable[tuple[Ints, Ints]]) -> Iterator[tuple[Ints, Ints]]:
    """The same pairs in pieces of about BLOCK."""
    firsts: list[Ints] = []
    seconds: list[Ints] = []
    count = 0
    for i, j in pairs:
        firsts.append(i)
        seconds.append(j)
        count += len(i)
        if count >= BLOCK:
            yield np.concatenate(firsts), np.concatenate(seconds)
            firsts, seconds, count = [], [], 0
    if firsts:
        yield np.concatenate(firsts), np.concatenate(seconds)
