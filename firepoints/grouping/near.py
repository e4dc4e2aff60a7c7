"""Pairs of sightings so near in place and time that they may show one fire, whether or not the rule joins them (policy.md §4:
asking reaches farther than joining). Pure: a person decides what they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from firepoints.grouping.cells import Pairs, pairs_within
from firepoints.grouping.links import Shapes, rectangle_gap
from firepoints.grouping.model import HOUR, Bools, Codes, Detections, Family, Floats, Ints, Params
from grids.geo.datum import to_wgs84
from grids.geo.footprint import metres_per_degree

PASS_S = 600
"""Two instants so near are of one pass: a satellite crosses the city in two minutes, two of a train follow closely."""
DAY_H = 24.0
SHIFT_M = 900.0
"""GCJ-02 lies nowhere farther than this from WGS-84."""


class Nearness(IntEnum):
    """The reasons for which a pair is near: the codes of the column `why`."""

    PLACE = 0
    PASS = 1
    SCAR = 2
    DATUM = 3


@dataclass(frozen=True, slots=True)
class Reach:
    """How far asking reaches. `edge_m` metres between the edges of two areas within `window_h` hours of their intervals;
    `pass_m` in one pass; `listed_m` between two rows that one list holds apart; two findings `finding_m` apart, errors not
    counted; `scar_h` hours in which a scar asks for what had burnt there, or within `scar_m` of the area of a pixel, whose
    list may have put it where the smoke was."""

    edge_m: float = 1500.0
    window_h: float = 72.0
    pass_m: float = 3000.0
    listed_m: float = 1500.0
    finding_m: float = 200.0
    scar_m: float = 1500.0
    scar_h: float = 90 * DAY_H


@dataclass(frozen=True, slots=True, eq=False)
class Nearby:
    """Pairs as columns: positions a < b, metres between the edges of the two areas, seconds between the intervals, `why`."""

    a: Ints
    b: Ints
    edge_m: Floats
    gap_s: Ints
    why: Codes

    def __len__(self) -> int:
        return len(self.a)

    @classmethod
    def concat(cls, parts: list[Nearby]) -> Nearby:
        none = np.empty(0, np.int64)
        empty = cls(none, none, np.empty(0), none, np.empty(0, np.uint8))
        return cls(*(np.concatenate([getattr(part, name) for part in [empty, *parts]]) for name in cls.__slots__))

    def nearest_first(self) -> Ints:
        """Positions by metres between the edges, then hours, then canonical order: the same whatever came first."""
        return np.lexsort((self.b, self.a, self.gap_s, np.round(self.edge_m))).astype(np.int64)

    def where(self, index: Ints | Bools) -> Nearby:
        return Nearby(*(getattr(self, name)[index] for name in self.__slots__))


def nearby(d: Detections, chosen: Bools, listed: Ints, reach: Reach) -> Nearby:
    """The near pairs of `d` (in canonical order; its sizes are of the areas in which each fire must have been) of which at
    least one is `chosen`. `listed`: the list that holds a row, −1 for none; one list's rows of a day are held apart by
    whoever issued it."""
    if not chosen.any():
        return Nearby.concat([])
    areas = Shapes.of(d, Params(patrol_near_m=0.0))
    return Nearby.concat([_asked(d, areas, pairs, listed, reach) for pairs in _pairs(d, areas, chosen, reach)])


def _pairs(d: Detections, areas: Shapes, chosen: Bools, reach: Reach) -> Iterator[Pairs]:
    """The pairs within the widest reach: all of them for days, those with a scar for as long as scars are seen."""
    every = np.arange(len(d), dtype=np.int64)
    scar = d.family == Family.SCAR
    two = 2 * float(areas.outer_m.max())
    in_days = reach.window_h * HOUR
    for pairs in pairs_within(d, every, two + max(reach.edge_m, reach.pass_m, reach.finding_m), in_days):
        yield pairs.where(chosen[pairs.a] | chosen[pairs.b])
    if scar.any():
        widest = two + max(reach.finding_m + SHIFT_M, reach.scar_m)
        for pairs in pairs_within(d, every, widest, max(reach.scar_h * HOUR, in_days)):
            with_scar = (scar[pairs.a] | scar[pairs.b]) & (pairs.gap_s > in_days)
            yield pairs.where(with_scar & (chosen[pairs.a] | chosen[pairs.b]))


def _asked(d: Detections, areas: Shapes, pairs: Pairs, listed: Ints, reach: Reach) -> Nearby:
    a, b = pairs.a, pairs.b
    edge = _edges_m(areas, pairs)
    in_days = pairs.gap_s <= reach.window_h * HOUR
    two_findings = d.by_people[a] & d.by_people[b]
    of_one_list = (listed[a] == listed[b]) & (listed[a] >= 0) & (pairs.gap_s <= PASS_S)
    in_pass = ~d.by_people[a] & ~d.by_people[b] & _is_instant(d, a) & _is_instant(d, b) & (pairs.gap_s <= PASS_S)
    limit = np.where(of_one_list, reach.listed_m, reach.edge_m)
    limit = np.where(two_findings, reach.finding_m, limit)
    by_place = in_days & (edge <= limit)
    by_pass = in_pass & ~of_one_list & (edge <= reach.pass_m)
    is_scar = _scar_of(d, a, b) & (pairs.gap_s <= reach.scar_h * HOUR)
    by_scar = is_scar & (edge <= np.where(two_findings, reach.finding_m, reach.scar_m))
    by_datum = (in_days | is_scar) & two_findings & (_edges_if_shifted_m(d, areas, pairs) <= reach.finding_m)
    near = np.flatnonzero(by_place | by_pass | by_scar | by_datum)
    why = np.select([by_place, by_pass, by_scar], [Nearness.PLACE, Nearness.PASS, Nearness.SCAR], Nearness.DATUM)
    why = why.astype(np.uint8)
    return Nearby(a[near], b[near], edge[near], pairs.gap_s[near], why[near])


def _edges_m(areas: Shapes, pairs: Pairs) -> Floats:
    """Metres between the edges of two areas, 0 where they meet; the bare rectangles are measured where it matters."""
    a, b = pairs.a, pairs.b
    gap = rectangle_gap(areas, a, b, pairs.east, pairs.north)
    return np.asarray(np.maximum(gap - areas.margin[a] - areas.margin[b], 0.0))


def _edges_if_shifted_m(d: Detections, areas: Shapes, pairs: Pairs) -> Floats:
    """Metres between the edges of two findings, were one of the two positions written in GCJ-02."""
    a, b = pairs.a, pairs.b
    lon, lat = to_wgs84(d.lon, d.lat, "gcj02")
    of_degree = metres_per_degree(d.lat)
    east, north = (lon - d.lon) * of_degree[0], (lat - d.lat) * of_degree[1]
    of_a = np.hypot(pairs.east - east[a], pairs.north - north[a])
    of_b = np.hypot(pairs.east + east[b], pairs.north + north[b])
    return np.asarray(np.maximum(np.minimum(of_a, of_b) - areas.margin[a] - areas.margin[b], 0.0))


def _is_instant(d: Detections, at: Ints) -> Bools:
    return np.asarray(d.starts_at[at] == d.ends_at[at])


def _scar_of(d: Detections, a: Ints, b: Ints) -> Bools:
    """Whether the later of two may be the scar of the earlier: flames on an old scar are a new fire."""
    scar = d.family == Family.SCAR
    after = (scar[b] & (d.ends_at[b] >= d.starts_at[a])) | (scar[a] & (d.ends_at[a] >= d.starts_at[b]))
    return np.asarray(after)
