"""The measures between two sites: edges, centres, intervals."""

from datetime import timedelta

import pytest

from firepoints.steps.gaps import between
from tests.factories import points as make
from tests.factories.city import IN_WEST, City
from tests.firepoints.small_lists import near

pytestmark = pytest.mark.embedded


def test_edges_centres_and_hours_between_two_sites(city: City) -> None:
    row = make.detection(at=IN_WEST)
    far = make.detection(at=near(1500), when=make.BURNT_AT + timedelta(hours=30))
    measures = between([row], [far])
    assert measures is not None
    assert measures.centre_m == pytest.approx(1500, abs=5)
    assert 700 < measures.edge_m < 900  # two halves of a pixel, and the error of each
    assert (measures.gap_h, measures.overlap) == (30.0, 0.0)
    assert measures.words == f"范围边缘相距 {measures.edge_m:.0f} 米，中心相距 1.5 公里，相隔 30 时"


def test_a_date_alone_lies_no_hours_away_from_a_time_within_it(city: City) -> None:
    day = make.detection(
        precision="day", when=make.BURNT_AT - timedelta(hours=5), ends_at=make.BURNT_AT + timedelta(hours=19)
    )
    measures = between([day], [make.detection(at=near(100))])
    assert measures is not None
    assert (measures.edge_m, measures.gap_h) == (0.0, 0.0)
    assert measures.overlap > 0.5
    assert between([day], []) is None
