"""How a race is made certain: people who act at once, points in the code where they meet, guards taken away."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import IntegrityError, connection

from core.db import triggers
from core.errors import Refused

TIMEOUT_S = 30
Call = Callable[[], Any]


def at_once(*calls: Call) -> list[Any]:
    """What each call gives, all begun at the same moment, each on a connection of its own; a refusal is an outcome."""
    start = threading.Barrier(len(calls), timeout=TIMEOUT_S)

    def one(call: Call) -> Any:
        try:
            connection.ensure_connection()
            start.wait()
            return call()
        except (Refused, IntegrityError) as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [found.result(timeout=2 * TIMEOUT_S) for found in [pool.submit(one, call) for call in calls]]


def meet_after(monkeypatch: pytest.MonkeyPatch, place: Any, name: str, people: int = 2) -> None:
    """Everyone who has done `place.name` waits there for the others, once each: all have read, none has written."""
    _wrap(monkeypatch, place, name, people, before=False)


def meet_before(monkeypatch: pytest.MonkeyPatch, place: Any, name: str, people: int = 2) -> None:
    """The same, before `place.name` is done."""
    _wrap(monkeypatch, place, name, people, before=True)


def meet_across(monkeypatch: pytest.MonkeyPatch, *places: tuple[Any, str]) -> None:
    """Two people who come by different places wait for each other there, before they do what is done there."""
    barrier, met = threading.Barrier(2, timeout=TIMEOUT_S), threading.local()
    for place, name in places:
        _wrap(monkeypatch, place, name, 2, before=True, meeting=(barrier, met))


def _wrap(
    monkeypatch: pytest.MonkeyPatch,
    place: Any,
    name: str,
    people: int,
    *,
    before: bool,
    meeting: tuple[threading.Barrier, threading.local] | None = None,
) -> None:
    barrier, met = meeting or (threading.Barrier(people, timeout=TIMEOUT_S), threading.local())
    real = getattr(place, name)

    def wait() -> None:
        if threading.current_thread() is not threading.main_thread() and not getattr(met, "once", False):
            met.once = True
            barrier.wait()

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if before:
            wait()
        found = real(*args, **kwargs)
        if not before:
            wait()
        return found

    monkeypatch.setattr(place, name, wrapped)


def in_between(monkeypatch: pytest.MonkeyPatch, place: Any, name: str, act: Call) -> None:
    """Right after the first `place.name`, somebody else does `act` from beginning to end, and commits."""
    real, done = getattr(place, name), threading.Event()

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        found = real(*args, **kwargs)
        if not done.is_set():
            done.set()
            at_once(act)
        return found

    monkeypatch.setattr(place, name, wrapped)


@contextmanager
def without_unique(*columns: tuple[str, Sequence[str]], empty: Sequence[str] = ()) -> Iterator[None]:
    """Take UNIQUE constraints and indexes away, each named by (table, columns); afterwards the tables in `empty` are
    emptied, in that order, and the guards stand again."""
    guards = [found for table, names in columns for found in _guards(table, names)]
    assert len(guards) >= len(columns), "the guard to be taken away is not there"
    with connection.cursor() as cursor:
        for drop, _ in guards:
            cursor.execute(drop)
    try:
        yield
    finally:
        with triggers.lifted(), connection.cursor() as cursor:
            for table in empty:
                cursor.execute(f'DELETE FROM "{table}"')
            for _, make in guards:
                cursor.execute(make)
        assert [found for table, names in columns for found in _guards(table, names)] == guards


def _guards(table: str, names: Sequence[str]) -> list[tuple[str, str]]:
    """(drop, make) of every UNIQUE of a table over exactly these columns, constraint or index."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'u'",
            [table],
        )
        constraints = [
            (f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"', f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" {text}')
            for name, text in cursor.fetchall()
            if text.startswith(f"UNIQUE ({', '.join(names)})")
        ]
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s AND indexdef LIKE %s"
            " AND indexname NOT IN (SELECT conname FROM pg_constraint)",
            [table, f"CREATE UNIQUE INDEX%({', '.join(names)})%"],
        )
        return constraints + [(f'DROP INDEX "{name}"', text) for name, text in cursor.fetchall()]


def won(outcomes: Sequence[Any]) -> list[Any]:
    return [one for one in outcomes if not isinstance(one, Exception)]


def lost(outcomes: Sequence[Any], kind: type[Exception]) -> list[Any]:
    return [one for one in outcomes if isinstance(one, kind)]
