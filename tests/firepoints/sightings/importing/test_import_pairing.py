"""One pixel in two states of processing, or rounded: replaced where it is sure, kept twice and counted where it is not."""

from pathlib import Path

import pytest

from firepoints.models import Detection, FirePoint, ImportRun, Supersession
from tests.factories.city import IN_EAST as EAST
from tests.factories.city import IN_WEST as WEST
from tests.factories.imports import import_file

pytestmark = pytest.mark.django_db
HEADER = "latitude,longitude,scan,track,acq_date,acq_time,satellite,version,frp"
METRE = 1 / 111_320
IN_WEST, IN_EAST = (WEST[0] + 0.00037, WEST[1] - 0.00041), (EAST[0] - 0.00012, EAST[1] + 0.00044)
PLACES = (IN_WEST, (IN_WEST[0] + 0.02, IN_WEST[1] + 0.01), IN_EAST)


def row(at=IN_WEST, version="2.0NRT", *, north_m=0.0, time="0501", satellite="N20", decimals=5) -> str:
    lat = at[1] + north_m * METRE
    return f"{lat:.{decimals}f},{at[0]:.{decimals}f},0.53,0.42,2023-10-01,{time},{satellite},{version},2.68"


@pytest.fixture
def firms(tmp_path: Path, city):
    """Import FIRMS rows written to a file; returns the result."""

    def go(*rows: str, name: str = "firms.csv", **how):
        path = tmp_path / name
        path.write_text("\n".join([HEADER, *rows]) + "\n")
        return import_file(path=path, source_code="firms", actor=city.system, **how)

    return go


def outcomes(done) -> tuple[int, int, int]:
    return done.kept, done.identical, done.superseded


def in_force() -> list[str]:
    """The versions of the rows that no other replaces."""
    return sorted(Detection.objects.filter(superseded_by__isnull=True).values_list("version", flat=True))


@pytest.mark.embedded
def test_standard_processing_a_few_metres_away_replaces_near_real_time(firms):
    firms(*(row(at) for at in PLACES))
    points = FirePoint.objects.count()
    done = firms(*(row(at, "2", north_m=12) for at in PLACES), name="sp.csv")
    assert outcomes(done) == (3, 0, 0)
    assert Supersession.objects.count() == 3
    assert in_force() == ["2", "2", "2"]
    assert FirePoint.objects.count() == points
    assert done.unsure_pairs == 0


@pytest.mark.embedded
def test_near_real_time_after_the_standard_row_is_superseded(firms):
    firms(*(row(at, "2", north_m=12) for at in PLACES))
    assert outcomes(firms(*(row(at) for at in PLACES), name="nrt.csv")) == (0, 0, 3)
    assert outcomes(firms(*(row(at, "2", north_m=12) for at in PLACES), row(), name="both.csv")) == (0, 3, 1)


@pytest.mark.parametrize(
    ("first", "second"), [("2.1URT", "2.0NRT"), ("2.0URT", "2.0RT"), ("2.0RT", "2.0NRT"), ("6.1NRT", "6.1SP")]
)
def test_the_state_of_processing_counts_before_its_number(firms, first, second):
    firms(row(version=first))
    assert outcomes(firms(row(version=second), name="second.csv")) == (1, 0, 0)
    assert in_force() == [second]
    assert outcomes(firms(row(version=first), row(IN_EAST, first), name="third.csv")) == (1, 1, 0)
    firms(row(IN_EAST, second, time="0502"), name="better first.csv")
    assert outcomes(firms(row(IN_EAST, first, time="0502"), name="worse.csv")) == (0, 0, 1)


def test_a_file_that_holds_both_states_keeps_the_better_one(firms):
    done = firms(*(row(at) for at in PLACES), *(row(at, "2", north_m=12) for at in PLACES))
    assert outcomes(done) == (6, 0, 0)
    assert Supersession.objects.count() == 3
    assert in_force() == ["2", "2", "2"]
    turned = firms(row(time="0502", version="2", north_m=12), row(time="0502"), name="turned.csv")
    assert outcomes(turned) == (1, 0, 1)


@pytest.mark.parametrize("decimals", [3, 4])
def test_a_rounded_copy_is_the_same_row_whichever_came_first(firms, decimals):
    fine = (IN_WEST, IN_EAST)
    firms(*(row(at) for at in fine))
    assert outcomes(firms(*(row(at, decimals=decimals) for at in fine), name="copy.csv")) == (0, 2, 0)
    firms(*(row(at, time="0502", decimals=decimals) for at in fine), name="copy first.csv")
    assert outcomes(firms(*(row(at, time="0502") for at in fine), name="fine.csv")) == (0, 2, 0)
    both = [row(at, time="0503", decimals=which) for at in fine for which in (5, decimals)]
    assert outcomes(firms(*both, name="both.csv")) == (2, 2, 0)


def test_a_rounded_row_in_another_state_of_processing_is_replaced_too(firms):
    firms(row(version="6.0NRT", decimals=3))
    assert outcomes(firms(row(version="6.1", north_m=30), name="sp.csv")) == (1, 0, 0)
    assert in_force() == ["6.1"]


def test_where_two_could_be_the_one_both_stay_and_they_are_counted(firms):
    firms(row(), row(north_m=90))
    done = firms(row(version="2", north_m=45), name="sp.csv")
    assert outcomes(done) == (1, 0, 0)
    assert in_force() == ["2", "2.0NRT", "2.0NRT"]
    assert done.unsure_pairs == 1
    assert done.as_json()["unsure_pairs"] == 1
    assert ImportRun.objects.latest("pk").options["unsure_pairs"] == 1


@pytest.mark.parametrize(
    "other", [{"north_m": 130}, {"north_m": 12, "time": "0502"}, {"north_m": 12, "satellite": "N21"}], ids=str
)  # fmt: skip
def test_another_pixel_minute_or_satellite_is_another_row(firms, other):
    firms(row())
    done = firms(row(version="2", **other), name="sp.csv")
    assert (outcomes(done), done.unsure_pairs) == ((1, 0, 0), 0)
    assert in_force() == ["2", "2.0NRT"]


def test_two_pixels_of_one_version_are_never_taken_for_one(firms):
    assert outcomes(firms(row(), row(north_m=60))) == (2, 0, 0)
    assert outcomes(firms(row(north_m=30), name="more.csv")) == (1, 0, 0)


def test_a_preview_says_what_would_be_replaced_and_what_is_unsure(firms):
    firms(row(), row(IN_EAST), row(IN_EAST, north_m=90))
    done = firms(row(version="2", north_m=12), row(IN_EAST, "2", north_m=45), name="sp.csv", dry_run=True)
    assert [look.replaces for look in done.looks] == [True, False]
    assert done.unsure_pairs == 1
