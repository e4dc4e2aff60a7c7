"""Who waits to write on SQLite: gets in when the other has finished, and is told when it takes too long."""

import threading
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.db.utils import OperationalError

from core.db.sqlite.base import LOOK_S, PAUSE_S, DatabaseWrapper

pytestmark = pytest.mark.django_db


def opened(path: Path, timeout: float) -> Any:
    """A connection of its own to a file of its own, whatever database the tests run on."""
    options = {"transaction_mode": "IMMEDIATE", "timeout": timeout}
    settings = {
        **connections["default"].settings_dict,
        "ENGINE": "core.db.sqlite",
        "NAME": str(path),
        "OPTIONS": options,
    }
    return DatabaseWrapper(settings, "default")


def begun(wrapper: Any) -> None:
    wrapper.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)


def ended(wrapper: Any) -> None:
    wrapper.connection.commit()
    wrapper.set_autocommit(True)


def test_who_waits_for_the_lock_gets_it_when_the_other_has_finished(tmp_path: Path) -> None:
    first, second = opened(tmp_path / "a.db", 5), opened(tmp_path / "a.db", 20)
    begun(first)
    told: list[str] = []

    def wait() -> None:
        begun(second)
        told.append("in")
        ended(second)
        second.close()

    second.inc_thread_sharing()
    waiting = threading.Thread(target=wait)
    waiting.start()
    waiting.join(0.05)
    assert told == []
    ended(first)
    waiting.join(20)
    first.close()
    assert told == ["in"]


def test_who_waits_for_too_long_is_told_that_the_database_is_locked_and_keeps_its_timeout(tmp_path: Path) -> None:
    first, second = opened(tmp_path / "a.db", 5), opened(tmp_path / "a.db", 0.02)
    begun(first)
    with pytest.raises(OperationalError, match="locked"):
        begun(second)
    with second.cursor() as cursor:
        assert cursor.execute("PRAGMA busy_timeout").fetchone() == (20,)
    ended(first)
    begun(second)
    ended(second)
    first.close()
    second.close()


def test_the_pause_between_two_pieces_is_longer_than_the_wait_between_two_looks() -> None:
    assert PAUSE_S > 2 * LOOK_S
