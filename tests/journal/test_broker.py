"""The broker only wakes: away, slow or empty, it loses nothing and fails no act."""

from __future__ import annotations

import threading

import pytest
from django.db import transaction

from journal import jobs, sealing, services, tasks, waking
from journal.models import Entry, Job
from tests.journal.conftest import ACT, THING

pytestmark = [pytest.mark.embedded, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("handlers")]


@pytest.fixture
def dead_broker(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Nobody listens: each publish fails as it does when Redis is down."""
    calls: list[str] = []

    def refuse(*args: object, **kwargs: object) -> None:
        calls.append("publish")
        raise ConnectionRefusedError("broker away")

    monkeypatch.setattr(tasks.run_jobs, "apply_async", refuse)
    return calls


def handle() -> None:
    @jobs.handler("test.work")
    def work(payload: dict) -> None:
        services.record(ACT, THING, None, after=payload)


def test_an_act_is_done_and_its_job_kept_when_the_broker_is_away(dead_broker):
    handle()
    with transaction.atomic():
        services.record(ACT, THING, 7)
        jobs.enqueue("test.work", "k", {"n": 1})
    assert dead_broker == ["publish"]
    assert Entry.objects.count() == 1
    assert Job.objects.get().state == Job.State.QUEUED
    tasks.run_jobs()
    assert Job.objects.get().state == Job.State.DONE
    assert Entry.objects.count() == 2


def test_an_act_never_waits_for_a_broker_that_hangs(monkeypatch):
    monkeypatch.setattr(waking, "sends_inline", lambda: False)
    monkeypatch.setattr(waking, "_waker", waking.Waker())
    hanging, released, sent = threading.Event(), threading.Event(), threading.Semaphore(0)

    def hang(**options: object) -> None:
        hanging.set()
        released.wait(20)
        sent.release()

    monkeypatch.setattr(tasks.run_jobs, "apply_async", hang)
    jobs.enqueue("test.work", "first")
    assert hanging.wait(20), "a thread is stuck in the broker"
    for n in range(50):
        jobs.enqueue("test.work", f"k{n}")
    assert Job.objects.count() == 51
    released.set()
    assert sent.acquire(timeout=20)
    assert sent.acquire(timeout=20), "and what came meanwhile is woken for, once"
    assert waking._waker._waiting.empty()


def test_many_jobs_of_one_act_wake_once(dead_broker):
    with transaction.atomic():
        for n in range(5):
            jobs.enqueue("test.work", f"k{n}")
    assert dead_broker == ["publish"]


def test_a_rolled_back_act_wakes_nobody(dead_broker):
    with transaction.atomic():
        jobs.enqueue("test.work", "k")
        transaction.set_rollback(True)
    assert dead_broker == []


def test_the_tasks_seal_run_and_sweep(dead_broker):
    handle()
    with transaction.atomic():
        services.record(ACT, THING, 7)
        jobs.enqueue("test.work", "k")
    assert tasks.run_jobs() == 1
    assert tasks.seal() == 2
    assert sealing.head()[0] == 2
    assert tasks.sweep() == 0
