"""Django's SQLite backend with a fairer wait: who waits to write gets in soon after the other has finished.

SQLite's own wait looks at the lock after 1, 2, 5 … and then every 100 ms. A long import writes piece after piece with next
to nothing between them, so somebody who wants to report a fire found the lock taken for as long as it stored: ten seconds
were measured. Here BEGIN IMMEDIATE is asked for every other millisecond, and who writes piece after piece pauses for
longer than that in between (`PAUSE_S`).
"""

from __future__ import annotations

import time
from typing import Any, Final

from django.db.backends.sqlite3 import base
from django.db.utils import OperationalError

LOOK_S: Final = 0.002
"""Seconds between two looks at the lock."""

PAUSE_S: Final = 0.006
"""Seconds that long work leaves between two of its transactions: one who waits has looked in them."""


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's own, with BEGIN IMMEDIATE tried anew every LOOK_S, for as long as `timeout` says."""

    def _start_transaction_under_autocommit(self) -> None:
        longest_s = float(self.settings_dict["OPTIONS"].get("timeout", 5))
        until = time.monotonic() + longest_s
        with self.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout = 0")
            try:
                while not self._began(cursor, until):
                    time.sleep(LOOK_S)
            finally:
                cursor.execute(f"PRAGMA busy_timeout = {round(longest_s * 1000)}")

    def _began(self, cursor: Any, until: float) -> bool:
        try:
            cursor.execute(f"BEGIN {getattr(self, 'transaction_mode', None) or ''}")
        except OperationalError as error:
            if "locked" not in str(error) or time.monotonic() >= until:
                raise
            return False
        return True
