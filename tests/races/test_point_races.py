"""Two people and one fire point. That two opposite decisions or merges meet is in tests/firepoints/life/test_races.py."""

import pytest
from django.db import connection

from core.errors import StaleVersion
from firepoints.evidence import pieces
from firepoints.forming import merging, points
from firepoints.life import recognise
from firepoints.models import DetectionKey, Evidence, FirePoint, ImportRun, Membership, Recognition, Step, Verification
from firepoints.sightings.importing.withdrawing import import_withdraw
from firepoints.steps import advancing, selectors
from grids import locating
from journal.models import Entry
from tests.factories import points as make
from tests.factories.city import City, build_city
from tests.races.meeting import at_once, lost, meet_after, meet_before, without_unique, won

pytestmark = pytest.mark.django_db(transaction=True)
CLIENTS = 32


@pytest.fixture
def city(db: None) -> City:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one writer in at a time")
    locating.forget()  # a flush gives the next edition the same number
    return build_city()


@pytest.fixture
def no_turns(monkeypatch) -> None:
    """Decisions also take turns with activations; without that they meet, and only the claim stands between them."""
    monkeypatch.setattr(recognise, "hold_editions", lambda: None)


def recognise_by(city: City, point: FirePoint) -> FirePoint:
    return make.take(point, "recognise", city.recogniser, reason="证据充分")


@pytest.mark.usefixtures("no_turns")
def test_thirty_two_presses_of_the_same_button_are_one_recognition(city, monkeypatch):
    point = make.verified(city)
    meet_after(monkeypatch, selectors, "facts_for", people=CLIENTS)
    outcomes = at_once(*[lambda: recognise_by(city, point)] * CLIENTS)
    assert (len(won(outcomes)), len(lost(outcomes, StaleVersion))) == (1, CLIENTS - 1), outcomes
    assert Recognition.objects.count() == 1
    assert Step.objects.filter(action="recognise").count() == 1
    assert Entry.objects.filter(act="fire_point.recognised").count() == 1


@pytest.mark.usefixtures("no_turns")
def test_negative_control_without_the_claim_and_the_unique_two_presses_are_two_recognitions(city, monkeypatch):
    point = make.verified(city)
    meet_after(monkeypatch, recognise, "next_seq")
    monkeypatch.setattr(advancing, "claim", lambda point: None)
    with without_unique(("fire_recognition", ["point_id", "seq"]), empty=["fire_recognition"]):
        outcomes = at_once(*[lambda: recognise_by(city, point)] * 2)
        decided = Recognition.objects.count()
        FirePoint.objects.update(recognition=None, counted=None, state="verified")
    assert (len(won(outcomes)), decided) == (2, 2), outcomes


@pytest.mark.parametrize("which", ["merged", "survivor"])
def test_a_merge_and_a_recognition_of_either_point_never_both_happen_unseen(city, monkeypatch, which):
    a, b = make.verified(city), make.verified(city)
    decided = a if which == "merged" else b
    make.loosen("merge_official")
    meet_after(monkeypatch, selectors, "facts_for")
    outcomes = at_once(
        lambda: make.take(a, "merge", city.clerk, into=b.pk, reason="同一处"),
        lambda: make.take(decided, "recognise", city.recogniser, reason="证据充分"),
    )
    assert (len(won(outcomes)), len(lost(outcomes, StaleVersion))) == (1, 1), outcomes
    a.refresh_from_db()
    b.refresh_from_db()
    assert (a.state == "merged") + (decided.state == "recognised") == 1
    active = Membership.objects.filter(is_active=True).values_list("point", flat=True)
    assert sorted(active) == ([b.pk, b.pk] if a.state == "merged" else [a.pk, b.pk])


def test_negative_control_without_the_claim_a_point_that_is_swallowed_is_also_recognised(city, monkeypatch):
    a, b = make.verified(city), make.verified(city)
    make.loosen("merge_official")
    meet_after(monkeypatch, selectors, "facts_for")
    for place in (advancing, merging):
        monkeypatch.setattr(place, "claim", lambda point: None)
    outcomes = at_once(
        lambda: make.take(a, "merge", city.clerk, into=b.pk, reason="同一处"),
        lambda: make.take(b, "recognise", city.recogniser, reason="证据充分"),
    )
    assert len(won(outcomes)) == 2, outcomes


@pytest.fixture
def met(city, monkeypatch) -> tuple[FirePoint, list[object]]:
    """A withdrawal and a report that have both read the same dispatched point, and what became of each."""

    def go() -> tuple[FirePoint, list[object]]:
        point = make.dispatched(city)
        photo = make.photo(point, city.west)
        run = ImportRun.objects.get(detections__memberships__point=point)
        told = {"conclusion": "true", "evidence": make.uuids(photo)}
        make.loosen("withdraw_list")
        meet_before(monkeypatch, advancing, "claim")
        monkeypatch.setattr(points, "claim", advancing.claim)
        return point, at_once(
            lambda: import_withdraw(run=str(run.uuid), actor=city.clerk, reason="坐标系报错"),
            lambda: make.take(point, "report", city.west, **told),
        )

    return go


def test_a_withdrawal_and_a_report_on_its_point_never_both_happen_unseen(met):
    point, outcomes = met()
    assert (len(won(outcomes)), len(lost(outcomes, StaleVersion))) == (1, 1), outcomes
    reported = isinstance(won(outcomes)[0], FirePoint)
    assert ImportRun.objects.get().state == ("committed" if reported else "withdrawn")
    assert Verification.objects.exists() is reported
    assert DetectionKey.objects.filter(detection__memberships__point=point).exists() is reported


def test_negative_control_without_the_claim_a_report_rests_on_a_sighting_that_is_gone(met, monkeypatch):
    monkeypatch.setattr(advancing, "claim", lambda point: None)
    point, outcomes = met()
    assert len(won(outcomes)) == 2, outcomes
    assert Verification.objects.exists()
    assert not DetectionKey.objects.filter(detection__memberships__point=point).exists()


def test_the_same_photo_sent_twice_at_once_is_one_piece_with_one_receipt(city, monkeypatch):
    point, photo = make.dispatched(city), make.jpeg()
    key = "3f0d2c1e-5a0c-4f0e-8f0a-6c1d4f8e5b57"
    meet_after(monkeypatch, pieces, "_examine")
    sent = at_once(*[lambda: make.photo(point, city.west, uuid=key, file=photo)] * 2)
    assert len(won(sent)) == 2, sent
    assert pieces.receipt_of(sent[0]) == pieces.receipt_of(sent[1])
    assert Evidence.objects.count() == 1
    assert Entry.objects.filter(act="evidence.stored").count() == 1


def test_negative_control_without_its_unique_the_photo_is_kept_twice(city, monkeypatch):
    point, photo = make.dispatched(city), make.jpeg()
    key = "3f0d2c1e-5a0c-4f0e-8f0a-6c1d4f8e5b57"
    meet_after(monkeypatch, pieces, "_examine")
    with without_unique(("fire_evidence", ["uuid"]), empty=["fire_evidence"]):
        at_once(*[lambda: make.photo(point, city.west, uuid=key, file=photo)] * 2)
        kept = Evidence.objects.count()
    assert kept == 2
