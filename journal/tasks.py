"""The Celery tasks of the journal: seal every 2 s, run jobs every 5 s and when woken, sweep every minute."""

from typing import Any

from celery import shared_task

from journal import once
from journal.jobs import jobs
from journal.proposals import services as proposals
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


@jobs.handler("journal.lapse_proposals", label="让情况已变的提请失效")
def lapse_proposals(payload: dict[str, Any]) -> None:
    """Let the proposals lapse whose subject has moved on."""
    proposals.lapse_stale()


jobs.periodic(once.FORGET, every_s=3600, offset_s=1500)
jobs.periodic("journal.lapse_proposals", every_s=3600, offset_s=2100)
