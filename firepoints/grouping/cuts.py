"""Proposed divisions of a group that is too long or too wide: for a person to decide, never done by itself (policy.md §4).

Pure. Findings on site far apart are sites of their own; so are rows that one list holds apart in one pass; what is left
and still too long is cut at its longest pause, what is too wide at its widest gap. No order of the rows changes it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import shapely

from firepoints.grouping.links import HOUR
from firepoints.grouping.merge import components
from firepoints.grouping.model import Bools, Detections, Family, Floats, Ints, Params
from grids.geo.footprint import metres_per_degree

SITES_M = 200.0
MOST_PARTS = 99  # as many as the form of 划分 has numbers


@dataclass(frozen=True, slots=True)
class Part:
    """A site as proposed: ids sorted, and why it is apart from the part before it in time ("" for the first)."""

    ids: tuple[int, ...]
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class _Plane:
    """Detections in canonical order with metres east and north of the first."""

    d: Detections
    x: Floats
    y: Floats
    passes: Mapping[int, str]

    @classmethod
    def of(cls, detections: Detections, passes: Mapping[int, str]) -> _Plane:
        d = detections.take(detections.canonical_order())
        east, north = metres_per_degree(float(d.lat.mean()))
        return cls(d, (d.lon - d.lon[0]) * east, (d.lat - d.lat[0]) * north, passes)


def proposed_parts(
    detections: Detections, passes: Mapping[int, str] | None = None, params: Params | None = None
) -> list[Part]:
    """A partition of one group's detections; one part where nothing speaks for a cut.

    `passes`: for rows of official lists, by id, the list and pass that they come from: equal ones stay apart.
    """
    if not len(detections):
        return []
    plane, params = _Plane.of(detections, passes or {}), params or Params()
    waiting: list[tuple[Ints, str]] = [(np.arange(len(detections), dtype=np.int64), "")]
    done: list[tuple[Ints, str]] = []
    while waiting:
        at, reason = waiting.pop()
        side, why = _cut(plane, at, params) if len(waiting) + len(done) + 2 <= MOST_PARTS else (None, "")
        if side is None:
            done.append((at, reason))
            continue
        # The part that holds the first sighting keeps the reason of the cut before; the other says why it is apart.
        first, second = (at[side], at[~side]) if side[0] else (at[~side], at[side])
        waiting += [(first, reason), (second, why)]
    done.sort(key=lambda part: int(part[0][0]))
    return [Part(tuple(sorted(plane.d.id[at].tolist())), reason) for at, reason in done]


def _cut(plane: _Plane, at: Ints, params: Params) -> tuple[Bools | None, str]:
    """(which of `at` lie on one side, why), or (None, "") where they are one site."""
    for cut in (_findings(plane, at), _one_pass(plane, at), _pause(plane, at, params), _gap(plane, at, params)):
        if cut is not None and cut[0].any() and not cut[0].all():
            return cut
    return None, ""


def _findings(plane: _Plane, at: Ints) -> tuple[Bools, str] | None:
    """Findings on site that no chain of steps of SITES_M connects: the rest goes to the nearer one."""
    findings = at[(plane.d.family[at] == Family.PATROL) | (plane.d.family[at] == Family.SCAR)]
    if len(findings) < 2:
        return None
    i, j = np.triu_indices(len(findings), 1)
    apart = np.hypot(plane.x[findings[i]] - plane.x[findings[j]], plane.y[findings[i]] - plane.y[findings[j]])
    root = components(len(findings), i[apart < SITES_M], j[apart < SITES_M])
    if not root.any():
        return None
    own, others = findings[root == 0], findings[root != 0]
    metres = float(apart[(root[i] == 0) != (root[j] == 0)].min())
    return _nearer(plane, at, own, others), f"巡查发现或黑斑相距 {metres:.0f} 米"


def _one_pass(plane: _Plane, at: Ints) -> tuple[Bools, str] | None:
    """Rows that the issuer listed apart in one pass: the first of them and what is nearest to it, against the others."""
    of: dict[str, list[int]] = defaultdict(list)
    for i in at.tolist():
        if name := plane.passes.get(int(plane.d.id[i]), ""):
            of[name].append(i)
    several = sorted((rows for rows in of.values() if len(rows) > 1), key=lambda rows: (-len(rows), rows))
    if not several:
        return None
    rows = np.array(several[0], dtype=np.int64)
    return _nearer(plane, at, rows[:1], rows[1:]), f"同一清单同一次过境列为 {len(rows)} 行"


def _nearer(plane: _Plane, at: Ints, own: Ints, others: Ints) -> Bools:
    """Which of `at` lie nearer to one of `own` than to any of `others`; what is as near to both stays with `own`."""

    def least(seeds: Ints) -> Floats:
        away = np.hypot(plane.x[at][:, None] - plane.x[seeds], plane.y[at][:, None] - plane.y[seeds])
        return np.asarray(np.round(away.min(axis=1), 1))

    return np.asarray((least(own) <= least(others)) & ~np.isin(at, others)) | np.isin(at, own)


def _counted(plane: _Plane, at: Ints) -> Ints:
    """The positions by which length and width of a group are measured: neither scars nor fixed heat."""
    return np.asarray(at[(plane.d.family[at] != Family.SCAR) & ~plane.d.fixed_heat[at]])


def _pause(plane: _Plane, at: Ints, params: Params) -> tuple[Bools, str] | None:
    """The longest time without a sighting, where the group lasts too long; the earlier of two equal ones."""
    counted, d = _counted(plane, at), plane.d
    if not len(counted) or d.ends_at[counted].max() - d.starts_at[counted].min() <= params.max_span_h * HOUR:
        return None
    counted = counted[np.argsort(d.starts_at[counted], kind="stable")]
    starts = d.starts_at[counted]
    pauses = starts[1:] - np.maximum.accumulate(d.ends_at[counted])[:-1]
    # Between two that began together nothing can be cut; where all overlap, no pause is longer than theirs.
    longest = int(np.argmax(np.where(starts[1:] > starts[:-1], pauses, np.iinfo(np.int64).min)))
    later = starts[longest + 1]
    return d.starts_at[at] < later, f"中间停了 {max(int(pauses[longest]), 0) / HOUR:.0f} 小时"


def _gap(plane: _Plane, at: Ints, params: Params) -> tuple[Bools, str] | None:
    """The widest gap along the line between the two farthest centres, where the group is too wide; of equal ones the one
    nearest to the middle."""
    counted = _counted(plane, at)
    ends = _farthest(plane, counted)
    if ends is None:
        return None
    a, b = ends
    dx, dy = plane.x[b] - plane.x[a], plane.y[b] - plane.y[a]
    length = float(np.hypot(dx, dy))
    if length <= params.max_extent_m:
        return None
    along = np.round(((plane.x - plane.x[a]) * dx + (plane.y - plane.y[a]) * dy) / length, 1)
    steps = np.unique(along[counted])
    gaps, middles = np.diff(steps), (steps[1:] + steps[:-1]) / 2
    widest = int(np.lexsort((middles, np.abs(middles - length / 2), -np.round(gaps)))[0])
    return along[at] < middles[widest], f"中间空开 {gaps[widest]:.0f} 米"


def _farthest(plane: _Plane, counted: Ints) -> tuple[int, int] | None:
    """The two centres farthest from each other; only the corners of the hull can be."""
    if len(counted) < 2:
        return None
    hull = shapely.convex_hull(shapely.multipoints(np.stack((plane.x[counted], plane.y[counted]), axis=1)))
    corner = {(x, y) for x, y in shapely.get_coordinates(hull).tolist()}
    outer = np.array([i for i in counted.tolist() if (plane.x[i], plane.y[i]) in corner], dtype=np.int64)
    if len(outer) < 2:
        return None
    i, j = np.triu_indices(len(outer), 1)
    away = np.round(np.hypot(plane.x[outer[i]] - plane.x[outer[j]], plane.y[outer[i]] - plane.y[outer[j]]), 1)
    best = int(np.argmax(away))
    return int(outer[i[best]]), int(outer[j[best]])
