"""Durable background work. The Job row, written in the act's transaction, is the truth; Celery only wakes.

A job is claimed by compare-and-swap. Its effects and its completion are one transaction, guarded by
(id, attempt): a worker whose lease ran out and was taken over changes nothing. Losing the broker loses nothing,
because every tick looks at the table and the sweep gives back what dead workers held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils.module_loading import autodiscover_modules

from core import clock, faults, ways
from core.errors import Conflict
from core.registry import Named
from journal.jobs import waking
from journal.models import Job, Pulse
from journal.record import digests
from journal.record.services import record

log = structlog.get_logger(__name__)

faults.register(
    {
        "job.claimed": "the job is held by a worker that is dead: its lease runs out and the sweep gives it back",
        "job.worked": "the same; what the work had written died with it",
        "job.completed": "the same: work and completion are one transaction",
        "job.committed": "the job is done; nobody does it again",
        "job.swept": "the jobs are given back; the periodic ones of this slot are made by the next sweep",
    }
)
Work = Callable[[dict[str, Any]], None]
WORKER = "worker"
BACKOFF_S, LONGEST_BACKOFF_S = 5, 3600


@dataclass(frozen=True)
class Handler:
    """The function that does one kind of job, with its label, lease and attempts."""

    work: Work
    max_attempts: int
    lease_s: int
    in_pieces: bool = False
    label: str = ""


@dataclass(frozen=True)
class Period:
    """A job made once per slot of `every_s` seconds of Unix time, shifted by `offset_s`."""

    every_s: int
    offset_s: int

    def slot(self, at: datetime) -> int:
        return (int(at.timestamp()) - self.offset_s) // self.every_s


class LeaseLost(Exception):
    """Another worker has taken the job over: what this one did is rolled back."""


class Later(Exception):
    """Not now: the job waits `seconds` and is tried again, and this attempt does not count as a failure."""

    def __init__(self, why: str, *, seconds: float = 10) -> None:
        super().__init__(why)
        self.seconds = seconds


HANDLERS: Named[Handler] = Named(
    "jobs",
    asked_by="worker, `jobs run`",
    what_for="how jobs of a name are done",
    unknown=lambda name: LookupError(f"no handler for {name}"),
)
PERIODS: Named[Period] = Named("periodic jobs", asked_by="the sweep", what_for="jobs that are made once per slot")
_current: ContextVar[Job | None] = ContextVar("jinshao_job_in_pieces", default=None)


def handler(
    name: str, *, max_attempts: int = 5, lease_s: int = 300, in_pieces: bool = False, label: str = ""
) -> Callable[[Work], Work]:
    """Decorate the function that does jobs of this name: `work(payload)`, in one transaction with the completion.

    Handlers live in an app's tasks.py. Keep them short (half a second of writing). Work that cannot be short
    is done `in_pieces`: without a transaction around it, in short ones of its own that are fenced, resumable and harmless
    to repeat; it calls `renew()` now and then, so that its lease does not run out. `label` is what people read (Chinese).
    """

    def add(work: Work) -> Work:
        HANDLERS.add(name, Handler(work, max_attempts, lease_s, in_pieces, label))
        return work

    return add


def periodic(name: str, every_s: int, *, offset_s: int = 0) -> None:
    """Have a job of this name made once per slot, however many sweeps run. Daily at 02:00 Beijing: 86400, 64800."""
    PERIODS.add(name, Period(every_s, offset_s))


def periods() -> dict[str, Period]:
    """The periodic jobs by name."""
    discover()
    return dict(PERIODS.items())


def label(name: str) -> str:
    """The name that people read for jobs of this name; one that the code no longer knows goes by its own name."""
    job_handler = HANDLERS.get(name)
    return (job_handler.label if job_handler else "") or name


def discover() -> None:
    """Load every app's handlers: a command, unlike a Celery worker, has not imported them yet."""
    autodiscover_modules("tasks")


