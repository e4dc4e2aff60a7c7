"""What is proposed where a group is too long or too wide: pauses, gaps, findings and rows that a list holds apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from firepoints.grouping.cuts import proposed_parts
from tests.firepoints.grouping.test_grouping import scene
from tests.properties.test_grouping import crowds


def parts(*rows: tuple[str, float, float, float], **given: object) -> list[tuple[tuple[int, ...], str]]:
    return [(one.ids, one.reason) for one in proposed_parts(scene(*rows), **given)]


def test_a_small_group_is_not_cut():
    assert parts(("viirs", 0, 0, 0), ("viirs", 500, 0, 12)) == [((1, 2), "")]
    assert proposed_parts(scene()) == []


def test_a_long_group_is_cut_at_its_longest_pause():
    found = parts(*(("viirs", 0, 0, hour) for hour in (0, 12, 24, 44, 56, 66)))
    assert found == [((1, 2, 3), ""), ((4, 5, 6), "中间停了 20 小时")]


def test_windows_that_overlap_without_a_pause_are_still_cut_where_one_begins():
    """Two that began together have a pause of nothing, longer than that between windows: nothing could be cut there."""
    windows = [(0, 0), (0, 0), (0, 24), (20, 44), (40, 64), (60, 84)]
    hours = np.array(windows, dtype=np.int64) * 3600
    d = scene(*(("viirs", 0, 0, 0) for _ in windows))
    d = replace(d, starts_at=d.starts_at + hours[:, 0], ends_at=d.starts_at + hours[:, 1])
    found = [one.ids for one in proposed_parts(d)]
    assert len(found) > 1
    for ids in found:
        some = np.isin(d.id, ids)
        assert d.starts_at[some].max() - d.ends_at[some].min() <= 48 * 3600


def test_a_wide_group_is_cut_at_its_widest_gap_and_an_even_one_in_the_middle():
    found = parts(*(("viirs", east, 0, 0) for east in (0, 500, 1000, 1650, 2100)))
    assert found == [((1, 2, 3), ""), ((4, 5), "中间空开 650 米")]
    even = parts(*(("viirs", 500.0 * n, 0, 0) for n in range(6)))
    assert [ids for ids, _ in even] == [(1, 2, 3), (4, 5, 6)]


def test_findings_far_apart_are_the_seeds_and_each_pixel_goes_to_the_nearer():
    found = parts(("viirs", 0, 0, 0), ("viirs", 620, 0, 0), ("patrol", 50, 0, 2), ("patrol", 650, 0, 3))
    assert found == [((1, 3), ""), ((2, 4), "巡查发现或黑斑相距 600 米")]
    near = parts(("viirs", 0, 0, 0), ("patrol", 50, 0, 2), ("scar", 200, 0, 3), ("scar", 350, 0, 3))
    assert len(near) == 1


def test_rows_of_one_list_and_pass_stay_apart():
    listed = {1: "a", 2: "a", 3: "b"}
    found = parts(("list", 0, 0, 0), ("list", 600, 0, 0), ("list", 500, 0, 9), passes=listed)
    assert found == [((1,), ""), ((2, 3), "同一清单同一次过境列为 2 行")]


@settings(max_examples=60, deadline=None)
@given(crowds(), st.randoms(use_true_random=False))
def test_no_order_changes_the_proposal_and_every_sighting_is_in_one_part(detections, random):
    found = proposed_parts(detections, {pk: "a" for pk in detections.id.tolist() if pk % 3 == 0})
    assert sorted(pk for one in found for pk in one.ids) == sorted(detections.id.tolist())
    order = np.array(random.sample(range(len(detections)), len(detections)), dtype=np.int64)
    turned = proposed_parts(detections.take(order), {pk: "a" for pk in detections.id.tolist() if pk % 3 == 0})
    assert turned == found


@settings(max_examples=60, deadline=None)
@given(crowds())
def test_no_part_of_sightings_without_length_is_longer_or_wider_than_the_limit(detections):
    for one in proposed_parts(detections):
        d = detections.take(np.flatnonzero(np.isin(detections.id, one.ids)))
        counted = ~d.fixed_heat & (d.family != 5)
        if counted.any():
            assert d.starts_at[counted].max() - d.ends_at[counted].min() <= 48 * 3600
