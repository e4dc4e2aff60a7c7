"""What was done stays: every append-only table refuses UPDATE, DELETE and TRUNCATE by plain SQL."""

from datetime import date

import pytest
from django.db import IntegrityError, connection, models, transaction

from core import clock
from core.db import immutable, triggers
from core.db.immutable import AppendOnlyModel
from core.errors import AppendOnly
from firepoints.models import (
    DividedPoint,
    Evidence,
    JointAttendance,
    Recheck,
    RecheckDraw,
    RecheckVisit,
    ServedNotice,
    Step,
)
from journal.models import Entry
from journal.record.services import record
from penalties.models import VoucherReply

pytestmark = [pytest.mark.embedded, pytest.mark.django_db]


def update(model: type[models.Model]) -> str:
    """Set one column that is no key to what it already holds: even a change of nothing is a change."""
    column = next(field.column for field in model._meta.concrete_fields if not field.primary_key)
    return f'UPDATE "{model._meta.db_table}" SET "{column}" = "{column}"'


def delete(model: type[models.Model]) -> str:
    return f'DELETE FROM "{model._meta.db_table}"'


def one_row(model: type[models.Model]) -> str:
    """A condition that holds for one row."""
    pk = model._default_manager.values_list("pk", flat=True).first()
    return f' WHERE "{model._meta.pk.column}" = {pk}'


def refused(statement: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except IntegrityError as error:
        return "append-only" in str(error)
    return False


def look_again(city, point, joint):
    """One row of what later acts leave: a division, a re-check and its visit, a served paper, a reply of finance."""
    step = Step.objects.filter(point=point).order_by("pk")[0]
    DividedPoint.objects.create(step=step, point=point)
    draw = RecheckDraw.objects.create(kind="after", until=clock.now(), drawn_by=city.clerk)
    verification = point.verification
    recheck = Recheck.objects.create(
        draw=draw,
        verification=verification,
        point=point,
        county_code=point.county_code,
        conclusion=verification.conclusion,
    )
    visit = RecheckVisit.objects.create(
        recheck=recheck, finding=RecheckVisit.Finding.values[0], is_contradiction=False, note="演示",
        visited_by=city.clerk,
    )  # fmt: skip
    visit.evidence.add(Evidence.objects.order_by("pk")[0])
    attendance = JointAttendance.objects.filter(verification__point=joint).order_by("pk")[0]
    scan = Evidence.objects.order_by("pk")[0]
    ServedNotice.objects.create(attendance=attendance, seq=1, served_on=date(2023, 11, 1), addressee="演示", scan=scan)
    VoucherReply.objects.create(sha256="0" * 64, filename="回执.xlsx", stored_as="x", recorded_by=city.finance)


def test_every_append_only_table_of_a_full_month_refuses_change_by_sql_and_by_orm(scene):
    look_again(scene.city, scene.west, scene.cross)
    tables = immutable.registered()
    empty = [model._meta.label for model in tables if not model._default_manager.exists()]
    assert empty == [], "a row trigger cannot be tried on an empty table: the scene lacks a row"
    assert triggers.missing() == []
    connection.check_constraints()  # now, so that no deferred check stands in the way of TRUNCATE
    for model in tables:
        for statement in (update, delete):
            assert refused(statement(model)), (model._meta.label, "all rows")
            assert refused(statement(model) + one_row(model)), (model._meta.label, "one row")
        if connection.vendor == "postgresql":  # SQLite has no TRUNCATE
            assert refused(f'TRUNCATE "{model._meta.db_table}" CASCADE'), model._meta.label
    heirs = [model for model in tables if issubclass(model, AppendOnlyModel)]
    assert len(heirs) >= 15
    for model in heirs:
        row = model._default_manager.first()
        for attempt in (row.save, row.delete, model._default_manager.all().delete):
            with pytest.raises(AppendOnly):
                attempt()


def test_negative_control_without_its_triggers_a_row_can_be_changed(db):
    with transaction.atomic():
        record("journal.deployment_set", ("test.thing", 1), None)
    assert refused(update(Entry))
    with triggers.lifted():
        assert not refused(update(Entry))
    assert refused(update(Entry))
