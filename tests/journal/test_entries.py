"""What an entry holds, and when it may be written."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from core import clock
from core.errors import Conflict, Missing, NotInTransaction, UnknownAct
from journal.models import Access, Deployment, Entry
from journal.record import acts, digests, services
from journal.selectors import deployment
from tests.journal.conftest import ACT, THING

pytestmark = [pytest.mark.embedded]


@pytest.mark.django_db
def test_an_unknown_act_is_a_defect_and_writes_nothing():
    with pytest.raises(UnknownAct), transaction.atomic():
        services.record("test.never_registered", THING, 7)
    assert not Entry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_entry_outside_the_transaction_of_its_act_is_refused():
    with pytest.raises(NotInTransaction):
        services.record(ACT, THING, 7)
    assert not Entry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_act_that_is_rolled_back_leaves_no_entry(write):
    with transaction.atomic():
        services.record(ACT, THING, 7)
        transaction.set_rollback(True)
    assert not Entry.objects.exists()
    write()
    assert Entry.objects.count() == 1


@pytest.mark.django_db
def test_what_is_read_back_has_the_digest_that_was_written(write):
    written = write(
        subject=("test.thing", uuid.uuid4()),
        before={"none": None, "whole": 1e22, "minus_zero": -0.0, "share": 0.1, "tiny": 1e-9, "text": "本溪\x00\ud800"},
        after={"amount": Decimal("3.10"), "at": datetime(2025, 11, 1, tzinfo=UTC), "set": {3, 1, 2}, "n": [1, (2,)]},
        reason="核实\x00属实",
    )
    read = Entry.objects.get(pk=written.pk)
    assert digests.entry_digest(read) == read.digest == written.digest
    assert read.after["amount"] == "3.10"
    assert read.after["set"] == [1, 2, 3]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_a_plain_value_stays_plain_and_hashes_the_same_twice(value):
    once = digests.plain(value)
    assert digests.plain(once) == once
    assert digests.sha256(once) == digests.sha256(digests.plain(once))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), b"raw"])
def test_what_json_cannot_hold_is_refused_before_it_is_written(value):
    with pytest.raises((TypeError, ValueError)):
        digests.plain({"value": value})


@pytest.mark.django_db
@pytest.mark.parametrize(
    "field", ["reason", "act", "subject_id", "actor_id", "after", "before", "at", "simulated", "uuid"]
)
def test_every_fact_of_an_entry_is_in_its_digest(write, field):
    entry = write(reason="甲", before={"a": 1}, after={"a": 2})
    others = {"actor_id": 8, "after": {"a": 3}, "before": None, "at": clock.real_now(), "simulated": True}
    setattr(entry, field, others.get(field, uuid.uuid4() if field == "uuid" else "乙"))
    assert digests.entry_digest(entry) != entry.digest


@pytest.mark.django_db
def test_the_system_acts_without_an_actor_and_a_model_names_itself(write):
    entry = write(actor=None, subject=deployment())
    assert entry.actor_id is None
    assert (entry.subject_type, entry.subject_id) == ("journal.deployment", "1")
    assert list(Entry.objects.filter(subject_type="journal.deployment", subject_id="1")) == [entry]


@pytest.mark.django_db
def test_a_personal_field_is_only_said_to_have_changed():
    one, same, other = (
        services.personal("13900000000"),
        services.personal("13900000000"),
        services.personal("13900000001"),
    )
    assert one == same != other
    # Whole digits of a keyed digest: four of them may be those of any number by chance (they once were, "1390").
    assert re.fullmatch("changed:[0-9a-f]{32}", one)
    assert "13900000000" not in one
    Deployment.objects.update(digest_key="ab" * 32)
    assert services.personal("13900000000") != one, "without the key a phone number could be guessed back"


def test_an_act_cannot_get_a_second_meaning():
    with pytest.raises(ValueError):
        acts.register(ACT, "另一件事")
    assert acts.label(ACT) == "试办"
    assert acts.label("test.gone") == "test.gone"


@pytest.mark.django_db
def test_an_access_is_noted_with_who_and_what():
    services.access(7, "phone", THING, detail="长" * 500)
    noted = Access.objects.get()
    assert (noted.actor_id, noted.kind, noted.subject_id, len(noted.detail)) == (7, "phone", "1", 200)


@pytest.mark.django_db
def test_a_deployment_with_acts_on_record_never_becomes_a_demonstration(write):
    services.deployment_set(actor=None, name="本溪", is_demo=True)
    assert deployment().is_demo
    write()
    with pytest.raises(Conflict):
        services.deployment_set(actor=None, is_demo=False)
    assert deployment().is_demo


@pytest.mark.django_db
def test_a_second_deployment_row_is_impossible():
    deployment()
    with pytest.raises(IntegrityError), transaction.atomic():
        Deployment.objects.create(pk=2)


@pytest.mark.django_db
def test_a_restored_backup_opens_a_new_epoch_and_names_what_was_lost():
    with pytest.raises(Missing):
        services.new_epoch(actor=7, reason=" ")
    services.new_epoch(actor=7, reason="磁盘损坏", lost_head=(12, "ab" * 32))
    entry = Entry.objects.get(act="journal.epoch_opened")
    assert deployment().epoch == 2
    assert entry.after["lost"] == {"from_seq": 1, "to_seq": 12, "to_hash": "ab" * 32}
