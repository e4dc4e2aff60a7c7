"""Invented tilings of any size, made in seconds: cells like bricks, with crooked borders that neighbours share.

A brick has six neighbours and meets three at a corner, as villages do. Corners are shifted at random, borders bent by
midpoint displacement, and the whole is warped, so that cells in one region are several times smaller than in another.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

Array = npt.NDArray[np.float64]

SCALES = {"prefecture": 2_000, "province": 80_000, "country": 600_000}
BOXES = {
    "prefecture": (123.5, 40.7, 125.8, 41.6),
    "province": (118.8, 38.7, 125.8, 43.5),
    "country": (97.0, 21.0, 127.0, 46.0),
}


@dataclass(frozen=True, slots=True)
class World:
    """Geometries (valid polygons, neighbours sharing all vertices), codes in another order, and the box around them."""

    geometries: npt.NDArray[np.object_]
    codes: list[str]
    box: tuple[float, float, float, float]


def bricks(leaves: int, box: tuple[float, float, float, float], *, seed: int, bends: int = 3) -> World:
    """About `leaves` cells in `box`; each side is bent `bends` times, so a cell has 6 · 2**bends vertices."""
    rng = np.random.default_rng(seed)
    west, south, east, north = box
    columns = max(2, round((leaves * (east - west) * 0.75 / (north - south)) ** 0.5))
    rows = max(2, round(leaves / columns))
    levels, uprights = _lines(rows, columns, bends, rng)
    rings = _warp(_rings(rows, columns, levels, uprights), rows, columns, box)
    polygons = shapely.polygons(rings)
    # A bend near a sharp corner may cross its neighbour, a handful of times in a million: repaired as an import would.
    valid = shapely.is_valid(polygons)
    polygons[~valid] = shapely.make_valid(polygons[~valid], method="structure")
    order = rng.permutation(len(polygons))
    codes = [f"{at:012d}" for at in np.argsort(order)]
    return World(polygons, codes, box)


def _lines(rows: int, columns: int, bends: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """The bent sides: along each level between rows (rows+1, 2·columns, n, 2), and upright ones (rows, columns+1, n, 2).

    In brick units: row r lies between y = r and r + 1, shifted to the right by half a brick where r is odd.
    """
    half = np.arange(2 * columns + 2) / 2.0
    nodes = np.stack(np.broadcast_arrays(half[None, :], np.arange(rows + 1.0)[:, None]), axis=-1).copy()
    nodes += rng.uniform(-0.12, 0.12, nodes.shape)
    levels = _bend(nodes[:, :-1], nodes[:, 1:], bends, rng)
    shift = np.arange(rows) % 2
    at = 2 * np.arange(columns + 1)[None, :] + shift[:, None]
    lower = np.take_along_axis(nodes[:-1], at[:, :, None], axis=1)
    upper = np.take_along_axis(nodes[1:], at[:, :, None], axis=1)
    return levels, _bend(lower, upper, bends, rng)


def _bend(start: Array, end: Array, bends: int, rng: np.random.Generator) -> Array:
    """Midpoint displacement: points from start to end (inclusive), 2**bends + 1 of them, on the last axis but one."""
    line = np.stack([start, end], axis=-2)
    for depth in range(bends):
        a, b = line[..., :-1, :], line[..., 1:, :]
        across = (b - a)[..., ::-1] * np.array([-1.0, 1.0])
        middle = (a + b) / 2 + across * rng.uniform(-0.16, 0.16, (*a.shape[:-1], 1)) / (1 + 0.2 * depth)
        woven = np.empty((*line.shape[:-2], 2 * line.shape[-2] - 1, 2))
        woven[..., ::2, :], woven[..., 1::2, :] = line, middle
        line = woven
    return line


def _rings(rows: int, columns: int, levels: Array, uprights: Array) -> Array:
    """One closed ring for each brick: two sides below, one to the right, two above, one to the left."""
    shift = (np.arange(rows) % 2)[:, None]
    at = 2 * np.arange(columns)[None, :] + shift
    row = np.arange(rows)[:, None]
    column = np.arange(columns)[None, :]
    below = [levels[row, at + step][:, :, :-1] for step in (0, 1)]
    right = uprights[row, column + 1][:, :, :-1]
    above = [levels[row + 1, at + step][:, :, :0:-1] for step in (1, 0)]
    left = uprights[row, column][:, :, ::-1]
    ring = np.concatenate([*below, right, *above, left], axis=2)
    return ring.reshape(rows * columns, ring.shape[2], 2)


def _warp(rings: Array, rows: int, columns: int, box: tuple[float, float, float, float]) -> Array:
    """Brick units to degrees, with the middle drawn together: areas differ about sevenfold."""
    west, south, east, north = box
    u, v = rings[..., 0] / (columns + 0.5), rings[..., 1] / rows
    x = u + 0.45 * np.sin(2 * np.pi * u) / (2 * np.pi)
    y = v + 0.45 * np.sin(2 * np.pi * v) / (2 * np.pi)
    return np.stack([west + x * (east - west), south + y * (north - south)], axis=-1)
