"""People at once with nothing patched, on PostgreSQL and on SQLite: whoever comes first, the record tells one story."""

import pytest
from django.db import OperationalError, connection, connections, transaction
from django.test import Client

from core.errors import Refused
from firepoints.models import FirePoint, ImportRun, Recognition, Verification
from firepoints.sightings.importing.withdrawing import import_withdraw
from firepoints.steps import selectors
from grids import locating
from journal.jobs import jobs
from journal.models import Entry, Job, Seal
from journal.record import sealing, services
from journal.record.verify import verify
from penalties import checks
from penalties.batches import steps
from penalties.models import Batch, BatchLine, LedgerEntry
from tests.factories import points as make
from tests.factories.city import City, build_city
from tests.penalties.conftest import add_rule
from tests.races.meeting import at_once, lost, meet_after, won

pytestmark = [pytest.mark.embedded, pytest.mark.django_db(transaction=True)]
CLIENTS = 8
MONTH = "2023-10"


@pytest.fixture
def city(db: None) -> City:
    locating.forget()
    add_rule()
    return build_city()


def recognise(city: City, point: FirePoint) -> FirePoint:
    return make.take(point, "recognise", city.recogniser, reason="证据充分")


def test_eight_clients_on_one_recognition_are_one(city):
    point = make.verified(city)
    outcomes = at_once(*[lambda: recognise(city, point)] * CLIENTS)
    assert (len(won(outcomes)), len(lost(outcomes, Refused))) == (1, CLIENTS - 1), outcomes
    assert (Recognition.objects.count(), Entry.objects.filter(act="fire_point.recognised").count()) == (1, 1)


def test_a_double_click_is_one_recognition_and_both_answers_lead_on(city):
    """As a browser does it: one form, one version, two connections."""
    point = make.verified(city)
    form = {"point": point.pk, "decision": "recognise", "reason": "证据充分", "expected_version": point.version}

    def click() -> int:
        client = Client()
        client.force_login(city.recogniser)
        return client.post("/recognition/", form).status_code

    assert at_once(click, click) == [302, 302], "the second press of one's own button is no error"
    assert (Recognition.objects.count(), Entry.objects.filter(act="fire_point.recognised").count()) == (1, 1)


def test_two_calls_of_the_api_with_one_version_are_one_recognition_and_one_conflict(city):
    point = make.verified(city)
    told = {"action": "recognise", "version": point.version, "data": {"reason": "证据充分"}}

    def call() -> int:
        client = Client()
        client.force_login(city.recogniser)
        url = f"/api/fire-points/{point.pk}/transitions/"
        return client.post(url, told, content_type="application/json").status_code

    assert sorted(at_once(call, call)) == [200, 409]
    assert Recognition.objects.count() == 1


def test_negative_control_on_sqlite_without_immediate_the_second_click_is_a_defect(city, monkeypatch):
    """There the guard is that a transaction takes the write lock before it reads."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL has its own negative control: tests/races/test_point_races.py")
    point = make.verified(city)
    monkeypatch.setitem(connections.settings["default"]["OPTIONS"], "transaction_mode", "DEFERRED")
    meet_after(monkeypatch, selectors, "facts_for")
    outcomes = at_once(*[lambda: caught(lambda: recognise(city, point))] * 2)
    assert len(lost(outcomes, OperationalError)) == 1, outcomes


def caught(call) -> object:
    try:
        return call()
    except OperationalError as error:
        return error


def test_a_merge_and_a_recognition_are_one_after_the_other(city):
    a, b = make.verified(city), make.verified(city)
    outcomes = at_once(
        lambda: make.take(a, "merge", city.clerk, into=b.pk, reason="同一处"), lambda: recognise(city, a)
    )
    assert (len(won(outcomes)), len(lost(outcomes, Refused))) == (1, 1), outcomes
    a.refresh_from_db()
    assert (a.state == "merged") is not Recognition.objects.filter(point=a).exists()


def test_a_withdrawal_of_the_run_and_a_report_on_its_point_leave_no_report_without_a_person(city):
    point = make.dispatched(city)
    told = {"conclusion": "true", "evidence": make.uuids(make.photo(point, city.west))}
    run = ImportRun.objects.get(detections__memberships__point=point)
    at_once(
        lambda: import_withdraw(run=str(run.uuid), actor=city.clerk, reason="坐标系报错"),
        lambda: make.take(point, "report", city.west, **told),
    )
    point.refresh_from_db()
    run.refresh_from_db()
    if run.state == "withdrawn" and Verification.objects.exists():
        assert make.asked(point), "the report came second or first: either way a person is told"


def test_builds_and_freezes_at_once_charge_once_and_freeze_once(city):
    make.final(city)
    built = at_once(*[lambda: steps.batch_build(month=MONTH, actor=city.clerk)] * 4)
    assert won(built), built
    batch = Batch.objects.get()
    frozen = at_once(*[lambda: steps.batch_freeze(batch_id=batch.pk, actor=city.officer)] * 2)
    assert (len(won(frozen)), len(lost(frozen, Refused))) == (1, 1), frozen
    assert (LedgerEntry.objects.count(), BatchLine.objects.filter(batch=batch).count()) == (1, 2)
    assert checks.check() == []


def test_a_build_and_a_reopening_at_once_end_even(city):
    point = make.final(city)
    at_once(
        lambda: steps.batch_build(month=MONTH, actor=city.clerk),
        lambda: make.take(point, "reopen", city.recogniser, reason="新的佐证"),
    )
    steps.batch_build(month=MONTH, actor=city.clerk)
    assert sum(LedgerEntry.objects.values_list("amount_fen", flat=True)) == 0
    assert checks.check() == []


def test_sealers_and_workers_at_once_seal_and_do_everything_once(city, overridden, monkeypatch):
    overridden(jobs.HANDLERS)
    monkeypatch.setattr(jobs, "discover", lambda: None)

    @jobs.handler("test.noted")
    def note(payload: dict) -> None:
        services.access(None, "evidence", ("test.thing", payload["n"]))

    with transaction.atomic():
        for n in range(6):
            jobs.enqueue("test.noted", f"k{n}", {"n": n})
    at_once(*[lambda: jobs.run_due(limit=6)] * 2, *[lambda: sealing.seal_pending(limit=5)] * 2)
    jobs.run_due()
    sealing.seal_all()
    assert Job.objects.filter(name="test.noted", state=Job.State.DONE, attempts=1).count() == 6
    assert Seal.objects.count() == Entry.objects.count()
    assert verify().ok, verify().problems
