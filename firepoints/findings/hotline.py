"""举报 (C7): taking one in under its number, saying how it ended, and the one way to see who called."""

from __future__ import annotations

import re

from django.db import transaction
from django.db.models import F, QuerySet

from core import clock
from core.errors import BadInput, Conflict, Missing, NotAllowed
from firepoints.models import Detection, FirePoint, HotlineInformant, HotlineReport, HotlineSeries
from grids import selectors as grids
from grids.models import User
from grids.roles import Role
from journal.record import restoring
from journal.record.services import record

_PHONE = re.compile(r"(?<!\d)(?:1[3-9]\d[ -]?\d{4}[ -]?\d{4}|0\d{2,3}[- ]?\d{7,8})(?!\d)")
READ_ALL = frozenset({Role.BUREAU, Role.AUDITOR})


def require_no_phone(text: str) -> None:
    """Raise BadInput for a note with a phone number: notes are read by everybody who sees the point."""
    if _PHONE.search(text):
        raise BadInput("说明人人看得到，不要写电话；电话写在“举报人电话”一栏", where="note", code="phone_in_note")


@transaction.atomic
def hotline_take(*, detection: Detection, actor: User, name: str = "", phone: str = "") -> HotlineReport:
    """Give a report its number; the same sighting again is the same report. Who called goes to a table apart."""
    earlier = HotlineReport.objects.filter(detection=detection).first()
    if earlier is not None:
        return earlier
    now = clock.now()
    year = now.astimezone(clock.BEIJING).year
    HotlineSeries.objects.get_or_create(year=year)
    HotlineSeries.objects.filter(year=year).update(last=F("last") + 1)  # holds the row until the end of the act
    seq = HotlineSeries.objects.values_list("last", flat=True).get(year=year)
    report = HotlineReport.objects.create(year=year, seq=seq, received_at=now, taken_by=actor, detection=detection)
    if name.strip() or phone.strip():
        HotlineInformant.objects.create(report=report, name=name.strip()[:60], phone=phone.strip()[:40])
    entry_after = {"number": report.number, "detection": detection.pk, "anonymous": not (name.strip() or phone.strip())}
    record("hotline.taken", report, actor, after=entry_after)
    return report


@transaction.atomic
def hotline_answer(*, report: HotlineReport, outcome: str, note: str, actor: User) -> HotlineReport:
    """Say how a report ended. Raises NotAllowed, BadInput, Missing without words, Conflict when it has ended already."""
    _require_bureau(actor, "举报由市局经办办结")
    if outcome not in HotlineReport.Outcome.values or not outcome:
        raise BadInput("请选择办理结果", where="outcome")
    if not note.strip():
        raise Missing(["办理情况"])
    require_no_phone(note)
    changed = HotlineReport.objects.filter(pk=report.pk, outcome="").update(
        outcome=outcome, outcome_note=note.strip()[:300], answered_at=clock.now(), answered_by=actor
    )
    if not changed:
        raise Conflict("这件举报已经办结。", code="report_ended")
    report.refresh_from_db()
    record("hotline.answered", report, actor, after={"number": report.number, "outcome": outcome})
    return report


@transaction.atomic
def hotline_reveal(*, report: HotlineReport, reason: str, actor: User) -> tuple[str, str]:
    """Name and phone of who called, for the bureau, with a reason, on record. Raises NotAllowed, Missing."""
    _require_bureau(actor, "举报人只有市局经办可以查看")
    if not reason.strip():
        raise Missing(["查看的理由"])
    require_no_phone(reason)
    record("hotline.revealed", report, actor, after={"number": report.number}, reason=reason.strip()[:200])
    who = HotlineInformant.objects.filter(report=report).first()
    return (who.name, who.phone) if who else ("", "")


def reports_for(user: User) -> QuerySet[HotlineReport]:
    """The register as `user` may read it: the bureau and auditors all of it, others what they took in themselves and
    what lies in their points. Never the callers."""
    every = HotlineReport.objects.select_related("taken_by", "detection__run", "detection__source")
    if grids.roles_of(user) & READ_ALL:
        return every
    points = FirePoint.objects.visible_to(user)
    theirs = Detection.objects.filter(memberships__is_active=True, memberships__point__in=points)
    return every.filter(detection__in=theirs.values("pk")) | every.filter(taken_by=user)


def skip_numbers(lost: int | None) -> dict[str, int]:
    """Leave out, after a restore, as many numbers as acts were lost, as with the numbers of fire points."""
    count = restoring.UNKNOWN_LOSS if lost is None else lost
    if not count:
        return {}
    HotlineSeries.objects.get_or_create(year=clock.today_beijing().year)
    HotlineSeries.objects.update(last=F("last") + count)
    return {str(year): last for year, last in HotlineSeries.objects.order_by("year").values_list("year", "last")}


def _require_bureau(actor: User, otherwise: str) -> None:
    if Role.BUREAU not in grids.roles_of(actor):
        raise NotAllowed(otherwise)
