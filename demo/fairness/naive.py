"""The naive way, for comparison: each readable row of an official list or a patrol is one charge, its centre decides."""

from __future__ import annotations

from collections import Counter

import shapely

from demo.fairness.verifiers import OURS
from demo.fairness.worldfile import World


def score(world: World) -> dict[str, int]:
    """Counts of the same failures as the product's."""
    codes = sorted(world.county_areas)
    tree = shapely.STRtree([world.county_areas[code] for code in codes])
    charges, paid = 0, Counter[str]()
    wrong = not_straw = 0
    for row in world.rows.values():
        if not (row.charges and row.readable):
            continue
        at = tree.query(shapely.Point(row.lon, row.lat), predicate="intersects")
        if not len(at):
            continue
        charges += 1
        fire = world.fires.get(row.main)
        if fire is None or not fire.straw:
            not_straw += 1
            continue
        paid[row.main] += 1
        wrong += fire.counties.get(codes[int(min(at))], 0.0) < OURS
    return {
        "charges": charges,
        "double": sum(count - 1 for count in paid.values()),
        "not_straw": not_straw,
        "uncharged": len(world.reported - set(paid)),
        "wrong_county": wrong,
    }
