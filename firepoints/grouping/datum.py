"""Findings that touch nothing as they say they lie, and would lie in a pixel of that day were they written in GCJ-02: half a
kilometre off, the commonest fault of a phone's map. A sign for a person, never a correction. Pure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from firepoints.grouping.links import BEIJING_S, links_of
from firepoints.grouping.model import HOUR, Bools, Detections, Family, Params, Rule
from firepoints.grouping.partition import Partition
from grids.geo.datum import to_wgs84

CELL_DEG = 0.05  # more than a footprint and the shift together
ROW = 1 << 20


def likely_shifted(partition: Partition, params: Params) -> list[tuple[int, int]]:
    """Pairs of ids (finding, pixel), sorted: the finding stands among findings only, and read as GCJ-02 it lies in the
    footprint of the pixel, after its pass and on the same Beijing day."""
    d = partition.detections
    finding = d.by_people
    has_pixel = np.zeros(len(d), dtype=bool)
    has_pixel[partition.root[~finding]] = True
    lone = finding & ~has_pixel[partition.root]
    if not lone.any():
        return []
    pixel = ~finding & (d.family != Family.HIMAWARI) & ~d.fixed_heat & around(d, lone)
    candidates = d.take(np.flatnonzero(lone | pixel))
    is_lone = lone[lone | pixel]
    lon, lat = to_wgs84(candidates.lon, candidates.lat, "gcj02")
    moved = replace(candidates, lon=np.where(is_lone, lon, candidates.lon), lat=np.where(is_lone, lat, candidates.lat))
    moved = moved.take(moved.canonical_order())
    links, _ = links_of(moved, None, params)
    links = links.where(links.rule == Rule.INSIDE)
    day = (moved.starts_at + BEIJING_S) // (24 * HOUR)
    links = links.where(day[links.a] == day[links.b])
    is_pixel = moved.family[links.a] < Family.PATROL
    pairs = np.where(is_pixel, links.b, links.a), np.where(is_pixel, links.a, links.b)
    return sorted(zip(moved.id[pairs[0]].tolist(), moved.id[pairs[1]].tolist(), strict=True))


def around(d: Detections, those: Bools) -> Bools:
    """The mask of the detections that lie in the cell of one of those, or in a cell beside it: of a province's rows few do."""
    x, y = (np.floor(column / CELL_DEG).astype(np.int64) for column in (d.lon, d.lat))
    beside = [(x[those] + east) * ROW + y[those] + north for east in (-1, 0, 1) for north in (-1, 0, 1)]
    return np.isin(x * ROW + y, np.concatenate(beside))
