"""Length and width of each group: they tell the group that waits for a person (policy.md §4). Pure."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import shapely

from firepoints.grouping.model import Bools, Detections, Family, Floats, Ints
from grids.geo.footprint import metres_per_degree

HULL_ABOVE = 64  # members; above this only the corners of the hull are compared
BLOCK = 2_000_000  # pairs compared at a time


def counts(d: Detections) -> Bools:
    """Whether each detection counts for the measures: scars are found later, fixed heat burns always."""
    return np.asarray(~d.fixed_heat & (d.family != Family.SCAR))


def spans(d: Detections, of: Ints, counted: Bools, size: int) -> Ints:
    """Seconds from the earliest start to the latest end of each group: what its times can mean, so that dates alone of three
    days running are as long as they may be."""
    latest = np.full(size, np.iinfo(np.int64).min, dtype=np.int64)
    earliest = np.full(size, np.iinfo(np.int64).max, dtype=np.int64)
    np.maximum.at(latest, of[counted], d.ends_at[counted])
    np.minimum.at(earliest, of[counted], d.starts_at[counted])
    return np.where(latest > earliest, latest - np.minimum(earliest, latest), 0)


def extents(d: Detections, of: Ints, counted: Bools, size: int) -> Floats:
    """Metres between the two farthest centres of each group, with the radii of its northernmost latitude."""
    sizes = np.bincount(of[counted], minlength=size)
    members = without_inner(d, of, np.flatnonzero(counted & (sizes[of] > 1)), np.flatnonzero(sizes > HULL_ABOVE))
    members = members[np.argsort(of[members])]
    group = of[members]
    north = np.full(size, -90.0)
    np.maximum.at(north, group, d.lat[members])
    # One scale for a group: its members lie within kilometres, and the pairs are many more than they are.
    scale = metres_per_degree(np.where(sizes > 1, north, 0.0))
    x, y = d.lon[members] * scale[0][group], d.lat[members] * scale[1][group]
    extent = np.zeros(size)
    own = np.arange(len(members), dtype=np.int64)
    stop = np.cumsum(np.bincount(group, minlength=size))[group]
    # Each with the next first: for most groups that is all.
    i = own[own + 1 < stop]
    np.maximum.at(extent, group[i], np.hypot(x[i] - x[i + 1], y[i] - y[i + 1]))
    for i, j in expand(np.minimum(own + 2, stop), stop):
        np.maximum.at(extent, group[i], np.hypot(x[i] - x[j], y[i] - y[j]))
    return extent


def without_inner(d: Detections, of: Ints, members: Ints, large: Ints) -> Ints:
    """`members` without those inside the hull of a large group: they are not the farthest from anything."""
    if not len(large):
        return members
    order = np.argsort(of[members], kind="stable")
    group = of[members][order]
    keep = np.ones(len(members), dtype=bool)
    edges = np.searchsorted(group, large, "left").tolist(), np.searchsorted(group, large, "right").tolist()
    for first, last in zip(*edges, strict=True):
        at = order[first:last]
        own = members[at]
        ring = shapely.convex_hull(shapely.multipoints(np.stack((d.lon[own], d.lat[own]), axis=1)))
        corner = {(x, y) for x, y in shapely.get_coordinates(ring)}
        keep[at] = [place in corner for place in zip(d.lon[own].tolist(), d.lat[own].tolist(), strict=True)]
    return members[keep]


def expand(start: Ints, stop: Ints) -> Iterator[tuple[Ints, Ints]]:
    """(i, j) for every j in [start[i], stop[i]), in blocks of about BLOCK pairs."""
    count = stop - start
    total = np.cumsum(count)
    begin = 0
    while begin < len(count):
        done = int(total[begin - 1]) if begin else 0
        end = max(int(np.searchsorted(total, done + BLOCK, "right")), begin + 1)
        sizes = count[begin:end]
        if sizes.any():
            i = np.repeat(np.arange(begin, end, dtype=np.int64), sizes)
            within = np.arange(len(i), dtype=np.int64) - np.repeat(np.cumsum(sizes) - sizes, sizes)
            yield i, start[i] + within
        begin = end
