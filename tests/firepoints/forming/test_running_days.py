"""Lists that give a date alone: rows of one day, of the next and of days running are put before a person (policy.md §4)."""

from datetime import datetime, timedelta

import pytest

from firepoints.forming.cuts import cuts_of
from firepoints.models import Detection, FirePoint, Question
from firepoints.steps import questions
from firepoints.steps.selectors import active_detections
from tests.factories import points as make
from tests.factories.city import IN_WEST, City
from tests.firepoints.forming.test_grouping_points import east_of, grouped, point_of

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
Kind = Question.Kind
DAY = timedelta(days=1)
MIDNIGHT: datetime = make.BURNT_AT.replace(hour=16, minute=0)
SOURCES = ("provincial_list", "national_list")


def of_day(number: int, metres: float = 0, **given) -> Detection:
    """A row of a list that gives a date alone: so many days after the first."""
    start = MIDNIGHT + number * DAY
    dated = {"precision": "day", "ends_at": start + DAY, "satellite": "", "scan_km": None, "track_km": None}
    return make.detection(at=east_of(IN_WEST, metres), when=start, **{**dated, **given})


def kinds() -> list[str]:
    (point,) = FirePoint.objects.all()
    return [row.kind for row in Question.objects.unanswered().filter(point=point)]


def test_two_rows_of_one_list_and_day_are_asked_about(city: City) -> None:
    first, second = of_day(0), of_day(0, 600)
    grouped(city, second)
    assert kinds() == [Kind.SEVERAL_SITES]
    assert "同一清单同一天列有 2 行" in make.asked(point_of(first))
    assert [part.ids for part in cuts_of(active_detections(point_of(first)))] == [(first.pk,), (second.pk,)]


def test_two_lists_that_tell_of_one_day_are_not(city: City) -> None:
    grouped(city, of_day(0), of_day(0, 300, source="national_list"))
    assert kinds() == []


@pytest.mark.parametrize("source", SOURCES)
def test_the_next_day_is_asked_about_and_money_waits(city: City, source: str) -> None:
    grouped(city, of_day(0))
    assert kinds() == []
    grouped(city, of_day(1, 300, source=source))
    assert kinds() == [Kind.RUNNING_DAYS]
    assert FirePoint.objects.filter(questions.stops_money()).exists()
    assert "10-08、10-09" in make.asked(FirePoint.objects.get())


def test_days_running_are_asked_anew_each_day_until_they_are_too_long(city: City) -> None:
    grouped(city, of_day(0), of_day(1))
    point = FirePoint.objects.get()
    make.take(point, "review", city.clerk, reason="同一处又报")
    grouped(city, of_day(2))
    point.refresh_from_db()
    assert point.is_oversize, "three dates may be more than 48 hours"
    assert kinds() == [Kind.OVERSIZE]


def test_a_dispatched_point_that_a_later_day_joins_is_asked_about(city: City) -> None:
    grouped(city, of_day(0))
    make.take(FirePoint.objects.get(), "dispatch", city.clerk)
    grouped(city, of_day(1, 200))
    assert kinds() == [Kind.RUNNING_DAYS]


@pytest.mark.parametrize(("hours", "is_asked"), [(12, False), (23, True)])
def test_a_pass_of_the_next_day_is_asked_about_and_the_night_between_is_not(
    city: City, hours: float, is_asked: bool
) -> None:
    grouped(city, make.detection(), make.detection(when=make.BURNT_AT + timedelta(hours=hours), source="national_list"))
    assert kinds() == [Kind.RUNNING_DAYS] * is_asked


def test_what_burns_through_the_night_is_one_fire(city: City) -> None:
    for hours in (0, 12, 24):
        grouped(city, make.detection(when=make.BURNT_AT + timedelta(hours=hours)))
    assert kinds() == []


@pytest.mark.parametrize("given", [{"source": "firms"}, {"source": "self_found"}, {"source": "patrol", "kind": "scar"}])
def test_leads_the_payers_own_finds_and_scars_of_the_next_day_ask_nothing(city: City, given: dict) -> None:
    grouped(city, make.detection(), make.detection(when=make.BURNT_AT + timedelta(hours=23), **given))
    assert kinds() == []


def test_a_division_answers_for_the_days(city: City) -> None:
    first, second = of_day(0), of_day(1)
    grouped(city, first, second)
    point = FirePoint.objects.get()
    make.take(point, "split", city.clerk, groups=[[first.pk], [second.pk]], reason="第二天另烧一块")
    assert [make.asked(one) for one in FirePoint.objects.all()] == ["", ""]
