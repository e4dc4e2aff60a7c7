"""The sides of a fire that people divided: a sighting that touches several parts goes to the one that it touches most.

Pure: it leaves out links, before the rule looks at them, so the answer depends on detections and constraints alone.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from firepoints.grouping.links import Shapes, corners, offset_m
from firepoints.grouping.merge import components
from firepoints.grouping.model import Bools, Detections, Floats, Ints, Links

NOBODY = -1


def parts_of(size: int, joined: Ints, frozen: Ints, apart: Ints) -> tuple[Ints, dict[int, set[int]]]:
    """(the part of each detection, NOBODY for those that people did not divide; for each part those it is apart from)."""
    closed = np.flatnonzero(frozen >= 0)
    root = components(size, np.r_[joined[:, 0], closed], np.r_[joined[:, 1], frozen[closed]])
    foes: dict[int, set[int]] = defaultdict(set)
    for a, b in root[apart].tolist():
        foes[a].add(b)
        foes[b].add(a)
    part = np.where(np.isin(root, np.fromiter(foes, dtype=np.int64, count=len(foes))), root, NOBODY)
    return part, foes


def one_side(d: Detections, s: Shapes, links: Links, part: Ints, foes: dict[int, set[int]]) -> Bools:
    """The mask of the links to keep: of a sighting's links to parts that are apart those to the part that it touches most, and none
    between sightings of two sides."""
    keep = np.ones(len(links), dtype=bool)
    a_in, b_in = part[links.a] != NOBODY, part[links.b] != NOBODY
    at = np.flatnonzero(a_in != b_in)
    newcomer = np.where(a_in[at], links.b[at], links.a[at])
    to = np.where(a_in[at], part[links.a[at]], part[links.b[at]])
    side = np.full(len(d), NOBODY, dtype=np.int64)
    parts: dict[int, list[int]] = defaultdict(list)
    for i in most_touched_first(d, s, links, at).tolist():
        pk, own = int(newcomer[i]), int(to[i])
        if foes[own].intersection(parts[pk]):
            keep[at[i]] = False
        elif own not in parts[pk]:
            parts[pk].append(own)
            side[pk] = own if side[pk] == NOBODY else side[pk]
    sides = side[links.a], side[links.b]
    for i in np.flatnonzero((sides[0] != NOBODY) & (sides[1] != NOBODY) & (sides[0] != sides[1])).tolist():
        keep[i] = int(sides[1][i]) not in foes[int(sides[0][i])]
    return keep


def most_touched_first(d: Detections, s: Shapes, links: Links, at: Ints) -> Ints:
    """Positions in `at` by area shared by the two footprints, then nearness, then time, then canonical order."""
    chosen = links.where(at)
    shared = overlap_m2(d, s, chosen)
    return np.lexsort((chosen.b, chosen.a, chosen.gap_s, chosen.distance_m, -shared)).astype(np.int64)


def overlap_m2(d: Detections, s: Shapes, links: Links) -> Floats:
    """Square metres that the two footprints of each link share, to ten."""
    dx, dy = offset_m(d, links.a, links.b)
    first, second = drawn(s, links.a, np.zeros(len(links)), np.zeros(len(links))), drawn(s, links.b, dx, dy)
    return np.asarray(np.round(shapely.area(shapely.intersection(first, second)), -1))


def drawn(s: Shapes, at: Ints, x: Floats, y: Floats) -> npt.NDArray[Any]:
    """Footprints in metres around (x, y)."""
    if not len(at):
        return np.empty(0, dtype=object)
    east, north = corners(s, at)
    ring = np.stack(((east + x).T, (north + y).T), axis=2)  # shape (n, 4, 2)
    # A disc's corners are one point, which is why this is a hull and no polygon.
    hull = shapely.convex_hull(
        np.array([shapely.multipoints(footprint_corners) for footprint_corners in ring], dtype=object)
    )
    return np.asarray(shapely.buffer(hull, s.margin[at]))
