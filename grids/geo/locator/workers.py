"""All cores of the machine for work that numpy and GEOS do without Python."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def cores() -> int:
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Pool:
    """Threads that stay, each with the memory that it has warmed. A forked child makes its own: threads do not
    survive."""

    def __init__(self) -> None:
        self._begin()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._made: ThreadPoolExecutor | None = None

    def __call__(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._made is None:
                self._made = ThreadPoolExecutor(cores(), thread_name_prefix="locator")
            return self._made


_pool = _Pool()


def shared(work: Callable[[T], R], jobs: Iterable[T]) -> list[R]:
    """The results in the order of the jobs, from threads that stay. The work may not share out work itself."""
    return list(_pool().map(work, jobs))


def in_order(work: Callable[[T], R], jobs: Iterable[T]) -> Iterator[R]:
    """Work on several jobs at once, hand out the results in their order, and never hold many of them."""
    workers = cores()
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[R]] = deque()
        for job in jobs:
            waiting.append(pool.submit(work, job))
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
