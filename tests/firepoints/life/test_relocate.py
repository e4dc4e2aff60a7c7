"""更正位置: a verified position on the ground moves the point, by a new attribution row; no photo moves a payer (C11)."""

import pytest

from core.errors import BadInput
from firepoints.models import FirePoint
from firepoints.terms.states import State
from tests.factories import points as make
from tests.factories.city import BORDER_LON, EAST, WEST, City

NORTH = (123.75, 41.35)
OVER_THERE = (123.81, 41.25)


def moved(city: City, point: FirePoint, at: tuple[float, float], **given) -> FirePoint:
    piece = make.photo(point, city.clerk, at=at, **given)
    return make.take(point, "relocate", city.clerk, evidence=str(piece.uuid), reason="烧痕在这里")


@pytest.mark.embedded
def test_inside_the_county_the_point_moves_with_its_township_and_people_and_the_pixel_stays_on_file(city: City) -> None:
    point = make.dispatched(city)
    first = point.attribution
    done = moved(city, point, NORTH)
    assert (done.state, done.county_code, done.township_code) == (State.DISPATCHED, WEST, f"{WEST}002")
    assert (done.lon, done.lat) == NORTH
    assert (done.attribution.seq, done.attribution.method) == (first.seq + 1, "person")
    assert point.attributions.get(pk=first.pk).township_code == f"{WEST}001"


@pytest.mark.parametrize("at", [OVER_THERE, (BORDER_LON - 0.0003, 41.25)])
def test_over_the_border_or_too_near_to_tell_the_point_is_nobodys_until_the_joint_record(city: City, at) -> None:
    done = moved(city, make.verified(city), at)
    assert (done.state, done.county_code, done.is_cross, done.verification_id) == (State.JOINT, "", True, None)


def test_a_position_less_exact_than_the_way_to_the_border_settles_nothing(city: City) -> None:
    near = (BORDER_LON - 0.004, 41.25)
    assert moved(city, make.dispatched(city), near, accuracy_m=10.0).state == State.DISPATCHED
    assert moved(city, make.dispatched(city), near, accuracy_m=900.0).state == State.JOINT


def test_the_neighbours_point_stays_visible_to_both_counties(city: City) -> None:
    done = moved(city, make.dispatched(city), OVER_THERE)
    assert set(done.counties.values_list("county_code", flat=True)) == {WEST, EAST}


def test_evidence_without_a_position_moves_nothing(city: City) -> None:
    point = make.dispatched(city)
    piece = make.scan(point, city.clerk)
    with pytest.raises(BadInput):
        make.take(point, "relocate", city.clerk, evidence=str(piece.uuid), reason="试")
    with pytest.raises(BadInput):
        make.take(point, "relocate", city.clerk, evidence="nothing", reason="试")
