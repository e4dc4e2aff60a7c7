"""What is near is a function of the rows alone: no order changes it, and the metres are those of the drawn areas."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st

from firepoints.grouping.links import Shapes, offset_m
from firepoints.grouping.model import HOUR, Detections, Family, Params
from firepoints.grouping.near import Nearness, Reach, nearby
from firepoints.grouping.sides import drawn
from tests.properties.test_grouping import FAST, crowds

REACH = Reach(edge_m=600.0, window_h=30.0, pass_m=900.0, listed_m=300.0, finding_m=200.0, scar_h=80.0)
Row = tuple[frozenset[int], int]


def in_order(d: Detections) -> Detections:
    return d.take(d.canonical_order())


def pairs_of(d: Detections, chosen: set[int], listed: dict[int, int], reach: Reach = REACH) -> set[Row]:
    ids = d.id.tolist()
    near = nearby(d, np.isin(d.id, list(chosen)), np.array([listed.get(pk, -1) for pk in ids], dtype=np.int64), reach)
    assert (near.a < near.b).all()
    rows = zip(d.id[near.a].tolist(), d.id[near.b].tolist(), near.why.tolist(), strict=True)
    listed_pairs = [(frozenset((a, b)), why) for a, b, why in rows]
    assert len({pair for pair, _ in listed_pairs}) == len(listed_pairs), "no pair is near twice"
    return set(listed_pairs)


@FAST
@given(crowds(), st.randoms(use_true_random=False))
def test_no_order_of_arrival_changes_what_is_near(d: Detections, random) -> None:
    ids = d.id.tolist()
    chosen, listed = set(ids[::2]), {pk: pk % 3 for pk in ids}
    shuffled = list(range(len(ids)))
    random.shuffle(shuffled)
    other = d.take(np.array(shuffled, dtype=np.int64))
    assert pairs_of(in_order(d), chosen, listed) == pairs_of(in_order(other), chosen, listed)


@FAST
@given(crowds(most=14))
def test_near_is_what_a_ruler_on_the_drawn_areas_says(d: Detections) -> None:
    d = in_order(replace(d, family=np.where(d.family <= Family.LIST, Family.LIST, d.family).astype(np.uint8)))
    near = pairs_of(d, set(d.id.tolist()), {})
    areas = Shapes.of(d, Params(patrol_near_m=0.0))
    for i in range(len(d)):
        for j in range(i + 1, len(d)):
            a, b = np.array([i]), np.array([j])
            x, y = offset_m(d, a, b)
            edge_m = float(shapely.distance(drawn(areas, a, x * 0, y * 0), drawn(areas, b, x, y))[0])
            gap_s = max(int(d.starts_at[j] - d.ends_at[i]), 0)
            two = bool(d.by_people[i] and d.by_people[j])
            limit = REACH.finding_m if two else REACH.edge_m
            if abs(edge_m - limit) < 15:  # chords of a drawn disc
                continue
            is_near = (frozenset((int(d.id[i]), int(d.id[j]))), int(Nearness.PLACE)) in near
            assert is_near == (edge_m <= limit and gap_s <= REACH.window_h * HOUR)


@FAST
@given(crowds())
def test_who_asks_less_far_asks_about_a_part_of_it_and_only_of_chosen_rows(d: Detections) -> None:
    d = in_order(d)
    every = set(d.id.tolist())
    chosen = set(sorted(every)[::3])
    wide = {pair for pair, _ in pairs_of(d, every, {})}
    narrow = replace(REACH, edge_m=100.0, window_h=12.0, pass_m=200.0, finding_m=50.0, scar_h=20.0)
    assert {pair for pair, _ in pairs_of(d, every, {}, narrow)} <= wide
    assert {pair for pair, _ in pairs_of(d, chosen, {})} == {pair for pair in wide if pair & chosen}
