"""How a death is made certain: a fork of this process comes to its n-th fault point and is killed there, kill −9."""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, connections

from core import faults
from core.errors import Refused

Act = Callable[[], Any]
OURS = ("journal", "grids", "firepoints", "penalties")
MOST_POINTS = 60


def dies_at(act: Act, nth: int) -> str | None:
    """The name of the n-th fault point of `act`, at which a process that did it was killed; None when it lived.

    The database alone carries over: connections are closed before the fork and made anew on both sides.
    """
    connections.close_all()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _act_and_die(act, nth, writing)
    os.close(writing)
    with os.fdopen(reading) as told:
        said = told.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return said
    if os.waitstatus_to_exitcode(status):
        pytest.fail(f"the act failed by itself: {said}")
    return None


def _act_and_die(act: Act, nth: int, writing: int) -> None:
    passed = count(1)

    def point(name: str) -> None:
        if name not in faults.registered():
            raise LookupError(name)
        if next(passed) == nth:
            os.write(writing, name.encode())
            os.kill(os.getpid(), signal.SIGKILL)

    faults.point = point
    try:
        act()
    except BaseException:
        os.write(writing, traceback.format_exc().encode())
        os._exit(1)
    # Neither pytest's fixtures nor exit handlers are this process's to run.
    os._exit(0)


def snapshot() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table of ours."""
    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            if model._meta.app_label in OURS:
                cursor.execute(f'SELECT * FROM "{model._meta.db_table}" ORDER BY "{model._meta.pk.column}"')
                found[model._meta.label] = [tuple(map(str, row)) for row in cursor.fetchall()]
    return found


def grown(before: dict[str, list[Any]], after: dict[str, list[Any]]) -> dict[str, int]:
    """How many rows each table has more than before."""
    return {label: len(after[label]) - len(before[label]) for label in after if len(after[label]) != len(before[label])}


def survive(act: Act) -> set[str]:
    """Kill `act` at each of its fault points, one death after another, and then let it be done; the points seen.

    Before the commit a death leaves every row as it was; after it, the act stands and trying again changes nothing.
    """
    seen: set[str] = set()
    before = snapshot()
    for nth in range(1, MOST_POINTS):
        name = dies_at(act, nth)
        if name is None:
            return seen
        seen.add(name)
        if name.endswith(".committed"):
            after = snapshot()
            assert after != before, f"{name}: the act was lost"
            with suppress(Refused):
                act()
            assert snapshot() == after, f"{name}: trying again changed something"
            return seen
        assert snapshot() == before, f"{name}: a half act was left behind"
    raise AssertionError("an act without end")
