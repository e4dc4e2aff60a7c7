"""The parent of each cell: by the codes that the file states, else by where the cell lies. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import shapely

from grids.editions.files import RawCell
from grids.roles import LEVELS, Level

# Nearest first: a group's file names its village, township and county.
_NEAREST = ("parent", "parent_code", "village", "township", "county", "city")


def parent_codes(cells: Sequence[RawCell]) -> dict[str, str]:
    """Parent code by code; "" for the top level and for orphans.

    The parent lies on the nearest upper level that the edition has. A stated code decides; where the stated codes name
    nothing that is loaded the cell is an orphan (the check says so) and is not quietly given to whoever lies around it.
    A cell that states nothing belongs to the cell that its representative point is in, the lower code on a border.
    """
    level_of = {cell.code: cell.level for cell in cells}
    present = [level for level in LEVELS if level in set(level_of.values())]
    parents = {cell.code: "" for cell in cells}
    for upper, level in pairwise(present):
        children = [cell for cell in cells if cell.level == level]
        silent = []
        for cell in children:
            claims = [cell.claims[field] for field in _NEAREST if cell.claims.get(field)]
            fitting = [code for code in claims if level_of.get(code) == upper]
            if fitting:
                parents[cell.code] = fitting[0]
            elif not claims or _only_above(cell, upper):
                silent.append(cell)
        candidates = [cell for cell in cells if cell.level == upper and cell.geometry is not None]
        parents.update(_by_place(silent, candidates))
    return parents


def _only_above(cell: RawCell, upper: str) -> bool:
    """Whether the cell states codes only of levels above its parent's (a village that names its county alone)."""
    stated = {field for field, code in cell.claims.items() if code}
    above = set(LEVELS[: LEVELS.index(Level(upper))])
    return bool(stated) and stated <= above


def _by_place(children: Sequence[RawCell], candidates: Sequence[RawCell]) -> dict[str, str]:
    located = [cell for cell in children if cell.geometry is not None and not cell.geometry.is_empty]
    if not located or not candidates:
        return {}
    candidates = sorted(candidates, key=lambda cell: cell.code)
    tree = shapely.STRtree([cell.geometry for cell in candidates])
    points = shapely.point_on_surface(np.array([cell.geometry for cell in located], dtype=object))
    child, upper = tree.query(points, predicate="intersects")
    parents: dict[str, str] = {}
    for at, above in sorted(zip(child.tolist(), upper.tolist(), strict=True)):
        parents.setdefault(located[at].code, candidates[above].code)
    return parents
