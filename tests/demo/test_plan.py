"""Which month the demonstration tells of, and that it is told before today, whatever today is."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.clock import BEIJING
from demo import world
from demo.files import files_of
from demo.plan import Plan, found_on, plan_of, plan_on
from demo.services.load import begin
from demo.services.month import events_of
from grids.selectors import system_user
from journal.record.services import deployment_set
from tests.demo.test_world import COUNTIES

FINAL = ("waive", "lapse")
DAYS = st.dates(date(2023, 1, 1), date(2040, 12, 31))


def events(plan: Plan) -> list[Any]:
    made = world.build(7, COUNTIES, plan)
    files = files_of(made, plan, lambda lon, lat: ("某县", "某乡"))
    return events_of(plan, made, files, defaultdict(lambda: None), {})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("today", "month"),
    [
        (date(2026, 11, 22), "2026-10"),
        (date(2026, 11, 20), "2026-09"),  # the last acts are of that morning
        (date(2026, 11, 21), "2026-10"),
        (date(2027, 1, 5), "2026-11"),
        (date(2027, 3, 23), "2027-01"),
        (date(2027, 3, 24), "2027-02"),
    ],
)
def test_the_month_is_the_last_one_whose_whole_story_is_over(today: date, month: str) -> None:
    assert plan_on(today).month == month


@given(today=DAYS)
def test_no_later_month_would_be_over_and_none_is_told_of_the_future(today: date) -> None:
    plan = plan_on(today)
    assert plan.last_act.astimezone(BEIJING).date() < today
    following = Plan((plan.first + timedelta(days=32)).replace(day=1))
    assert following.last_act.astimezone(BEIJING).date() >= today
    assert plan_of(plan.month) == plan


@given(today=DAYS)
def test_fourteen_fires_are_counted_in_any_month_and_the_open_ones_are_of_the_next(today: date) -> None:
    plan = plan_on(today)
    done = [one for one in plan.stories if one.verbs and one.verbs[-1] in FINAL]
    months = [f"{plan.date(one.day):%Y-%m}" for one in done]
    assert months.count(plan.month) == 14
    opened = [one for one in plan.stories if not one.verbs or one.verbs[-1] not in (*FINAL, "close", "exclude")]
    assert opened
    assert all(plan.last_act.date() - plan.date(one.day) <= timedelta(days=8) for one in opened)


@settings(max_examples=6, deadline=None)
@given(today=DAYS)
def test_every_act_of_the_story_lies_between_its_first_and_its_last_day(today: date) -> None:
    plan = plan_on(today)
    told = events(plan)
    assert plan.set_up < told[0].at
    assert told[-1].at == plan.last_act
    assert plan.last_act.date() < today


@settings(max_examples=6, deadline=None)
@given(today=DAYS)
def test_two_months_tell_the_same_story_on_other_days(today: date) -> None:
    plan, other = plan_on(today), Plan(date(2026, 10, 1))
    shift = plan.first - other.first
    assert [event.at - shift for event in events(plan)] == [event.at for event in events(other)]
    here, there = (world.build(7, COUNTIES, one).seen for one in (plan, other))
    assert [(one.at - shift, one.lon, one.lat, one.frp_mw) for one in here] == [
        (one.at, one.lon, one.lat, one.frp_mw) for one in there
    ]


def test_the_leads_of_a_fire_come_before_the_file_that_proves_it() -> None:
    plan = Plan(date(2026, 10, 1))
    for one in plan.stories:
        if {"N20", "N"} & one.channels and one.channels - {"N20", "N"}:
            leads = next(file.arrives for file in plan.firms() if file.covers(plan.date(one.day)))
            assert leads < plan.arrival(one), one.key


def test_every_fire_is_told_of_within_three_days() -> None:
    plan = Plan(date(2026, 10, 1))
    for one in plan.stories:
        known = max(found_on(one) or {one.day})
        late = plan.arrival(one).date() - plan.date(known)
        assert late <= timedelta(days=2 if one.channels - {"N20", "N"} else 4), one.key


@pytest.mark.django_db
def test_a_load_that_was_cut_short_goes_on_with_the_month_that_it_began() -> None:
    deployment_set(actor=system_user(), name="演示", is_demo=True)
    begun = begin(date(2026, 11, 22))
    assert begin(date(2027, 6, 1)) == begun
    assert begun.month == "2026-10"
