"""The state of the background work: for the jobs page, the sign on every page and /healthz. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max

from core import clock
from journal.jobs import jobs
from journal.models import Entry, Job, Pulse
from journal.record import sealing

SEALER_LATE_S = 60
# The sweep comes every minute: three that are missing are no accident.
WORKER_LATE_S = 180
# A difference between two machines is no clock that was moved.
CLOCK_SLACK_S = 60


@dataclass(frozen=True, slots=True)
class Working:
    """Numbers of jobs, and seconds: of the sealer's lag, since the worker was seen (None = never), of the clock behind
    the last entry (a clock that was moved back)."""

    waiting: int
    running: int
    failed: int
    sealer_lag_s: float
    worker_seen_s: float | None
    clock_behind_s: float

    def troubles(self) -> list[str]:
        """The sentences about what failed or is late; empty when all is well."""
        sentences = []
        if self.failed:
            sentences.append(f"{self.failed} 项后台任务失败")
        if self.worker_seen_s is None or self.worker_seen_s > WORKER_LATE_S:
            sentences.append(f"后台进程{_ago(self.worker_seen_s)}")
        if self.sealer_lag_s > SEALER_LATE_S:
            sentences.append(f"封存落后 {words(self.sealer_lag_s)}")
        if self.clock_behind_s > CLOCK_SLACK_S:
            sentences.append(f"服务器时钟比最后一条记录早 {words(self.clock_behind_s)}")
        return sentences


def _ago(seconds: float | None) -> str:
    return "还没有运行过" if seconds is None else f"已 {words(seconds)}没有动静"


def words(seconds: float) -> str:
    """Seconds as words for people: 90 → 1 分钟."""
    for size, name in ((86400, "天"), (3600, "小时"), (60, "分钟")):
        if seconds >= size:
            return f"{int(seconds // size)} {name}"
    return f"{int(seconds)} 秒"


def working() -> Working:
    """The state of the background work now."""
    # By state, so that the index answers and the many that are done are not counted.
    unfinished = (
        Job.objects.filter(state__in=[Job.State.QUEUED, Job.State.RUNNING, Job.State.FAILED])
        .order_by()
        .values_list("state")
    )
    number = dict(unfinished.annotate(number=Count("pk")))
    return Working(
        waiting=number.get(Job.State.QUEUED, 0),
        running=number.get(Job.State.RUNNING, 0),
        failed=number.get(Job.State.FAILED, 0),
        sealer_lag_s=sealing.lag_s(),
        worker_seen_s=worker_seen_s(),
        clock_behind_s=clock_behind_s(),
    )


def worker_seen_s() -> float | None:
    """Seconds since a worker made its round; None when none ever did."""
    at = Pulse.objects.filter(name=jobs.WORKER).values_list("at", flat=True).first()
    return None if at is None else max((clock.real_now() - at).total_seconds(), 0.0)


def clock_behind_s() -> float:
    """Seconds by which the machine's time lies before the last entry's; 0 as it should be."""
    last = Entry.objects.order_by("-id").values_list("real_at", flat=True).first()
    return max((last - clock.real_now()).total_seconds(), 0.0) if last else 0.0


@dataclass(frozen=True, slots=True)
class PeriodicRow:
    """One kind of periodic work: every `every_s` seconds; its last end (UTC) and the state of its newest job."""

    name: str
    label: str
    every: str
    last_done: datetime | None
    newest: Job | None
    is_late: bool


def periodic() -> list[PeriodicRow]:
    """Every periodic job with its last run."""
    periods = jobs.periods()
    runs = Job.objects.filter(name__in=periods)
    done = dict(runs.filter(state=Job.State.DONE).values_list("name").annotate(last=Max("finished_at")))
    newest = {job.name: job for job in runs.filter(pk__in=runs.values("name").annotate(last=Max("pk")).values("last"))}
    rows = []
    for name, period in periods.items():
        last = done.get(name)
        # Twice the period: the slot that is under way may not have come to its end.
        late = last is not None and clock.real_now() - last > timedelta(seconds=2 * period.every_s)
        rows.append(PeriodicRow(name, jobs.label(name), words(period.every_s), last, newest.get(name), late))
    return rows
