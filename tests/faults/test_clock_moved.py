"""The clock moved back an hour, between two acts: what the record, the windows, the jobs and the money do then."""

from datetime import timedelta

import pytest

from core import clock
from firepoints.life.objections import lapse_due
from firepoints.models import FirePoint
from journal.jobs import jobs, waking, working
from journal.models import Access, Entry, Job, Seal
from journal.record import sealing, services
from journal.record.verify import verify
from penalties import checks
from penalties.batches import steps
from penalties.models import LedgerEntry
from tests.factories import points as make

pytestmark = [pytest.mark.embedded, pytest.mark.django_db]
HOUR = timedelta(hours=1)


@pytest.fixture
def moved(monkeypatch):
    """`moved(hours)`: the machine's clock is set, once, and stands."""
    real = clock.real_now()

    def go(hours: float) -> None:
        monkeypatch.setattr(clock, "real_now", lambda: real + hours * HOUR)

    go(0)
    return go


def test_entries_keep_their_order_by_number_and_the_chain_is_whole_though_their_times_go_back(city, moved):
    point = make.verified(city)
    sealing.seal_all()
    moved(-1)
    make.take(point, "recognise", city.recogniser, reason="证据充分")
    sealing.seal_all()
    last, before = Entry.objects.order_by("-id")[:2]
    assert last.act == "fire_point.recognised"
    assert last.real_at < before.real_at, "the time is what the clock said; nothing is invented"
    assert list(Seal.objects.order_by("seq").values_list("entry_id", flat=True)) == sorted(
        Entry.objects.values_list("id", flat=True)
    )
    assert verify().ok, verify().problems
    assert [step.action for step in point.steps.order_by("seq")] == ["dispatch", "report", "recognise"]


def test_the_pages_say_that_the_clock_is_behind_until_it_has_caught_up(city, moved):
    make.suspected()
    moved(-1)
    assert any("时钟" in one for one in working.working().troubles())
    moved(0.01)
    assert not any("时钟" in one for one in working.working().troubles())


def test_an_objection_window_stays_open_the_hour_longer_and_lapses_once(city, moved):
    point = make.notified(city)
    FirePoint.objects.filter(pk=point.pk).update(objection_until=clock.now() - timedelta(minutes=10))
    moved(-1)
    assert lapse_due() == 0, "in the county's favour"
    make_objection = make.take(point, "object", city.west, reason="不是秸秆")
    assert make_objection.state == "contested"
    other = make.notified(city)
    FirePoint.objects.filter(pk=other.pk).update(objection_until=clock.now() + timedelta(minutes=10))
    moved(0)
    assert lapse_due() == 1
    assert lapse_due() == 0


def test_what_became_final_in_the_hour_that_comes_again_is_charged_by_the_next_build(city, moved):
    make.final(city)
    moved(-1)
    steps.batch_build(month="2023-10", actor=city.clerk)
    assert not LedgerEntry.objects.exists(), "it is final after the batch's cut-off, by the clock"
    moved(0.1)
    steps.batch_build(month="2023-10", actor=city.clerk)
    steps.batch_build(month="2023-10", actor=city.clerk)
    assert LedgerEntry.objects.get().amount_fen == 3_000_000
    assert checks.check() == []


@pytest.fixture
def noting(monkeypatch, overridden) -> None:
    overridden(jobs.HANDLERS)
    overridden(jobs.PERIODS, {"test.noted": jobs.Period(3600, 0)})
    monkeypatch.setattr(jobs, "discover", lambda: None)
    monkeypatch.setattr(waking, "wake", lambda: None)

    @jobs.handler("test.noted", lease_s=60)
    def note(payload: dict) -> None:
        services.access(None, "evidence", ("test.thing", 1))


@pytest.mark.usefixtures("noting")
def test_a_job_that_waited_is_done_an_hour_late_at_most_and_a_new_one_at_once(db, moved):
    jobs.enqueue("test.noted", "before")
    moved(-1)
    jobs.enqueue("test.noted", "after")
    assert jobs.run_due() == 1
    assert Job.objects.get(key="after").state == Job.State.DONE
    moved(0)
    assert jobs.run_due() == 1
    assert Access.objects.count() == 2


@pytest.mark.usefixtures("noting")
def test_the_lease_of_a_dead_worker_runs_out_an_hour_later_and_the_job_is_done_once(db, moved):
    jobs.enqueue("test.noted", "k")
    jobs.claim(Job.objects.get())
    moved(-1)
    assert jobs.sweep() == 0
    moved(0.1)
    assert jobs.sweep() == 1
    jobs.run_due()
    assert Job.objects.get(key="k").state == Job.State.DONE


@pytest.mark.usefixtures("noting")
def test_a_slot_that_comes_again_is_not_made_twice(db, moved):
    jobs.sweep()
    jobs.run_due()
    moved(-1)
    jobs.sweep()
    moved(0)
    jobs.sweep()
    jobs.run_due()
    assert Job.objects.filter(key__startswith="slot:").count() == 2, (
        "the hour before has its own slot, this one had its"
    )
    assert Access.objects.count() == 2
