"""Background work: done once, never lost, and never half."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from core import clock
from core.errors import Conflict
from journal.jobs import jobs
from journal.models import Entry, Job
from journal.record import services
from tests.journal.conftest import ACT, THING

pytestmark = [pytest.mark.embedded, pytest.mark.django_db, pytest.mark.usefixtures("handlers", "no_wake")]


@pytest.fixture
def acting() -> list[dict]:
    """A handler with an effect on record; the list holds the payloads it was given."""
    seen: list[dict] = []

    @jobs.handler("test.work", max_attempts=3, lease_s=60)
    def work(payload: dict) -> None:
        seen.append(payload)
        with transaction.atomic():
            services.record(ACT, THING, None, after=payload)
        if payload.get("fail"):
            raise RuntimeError("坏了 139\x00")

    return seen


def later(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    at = clock.real_now() + timedelta(seconds=seconds)
    monkeypatch.setattr(clock, "real_now", lambda: at)


def test_the_same_key_is_the_same_job_even_when_it_is_done(acting):
    first = jobs.enqueue("test.work", "k", {"n": 1})
    assert jobs.enqueue("test.work", "k", {"n": 2}) == first
    assert jobs.run_due() == 1
    assert jobs.enqueue("test.work", "k", {"n": 3}).state == Job.State.DONE
    assert jobs.run_due() == 0
    assert acting == [{"n": 1}]


def test_a_job_of_an_act_that_is_rolled_back_never_was(acting):
    with transaction.atomic():
        jobs.enqueue("test.work", "k")
        transaction.set_rollback(True)
    assert not Job.objects.exists()


def test_a_failing_job_leaves_no_half_effect_waits_longer_each_time_and_stays_visible(acting, monkeypatch):
    job = jobs.enqueue("test.work", "k", {"fail": True})
    waits = []
    for attempt in (1, 2, 3):
        now = clock.real_now()
        assert jobs.run_due() == 1
        job.refresh_from_db()
        assert job.attempts == attempt
        assert "坏了" in job.error
        assert jobs.run_due() == 0, "not before its time"
        waits.append((job.run_after - now).total_seconds())
        later(monkeypatch, 4000)
    assert job.state == Job.State.FAILED
    assert waits[1] > waits[0]
    assert not Entry.objects.exists()
    assert len(acting) == 3


def test_a_failed_job_can_be_given_one_more_attempt(acting, monkeypatch):
    job = jobs.enqueue("test.work", "k", {"fail": True})
    with pytest.raises(Conflict):
        jobs.retry(job.pk)
    Job.objects.update(state=Job.State.FAILED, attempts=3, finished_at=clock.real_now(), payload={})
    jobs.retry(job.pk)
    assert jobs.run_due() == 1
    job.refresh_from_db()
    assert (job.state, job.attempts, job.error) == (Job.State.DONE, 4, "")


def test_one_bad_job_stops_no_other(acting):
    jobs.enqueue("test.work", "bad", {"fail": True})
    jobs.enqueue("test.nobody_knows", "x")
    jobs.enqueue("test.work", "good", {"n": 1})
    assert jobs.run_due() == 3
    assert Job.objects.get(key="good").state == Job.State.DONE
    assert "no handler" in Job.objects.get(key="x").error
    assert Entry.objects.count() == 1


def test_a_job_is_not_run_before_its_time(acting, monkeypatch):
    jobs.enqueue("test.work", "k", run_after=clock.real_now() + timedelta(hours=1))
    assert jobs.run_due() == 0
    later(monkeypatch, 3601)
    assert jobs.run_due() == 1


def test_of_two_who_saw_the_same_job_one_gets_it(acting):
    job = jobs.enqueue("test.work", "k")
    one, other = Job.objects.get(pk=job.pk), Job.objects.get(pk=job.pk)
    assert jobs.claim(one)
    assert jobs.claim(other) is None


def test_an_expired_worker_changes_nothing(acting, monkeypatch):
    slow = jobs.claim(jobs.enqueue("test.work", "k", {"n": 1}))
    later(monkeypatch, 61)
    assert jobs.sweep() == 1
    quick = jobs.claim(Job.objects.get())
    assert jobs.run_claimed(slow) is False
    assert acting, "the slow worker did its work"
    assert not Entry.objects.exists(), "and none of it counts"
    assert Job.objects.get().state == Job.State.RUNNING, "the new worker still holds it"
    assert jobs.run_claimed(quick) is True
    assert jobs.run_claimed(slow) is False, "nor after the other is done"
    assert Entry.objects.count() == 1


def test_without_the_guard_an_expired_worker_would_have_changed_something(acting, monkeypatch):
    """The negative control of the test above: the guard is what holds."""
    slow = jobs.claim(jobs.enqueue("test.work", "k", {"n": 1}))
    later(monkeypatch, 61)
    jobs.sweep()
    quick = jobs.claim(Job.objects.get())
    monkeypatch.setattr(jobs, "_complete", lambda job: None)
    jobs.run_claimed(slow)
    jobs.run_claimed(quick)
    assert Entry.objects.count() == 2


def test_an_expired_worker_that_fails_does_not_fail_the_job_of_the_new_one(acting, monkeypatch):
    slow = jobs.claim(jobs.enqueue("test.work", "k", {"fail": True}))
    later(monkeypatch, 61)
    jobs.sweep()
    jobs.claim(Job.objects.get())
    assert jobs.run_claimed(slow) is False
    job = Job.objects.get()
    assert (job.state, job.attempts, job.error) == (Job.State.RUNNING, 2, "")


def test_a_job_whose_workers_keep_dying_is_given_up_and_seen(acting, monkeypatch):
    job = jobs.enqueue("test.work", "k")
    for _ in range(3):
        assert jobs.claim(Job.objects.get())
        later(monkeypatch, 61)
        jobs.sweep()
    job.refresh_from_db()
    assert job.state == Job.State.FAILED
    assert "租约" in job.error


def test_a_lease_that_still_runs_is_left_alone(acting):
    jobs.claim(jobs.enqueue("test.work", "k"))
    assert jobs.sweep() == 0
    assert Job.objects.get().state == Job.State.RUNNING


def test_a_periodic_job_is_made_once_per_slot_however_often_is_swept(acting, monkeypatch):
    jobs.periodic("test.work", 3600)
    at = clock.real_now().replace(minute=10)
    monkeypatch.setattr(clock, "real_now", lambda: at)
    jobs.sweep()
    jobs.sweep()
    assert Job.objects.count() == 1
    later(monkeypatch, 3600)
    jobs.sweep()
    assert Job.objects.count() == 2


def test_a_day_that_begins_at_two_in_beijing():
    period = jobs.Period(86400, 64800)
    before = datetime(2025, 11, 2, 1, 59, 59, tzinfo=clock.BEIJING)
    assert period.slot(before) + 1 == period.slot(before + timedelta(seconds=1))
    assert period.slot(before + timedelta(seconds=1)) == period.slot(before + timedelta(hours=24))


@pytest.mark.parametrize(
    "row",
    [
        {"state": "asleep"},
        {"state": "running"},
        {"state": "done"},
        {"state": "queued", "lease_until": clock.real_now()},
    ],
)
def test_the_database_refuses_a_state_without_its_facts(row):
    now = clock.real_now()
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.create(name="test.work", key="k", run_after=now, created_at=now, **row)
