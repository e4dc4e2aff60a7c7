"""The county of a cell, and its ancestors in the layers above, by the chains of parent codes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from grids.geo.arrays import IntArray

COUNTY_DIGITS = 6
"""Length of a county code; the codes below it begin with it (GB/T 2260, GB/T 10114)."""

NO_COUNTY = -2

Parents = Mapping[str, str]


def chain(code: str, parents: Parents) -> Iterator[str]:
    """The code, its parent, and so on; ends where no parent is known, and before a circle closes."""
    trail: set[str] = set()
    while code and code not in trail:
        yield code
        trail.add(code)
        code = parents.get(code, "")


def county_positions(codes: Sequence[str], parents: Parents, counties: Sequence[str]) -> IntArray:
    """The position of each cell's county, NO_COUNTY for orphans.

    The chain decides. Where it ends at a code that no layer has (a layer is absent, or no parent is stated), the
    first six digits of that last code are read as the county.
    """
    position = _positions(counties)

    def county(code: str) -> int:
        line = list(chain(code, parents)) or [""]
        return next((position[link] for link in (*line, line[-1][:COUNTY_DIGITS]) if link in position), NO_COUNTY)

    return np.array([county(code) for code in codes], dtype=np.int32)


def ancestor_positions(codes: Sequence[str], parents: Parents, upper: Sequence[str]) -> IntArray:
    """The position in `upper` of each cell's ancestor there, −1 where its chain does not pass through that layer."""
    position = _positions(upper)
    return np.array(
        [next((position[link] for link in chain(code, parents) if link in position), -1) for code in codes],
        dtype=np.int32,
    )


def _positions(codes: Sequence[str]) -> dict[str, int]:
    """Code → position; of equal codes the first, as in the locator."""
    return {code: at for at, code in reversed(list(enumerate(codes)))}
