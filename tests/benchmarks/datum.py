"""Datum conversion beside fast-geocn: how far apart the answers are, how exact each inverse is, how long a million takes.

Run from the repository: `python -m tests.benchmarks.datum [points]`. The places are a grid over the rectangle of China, and
a fine one over 本溪; an inverse is judged by going forward again. The package answers one point at a time.
"""

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import fast_geocn
import numpy as np

from grids.geo import datum

Pair = tuple[Any, Any]
CHINA, BENXI = (73.5, 3.9, 135.1, 53.6), (123.55, 40.80, 125.80, 41.60)
METRES = 111_320.0


def grid_of(box: tuple[float, float, float, float], side: int) -> Pair:
    """`side` × `side` places over a box, as two flat arrays of degrees."""
    west, south, east, north = box
    lon, lat = np.meshgrid(np.linspace(west, east, side), np.linspace(south, north, side))
    return lon.ravel(), lat.ravel()


def one_by_one(convert: Callable[[float, float], tuple[float, float]], lon: Any, lat: Any) -> Pair:
    pairs = np.array([convert(x, y) for x, y in zip(lon.tolist(), lat.tolist(), strict=True)])
    return pairs[:, 0], pairs[:, 1]


def apart_mm(left: Pair, right: Pair) -> float:
    """The largest distance between two lists of places, in millimetres."""
    east = (left[0] - right[0]) * METRES * np.cos(np.radians(left[1]))
    return float(np.max(np.hypot(east, (left[1] - right[1]) * METRES))) * 1000


def accuracy(box: tuple[float, float, float, float]) -> Iterator[tuple[str, float, float]]:
    """(what, ours against theirs or our inverse, their inverse), each the worst in mm."""
    lon, lat = grid_of(box, 200)
    for name, there, back in (
        ("gcj02", fast_geocn.wgs84_to_gcj02, fast_geocn.gcj02_to_wgs84),
        ("bd09", fast_geocn.wgs84_to_bd09, fast_geocn.bd09_to_wgs84),
    ):
        offset = datum.from_wgs84(lon, lat, name)
        yield f"{name} forward, apart", apart_mm(offset, one_by_one(there, lon, lat)), 0.0
        ours, theirs = datum.to_wgs84(*offset, name), one_by_one(back, *offset)
        yield f"{name} and back, ours / theirs", apart_mm(ours, (lon, lat)), apart_mm(theirs, (lon, lat))


def seconds(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def main(points: int = 1_000_000) -> None:
    for place, box in (("China", CHINA), ("Benxi", BENXI)):
        for what, ours, theirs in accuracy(box):
            print(f"{place}: {what}: {ours:.6f} / {theirs:.6f} mm")
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(*BENXI[::2], points), rng.uniform(*BENXI[1::2], points)
    for name, back in (("gcj02", fast_geocn.gcj02_to_wgs84), ("bd09", fast_geocn.bd09_to_wgs84)):
        ours = seconds(lambda name=name: datum.to_wgs84(lon, lat, name))
        theirs = seconds(lambda back=back: one_by_one(back, lon, lat))
        print(f"{points} points from {name} to WGS-84: ours {ours:.2f} s, theirs {theirs:.2f} s")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
