"""The index itself: three arrays of int32, and how a number in one of them points into the next.

`coarse` has one number for each cell of a raster, `fine` one for each cell of the blocks into which a coarse cell with
borders is cut, `records` the borders inside a fine cell. A number says:

  ≥ 0       the position of the one area that covers the whole cell
  −1        no area touches the cell
  ≤ −2      in `coarse`: −2 − (block << 4 | depth); the block has 2**depth × 2**depth numbers from fine[block << 2] on,
            row by row from the south; in `fine`: −2 − offset of a record

A record is [start, n] and n pieces of border, three numbers each: [lower end, upper end, turn]. An end is x | y << 16 in
quanta (1/65,536 of the fine cell). `start` is the sum of weights at the lower left corner, less `unit`; `turn` is what
the sum gains from the left of the piece to its right. n = ASK: the cell is too odd, ask GEOS.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from grids.geo.arrays import IntArray

NO_AREA: Final = -1
FIRST_LINK: Final = -2
DEPTH_BITS: Final = 4
MAX_DEPTH: Final = 8
HEADER: Final = 2
WIDTH: Final = 3
ASK: Final = -1
LAST_QUANTUM: Final = 65_535
QUANTA: Final = 65_536.0

ASKING_CELL: Final = FIRST_LINK
"""In `fine`: the record at offset 0, which asks."""
ASKING_BLOCK: Final = FIRST_LINK - 1
"""In `coarse`: the block at 0 with depth 1, whose four cells ask."""

Sums = npt.NDArray[np.int64]


class Grid(NamedTuple):
    """The raster: its lower left corner in degrees, cells per degree, columns and rows. The outermost cells are
    empty."""

    west: float
    south: float
    per_x: float
    per_y: float
    columns: int
    rows: int


class Table(NamedTuple):
    """The three arrays of the index (see the head of this file). `areas` is how many positions there are."""

    grid: Grid
    areas: int
    coarse: IntArray
    fine: IntArray
    records: IntArray


def uniform(sums: Sums, unit: int, areas: int) -> IntArray:
    """The number of a cell without border, from the sum of the weights of the areas that cover it.

    A sum in [unit, unit + areas) can only be of one area, 0 only of none; all else is an overlap, and asks.
    """
    position = sums - unit
    alone = np.where((position >= 0) & (position < areas), position, ASKING_CELL)
    return np.where(sums == 0, NO_AREA, alone).astype(np.int32)
