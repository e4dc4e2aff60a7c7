"""The rule of policy.md §4 in small scenes: what is one 处, what is not, and what waits for a person."""

from __future__ import annotations

import pytest

from firepoints.grouping.rule import Constraints, Detections, Params, Partition, group, related
from firepoints.sightings.readers.table import table_of
from grids.geo.footprint import from_local_xy

LON, LAT, T0 = 123.7, 41.2, 1_696_482_000
HOUR = 3600


def scene(*rows: tuple[str, float, float, float], fixed: tuple[int, ...] = (), **columns: object) -> Detections:
    """Detections 1, 2, …: (family, metres east, metres north, hours after the start)."""
    lon, lat = from_local_xy([row[1] for row in rows], [row[2] for row in rows], LON, LAT)
    ids = list(range(1, len(rows) + 1))
    size = {"viirs": 0.4, "modis": 1.2, "himawari": 2.0}
    given = {
        "id": ids,
        "starts_at": [int(T0 + row[3] * HOUR) for row in rows],
        "lon": lon,
        "lat": lat,
        "family": [row[0] for row in rows],
        "scan_km": [size.get(row[0], float("nan")) for row in rows],
        "track_km": [size.get(row[0], float("nan")) for row in rows],
        "heading_deg": 348.4,
        "error_m": [20.0 if row[0] in ("patrol", "scar") else 150.0 for row in rows],
        "fixed_heat": [pk in fixed for pk in ids],
    }
    return Detections.build(**{**given, **columns})  # type: ignore[arg-type]


def members(partition: Partition) -> list[tuple[int, ...]]:
    return partition.members()


def rules(partition: Partition) -> set[str]:
    return {link.rule for one in partition.groups() for link in one.links}


def test_pixels_that_touch_within_a_day_are_one_site_and_the_link_says_why():
    partition = group(scene(("viirs", 0, 0, 0), ("viirs", 500, 0, 13), ("viirs", 5000, 0, 0)))
    assert members(partition) == [(1, 2), (3,)]
    (link,) = partition.groups()[0].links
    assert (link.rule, round(link.distance_m), link.gap_h) == ("touch", 500, 13.0)
    assert "相距 500 米" in link.text


@pytest.mark.parametrize(("metres", "together"), [(690, True), (900, False)])
def test_pixels_touch_by_their_turned_footprint_with_the_position_error_around(metres, together):
    partition = group(scene(("viirs", 0, 0, 0), ("viirs", metres, 0, 0)))
    assert (len(members(partition)) == 1) is together


@pytest.mark.parametrize(("hours", "together"), [(24.0, True), (24.01, False)])
def test_a_day_between_passes_is_the_limit(hours, together):
    assert (len(members(group(scene(("viirs", 0, 0, 0), ("viirs", 0, 0, hours))))) == 1) is together


@pytest.mark.parametrize(("metres", "together"), [(990, True), (1010, False)])
def test_modis_joins_up_to_a_kilometre_between_centres_however_large_its_pixel(metres, together):
    pixels = scene(("modis", 0, 0, 0), ("modis", metres, 0, 1), scan_km=2.5, track_km=1.5)
    assert (len(members(group(pixels))) == 1) is together


def test_himawari_is_a_hint_and_joins_nothing():
    partition = group(scene(("viirs", 0, 0, 0), ("himawari", 300, 0, 1), ("himawari", 300, 0, 1.2)))
    assert members(partition) == [(1,), (2,), (3,)]
    assert [(link.a, link.b, link.rule) for link in partition.hints()] == [(1, 2, "himawari"), (1, 3, "himawari")]


