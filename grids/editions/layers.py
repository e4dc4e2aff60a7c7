"""The levels of an edition as arrays: what the check, the maps and the locator read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from grids.models import Edition
from grids.roles import LEVELS

Shapes = npt.NDArray[np.object_]
Positions = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Layer:
    """One level as arrays, in code order; `shapes` holds None for a cell without polygon."""

    level: str
    codes: list[str]
    names: list[str]
    parents: list[str]
    shapes: Shapes

    def drawn(self) -> Positions:
        """Positions of the cells that have a polygon."""
        return np.flatnonzero(~shapely.is_missing(self.shapes))


def load_layers(edition: Edition) -> list[Layer]:
    """The levels that the edition has, from the top down."""
    return [layer for level in LEVELS if (layer := load_layer(edition, level)).codes]


def load_layer(edition: Edition, level: str) -> Layer:
    """One level of an edition with its shapes; without cells when the edition lacks it."""
    cells = edition.cells.filter(level=level).order_by("code")
    rows = list(cells.values_list("code", "name", "parent__code", "geometry"))
    wkb = np.empty(len(rows), dtype=object)
    wkb[:] = [None if row[3] is None else bytes(row[3]) for row in rows]
    shapes = np.asarray(shapely.from_wkb(wkb), dtype=object)
    return Layer(level, [row[0] for row in rows], [row[1] for row in rows], [row[2] or "" for row in rows], shapes)
