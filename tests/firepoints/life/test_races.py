"""Two people at the same moment, on a database where they really meet. Barriers, not sleeps."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

import pytest
from django.apps import apps
from django.db import IntegrityError, connection

from core.errors import Refused, StaleVersion
from firepoints.life import recognise
from firepoints.models import FirePoint, Recognition, Step
from firepoints.steps import advancing, selectors
from journal.models import Entry
from tests.factories import points as make
from tests.factories.city import City, person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _sources_are_there(db) -> None:
    """A flush after a transactional test removes what migrations put in."""
    import_module("firepoints.migrations.0002_default_sources").add(apps, None)


@pytest.fixture
def meet(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From the call on, two acts meet after both have read the point and its facts and before either goes on."""

    def start() -> None:
        barrier = threading.Barrier(2, timeout=20)
        real = selectors.facts_for

        def read_then_wait(point: FirePoint, actor: object) -> object:
            facts = real(point, actor)
            barrier.wait()
            return facts

        monkeypatch.setattr(advancing.selectors, "facts_for", read_then_wait)
        # Decisions also take turns with activations (tests/races/test_edition_races.py): without it they meet here.
        monkeypatch.setattr(recognise, "hold_editions", lambda: None)

    return start


def at_once(*calls: Callable[[], object]) -> list[object]:
    def one(call: Callable[[], object]) -> object:
        try:
            return call()
        except (Refused, IntegrityError) as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(one, calls))


def needs_postgresql() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one writer in at a time: there the two cannot meet")


def test_of_two_who_decide_at_once_one_wins_and_the_other_is_told(city: City, meet: Callable[[], None]) -> None:
    needs_postgresql()
    second = person("recogniser2", "recogniser", "2105")
    point = make.verified(city)
    meet()

    outcomes = at_once(
        lambda: make.take(point, "recognise", city.recogniser, reason="属实"),
        lambda: make.take(point, "recognise", second, reason="属实"),
    )

    won = [one for one in outcomes if isinstance(one, FirePoint)]
    lost = [one for one in outcomes if isinstance(one, StaleVersion)]
    assert (len(won), len(lost)) == (1, 1), outcomes
    assert Recognition.objects.count() == 1
    assert Step.objects.filter(action="recognise").count() == 1
    assert Entry.objects.filter(act="fire_point.recognised").count() == 1


def test_negative_control_without_the_claim_both_would_decide(
    city: City, meet: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    needs_postgresql()
    second = person("recogniser2", "recogniser", "2105")
    point = make.verified(city)
    meet()
    monkeypatch.setattr(advancing, "claim", lambda point: None)

    outcomes = at_once(
        lambda: make.take(point, "recognise", city.recogniser, reason="属实"),
        lambda: make.take(point, "recognise", second, reason="属实"),
    )

    assert not any(isinstance(one, StaleVersion) for one in outcomes)
    assert Recognition.objects.count() == 2 or any(isinstance(one, IntegrityError) for one in outcomes)


def test_two_dispatchers_never_give_the_same_number(city: City, meet: Callable[[], None]) -> None:
    needs_postgresql()
    first, second = make.suspected(), make.suspected()
    meet()
    done = at_once(
        lambda: make.take(first, "dispatch", city.clerk),
        lambda: make.take(second, "dispatch", city.clerk),
    )
    assert sorted(point.number for point in done) == ["HD2023-0001", "HD2023-0002"]


def test_two_opposite_merges_do_not_swallow_each_other(city: City) -> None:
    needs_postgresql()
    a, b = make.suspected(), make.suspected()
    outcomes = at_once(
        lambda: make.take(a, "merge", city.clerk, into=b.pk, reason="同一处"),
        lambda: make.take(b, "merge", city.clerk, into=a.pk, reason="同一处"),
    )
    assert sum(isinstance(one, FirePoint) for one in outcomes) == 1, outcomes
    assert sum(isinstance(one, Refused) for one in outcomes) == 1, outcomes
    assert FirePoint.objects.filter(state="suspected").count() == 1
