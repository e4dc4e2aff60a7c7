"""The acts on special periods: recording one with its document, taking a wrong one back (C16)."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from core import clock
from core.errors import BadInput, Conflict, Missing
from firepoints.models import SpecialPeriod
from grids.models import User
from journal.record.services import record


@transaction.atomic
def period_record(*, kind: str, name: str, starts: date, ends: date, document_no: str, actor: User) -> SpecialPeriod:
    """Record a special period from a Beijing date up to another (exclusive). Raises BadInput, Missing.

    It is a flag on the fires of its days; the deduction does not change.
    """
    missing = [label for label, text in (("名称", name), ("依据", document_no)) if not text.strip()]
    if missing:
        raise Missing(missing)
    if kind not in SpecialPeriod.Kind.values:
        raise BadInput("不认识的类别", where="类别", code="unknown_kind")
    if ends <= starts:
        raise BadInput("结束日期须晚于开始日期", where="结束日期")
    row = SpecialPeriod.objects.create(
        kind=kind,
        name=name.strip()[:80],
        starts=starts,
        ends=ends,
        document_no=document_no.strip()[:80],
        recorded_by=actor,
        created_at=clock.now(),
    )
    after = {"kind": kind, "name": row.name, "starts": starts, "ends": ends, "document": row.document_no}
    record("period.recorded", row, actor, after=after)
    return row


@transaction.atomic
def period_void(*, period: SpecialPeriod, actor: User, reason: str) -> SpecialPeriod:
    """Take a wrong period back; it stays on record. Raises Missing without a reason, Conflict when it is void."""
    if not reason.strip():
        raise Missing(["撤销原因"])
    changed = SpecialPeriod.objects.filter(pk=period.pk, voided_at__isnull=True).update(
        voided_at=clock.now(), void_reason=reason.strip()[:200]
    )
    if not changed:
        raise Conflict("这一时段已撤销。", code="period_voided")
    period.refresh_from_db()
    record("period.voided", period, actor, after={"name": period.name}, reason=reason.strip()[:200])
    return period
