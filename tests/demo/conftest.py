"""One load of the demonstration for all tests that look at it, taken back when they are done."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings

from demo.services.load import load_demo
from grids import locating

TODAY = date(2027, 4, 2)
"""The load of the tests tells of a February: the shortest month, which presses the next one forward."""


@pytest.fixture(scope="module")
def demo(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Any]]:
    """What the first load returned, with its home under "home"; the database stands open to the tests.

    One transaction around everything, rolled back at the end: the demonstration's rows are append-only, and the tests
    of other folders on the same database must find it empty.
    """
    home: Path = tmp_path_factory.mktemp("demo-home")
    with django_db_blocker.unblock(), override_settings(JINSHAO_HOME=home), transaction.atomic():
        locating.forget()
        yield {**load_demo(today=TODAY), "home": home}
        transaction.set_rollback(True)
    locating.forget()
