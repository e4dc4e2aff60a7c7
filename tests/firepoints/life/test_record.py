"""Act, step and journal entry are one transaction: all of them or none."""

import pytest
from django.db import transaction

from firepoints.models import FirePoint, NumberSeries, Step
from firepoints.steps import advancing
from firepoints.steps.workflow import TRANSITIONS
from journal.models import Entry
from journal.record import acts
from tests.factories import points as make
from tests.factories.city import City


def test_every_transition_has_its_act_with_the_same_words() -> None:
    assert len({transition.entry for transition in TRANSITIONS}) == len(TRANSITIONS)
    assert [acts.get(transition.entry).label for transition in TRANSITIONS] == [one.label for one in TRANSITIONS]


@pytest.mark.embedded
def test_each_act_leaves_one_step_and_one_entry(city: City) -> None:
    point = make.final(city)
    entries = Entry.objects.filter(subject_type="firepoints.firepoint", subject_id=str(point.pk)).order_by("id")
    assert list(entries.values_list("act", flat=True)) == [
        "fire_point.created", "fire_point.dispatched", "fire_point.reported", "fire_point.recognised",
        "fire_point.notified", "fire_point.waived",
    ]  # fmt: skip
    assert list(point.steps.values_list("role", flat=True)) == ["bureau", "county", "recogniser", "bureau", "county"]
    decided = entries.get(act="fire_point.recognised")
    assert (decided.before["state"], decided.after["state"]) == ("verified", "recognised")
    assert decided.after["data"]["payer_code"] == "210590"


@pytest.mark.embedded
def test_a_rollback_leaves_neither_state_nor_step_nor_entry_nor_number(city: City) -> None:
    point = make.suspected()
    entries = Entry.objects.count()

    def dispatched_and_then_broken() -> None:
        with transaction.atomic():
            make.take(point, "dispatch", city.clerk)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        dispatched_and_then_broken()
    assert (FirePoint.objects.get().state, FirePoint.objects.get().version) == ("suspected", 1)
    assert (Step.objects.count(), Entry.objects.count(), NumberSeries.objects.count()) == (0, entries, 0)


def test_an_act_whose_entry_cannot_be_written_did_not_happen(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    point = make.suspected()

    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("disk full")

    monkeypatch.setattr(advancing, "record", broken)
    with pytest.raises(RuntimeError):
        make.take(point, "dispatch", city.clerk)
    assert FirePoint.objects.get().state == "suspected"
    assert not Step.objects.exists()


def test_a_refused_act_leaves_nothing(city: City) -> None:
    point = make.verified(city)
    steps_before, entries = Step.objects.count(), Entry.objects.count()
    with pytest.raises(Exception, match="不由您的岗位"):
        make.take(point, "recognise", city.clerk, reason="试")
    assert (Step.objects.count(), Entry.objects.count()) == (steps_before, entries)
