"""The ways back of a batch: emptied before it is frozen, recalled before 报送, returned by the city government (C13).

Whatever the way, nothing of the batch stands afterwards: its entries are undone under the batch itself, last first, its
lines and hash stay, and the next build posts the points again.
"""

from datetime import date
from pathlib import Path
from typing import Any

from django.db import transaction

from core import clock, faults
from core.errors import Conflict, Missing
from grids.models import User
from papers import filing
from penalties import selectors
from penalties.batches.advancing import advance, file_scan, note, post, require, require_day
from penalties.batches.life import BY_STEP, act
from penalties.ledger import undoing
from penalties.models import Batch, BatchDocument, BatchState, LedgerEntry, ReturnKind


@act("empty")
@transaction.atomic
def batch_empty(*, batch_id: int, actor: User, reason: str) -> Batch:
    """Take everything out of the open batch and close it: a slip in the month, for instance. Nothing has left the house."""
    batch = selectors.batch_by_id(batch_id)
    require("empty", batch, actor)
    return _undo(batch, actor, step="empty", kind=ReturnKind.EMPTIED, reason=reason)


@act("recall")
@transaction.atomic
def batch_recall(*, batch_id: int, actor: User, reason: str) -> Batch:
    """Take a frozen batch back before it goes to the city government."""
    batch = selectors.batch_by_id(batch_id)
    require("recall", batch, actor)
    return _undo(batch, actor, step="recall", kind=ReturnKind.RECALLED, reason=reason)


@act("return")
@transaction.atomic
def batch_return(
    *,
    batch_id: int,
    actor: User,
    returned_on: date | None,
    reason: str,
    doc_no: str = "",
    file: Path | None = None,
    filename: str = "",
) -> Batch:
    """Record that the city government refused the batch or sent it back: with date and reason, and its paper if one came.

    Also after 同意, as long as the batch was not sent to finance. What it asked for is posted again by the next build.
    """
    batch = selectors.batch_by_id(batch_id)
    require("return", batch, actor)
    if returned_on is None:
        raise Missing(["退回日期"])
    is_approved = batch.state == BatchState.APPROVED
    not_before, earlier = (batch.approved_on, "批件日期") if is_approved else (batch.submitted_on, "报送日期")
    require_day(returned_on, what="退回日期", not_before=not_before, earlier=earlier)
    scan = filing.store_scan(file, kind="approvals", filename=filename or file.name) if file else None
    if scan:
        faults.point("batch.kept")
    paper = {"return_doc_no": doc_no.strip()}
    if scan:
        paper |= {"return_file": scan.stored_as, "return_sha256": scan.sha256}
    batch = _undo(batch, actor, step="return", kind=ReturnKind.REFUSED, reason=reason, returned_on=returned_on, **paper)
    if scan:
        file_scan(batch, scan, kind=BatchDocument.Kind.RETURN, title=f"市政府退件 {batch.return_doc_no}".strip())
    return batch


def _undo(batch: Batch, actor: User, *, step: str, kind: ReturnKind, reason: str, **facts: Any) -> Batch:
    """Undo the entries of a batch under itself, what the open batch holds above them first, and say why."""
    reason = reason.strip()
    if not reason:
        raise Missing(["理由"])
    returned = set(Batch.objects.filter(state=BatchState.RETURNED).values_list("pk", flat=True))
    facts = {"returned_on": clock.today_beijing(), "returned_at": clock.now(), "returned_by": actor, **facts}
    batch = advance(batch, to=BatchState.RETURNED, return_kind=kind, return_reason=reason, **facts)
    # Read once, after the claim: whoever posts for one of these points meanwhile is met at UNIQUE(point, seq).
    entries = _entries_around(batch)
    above = _undo_above(batch, entries, returned, actor)
    drafts = undoing.drafts_undoing([*entries, *above], batch_id=batch.pk, returned=returned, cause=kind.value)
    posted = post(batch, drafts)
    after = {"on": str(batch.returned_on), **_summed(posted)}
    after |= {"doc_no": batch.return_doc_no} if batch.return_doc_no else {}
    after |= {"sha256": batch.return_sha256} if batch.return_sha256 else {}
    note(BY_STEP[step].entry, batch, actor, after=after, reason=reason)
    return batch


def _undo_above(batch: Batch, entries: list[LedgerEntry], returned: set[int], actor: User) -> list[LedgerEntry]:
    """Take out of the open batch what it holds of the same points; returns the entries that did it.

    Raises Conflict where a batch that is frozen already moved their money further: that one goes back first.
    """
    above = undoing.batches_above(entries, batch_id=batch.pk, returned=returned)
    later = Batch.objects.filter(pk__in=above).order_by("pk")
    firm = [row for row in later if row.state != BatchState.OPEN]
    if firm:
        named = "、".join(f"{row}（{row.state_words}）" for row in firm)
        raise Conflict(f"{named}又动了这一批里火点的钱：后来的先撤回或退回，再退这一批", code="later_batch")
    undone: list[LedgerEntry] = []
    for row in later:
        own = [entry for entry in entries if entry.point_id in above[row.pk]]
        drafts = undoing.drafts_undoing(own, batch_id=row.pk, returned=returned, cause=batch.return_kind)
        posted = post(advance(row, to=BatchState.OPEN), drafts)
        note(
            "batch.built",
            row,
            actor,
            after={"month": row.month, **_summed(posted)},
            reason=f"{batch}{batch.state_words}",
        )
        undone += posted
    return undone


def _summed(posted: list[LedgerEntry]) -> dict[str, int]:
    return {"entries": len(posted), "amount_fen": sum(entry.amount_fen for entry in posted)}


def _entries_around(batch: Batch) -> list[LedgerEntry]:
    """Every entry ever posted for the points of a batch."""
    points = LedgerEntry.objects.filter(batch=batch).values("point")
    return list(LedgerEntry.objects.filter(point__in=points).select_related("rule").order_by("point_id", "seq"))
