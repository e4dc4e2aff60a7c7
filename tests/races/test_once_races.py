"""Two requests with one Idempotency-Key at the same moment."""

import pytest
from django.db import connection
from django.db.models.query import QuerySet
from rest_framework.test import APIClient

from firepoints.models import Step
from grids import locating
from journal import once
from journal.models import OnceKey
from tests.factories import points as make
from tests.factories.city import City, build_city
from tests.races.meeting import at_once, lost, meet_before, without_unique, won

pytestmark = pytest.mark.django_db(transaction=True)
KEY = "one-key"


@pytest.fixture
def city(db: None) -> City:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one writer in at a time")
    locating.forget()
    return build_city()


def claim():
    return once.claim(user_id=1, key=KEY, fingerprint="x")


def test_of_two_who_claim_a_key_at_once_one_holds_it(city, monkeypatch):
    meet_before(monkeypatch, QuerySet, "create")
    outcomes = at_once(claim, claim)
    assert (len(won(outcomes)), len(lost(outcomes, once.KeyInUse))) == (1, 1), outcomes
    assert OnceKey.objects.count() == 1


def test_without_the_unique_key_both_would_hold_it(city, monkeypatch):
    """The negative control: the constraint is what tells them apart."""
    meet_before(monkeypatch, QuerySet, "create")
    with without_unique(("journal_once_key", ("user_id", "key")), empty=("journal_once_key",)):
        assert len(won(at_once(claim, claim))) == 2


def test_of_two_who_take_over_a_dead_holders_key_one_holds_it(city, monkeypatch):
    held = claim()
    OnceKey.objects.update(lease_until=held.created_at)
    meet_before(monkeypatch, once, "_take_over")
    outcomes = at_once(claim, claim)
    assert (len(won(outcomes)), len(lost(outcomes, once.KeyInUse))) == (1, 1), outcomes
    assert OnceKey.objects.get().attempt == 2


def test_eight_clients_with_one_key_are_one_act_and_everyone_is_told_so_or_to_wait(city):
    point = make.suspected()
    url = f"/api/fire-points/{point.pk}/transitions/"
    body = {"action": "dispatch", "version": point.version}

    def send():
        client = APIClient()
        client.force_authenticate(city.clerk)
        return client.post(url, body, HTTP_IDEMPOTENCY_KEY=KEY)

    answers = at_once(*[send] * 8)
    told = {answer.status_code for answer in answers}
    assert told <= {200, 409}, [answer.content for answer in answers]
    assert 200 in told
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {"idempotency_in_flight"}
    assert len({answer.content for answer in answers if answer.status_code == 200}) == 1
    assert Step.objects.filter(point=point, action="dispatch").count() == 1
