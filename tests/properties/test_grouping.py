"""The partition is a function of detections and constraints: no order, no batching and no numbering changes it."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from firepoints.grouping import cells
from firepoints.grouping.links import Shapes, links_of, offset_m, touching
from firepoints.grouping.model import FAMILIES
from firepoints.grouping.rule import Constraints, Detections, Params, Said, group, related
from firepoints.grouping.sides import NOBODY, one_side, parts_of
from grids.geo.footprint import footprints, from_local_xy

T0, HOUR = 1_696_482_000, 3600
PARAMS = Params()
FAST = settings(max_examples=80, deadline=None)


@st.composite
def crowds(draw, most: int = 24) -> Detections:
    """Detections close enough in place and time for every rule to have its say; on coarse steps, so that ties occur."""
    size = draw(st.integers(0, most))

    def column(values: st.SearchStrategy) -> list:
        return draw(st.lists(values, min_size=size, max_size=size))

    east, north = column(st.integers(-15, 15)), column(st.integers(-4, 4))
    lon, lat = from_local_xy(np.array(east) * 120.0, np.array(north) * 120.0, 123.7, 41.2)
    starts = np.array(column(st.integers(0, 30)), dtype=np.int64) * 3 * HOUR + T0
    return Detections.build(
        id=draw(st.permutations(range(1, size + 1))) if size else np.empty(0, np.int64),
        starts_at=starts,
        ends_at=starts + np.array(column(st.sampled_from([0, 0, 0, 24 * HOUR])), dtype=np.int64),
        lon=lon,
        lat=lat,
        family=np.array(column(st.sampled_from([0, 0, 0, 0, *range(len(FAMILIES))])), dtype=np.uint8),
        scan_km=column(st.sampled_from([0.4, 0.6, float("nan")])),
        track_km=column(st.sampled_from([0.4, 0.7])),
        heading_deg=column(st.sampled_from([348.4, 191.6, float("nan")])),
        error_m=column(st.sampled_from([20.0, 150.0])),
        fixed_heat=column(st.sampled_from([False, False, False, True])),
    )


@st.composite
def cases(draw) -> tuple[Detections, Constraints]:
    detections = draw(crowds())
    ids = detections.id.tolist()
    if len(ids) < 2:
        return detections, Constraints()
    pairs = st.lists(st.tuples(st.sampled_from(ids), st.sampled_from(ids)).filter(lambda p: p[0] != p[1]), max_size=4)
    frozen = draw(st.lists(st.sampled_from(ids), unique=True, max_size=6))
    cut = draw(st.integers(0, len(frozen)))
    groups = [part for part in (frozen[:cut], frozen[cut:]) if part]
    return detections, Constraints(joined=draw(pairs), apart=draw(pairs), frozen=groups)


def answer(detections: Detections, constraints: Constraints) -> tuple:
    partition = group(detections, constraints, PARAMS)
    return partition.groups(), partition.proposals, sorted(partition.hints(), key=repr)


@FAST
@given(cases(), st.randoms(use_true_random=False))
def test_no_order_of_arrival_changes_the_answer(case, random):
    detections, constraints = case
    order = list(range(len(detections)))
    random.shuffle(order)
    shuffled = detections.take(np.array(order, dtype=np.int64))
    turned = Constraints(
        joined=[pair[::-1] for pair in reversed(constraints.joined)],
        apart=[pair[::-1] for pair in reversed(constraints.apart)],
        frozen=[list(reversed(members)) for members in reversed(constraints.frozen)],
    )
    assert answer(shuffled, turned) == answer(detections, constraints)


@FAST
@given(cases(), st.data())
def test_grouping_only_what_an_import_may_change_gives_the_same_groups(case, data):
    detections, constraints = case
    if not len(detections):
        return
    whole = group(detections, constraints, PARAMS).groups()
    seeds = data.draw(st.lists(st.sampled_from(detections.id.tolist()), min_size=1, max_size=3))
    near = related(detections, seeds, constraints, PARAMS)
    part = detections.take(np.flatnonzero(np.isin(detections.id, near)))
    found = group(part, constraints, PARAMS).groups()
    assert set(seeds) <= {pk for one in found for pk in one.members}
    assert [one for one in whole if set(one.members) & set(near.tolist())] == found


@FAST
@given(cases(), st.randoms(use_true_random=False))
def test_however_a_fire_is_batched_what_each_import_makes_of_it_ends_in_one_partition(case, random):
    """What came before an import adds nothing but what people said of it: the last import decides as if it were the only."""
    detections, constraints = case
    whole = group(detections, constraints, PARAMS)
    seen: list[int] = []
    arriving = random.sample(range(len(detections)), len(detections))
    while arriving:
        size = random.randint(1, len(arriving))
        seen, arriving = seen + arriving[:size], arriving[size:]
        last = group(detections.take(np.array(seen, dtype=np.int64)), constraints, PARAMS)
    if seen:
        assert (last.members(), last.proposals) == (whole.members(), whole.proposals)


@FAST
@given(cases())
def test_what_touches_parts_that_are_apart_leaves_the_one_that_it_touches_less(case):
    detections, constraints = case
    d = detections.take(detections.canonical_order())
    said = Said.of(d, constraints)
    shapes = Shapes.of(d, PARAMS)
    links, _ = links_of(d, shapes, PARAMS)
    part, foes = parts_of(len(d), said.joined, said.frozen, said.apart)
    kept = links.where(one_side(d, shapes, links, part, foes))
    held: dict[int, set[int]] = {}
    for a, b in zip(kept.a.tolist(), kept.b.tolist(), strict=True):
        if (part[a] == NOBODY) != (part[b] == NOBODY):
            held.setdefault(a if part[a] == NOBODY else b, set()).add(int(max(part[a], part[b])))
    assert all(not (foes[one] & others) for others in held.values() for one in others)


@FAST
@given(cases())
def test_every_detection_is_in_one_group_and_people_are_obeyed(case):
    detections, constraints = case
    partition = group(detections, constraints, PARAMS)
    members = partition.members()
    assert sorted(pk for one in members for pk in one) == sorted(detections.id.tolist())
    home = {pk: one for one in members for pk in one}
    frozen = {pk for one in constraints.frozen for pk in one}
    for one in constraints.frozen:
        assert home[one[0]] == tuple(sorted(one))
    for a, b in constraints.joined:
        assert home[a] == home[b] or {a, b} & frozen
    contradicted = {frozenset(pair) for pair in partition.conflicts}
    for a, b in constraints.apart:
        assert home[a] != home[b] or frozenset((a, b)) in contradicted


@FAST
@given(cases())
def test_every_group_explains_itself(case):
    detections, constraints = case
    for one in group(detections, constraints, PARAMS).groups():
        if one.frozen or len(one.members) == 1:
            continue
        reached, links = {one.members[0]}, list(one.links)
        while True:
            more = {pk for link in links if {link.a, link.b} & reached for pk in (link.a, link.b)} - reached
            if not more:
                break
            reached |= more
        assert reached == set(one.members)


@FAST
@given(crowds())
def test_fixed_heat_and_findings_unite_no_two_groups_of_pixels(detections):
    loose = detections.fixed_heat | (detections.family >= FAMILIES.index("patrol"))
    bare = group(detections.take(np.flatnonzero(~loose)), None, PARAMS).members()
    with_all = {pk: one for one in group(detections, None, PARAMS).members() for pk in one}
    firm = set(detections.id[~loose].tolist())
    for one in bare:
        assert {pk for pk in with_all[one[0]] if pk in firm} == set(one)


@FAST
@given(crowds())
def test_links_are_exactly_what_a_look_at_every_pair_finds(detections):
    """The negative control of the grid: a slow look at all pairs, with the footprints that the map draws."""
    d = detections.take(detections.canonical_order())
    links, _ = links_of(d, Shapes.of(d, PARAMS), PARAMS)
    found = set(zip(links.a.tolist(), links.b.tolist(), strict=True))
    pixels = np.flatnonzero((d.family < FAMILIES.index("himawari")) | (d.family == FAMILIES.index("list")))
    s = Shapes.of(d, PARAMS)
    for a in pixels:
        for b in pixels[pixels > a]:
            gap = max(d.starts_at[a], d.starts_at[b]) - min(d.ends_at[a], d.ends_at[b])
            dx, dy = offset_m(d, np.array([a]), np.array([b]))
            near = np.hypot(dx, dy)[0] <= 1000 or FAMILIES.index("modis") not in (d.family[a], d.family[b])
            days = (d.starts_at[[a, b]] + 8 * HOUR) // 86_400
            same = not (d.fixed_heat[a] and d.fixed_heat[b]) or days[0] == days[1]
            touch = bool(touching(s, np.array([a]), np.array([b]), dx, dy)[0])
            assert ((a, b) in found) == (gap <= 24 * HOUR and near and same and touch)


side, turn = st.floats(0.3, 1.6), st.floats(0, 360)


@settings(max_examples=400, deadline=None)
@given(side, side, turn, side, side, turn, st.floats(-2500, 2500), st.floats(-2500, 2500), st.floats(0, 300))
def test_touching_agrees_with_the_footprints_that_the_map_draws(w1, h1, t1, w2, h2, t2, east, north, error):
    lon, lat = from_local_xy([0.0, east], [0.0, north], 123.7, 41.2)
    d = Detections.build(
        id=[1, 2], starts_at=0, lon=lon, lat=lat, family="viirs",
        scan_km=[w1, w2], track_km=[h1, h2], heading_deg=[t1, t2], error_m=error,
    )  # fmt: skip
    a, b = np.array([0]), np.array([1])
    dx, dy = offset_m(d, a, b)
    ours = bool(touching(Shapes.of(d, PARAMS), a, b, dx, dy)[0])
    drawn = footprints(lon, lat, [w1, w2], [h1, h2], [t1, t2], error)
    gap_m = shapely.distance(drawn[0], drawn[1]) * 84_000
    overlap = shapely.area(shapely.intersection(drawn[0], drawn[1])) * 84_000 * 111_000
    # Chords make the drawn corners up to 0.5 % of the error too small, and the plane is local: 8 m is a tie.
    assert ours if overlap > 8 * 100 else (not ours if gap_m > 8 else True)


@FAST
@given(cases(), st.integers(1, 6))
def test_time_cut_into_stretches_leaves_every_link_found_once(case, rows):
    detections, constraints = case
    whole = group(detections, constraints, PARAMS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cells, "SLAB", rows)
        cut = group(detections, constraints, PARAMS)
    assert (cut.groups(), cut.proposals) == (whole.groups(), whole.proposals)
    assert sorted(cut.hints(), key=repr) == sorted(whole.hints(), key=repr)
