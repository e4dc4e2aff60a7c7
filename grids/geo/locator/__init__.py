"""Point → cell, exactly and fast: the answer is that of GEOS `covers`, and every point has one answer by one fixed rule.

The rule: a point covered by several cells (a shared border or vertex, or an overlap of imperfect borders) belongs to
the one with the lower code in string order; of equal codes, to the one given first. The answer depends on nothing
else: not on the batch, its order or size, nor on the process or the machine. Longitudes are compared as numbers:
−180 and 180 are two different places.

How it works stands in docs/locator.md, with a picture. `table` is the shape of the index, `compile` and `blocks` build
it, `lookup` reads it, `exact` settles what it leaves open.
"""

from grids.geo.locator.exact import BORDER, OVERLAP, Flags, Pairs
from grids.geo.locator.locator import Locator

__all__ = ["BORDER", "OVERLAP", "Flags", "Locator", "Pairs"]
