"""Two sealers at the same moment, on a database where they really meet."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from core.db import triggers
from journal.models import Entry, Seal
from journal.record import acts, sealing, services
from journal.record.verify import verify

pytestmark = pytest.mark.django_db(transaction=True)
GUARDS = """
    SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid = 'journal_seal'::regclass AND contype IN ('p', 'u')
"""


@pytest.fixture(autouse=True)
def _postgresql_with_entries(db) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one writer in at a time: two sealers cannot meet there")
    acts.register("test.acted", "试办")
    with transaction.atomic():
        for n in range(20):
            services.record("test.acted", ("test.thing", n), None)


@pytest.fixture
def both_read_the_same_head(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worst moment, made certain: inside their transactions both have read the head before either inserts."""
    meeting, met, read = threading.Barrier(2, timeout=20), threading.local(), sealing.last_seal

    def meet() -> Seal | None:
        last = read()
        if connection.in_atomic_block and not getattr(met, "once", False):
            met.once = True
            meeting.wait()
        return last

    monkeypatch.setattr(sealing, "last_seal", meet)


def together(act: Callable[[], int]) -> list[int]:
    def alone() -> int:
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        return [one.result(timeout=60) for one in [pool.submit(alone), pool.submit(alone)]]


@pytest.mark.usefixtures("both_read_the_same_head")
def test_two_sealers_neither_fork_the_chain_nor_fail():
    sealed = together(lambda: sealing.seal_pending(limit=10))
    assert sorted(sealed) == [10, 10], "the second starts again from the new head"
    assert Seal.objects.count() == Entry.objects.count() == 20
    assert verify().ok


@pytest.mark.usefixtures("both_read_the_same_head")
def test_without_the_unique_seals_the_chain_forks_and_verify_sees_it():
    """The negative control: the constraints are what holds."""
    with connection.cursor() as cursor:
        cursor.execute(GUARDS)
        guards = cursor.fetchall()
        for name, _ in guards:
            cursor.execute(f'ALTER TABLE journal_seal DROP CONSTRAINT "{name}"')
    try:
        together(lambda: sealing.seal_pending(limit=10))
        forked = Seal.objects.filter(seq=1).count()
        sound = verify().ok
    finally:
        with triggers.lifted(), connection.cursor() as cursor:
            cursor.execute("DELETE FROM journal_seal")
            for name, definition in guards:
                cursor.execute(f'ALTER TABLE journal_seal ADD CONSTRAINT "{name}" {definition}')
    assert forked == 2
    assert not sound


def test_many_sealers_and_many_writers_end_in_one_whole_chain():
    def busy() -> int:
        for n in range(15):
            with transaction.atomic():
                services.record("test.acted", ("test.thing", n), None)
            sealing.seal_pending(limit=4)
        return 0

    together(busy)
    sealing.seal_all()
    report = verify()
    assert report.ok, report.problems
    assert (report.sealed, report.unsealed) == (50, 0)
