"""How long the check of an edition takes for 3,000 counties with the vertex counts of real ones.

Run from the repository: `python -m tests.benchmarks.edition_check [counties] [vertices per county] [misfits]`. The counties are a
grid whose shared edges are rough lines, so that they fit exactly like a surveyed coverage; `misfits` of them are then
moved by some metres. No database: the pure checks alone, level by level, as edition_check calls them.
"""

import resource
import sys
import time
from typing import Any

import numpy as np
import shapely

from grids.editions.check import check_layers
from grids.editions.layers import Layer
from grids.roles import Level

WEST, SOUTH, STEP = 112.0, 30.0, 0.2


def rough_line(start: Any, end: Any, steps: int, rng: np.random.Generator) -> Any:
    """A line of 2^k ≤ `steps` segments between two points, displaced ever less at its midpoints."""
    line = np.array([start, end])
    sway = 0.06 * float(np.hypot(*(line[1] - line[0])))
    while 2 * (len(line) - 1) <= steps:
        middle = (line[:-1] + line[1:]) / 2 + rng.normal(0, sway / 3, (len(line) - 1, 2))
        line = np.stack([line, np.vstack([middle, line[-1:]])], axis=1).reshape(-1, 2)[:-1]
        sway /= 2
    return np.round(line, 6)


def counties(number: int, vertices: int, seed: int = 1) -> list[shapely.Polygon]:
    """About `number` counties side by side that tile a rectangle with rough borders."""
    rng = np.random.default_rng(seed)
    wide = round(number**0.5 * 1.2)
    high = -(-number // wide)
    nodes = np.stack(np.meshgrid(WEST + STEP * np.arange(wide + 1), SOUTH + STEP * np.arange(high + 1)), axis=2)
    steps = vertices // 4
    across = [[rough_line(nodes[y, x], nodes[y, x + 1], steps, rng) for x in range(wide)] for y in range(high + 1)]
    upward = [[rough_line(nodes[y, x], nodes[y + 1, x], steps, rng) for x in range(wide + 1)] for y in range(high)]
    found = []
    for y in range(high):
        for x in range(wide):
            sides = across[y][x], upward[y][x + 1], across[y + 1][x][::-1], upward[y][x][::-1]
            found.append(shapely.Polygon(np.vstack(sides)))
    # Rough lines may cross near a corner; such a county is left out, as a hole in the land.
    return [one for one in found if one.is_valid][:number]


def layer_of(shapes: list[shapely.Polygon], misfits: int = 0) -> Layer:
    """The counties as a layer with invented codes; the first `misfits` of them moved by about 10 m."""
    moved = [shapely.affinity.translate(one, 0.0001, 0.0) for one in shapes[:misfits]] + shapes[misfits:]
    array = np.empty(len(moved), dtype=object)
    array[:] = moved
    codes = [f"{900000 + at}" for at in range(len(moved))]
    return Layer(Level.COUNTY, codes, [f"县{at}" for at in range(len(moved))], [""] * len(moved), array)


def main() -> None:
    number, vertices, misfits = (int(word) for word in (sys.argv[1:] + ["3000", "2500", "0"][len(sys.argv) - 1 :]))
    shapes = counties(number, vertices)
    layer = layer_of(shapes, misfits)
    total = int(shapely.get_num_coordinates(layer.shapes).sum())
    started = time.perf_counter()
    found = check_layers(
        [layer], progress=lambda stage, done, of: print(f"{time.perf_counter() - started:7.1f} s  {stage}")
    )
    seconds = time.perf_counter() - started
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    counts = {kind: len(rows) for kind, rows in found.items() if rows}
    print(f"{len(shapes)} counties, {total} vertices: {seconds:.1f} s, peak {peak_mb:.0f} MB, found {counts}")


if __name__ == "__main__":
    main()
