"""The Celery tasks of the journal: seal every 2 s, run jobs every 5 s and when woken, sweep every minute."""

from typing import Any

from celery import shared_task

from journal import once
from journal.jobs import jobs
from journal.record import sealing

BATCH = 500


@shared_task(ignore_result=True)
def seal() -> int:
    """Chain what was committed since the last tick."""
    total = 0
    while sealed := sealing.seal_pending(BATCH):
        total += sealed
    return total


@shared_task(ignore_result=True)
def run_jobs() -> int:
    """Do the jobs that are due, until none is."""
    total = 0
    while tried := jobs.run_due():
        total += tried
    return total


@shared_task(ignore_result=True)
def sweep() -> int:
    """Give back what dead workers held, and seal stragglers that committed very late."""
    sealing.seal_all(BATCH)
    return jobs.sweep()


@jobs.handler(once.FORGET, label="清理过期的幂等键")
def forget_once_keys(payload: dict[str, Any]) -> None:
    """Forget the idempotency keys that are past their day."""
    once.forget()


jobs.periodic(once.FORGET, every_s=3600, offset_s=1500)
