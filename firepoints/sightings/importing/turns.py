"""The turn of imports: one import, correction or withdrawal works at a time, and it may die at any moment.

The turn is a column of the run itself, UNIQUE, so that no second run can have it. It has a lease, and a fence: every
piece of work begins with `UPDATE … WHERE attempt = mine`, in its own transaction. Who was taken over finds no row,
and nothing of that piece remains. A lease that has run out may be taken up by whoever comes next: another import, a
withdrawal, or the job that was written together with the run.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from time import sleep
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q

from core import clock
from core.db.sqlite.base import PAUSE_S
from core.errors import Conflict
from firepoints.models import ImportRun, Source
from journal.jobs import jobs

LEASE_S = 60
MOST_ATTEMPTS = 8
State, Phase = ImportRun.State, ImportRun.Phase


class Busy(Conflict):
    """Another import has the turn; `holder` says which."""

    code = "import_busy"
    http_status = 409

    def __init__(self, holder: ImportRun | None) -> None:
        name = f"“{holder.filename}”" if holder else "另一份文件"
        super().__init__(f"正在导入{name}，请稍后再试", details={"holder": str(holder.uuid) if holder else None})
        self.holder = holder


class TurnLost(Exception):
    """Someone else has taken the run over: what this piece did is rolled back, and this worker stops."""


@dataclass(frozen=True, slots=True)
class Turn:
    """The right to work on one run: its id and the fence."""

    run_id: int
    attempt: int

    @contextmanager
    def piece(self) -> Iterator[None]:
        """One short transaction of the work. Raises TurnLost if the turn is no longer this worker's."""
        with transaction.atomic():
            self.keep()
            yield
        if connection.vendor == "sqlite" and not connection.in_atomic_block:
            sleep(PAUSE_S)

    def keep(self, **changes: Any) -> None:
        """Renew the lease and change the run, if the turn is still ours. Raises TurnLost."""
        now = clock.real_now()
        lease = {"lease_until": now + timedelta(seconds=LEASE_S)}
        mine = ImportRun.objects.filter(pk=self.run_id, attempt=self.attempt, turn=1)
        if not mine.update(**{**lease, **changes}):
            raise TurnLost(f"import run {self.run_id}, attempt {self.attempt}")

    def show(self, done: int, total: int) -> None:
        """Write how far the work is, in the transaction of a piece; the job that does it keeps its lease as well."""
        self.keep(done=done, total=total, progress_at=clock.real_now())
        jobs.renew()

    def leave(self) -> None:
        """Let whoever comes next go on at once: the work that is left is another's."""
        self.keep(lease_until=clock.real_now() - timedelta(seconds=1))

    def end(self, **changes: Any) -> None:
        """Give the turn up: nothing is left to do for this run."""
        self.keep(phase=Phase.NONE, turn=None, lease_until=None, progress_at=clock.real_now(), **changes)


def begin(run: ImportRun, *, state: str, phase: str, come_from: str, **changes: Any) -> Turn | None:
    """Take the turn for a run that is in `come_from` and has no work going on; None when it has moved on meanwhile.

    Raises Busy when another run has the turn.
    """
    now = clock.real_now()
    idle = ImportRun.objects.filter(pk=run.pk, state=come_from, turn__isnull=True, attempt=run.attempt)
    try:
        with transaction.atomic():
            updated = idle.update(
                state=state,
                phase=phase,
                turn=1,
                attempt=F("attempt") + 1,
                lease_until=now + timedelta(seconds=LEASE_S),
                progress_at=now,
                **changes,
            )
    except IntegrityError:
        raise Busy(ImportRun.objects.at_work().first()) from None
    return Turn(run.pk, run.attempt + 1) if updated else None


def take_over(run: ImportRun) -> Turn | None:
    """The turn of a run whose worker is gone; None while that one may still be at work.

    A lease longer than any that is ever given was written by a clock that has since been set back: it counts as over.
    """
    now = clock.real_now()
    gone = Q(lease_until__lt=now) | Q(lease_until__gt=now + timedelta(seconds=2 * LEASE_S))
    same = ImportRun.objects.filter(gone, pk=run.pk, attempt=run.attempt, turn=1)
    lease_until = now + timedelta(seconds=LEASE_S)
    return Turn(run.pk, run.attempt + 1) if same.update(attempt=F("attempt") + 1, lease_until=lease_until) else None


def one_at_a_time() -> None:
    """Let all that forms points follow each other until the transaction ends.

    Two imports whose sightings touch share no key, so no constraint would see that each makes a point of its own of one
    fire. PostgreSQL needs the lock (FOR NO KEY UPDATE, so that rows which name a source still go in); SQLite has one
    writer anyway. A long import takes it piece by piece, and looks each time whether the scene is still the one it saw.
    """
    list(Source.objects.select_for_update(no_key=True).order_by("pk").values_list("pk"))