def test_a_list_row_with_a_date_only_meets_a_pass_of_that_day():
    day = [T0 // 86_400 * 86_400 - 8 * HOUR, T0]
    partition = group(scene(("list", 0, 0, 0), ("viirs", 300, 0, 0), starts_at=day, ends_at=[day[0] + 86_400, T0]))
    assert members(partition) == [(1, 2)]


def test_a_finding_inside_the_footprint_after_the_pass_attaches():
    partition = group(
        scene(("viirs", 0, 0, 0), ("patrol", 250, 0, 3), ("scar", -200, 100, 100), ("patrol", 3000, 0, 3))
    )
    assert members(partition) == [(1, 2, 3), (4,)]
    assert rules(partition) == {"inside"}


def test_a_finding_before_the_pass_is_only_a_hint():
    partition = group(scene(("viirs", 0, 0, 5), ("patrol", 100, 0, 0)))
    assert members(partition) == [(1,), (2,)]
    assert [link.rule for link in partition.hints()] == ["before_pass"]


def test_a_finding_in_two_footprints_attaches_to_the_latest_pass_and_bridges_nothing():
    partition = group(scene(("viirs", 0, 0, 0), ("viirs", 0, 0, 30), ("scar", 0, 0, 40)))
    assert members(partition) == [(1,), (2, 3)]


def test_a_scar_found_days_after_the_flames_at_one_place_is_one_site_but_flames_on_an_old_scar_are_another():
    assert len(group(scene(("patrol", 0, 0, 0), ("scar", 50, 0, 60))).members()) == 1
    assert len(group(scene(("scar", 0, 0, 0), ("scar", 50, 0, 60))).members()) == 1
    assert len(group(scene(("scar", 0, 0, 0), ("patrol", 50, 0, 60))).members()) == 2


def test_findings_side_by_side_are_one_site_and_follow_the_one_that_a_pixel_holds():
    partition = group(scene(("viirs", 0, 0, 0), ("patrol", 300, 0, 2), ("patrol", 450, 0, 3), ("scar", 600, 0, 4)))
    assert members(partition) == [(1, 2, 3, 4)]
    alone = group(scene(("patrol", 0, 0, 0), ("patrol", 150, 0, 1), ("patrol", 600, 0, 1)))
    assert members(alone) == [(1, 2), (3,)]


def test_fixed_heat_attaches_but_neither_bridges_nor_extends():
    partition = group(scene(("viirs", 0, 0, 0), ("viirs", 600, 0, 1), ("viirs", 1200, 0, 2), fixed=(2,)))
    assert members(partition) == [(1, 2), (3,)]
    wide = group(scene(("viirs", 0, 0, 0), ("viirs", 600, 0, 20), fixed=(2,))).groups()[0]
    assert (wide.members, wide.extent_m, wide.span_h, wide.fixed_only) == ((1, 2), 0.0, 0.0, False)


def test_fixed_heat_gathers_by_day_so_that_a_steel_works_is_no_chain_of_weeks():
    hits = scene(*(("viirs", 0, 0, 12.0 * n) for n in range(8)), fixed=tuple(range(1, 9)))
    groups = group(hits).groups()
    assert all(one.fixed_only and not one.oversize and len(one.members) <= 2 for one in groups)
    assert len(groups) >= 4


def test_a_long_or_wide_group_waits_for_a_person_and_is_not_cut():
    (long,) = group(scene(*(("viirs", 0, 0, 20.0 * n) for n in range(4)))).groups()
    assert (long.oversize, long.span_h, len(long.members)) == (("over_48h",), 60.0, 4)
    (wide,) = group(scene(*(("viirs", 600.0 * n, 0, 0) for n in range(5)))).groups()
    assert wide.oversize == ("over_2km",)
    assert wide.extent_m == pytest.approx(2400, abs=1)
    (many,) = group(scene(*(("viirs", 30.0 * n, 10.0 * (n % 7), 0) for n in range(100)))).groups()
    assert many.extent_m == pytest.approx(2970, abs=2)


def test_what_people_joined_is_joined_and_what_they_parted_is_parted():
    far = scene(("viirs", 0, 0, 0), ("viirs", 9000, 0, 90), ("viirs", 400, 0, 0), ("viirs", 850, 0, 0))
    joined = group(far, Constraints(joined=[(1, 2), (1, 99)]))
    assert members(joined) == [(1, 2, 3, 4)]
    assert rules(joined) == {"joined", "touch"}
    parted = group(far, Constraints(apart=[(1, 4)]))
    assert members(parted) == [(1, 3), (2,), (4,)]
    assert [link.rule for link in parted.hints()] == ["apart"]
    split = group(far, Constraints(joined=[(3, 4)], apart=[(1, 4)]))
    assert members(split) == [(1,), (2,), (3, 4)]


def test_what_touches_two_parts_of_a_divided_fire_joins_the_one_it_touches_most_not_the_first():
    # 3 is nearer in time to 1, and shares more ground with 2; 4 and 5 would make a bridge.
    parts = scene(("viirs", 0, 0, 0), ("viirs", 900, 0, -20), ("viirs", 560, 0, 1), ("viirs", 340, 0, 2))
    partition = group(parts, Constraints(apart=[(1, 2)]))
    assert members(partition) == [(1, 4), (2, 3)]
    assert {link.rule for link in partition.hints()} == {"apart"}


def test_what_touches_a_part_that_stands_most_is_proposed_to_it_alone():
    parts = scene(("viirs", 0, 0, 0), ("viirs", 900, 0, 0), ("viirs", 340, 0, 2), ("viirs", 560, 0, 2))
    said = Constraints(apart=[(1, 2)], frozen=[(1,)])
    partition = group(parts, said)
    assert members(partition) == [(1,), (2, 4), (3,)]
    assert [(p.detection, p.frozen) for p in partition.proposals] == [(3, 1)]
    both = group(parts, Constraints(apart=[(1, 2)], frozen=[(1,), (2,)]))
    assert [(p.detection, p.frozen) for p in both.proposals] == [(3, 1), (4, 2)]


def test_contradicting_people_are_reported_and_the_joining_stands():
    partition = group(scene(("viirs", 0, 0, 0), ("viirs", 9000, 0, 0)), Constraints(joined=[(1, 2)], apart=[(2, 1)]))
    assert members(partition) == [(1, 2)]
    assert partition.conflicts == ((2, 1),)


def test_a_frozen_group_keeps_its_members_and_newcomers_are_proposed():
    touching = scene(("viirs", 0, 0, 0), ("viirs", 400, 0, 0), ("viirs", 800, 0, 0), ("patrol", 100, 0, 2))
    partition = group(touching, Constraints(frozen=[(1, 2)]))
    assert members(partition) == [(1, 2), (3,), (4,)]
    assert [one.frozen for one in partition.groups()] == [True, False, False]
    assert [(p.detection, p.frozen, p.link.rule) for p in partition.proposals] == [(3, 1, "touch"), (4, 1, "inside")]


def test_a_frozen_group_that_people_would_join_is_proposed_too():
    far = scene(("viirs", 0, 0, 0), ("viirs", 9000, 0, 0))
    partition = group(far, Constraints(joined=[(1, 2)], frozen=[(1,)]))
    assert members(partition) == [(1,), (2,)]
    assert [(p.detection, p.frozen, p.link.rule) for p in partition.proposals] == [(2, 1, "joined")]


def test_a_frozen_group_inside_which_a_pair_was_parted_stays_whole():
    partition = group(scene(("viirs", 0, 0, 0), ("viirs", 400, 0, 0)), Constraints(frozen=[(1, 2)], apart=[(1, 2)]))
    assert members(partition) == [(1, 2)]


def test_related_finds_all_that_a_new_detection_may_change():
    row = scene(*(("viirs", 600.0 * n, 0, 0) for n in range(4)), ("viirs", 20_000, 0, 0), ("scar", 2000, 0, 100))
    assert related(row, [1], Constraints(), Params()).tolist() == [1, 2, 3, 4, 6]
    assert related(row, [5], Constraints(joined=[(5, 6)]), Params()).tolist() == [1, 2, 3, 4, 5, 6]


def test_nothing_gives_nothing():
    empty = scene()
    assert members(group(empty)) == []
    assert group(empty).groups() == []


@pytest.mark.parametrize(
    "columns", [{"id": [1, 1]}, {"ends_at": [T0 - 1, T0]}, {"lon": [float("nan"), 123.0]}, {"error_m": float("inf")}]
)
def test_columns_that_make_no_sense_are_refused(columns):
    with pytest.raises(ValueError):
        scene(("viirs", 0, 0, 0), ("viirs", 0, 0, 0), **columns)


def test_october_in_liaoning_gives_the_groups_that_were_measured(data_dir):
    from firepoints.sightings.readers import firms
    from firepoints.sightings.readers.base import ParseOptions
    from grids.geo.sensors import heading_for

    table = table_of(firms.parse(data_dir / "firms_viirs_noaa20_liaoning_2023-10.csv", options=ParseOptions()))
    hours = ((table.starts_at + 8 * HOUR) % 86_400) / HOUR
    partition = group(
        Detections.build(
            id=range(1, len(table) + 1),
            starts_at=table.starts_at,
            lon=table.lon,
            lat=table.lat,
            family="viirs",
            scan_km=table.scan_km,
            track_km=table.track_km,
            heading_deg=[heading_for("N20", hour) for hour in hours],
            error_m=150.0,
        )
    )
    assert len(partition.members()) == 1061
    assert int(partition.over_span.sum()) == 37  # policy.md §4 counts 39 by circles of 750 m
    assert float(partition.span_h.max()) > 16 * 24
