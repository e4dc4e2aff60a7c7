"""Waking a worker without ever waiting for the broker.

With Redis away one publish was measured at 6 s; no request may wait for that. One thread of this process sends, and
holds at most one message ahead: a wake-up that finds one waiting is already served by it. What is lost (a process
that ends, a broker that is away) costs five seconds, because the tick looks at the table by itself.
"""

from __future__ import annotations

import threading
from queue import Full, Queue

import structlog
from celery import current_app

log = structlog.get_logger(__name__)
TASK = "journal.tasks.run_jobs"


class Waker:
    """A thread that sends wake-ups; started on first use, and anew in a process that was forked."""

    def __init__(self) -> None:
        self._waiting: Queue[None] = Queue(maxsize=1)
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def wake(self) -> None:
        """Have one message sent after this moment; returns at once."""
        with self._starting:
            # A thread does not survive a fork, and then counts as not alive.
            if self._thread is None or not self._thread.is_alive():
                self._waiting = Queue(maxsize=1)
                self._thread = threading.Thread(
                    target=self._send_forever, args=(self._waiting,), name="jinshao-waker", daemon=True
                )
                self._thread.start()
        try:
            self._waiting.put_nowait(None)
        except Full:
            return

    def _send_forever(self, waiting: Queue[None]) -> None:
        while True:
            waiting.get()
            publish()


_waker = Waker()


def wake() -> None:
    """Tell a worker that there is something to do. Never fails and never waits."""
    if sends_inline():
        publish()
    else:
        _waker.wake()


def sends_inline() -> bool:
    """Whether Celery runs tasks in the caller's own thread, as in tests; they then need its database connection."""
    return bool(current_app.conf.task_always_eager)


def publish() -> None:
    """Send one message; a broker that is away is logged and must not undo or fail the act, which is done."""
    try:
        # By its name: the task stands above, and knows of the jobs.
        current_app.tasks[TASK].apply_async(retry=False)
    except Exception as error:
        log.warning("jobs.wake_failed", error=f"{type(error).__name__}: {error}")
