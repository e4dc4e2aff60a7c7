"""The one clock, and who may turn it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, transaction

from core import clock
from core.errors import Refused
from journal.models import Entry
from tests.journal.conftest import ACT

pytestmark = [pytest.mark.embedded, pytest.mark.django_db]
THEN = datetime(2025, 11, 1, 17, 0, tzinfo=UTC)


def test_a_simulated_clock_is_refused_outside_a_demonstration():
    with pytest.raises(Refused) as refused, clock.simulated(THEN):
        pytest.fail("the clock was turned")
    assert refused.value.code == "not_demo"
    assert not clock.is_simulated()


@pytest.mark.usefixtures("demo")
def test_a_demonstration_acts_at_another_time_and_its_entries_say_so(write):
    with clock.simulated(THEN) as hands:
        entry = write()
        hands.set(datetime(2025, 11, 5, tzinfo=UTC))
        assert clock.now() == datetime(2025, 11, 5, tzinfo=UTC)
    entry.refresh_from_db()
    assert entry.simulated
    assert entry.at == THEN
    assert entry.real_at > THEN
    assert not write().simulated


@pytest.mark.usefixtures("demo")
def test_the_clock_is_right_again_after_a_failure():
    with pytest.raises(ZeroDivisionError), clock.simulated(THEN):
        1 / 0
    assert not clock.is_simulated()


@pytest.mark.usefixtures("demo")
def test_a_naive_time_has_no_meaning():
    with pytest.raises(ValueError), clock.simulated(datetime(2025, 11, 1)):
        pytest.fail("a naive time was accepted")


@pytest.mark.usefixtures("demo")
def test_after_sixteen_hours_utc_it_is_tomorrow_in_beijing():
    with clock.simulated(THEN):
        assert clock.today_beijing() == date(2025, 11, 2)


def test_the_database_refuses_a_false_time_that_is_not_called_simulated():
    with pytest.raises(IntegrityError), transaction.atomic():
        Entry.objects.create(
            at=THEN,
            real_at=clock.real_now(),
            simulated=False,
            act=ACT,
            subject_type="t",
            subject_id="1",
            digest="0" * 64,
        )