def enqueue(name: str, key: str, payload: Mapping[str, Any] | None = None, *, run_after: datetime | None = None) -> Job:
    """Add a job in the caller's transaction, and wake a worker when it commits.

    The same (name, key) is the same job, whatever its state: it is returned unchanged.
    """
    now = clock.real_now()
    job_handler = HANDLERS.get(name)
    job, is_new = Job.objects.get_or_create(
        name=name,
        key=key,
        defaults={
            "payload": digests.plain(payload or {}),
            "run_after": run_after or now,
            "created_at": now,
            "max_attempts": job_handler.max_attempts if job_handler else 5,
        },
    )
    if is_new:
        _wake_on_commit()
    return job


def hasten(name: str, key: str) -> None:
    """Let a job that waits for a later time begin now."""
    now = clock.real_now()
    with transaction.atomic():
        Job.objects.filter(name=name, key=key, state=Job.State.QUEUED, run_after__gt=now).update(run_after=now)
        _wake_on_commit()


def run_due(limit: int = 20) -> int:
    """Do up to `limit` jobs that are due; returns how many were tried. A failing job stops no other."""
    discover()
    due = Job.objects.filter(state=Job.State.QUEUED, run_after__lte=clock.real_now()).order_by("run_after", "id")
    tried = 0
    for job in due[:limit]:
        claimed = claim(job)
        if claimed:
            run_claimed(claimed)
            tried += 1
    return tried


def claim(job: Job) -> Job | None:
    """Take a queued job for its next attempt; None when someone else was quicker."""
    job_handler = HANDLERS.get(job.name)
    lease_until = clock.real_now() + timedelta(seconds=job_handler.lease_s if job_handler else 60)
    is_ours = Job.objects.filter(pk=job.pk, state=Job.State.QUEUED, attempts=job.attempts).update(
        state=Job.State.RUNNING, attempts=job.attempts + 1, lease_until=lease_until
    )
    if not is_ours:
        return None
    faults.point("job.claimed")
    job.state, job.attempts, job.lease_until = Job.State.RUNNING, job.attempts + 1, lease_until
    return job


def run_claimed(job: Job) -> bool:
    """Do a claimed job: effects and completion in one transaction, or neither. Returns whether it is done."""
    with ways.coming(ways.Way.JOB, f"{job.name} {job.pk}"):
        return _do(job)


def _do(job: Job) -> bool:
    try:
        job_handler = HANDLERS[job.name]
        if job_handler.in_pieces:
            with _working_on(job):
                job_handler.work(job.payload)
        with transaction.atomic():
            if not job_handler.in_pieces:
                job_handler.work(job.payload)
            faults.point("job.worked")
            _complete(job)
            faults.point("job.completed")
        faults.point("job.committed")
    except Later as later:
        _put_off(job, later)
        return False
    except LeaseLost:
        log.warning("jobs.lease_lost", job=str(job), attempt=job.attempts)
        return False
    except Exception as error:
        log.exception("jobs.attempt_failed", job=str(job), attempt=job.attempts)
        _note_failure(job, f"{type(error).__name__}: {error}")
        return False
    return True


@contextmanager
def _working_on(job: Job) -> Iterator[None]:
    token = _current.set(job)
    try:
        yield
    finally:
        _current.reset(token)


def renew() -> None:
    """Keep the lease of the job that is being done in pieces; outside of one it does nothing.

    Raises LeaseLost when another worker has taken the job over.
    """
    job = _current.get()
    if job is None:
        return
    lease_until = clock.real_now() + timedelta(seconds=HANDLERS[job.name].lease_s)
    if not Job.objects.filter(_held(job)).update(lease_until=lease_until):
        raise LeaseLost(str(job))


def stand_back() -> None:
    """Raise Later while an earlier job of the same name is at work, so that work which may take long never has all the
    workers; outside of a job in pieces it does nothing."""
    job = _current.get()
    if job is None:
        return
    at_work = Job.objects.filter(name=job.name, state=Job.State.RUNNING, lease_until__gt=clock.real_now())
    if at_work.filter(pk__lt=job.pk).exists():
        raise Later(f"an earlier {job.name} is at work")


