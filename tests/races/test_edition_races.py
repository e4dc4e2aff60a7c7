"""New borders in the very moment of a 认定: one of the two is first, and the other has seen it."""

import threading
from datetime import date

import pytest
from django.db import connection

from core.errors import NotAllowed
from firepoints.life import recognise
from firepoints.models import FirePoint, Recognition
from grids import locating
from grids.editions import activating, guards
from grids.editions import turns as edition_turns
from grids.models import Edition
from journal.models import Entry
from tests.factories import points as make
from tests.factories.city import City, build_city, cells
from tests.races.meeting import TIMEOUT_S, at_once

pytestmark = [pytest.mark.embedded, pytest.mark.django_db(transaction=True)]
BACK_DATED = date(2020, 1, 1)


@pytest.fixture
def point(db: None) -> FirePoint:
    """A verified point of 2023, and a second edition that waits to be activated."""
    locating.forget()
    city = build_city()
    activating.edition_store(name="第二版", cells=cells()[:-1], datum="wgs84", actor=city.system)
    found = make.verified(city)
    found.city = city
    return found


def activate(city: City) -> object:
    return activating.edition_activate(name="第二版", valid_from=BACK_DATED, actor=city.clerk)


def decide(point: FirePoint) -> object:
    return make.take(point, "recognise", point.city.recogniser, reason="证据充分")


class Second:
    """The act of somebody else, begun in the middle of the first; it ends when it is let."""

    def __init__(self, act) -> None:
        self.act, self.outcome = act, None
        self.began, self.ended = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._go, daemon=True)

    def _go(self) -> None:
        self.began.set()
        [self.outcome] = at_once(self.act)
        self.ended.set()

    def begin(self, *, until: threading.Event) -> None:
        self.thread.start()
        assert until.wait(TIMEOUT_S)


@pytest.fixture
def meet(monkeypatch):
    """`meet(place, name, second, turns=…)`: after the first's `place.name` the second begins, and comes to its turn."""

    def go(place: object, name: str, second: Second, *, turns: bool) -> None:
        real, hold = getattr(place, name), edition_turns.hold_editions
        at_the_door = threading.Event()

        def knock() -> None:
            if threading.current_thread() is not threading.main_thread():
                at_the_door.set()
            if turns:
                hold()

        def then_the_second(*args: object, **kwargs: object) -> object:
            found = real(*args, **kwargs)
            if threading.current_thread() is threading.main_thread() and not second.began.is_set():
                # Behind the guard the second waits for the first to end; without it, the first waits for the second.
                second.begin(until=second.began if on_sqlite() else at_the_door if turns else second.ended)
            return found

        monkeypatch.setattr(place, name, then_the_second)
        for one in (activating, recognise):
            monkeypatch.setattr(one, "hold_editions", knock)

    return go


def on_sqlite() -> bool:
    """There a second writer cannot even begin its transaction, so it never comes to the door."""
    return connection.vendor == "sqlite"


def order() -> list[str]:
    acts = ["grid.activated", "fire_point.recognised"]
    return list(Entry.objects.filter(act__in=acts).order_by("id").values_list("act", flat=True))[1:]


def test_a_decision_waits_for_the_activation_that_is_under_way(point, meet):
    second = Second(lambda: decide(point))
    meet(guards, "reasons_against", second, turns=True)
    activate(point.city)
    second.thread.join(TIMEOUT_S)
    assert isinstance(second.outcome, FirePoint), second.outcome
    assert order() == ["grid.activated", "fire_point.recognised"]


def test_an_activation_waits_for_the_decision_that_is_under_way_and_is_refused(point, meet):
    second = Second(lambda: activate(point.city))
    meet(recognise, "_payer", second, turns=True)
    decide(point)
    second.thread.join(TIMEOUT_S)
    assert isinstance(second.outcome, NotAllowed), second.outcome
    assert Edition.objects.get(name="第二版").state == Edition.State.LOADED


def test_negative_control_without_turns_borders_change_behind_a_decision_that_nobody_saw(point, meet):
    if on_sqlite():
        pytest.skip("SQLite lets one writer in at a time: that is its guard, and it cannot be taken away")
    second = Second(lambda: decide(point))
    meet(guards, "reasons_against", second, turns=False)
    activate(point.city)
    assert isinstance(second.outcome, FirePoint), second.outcome
    assert order() == ["fire_point.recognised", "grid.activated"], "activated from 2020 over a 认定 of 2023"
    assert guards.reasons_against(Edition.objects.get(name="第二版"), BACK_DATED)


def test_a_turn_outside_a_transaction_is_a_defect(db):
    with pytest.raises(RuntimeError, match="transaction"):
        edition_turns.hold_editions()
    assert not Recognition.objects.exists()
