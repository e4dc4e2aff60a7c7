"""Several workers at one table, on a database where they really meet."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction

from core import clock
from journal.jobs import jobs, waking
from journal.models import Entry, Job
from journal.record import acts, services

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _postgresql_and_one_handler(db, overridden, monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one writer in at a time: two workers cannot meet there")
    acts.register("test.acted", "试办")
    jobs.discover()
    overridden(jobs.HANDLERS)
    overridden(jobs.PERIODS)
    monkeypatch.setattr(waking, "wake", lambda: None)

    @jobs.handler("test.work")
    def work(payload: dict) -> None:
        services.record("test.acted", ("test.thing", payload.get("n", 0)), None)


def together(*acts_: Callable[[], object]) -> list[object]:
    start = threading.Barrier(len(acts_), timeout=20)

    def alone(act: Callable[[], object]) -> object:
        try:
            connection.ensure_connection()
            start.wait()
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts_)) as pool:
        return [one.result(timeout=60) for one in [pool.submit(alone, act) for act in acts_]]


def test_four_workers_do_every_job_exactly_once():
    with transaction.atomic():
        for n in range(30):
            jobs.enqueue("test.work", f"k{n}", {"n": n})
    tried = together(*[lambda: jobs.run_due(limit=30)] * 4)
    assert sum(tried) == 30
    assert Job.objects.filter(state=Job.State.DONE, attempts=1).count() == 30
    assert Entry.objects.count() == 30


def test_the_same_key_at_the_same_moment_is_one_job():
    made = together(*[lambda: jobs.enqueue("test.work", "same").pk] * 4)
    assert len(set(made)) == 1
    assert Job.objects.count() == 1


@pytest.fixture
def woken_late(monkeypatch):
    """`woken_late()`: a worker is inside its transaction when its lease runs out, the sweep gives the job to another,
    who finishes it; only then does the first go on. What each says that it has done."""

    def go() -> list[object]:
        slow = jobs.claim(jobs.enqueue("test.work", "k"))
        working, taken_over, complete = threading.Event(), threading.Event(), jobs._complete

        def complete_late(job: Job) -> None:
            if job is slow:
                working.set()
                assert taken_over.wait(20)
            complete(job)

        monkeypatch.setattr(jobs, "_complete", complete_late)

        def take_over() -> bool:
            assert working.wait(20)
            Job.objects.update(lease_until=clock.real_now() - timedelta(seconds=1))
            assert jobs.sweep() == 1
            done = jobs.run_claimed(jobs.claim(Job.objects.get()))
            taken_over.set()
            return done

        return together(lambda: jobs.run_claimed(slow), take_over)

    return go


def test_a_lease_taken_over_in_the_middle_of_the_work_undoes_the_work(woken_late):
    assert woken_late() == [False, True]
    assert Entry.objects.count() == 1
    assert Job.objects.get().attempts == 2


def test_negative_control_without_the_guard_of_the_attempt_the_work_counts_twice(woken_late, monkeypatch):
    def unguarded(job: Job) -> None:
        Job.objects.filter(pk=job.pk).update(
            state=Job.State.DONE, lease_until=None, finished_at=clock.real_now(), error=""
        )

    monkeypatch.setattr(jobs, "_complete", unguarded)
    assert woken_late() == [True, True]
    assert Entry.objects.count() == 2