def sweep() -> int:
    """Give back jobs whose worker is gone, and make the periodic jobs of this slot; returns how many were given back."""
    discover()
    now = clock.real_now()
    Pulse.objects.update_or_create(name=WORKER, defaults={"at": now})
    lapsed = Job.objects.filter(state=Job.State.RUNNING, lease_until__lt=now)
    given_up = lapsed.filter(attempts__gte=F("max_attempts")).update(
        state=Job.State.FAILED, lease_until=None, finished_at=now, error="执行中断：租约到期，次数已用完。"
    )
    given_back = lapsed.update(state=Job.State.QUEUED, lease_until=None, run_after=now)
    faults.point("job.swept")
    for name, period in PERIODS.items():
        enqueue(name, f"slot:{period.slot(now)}")
    purge()
    if given_up or given_back:
        log.warning("jobs.swept", given_back=given_back, given_up=given_up)
    return given_back


def purge(limit: int = 1000) -> int:
    """Remove jobs that were done longer ago than JOBS_KEPT_DAYS, some at a time; failed ones stay until someone looks.

    The acts that they did stand in the journal. Returns how many went.
    """
    before = clock.real_now() - timedelta(days=settings.JOBS_KEPT_DAYS)
    old = Job.objects.filter(state=Job.State.DONE, finished_at__lt=before).order_by("id").values_list("pk", flat=True)
    return Job.objects.filter(pk__in=list(old[:limit])).delete()[0]


@transaction.atomic
def retry(job_id: int, *, actor: Any = None) -> None:
    """Give a failed job one more attempt; journaled. Raises Conflict when it has not failed (or somebody was first)."""
    changed = Job.objects.filter(pk=job_id, state=Job.State.FAILED).update(
        state=Job.State.QUEUED, finished_at=None, run_after=clock.real_now(), max_attempts=F("attempts") + 1
    )
    if not changed:
        raise Conflict(f"任务 {job_id} 不存在，或并未失败。", code="not_failed")
    job = Job.objects.get(pk=job_id)
    failure = {"name": job.name, "key": job.key, "attempts": job.attempts, "error": job.error[:200]}
    record("journal.job_retried", job, actor, before=failure, after={"state": job.state})
    _wake_on_commit()


def _held(job: Job) -> Q:
    return Q(pk=job.pk, state=Job.State.RUNNING, attempts=job.attempts)


def _complete(job: Job) -> None:
    done = Job.objects.filter(_held(job)).update(
        state=Job.State.DONE, lease_until=None, finished_at=clock.real_now(), error=""
    )
    if not done:
        raise LeaseLost(str(job))


def _put_off(job: Job, later: Later) -> None:
    Job.objects.filter(_held(job)).update(
        state=Job.State.QUEUED,
        max_attempts=F("max_attempts") + 1,  # the attempt is the fence and never goes back; only failures are numbered
        lease_until=None,
        run_after=clock.real_now() + timedelta(seconds=later.seconds),
        error=digests.plain(str(later))[:2000],
    )


def _note_failure(job: Job, error: str) -> None:
    now = clock.real_now()
    if job.attempts >= job.max_attempts:
        outcome = {"state": Job.State.FAILED, "finished_at": now}
    else:
        wait_s = min(BACKOFF_S * 2 ** (job.attempts - 1), LONGEST_BACKOFF_S)
        outcome = {"state": Job.State.QUEUED, "run_after": now + timedelta(seconds=wait_s)}
    Job.objects.filter(_held(job)).update(lease_until=None, error=digests.plain(error)[:2000], **outcome)


def _wake_on_commit() -> None:
    waiting = transaction.get_connection().run_on_commit
    # One wake-up per transaction is enough, however many jobs it adds.
    if not any(function is waking.wake for _, function, _ in waiting):
        transaction.on_commit(waking.wake, robust=True)
