"""The quad-tree of the map: cells of 360/2^level degrees, numbered so that the parts of a cell follow one another.

Longitude and latitude (WGS-84) are cut alike, in degrees; x counts from 180° west, y from 90° south. A cell's key takes the
bits of x and y in turn (Morton order): all that lies in a cell is one range of finer keys, and `key >> 2` is the cell around
it. So a tile of the map is one range of one B-tree.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import BigIntegerField, Func

DEPTH: Final = 20
"""The level of a point's own cell: 0.00034°, some 30 m."""
_PER_DEGREE: Final = 2**DEPTH / 360


@dataclass(frozen=True, slots=True)
class Tile:
    """A cell of the quad-tree by its level, column and row."""

    z: int
    x: int
    y: int

    @property
    def is_on_earth(self) -> bool:
        return 0 <= self.z <= DEPTH and 0 <= self.x < 2**self.z and 0 <= self.y < max(2**self.z // 2, 1)

    @property
    def key(self) -> int:
        """The number of the cell within its level."""
        return key_of(self.x, self.y)

    def keys(self, level: int) -> tuple[int, int]:
        """The first key of a finer level inside this cell, and the first one after it."""
        shift = 2 * (level - self.z)
        return self.key << shift, (self.key + 1) << shift


EARTH: Final = Tile(0, 0, 0)


def key_of(x: int, y: int) -> int:
    """The bits of a column and a row in turn."""
    return sum((x >> bit & 1) << 2 * bit | (y >> bit & 1) << 2 * bit + 1 for bit in range(DEPTH))


def column_and_row(key: int) -> tuple[int, int]:
    """The column and row of a key."""
    x = sum((key >> 2 * bit & 1) << bit for bit in range(DEPTH))
    return x, sum((key >> 2 * bit + 1 & 1) << bit for bit in range(DEPTH))


def cell_at(lon: float, lat: float) -> int:
    """The key of the finest cell of a position: what the database keeps beside each point."""
    return key_of(math.floor((lon + 180) * _PER_DEGREE), math.floor((lat + 90) * _PER_DEGREE))


def bounds_of(key: int, level: int) -> tuple[float, float, float, float]:
    """West, south, east, north of a cell."""
    side = 360 / 2**level
    x, y = column_and_row(key)
    return x * side - 180, y * side - 90, (x + 1) * side - 180, (y + 1) * side - 90


class CellKey(Func):
    """`cell_at` of two columns, lon and lat, as the database works it out, on PostgreSQL and SQLite."""

    arity = 2
    output_field = BigIntegerField()

    def as_sql(self, compiler: Any, connection: Any, **_: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        whole = "CAST(FLOOR({}) AS bigint)" if connection.vendor == "postgresql" else "CAST({} AS integer)"
        terms: list[str] = []
        for turn, (column, least) in enumerate(zip(self.source_expressions, ("180", "90"), strict=True)):
            sql, _parameters = compiler.compile(column)
            steps = whole.format(f"({sql} + {least}) * {_PER_DEGREE!r}")
            terms += [f"(({steps} & {2**bit}) << {bit + turn})" for bit in range(DEPTH)]
        return f"({' | '.join(terms)})", []
