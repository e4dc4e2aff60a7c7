"""The one clock. Times are aware UTC; a date is always the Beijing date.

A demonstration deployment may run the same services under a simulated clock, and every entry says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from core.errors import Refused
from core.registry import Slot

BEIJING = ZoneInfo("Asia/Shanghai")
MAY_SIMULATE: Slot[Callable[[], bool]] = Slot(
    "may_simulate", asked_by="a simulated clock", what_for="whether this deployment is a demonstration"
)


class SimulatedClock:
    """A clock that stands still until it is set; handed out by `simulated`."""

    def __init__(self, at: datetime) -> None:
        self.at = _aware_utc(at)

    def set(self, at: datetime) -> None:
        """Move to `at` (aware). Going back is allowed: a demonstration tells its stories one after another."""
        self.at = _aware_utc(at)


_simulated: ContextVar[SimulatedClock | None] = ContextVar("jinshao_simulated_clock", default=None)


def _aware_utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("a naive time has no meaning here: give it a time zone")
    return at.astimezone(UTC)


def real_now() -> datetime:
    """The machine's time, aware UTC: for leases and seals, which no simulated time may touch."""
    return datetime.now(UTC)


def now() -> datetime:
    """The time of the act, aware UTC (simulated inside `simulated`)."""
    clock = _simulated.get()
    return clock.at if clock else real_now()


def is_simulated() -> bool:
    """Whether `now()` is simulated in this context."""
    return _simulated.get() is not None


def beijing_date(at: datetime) -> date:
    """The Beijing date of an aware time."""
    return _aware_utc(at).astimezone(BEIJING).date()


def today_beijing() -> date:
    """Today's date in Beijing."""
    return beijing_date(now())


@contextmanager
def simulated(at: datetime) -> Iterator[SimulatedClock]:
    """Run services at another time; only where the deployment is a demonstration.

    Raises Refused("not_demo") anywhere else, ValueError for a naive time.
    """
    if not MAY_SIMULATE.get()():
        raise Refused("只有演示部署可以使用模拟时钟。", code="not_demo")
    clock = SimulatedClock(at)
    token = _simulated.set(clock)
    try:
        yield clock
    finally:
        _simulated.reset(token)
