"""The invented month: the same seed gives the same bytes, and what is in it is what the story says."""

from __future__ import annotations

import dataclasses
import re
from datetime import date

import pytest
import shapely

from demo import story, world
from demo.files import dms, files_of
from demo.names import invented_name, invented_phone
from demo.plan import Plan
from demo.story import BENXI, HUANREN, MINGSHAN, NANFEN, PINGSHAN, XIHU
from firepoints.sightings.readers.coordinates import parse_coordinate

# Six square counties in two rows, each touching its neighbours.
COUNTIES = {
    code: shapely.box(123.5 + 0.5 * (at % 3), 41.0 + 0.5 * (at // 3), 124.0 + 0.5 * (at % 3), 41.5 + 0.5 * (at // 3))
    for at, code in enumerate((PINGSHAN, XIHU, MINGSHAN, NANFEN, BENXI, HUANREN))
}


PLAN = Plan(date(2026, 10, 1))


def bytes_of(seed: int) -> dict[str, bytes]:
    made = world.build(seed, COUNTIES, PLAN)
    return {file.name: file.content for file in files_of(made, PLAN, lambda lon, lat: ("某县", "某乡"))}


def test_the_same_seed_gives_the_same_files_to_the_byte() -> None:
    assert bytes_of(7) == bytes_of(7)


def test_another_seed_gives_another_month() -> None:
    assert bytes_of(7) != bytes_of(8)


def test_a_fire_more_leaves_all_others_where_they_were() -> None:
    shorter = world.build(7, COUNTIES, dataclasses.replace(PLAN, stories=story.STORIES[:6]))
    longer = world.build(7, COUNTIES, dataclasses.replace(PLAN, stories=story.STORIES[:7]))
    assert {key: longer.known_by[key] for key in shorter.known_by} == dict(shorter.known_by)


def test_no_inland_fire_can_touch_a_second_county() -> None:
    made = world.build(7, COUNTIES, PLAN)
    for one in story.STORIES:
        seen = made.known_by[one.key]
        near = [
            code
            for code, shape in COUNTIES.items()
            if shapely.distance(shape, shapely.Point(seen.lon, seen.lat)) < 0.02
        ]
        assert sorted(near) == sorted(one.where.split("|"))


def test_the_steel_works_give_most_of_the_satellite_rows() -> None:
    pixels = world.build(story.SEED, COUNTIES, PLAN).of("N20", "N")
    hot = [one for one in pixels if one.fire in {works.key for works in story.STEEL_WORKS}]
    assert 0.6 <= len(hot) / len(pixels) <= 0.7


def test_the_month_is_told_in_the_files_of_its_days() -> None:
    names = list(bytes_of(7))
    assert sum(name.endswith(".xlsx") for name in names) == len(PLAN.lists())
    assert sum(name.startswith("firms") for name in names) == len(PLAN.firms())


@pytest.mark.parametrize("degrees", [123.70001, 41.99999, 124.0])
def test_degrees_minutes_and_seconds_are_read_back_within_centimetres(degrees: float) -> None:
    assert parse_coordinate(dms(degrees, "E"), "lon") == pytest.approx(degrees, abs=1e-6)


def test_invented_people_are_all_different_and_plainly_invented() -> None:
    names = [invented_name(at) for at in range(9000)]
    assert len(set(names)) == len(names)
    assert all(name.startswith("演示") for name in names)


def test_no_invented_number_can_be_reached_and_none_is_given_twice() -> None:
    numbers = [invented_phone(at) for at in range(10_000)]
    assert len(set(numbers)) == len(numbers)
    assert all(re.fullmatch(r"000-0000-\d{4}", number) for number in numbers)
    with pytest.raises(ValueError):
        invented_phone(10_000)
