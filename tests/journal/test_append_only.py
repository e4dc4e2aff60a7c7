"""Three walls around the record: the ORM, the triggers, and verify, which misses a trigger that is gone."""

from __future__ import annotations

import io

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from core.db import immutable, triggers
from core.errors import AppendOnly
from journal.models import Access, Deployment, Entry, Seal
from journal.record import sealing, services
from journal.record.verify import verify
from journal.selectors import deployment
from tests.journal.conftest import THING

pytestmark = [pytest.mark.embedded, pytest.mark.django_db]


def sql(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture
def filled(write) -> Entry:
    entry = write(reason="原样")
    sealing.seal_pending()
    services.access(7, "phone", THING)
    return entry


@pytest.mark.parametrize(
    "attempt",
    [
        lambda rows: rows.update(reason="改"),
        lambda rows: rows.delete(),
        lambda rows: rows.bulk_update(list(rows), ["reason"]),
        lambda rows: rows.update_or_create(defaults={"reason": "改"}, pk=rows.get().pk),
        lambda rows: rows.bulk_create(
            list(rows), update_conflicts=True, update_fields=["reason"], unique_fields=["id"]
        ),
        lambda rows: rows.get().save(),
        lambda rows: rows.get().save(update_fields=["reason"]),
        lambda rows: rows.get().delete(),
    ],
)
def test_the_orm_refuses_to_change_an_entry(filled, attempt):
    with pytest.raises(AppendOnly):
        attempt(Entry.objects.all())
    assert Entry.objects.get().reason == "原样"


def test_a_row_with_the_key_of_another_is_an_insert_and_fails(filled):
    twin = Entry(
        pk=filled.pk, at=filled.at, real_at=filled.real_at, act="x", subject_type="t", subject_id="1", digest=""
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save()
    assert Entry.objects.get().reason == "原样"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("model", [Entry, Seal, Access])
def test_sql_by_hand_is_refused_by_the_database(filled, model):
    table, key = model._meta.db_table, model._meta.pk.column
    statements = [f"UPDATE {table} SET {key} = {key}", f"DELETE FROM {table}"]
    if connection.vendor == "postgresql":
        statements.append(f"TRUNCATE {table} CASCADE")
    for statement in statements:
        with pytest.raises(IntegrityError, match="append-only"):
            sql(statement)
    assert model.objects.count() == 1


def test_the_fast_path_of_a_cascade_is_refused_too(filled):
    with pytest.raises(IntegrityError), transaction.atomic():
        Seal.objects.all()._raw_delete("default")


@pytest.mark.django_db(transaction=True)
def test_a_dropped_trigger_is_found_and_remade(filled):
    assert triggers.missing() == []
    name = "journal_entry_ao_row" if connection.vendor == "postgresql" else "journal_entry_ao_upd"
    sql(f"DROP TRIGGER {name}" + (" ON journal_entry" if connection.vendor == "postgresql" else ""))
    try:
        assert triggers.missing() == [f"journal_entry.{name}"]
        assert any(name in problem for problem in verify().problems)
    finally:
        assert triggers.ensure() == 1
    assert triggers.ensure() == 0
    assert verify().ok


@pytest.mark.django_db(transaction=True)
def test_a_trigger_of_the_same_name_that_does_nothing_counts_as_missing():
    if connection.vendor == "postgresql":
        disarm = ["ALTER TABLE journal_seal DISABLE TRIGGER journal_seal_ao_row"]
        name = "journal_seal_ao_row"
    else:
        name = "journal_seal_ao_upd"
        disarm = [
            f"DROP TRIGGER {name}",
            f"CREATE TRIGGER {name} BEFORE UPDATE ON journal_seal WHEN 0 BEGIN SELECT RAISE(ABORT, 'no'); END",
        ]
    for statement in disarm:
        sql(statement)
    try:
        assert triggers.missing() == [f"journal_seal.{name}"]
    finally:
        triggers.ensure()
    assert triggers.missing() == []


@pytest.mark.django_db(transaction=True)
def test_an_emptied_trigger_function_counts_as_missing():
    if connection.vendor != "postgresql":
        body = "BEGIN SELECT 1; END"
        sql("DROP TRIGGER journal_entry_ao_del")
        sql(f"CREATE TRIGGER journal_entry_ao_del BEFORE DELETE ON journal_entry {body}")
    else:
        body = "BEGIN RETURN COALESCE(NEW, OLD); END"
        sql(f"CREATE OR REPLACE FUNCTION {triggers.FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS '{body}'")
    try:
        assert triggers.missing()
    finally:
        triggers.ensure()
    assert triggers.missing() == []


@pytest.mark.django_db(transaction=True)
def test_migrate_remakes_what_a_table_rebuild_dropped():
    with connection.cursor() as cursor:
        for table, name in triggers._expected(connection):
            cursor.execute(triggers._dropping(connection, table, name))
    assert triggers.missing()
    call_command("migrate", verbosity=0, stdout=io.StringIO())
    assert triggers.missing() == []


def test_flush_is_refused_outside_tests(filled, settings):
    settings.JINSHAO_TESTING = False
    with pytest.raises(CommandError):
        call_command("flush", interactive=False, verbosity=0)
    assert Entry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_flush_between_tests_brings_a_home_back_as_the_migrations_made_it(filled):
    key = deployment().digest_key
    before = set(get_user_model().objects.values_list("pk", flat=True))
    Deployment.objects.update(name="别处", epoch=5)
    call_command("flush", interactive=False, verbosity=0)
    assert triggers.missing() == []
    assert not Entry.objects.exists()
    assert (Deployment.objects.get().name, Deployment.objects.get().epoch, deployment().digest_key) == ("禁烧", 1, key)
    # The system user is back under its old key; the next user gets another.
    assert get_user_model().objects.create(username="next").pk not in (None, *before)


def test_every_heir_of_the_append_only_model_has_its_triggers():
    for model in immutable.registered():
        assert len(model._meta.db_table) <= 30
    assert {Entry, Seal, Access} <= set(immutable.registered())
    # Two triggers for each table, on either database.
    assert len(triggers._expected(connection)) == 2 * (len(immutable.registered()) + len(immutable.answered_once()))
