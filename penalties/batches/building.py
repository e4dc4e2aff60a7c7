"""Building a batch: what is final and not yet posted comes into it, what no longer stands is given back (C12)."""

from datetime import datetime

from django.db import IntegrityError, transaction

from core import clock
from core.errors import BadInput, Conflict, NotAllowed
from core.month import Month, NotAMonth
from grids.models import User
from grids.roles import Role
from grids.selectors import roles_of
from penalties.batches.advancing import advance, note, post
from penalties.ledger import posting
from penalties.models import Batch, BatchState

OVERTAKEN = "另一个人刚刚开始编制批次，请刷新"


@transaction.atomic
def batch_build(*, month: str, actor: User) -> Batch:
    """Post what is final and not yet posted, and give back what no longer stands, into the month's open batch (C12).

    `month` is YYYY-MM of the burning dates (Beijing). Building again changes nothing unless something has changed.
    Raises Conflict when another batch is open, NoRule when a point has no rule, BadInput for a malformed month.
    """
    try:
        Month.parse(month)
    except NotAMonth as error:
        raise BadInput(str(error), where="month") from None
    if not roles_of(actor) & {Role.BUREAU, Role.SYSTEM}:
        raise NotAllowed("编制批次由市局经办")
    open_batch = Batch.objects.select_for_update().filter(state=BatchState.OPEN).first()
    if open_batch and open_batch.month != month:
        raise Conflict(f"{open_batch}还在编制，先冻结它，再编 {month} 的批次", code="another_batch_open")
    cut_off = clock.now()
    drafts = posting.drafts_for(month=month, cut_off=cut_off)
    batch = open_batch or Batch.objects.filter(month=month).order_by("-seq").first()
    if batch is not None and batch.state == BatchState.OPEN and open_batch is None:
        # Opened since this act looked: its drafts rest on a ledger that has moved on.
        raise Conflict(OVERTAKEN, code="another_batch_open")
    if batch is not None and not drafts:
        return batch
    if batch is None or batch.state != BatchState.OPEN:
        batch = _open(month=month, seq=batch.seq + 1 if batch else 1, cut_off=cut_off, actor=actor)
    else:
        batch = advance(batch, to=BatchState.OPEN, cut_off=cut_off)
    entries = post(batch, drafts)
    note(
        "batch.built",
        batch,
        actor,
        after={"month": month, "entries": len(entries), "amount_fen": sum(e.amount_fen for e in entries)},
    )
    return batch


def _open(*, month: str, seq: int, cut_off: datetime, actor: User) -> Batch:
    try:
        with transaction.atomic():
            return Batch.objects.create(
                month=month, seq=seq, cut_off=cut_off, prepared_by=actor, created_at=clock.now()
            )
    except IntegrityError as error:
        raise Conflict(OVERTAKEN, code="another_batch_open") from error
