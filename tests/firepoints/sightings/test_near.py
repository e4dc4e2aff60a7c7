"""The box around a position, by the cells of the index."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firepoints.models import Detection
from firepoints.sightings.near import _cells, in_box
from tests.factories import points as make

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


@pytest.mark.parametrize("aside", [0.0, 0.0099, 0.01, 0.0101, 0.0299, -0.0299])
def test_a_sighting_is_in_the_box_wherever_its_cell_is_cut(city, aside):
    at = (123.77, 41.29)
    inside = make.detection(at=(at[0] + aside, at[1] - aside))
    outside = make.detection(at=(at[0] + 0.031, at[1]))
    rows = Detection.objects.filter(in_box([at[0]], [at[1]], 0.03))
    assert inside in rows
    assert outside not in rows


@given(st.floats(-90, 90), st.floats(0, 0.2))
def test_the_cells_of_a_side_hold_every_coordinate_whether_a_database_rounds_or_cuts_off(low, width):
    cells = _cells(low, low + width)
    for coordinate in (low, low + width / 2, low + width):
        assert round(coordinate * 50) in cells
        assert int(coordinate * 50) in cells


def test_a_box_over_the_whole_city_is_found_all_the_same(city):
    row = make.detection(at=(123.77, 41.29))
    assert row in Detection.objects.filter(in_box([122.0, 126.0], [40.0, 43.0], 0.1))
