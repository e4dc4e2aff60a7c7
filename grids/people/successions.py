"""The acts on the dates of payers: a county whose code changes, a payer that is listed from or to a day (policy.md §2e)."""

from __future__ import annotations

from datetime import date

from django.db import IntegrityError, transaction

from core.errors import BadInput, Conflict, Missing, NotAllowed
from grids.models import Payer, Succession, User
from grids.people.payers import CODE, payer_set
from grids.roles import Role
from grids.selectors import governments_on, roles_of
from journal.record.services import record


@transaction.atomic
def succession_set(
    *, old_code: str, new_code: str, name: str, valid_from: date, document_no: str, actor: User
) -> Succession:
    """Record that a county goes on under another code from a Beijing date: both are one government from then on.

    In the finance table the new code takes the place of the old from that day; `name` is its name there, and may be left
    out where it is listed already (two counties become one). The same again changes nothing. Raises NotAllowed for anybody
    but the bureau, Missing without a document or a name, BadInput for codes or dates that make no sense, Conflict
    (succession_differs) where the old code has another successor.
    """
    if not roles_of(actor) & {Role.BUREAU, Role.SYSTEM}:
        raise NotAllowed("代码变更由市局经办登记")
    old_code, new_code, name, document_no = (text.strip() for text in (old_code, new_code, name, document_no))
    _require_sensible(old_code, new_code, document_no)
    stored = Succession.objects.filter(old_code=old_code).first()
    if stored is not None:
        return _same_succession(stored, new_code, valid_from, document_no)
    _require_in_order(old_code, new_code, valid_from)
    _relist(old_code, new_code, name, valid_from, document_no, actor)
    try:
        with transaction.atomic():
            row = Succession.objects.create(
                old_code=old_code, new_code=new_code, new_name=name[:80], valid_from=valid_from, document_no=document_no
            )
    except IntegrityError as error:
        raise Conflict(f"{old_code} 的变更刚刚由他人登记，请核对。", code="succession_differs") from error
    after = {"old": old_code, "new": new_code, "name": row.new_name, "valid_from": valid_from, "document": document_no}
    record("payer.succeeded", row, actor, after=after)
    return row


def _require_sensible(old_code: str, new_code: str, document_no: str) -> None:
    for code in (old_code, new_code):
        if not CODE.fullmatch(code):
            raise BadInput("代码应为 1–20 个字母、数字、- 或 _", where=code or "代码")
    if old_code == new_code:
        raise BadInput("新代码和原代码相同", where="新代码")
    if not document_no:
        raise Missing(["批准文件文号"])


def _same_succession(row: Succession, new_code: str, valid_from: date, document_no: str) -> Succession:
    if (row.new_code, row.valid_from, row.document_no) == (new_code, valid_from, document_no):
        return row
    raise Conflict(
        f"{row.old_code} 自 {row.valid_from} 起已由 {row.new_code} 接续（{row.document_no}）。",
        code="succession_differs",
    )


def _require_in_order(old_code: str, new_code: str, valid_from: date) -> None:
    if governments_on(date.max).get(new_code, new_code) == old_code:
        raise BadInput(f"{new_code} 自己已变更为 {old_code}", where="新代码")
    before = Succession.objects.filter(new_code=old_code).order_by("-valid_from").first()
    if before and valid_from <= before.valid_from:
        raise BadInput(f"{old_code} 自 {before.valid_from} 才启用，变更须在这以后", where="日期")
    after = Succession.objects.filter(old_code=new_code).first()
    if after and after.valid_from <= valid_from:
        raise BadInput(f"{new_code} 自 {after.valid_from} 起已变更为 {after.new_code}", where="新代码")


def _relist(old_code: str, new_code: str, name: str, valid_from: date, document_no: str, actor: User) -> None:
    """Give the new code the place of the old one in the finance table, from the day on; where the table lists counties by
    the borders, or the old code is not in it, there is nothing to give."""
    old = Payer.objects.filter(code=old_code).first()
    if old is None:
        return
    new = Payer.objects.filter(code=new_code).first()
    if new is None:
        if not name:
            raise Missing(["新代码的名称"])
        new = payer_set(
            code=new_code, name=name, group=old.group, position=old.position, actor=actor, reason=document_no
        )
        payer_dates_set(payer=new, valid_from=valid_from, valid_to=None, actor=actor, reason=document_no)
    payer_dates_set(payer=old, valid_from=old.valid_from, valid_to=valid_from, actor=actor, reason=document_no)


@transaction.atomic
def payer_dates_set(
    *, payer: Payer, valid_from: date | None, valid_to: date | None, actor: User | None, reason: str
) -> Payer:
    """List a payer in the finance table from a Beijing date (None = always) to before another (None = on).

    Money that moves for it on other dates is shown all the same. Raises Missing without a ground, BadInput for dates in
    the wrong order.
    """
    if not reason.strip():
        raise Missing(["依据或说明"])
    if valid_from and valid_to and valid_to <= valid_from:
        raise BadInput(f"终止日期须晚于起始日期 {valid_from}", where="终止日期")
    dates = {"valid_from": valid_from, "valid_to": valid_to}
    before = {field: getattr(payer, field) for field in dates}
    if before != dates:
        Payer.objects.filter(pk=payer.pk).update(**dates)
        payer.refresh_from_db()
        record("payer.dated", payer, actor, before=before, after={"code": payer.code, **dates}, reason=reason.strip())
    return payer
