"""Acts and entries that belong to no app, for the journal's own tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from journal.jobs import jobs, waking
from journal.models import Deployment, Entry
from journal.record import acts, services
from journal.selectors import deployment

ACT = "test.acted"
THING = ("test.thing", "1")


@pytest.fixture(autouse=True)
def _an_act_to_record() -> None:
    acts.register(ACT, "试办")


@pytest.fixture
def write() -> Callable[..., Entry]:
    """Record one act in a transaction of its own."""

    def record(**given: Any) -> Entry:
        with transaction.atomic():
            return services.record(ACT, given.pop("subject", THING), given.pop("actor", 7), **given)

    return record


@pytest.fixture
def demo(db: Any) -> Deployment:
    """A demonstration deployment."""
    Deployment.objects.filter(pk=deployment().pk).update(is_demo=True)
    return deployment()


@pytest.fixture
def handlers(overridden: Callable[..., None]) -> None:
    """An empty register of handlers and periods, so that no app's own work runs in these tests."""
    jobs.discover()
    overridden(jobs.HANDLERS)
    overridden(jobs.PERIODS)


@pytest.fixture
def no_wake(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broker's messages are lost; only the table remains."""
    monkeypatch.setattr(waking, "wake", lambda: None)
