"""The steps of a deduction batch in their order, one function each, and the one door to those of the rooms beside (C13)."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, cast

from django.db import transaction
from django.db.models import Max

from core import clock, faults
from core.errors import Conflict, Missing
from firepoints.models import FirePoint
from grids.models import User
from papers import filing
from penalties import selectors
from penalties.batches import frozen, held, reports, table
from penalties.batches.advancing import advance, available_steps, facts_for, file_scan, note, require, require_day
from penalties.batches.building import batch_build
from penalties.batches.life import BY_STEP, LIFE, act
from penalties.batches.returning import batch_empty, batch_recall, batch_return
from penalties.batches.vouchers import batch_settle, open_lines
from penalties.ledger import posting
from penalties.models import Batch, BatchDocument, BatchLine, BatchState

__all__ = [
    "BY_STEP", "LIFE", "available_steps", "batch_approve", "batch_build", "batch_empty", "batch_freeze", "batch_recall",
    "batch_return", "batch_send", "batch_settle", "batch_submit", "facts_for", "open_lines", "take_step",
]  # fmt: skip


OUTER_NAMES = {"voucher_no": "doc_no", "payer_code": "payer"}
"""What API and command call a thing that a step takes, where it has one name for all steps; a date is `date`."""


def take_step(step: str, *, batch_id: int, actor: User, data: Mapping[str, Any]) -> Batch:
    """Take a step by its name, with what API and command were given: each step picks what it takes."""
    values = {}
    for datum in BY_STEP[step].takes:
        value = data.get("date" if datum.name.endswith("_on") else OUTER_NAMES.get(datum.name, datum.name))
        if datum.is_required or value not in (None, ""):
            values[datum.name] = value
    return cast(Batch, LIFE.services[step](batch_id=batch_id, actor=actor, **values))


@act("freeze")
@transaction.atomic
def batch_freeze(*, batch_id: int, actor: User) -> Batch:
    """Snapshot one line for every payer, zeros too, and hash them with the entries behind them.

    Raises Conflict when a point has been taken back or changed since the batch was built: nobody asks the government for
    money that is no longer due.
    """
    batch = selectors.batch_by_id(batch_id)
    require("freeze", batch, actor)
    held.require_answered(batch)
    _require_unchanged(batch)
    rows = table.batch_rows(batch)
    batch = advance(
        batch,
        to=BatchState.FROZEN,
        frozen_at=clock.now(),
        checked_by=actor,
        content_hash=frozen.content_hash(batch, rows),
        left_out=held.as_json(held.left_out(batch)),
        last_entry_id=batch.entries.aggregate(last=Max("id"))["last"] or 0,
    )
    BatchLine.objects.bulk_create(table.line_of(batch, position, row) for position, row in enumerate(rows, 1))
    faults.point("batch.lined")
    note("batch.frozen", batch, actor, after={"hash": batch.content_hash, "lines": len(rows)})
    return batch


def _require_unchanged(batch: Batch) -> None:
    changed = {
        draft.point_id
        for draft in posting.drafts_for(month=batch.month, cut_off=batch.cut_off, first_month=batch.lower_bound)
    }
    if not changed:
        return
    points = FirePoint.objects.filter(pk__in=changed).order_by("number")
    named = "、".join(point.number or str(point) for point in points[:5]) + (" 等" if len(changed) > 5 else "")
    raise Conflict(
        f"编制以后有 {len(changed)} 处有变（{named}）：先再按一次“编制批次”，核对后冻结", code="batch_outdated"
    )


@act("submit")
@transaction.atomic
def batch_submit(*, batch_id: int, actor: User, submitted_on: date | None = None, doc_no: str = "") -> Batch:
    """报送: the 请示 and the table go to the city government, and are kept exactly as they went (C13).

    `doc_no` is the 文号 that the office system issued, if it is known already; it is never invented here.
    """
    batch = selectors.batch_by_id(batch_id)
    require("submit", batch, actor)
    held.require_answered(batch)
    submitted_on = submitted_on or clock.today_beijing()
    require_day(submitted_on, what="报送日期", not_before=None, earlier="")
    batch = advance(
        batch,
        to=BatchState.SUBMITTED,
        submitted_at=clock.now(),
        submitted_on=submitted_on,
        submit_doc_no=doc_no,
    )
    note("batch.submitted", batch, actor, after={"doc_no": doc_no, "on": str(batch.submitted_on)})
    reports.file_batch_documents(batch=batch, actor=actor)
    faults.point("batch.papers")
    return batch


@act("approve")
@transaction.atomic
def batch_approve(
    *, batch_id: int, actor: User, doc_no: str, approved_on: date | None, file: Path | None, filename: str = ""
) -> Batch:
    """市政府同意: recorded only with the 批件's number, date and scan (C13)."""
    batch = selectors.batch_by_id(batch_id)
    require("approve", batch, actor)
    missing = [
        word
        for word, value in (("批件文号", doc_no.strip()), ("批件日期", approved_on), ("批件扫描件", file))
        if not value
    ]
    if missing or file is None or approved_on is None:
        raise Missing(missing)
    require_day(approved_on, what="批件日期", not_before=batch.submitted_on, earlier="报送日期")
    stored = filing.store_scan(file, kind="approvals", filename=filename or file.name)
    faults.point("batch.kept")
    batch = advance(
        batch,
        to=BatchState.APPROVED,
        approved_at=clock.now(),
        approved_by=actor,
        approved_on=approved_on,
        approval_doc_no=doc_no.strip(),
        approval_file=stored.stored_as,
        approval_sha256=stored.sha256,
    )
    file_scan(batch, stored, kind=BatchDocument.Kind.APPROVAL, title=f"市政府批件 {batch.approval_doc_no}")
    note(
        "batch.approved",
        batch,
        actor,
        after={"doc_no": batch.approval_doc_no, "on": str(approved_on), "sha256": stored.sha256},
    )
    return batch


@act("send")
@transaction.atomic
def batch_send(*, batch_id: int, actor: User, sent_on: date | None = None, doc_no: str = "") -> Batch:
    """送财政: impossible before the approval is on record, by CHECK as well as here (C13)."""
    batch = selectors.batch_by_id(batch_id)
    require("send", batch, actor)
    held.require_answered(batch)
    held.require_charges_sent(batch)
    sent_on = sent_on or clock.today_beijing()
    require_day(sent_on, what="送财政日期", not_before=batch.approved_on, earlier="批件日期")
    batch = advance(
        batch,
        to=BatchState.SENT,
        sent_at=clock.now(),
        sent_on=sent_on,
        sent_doc_no=doc_no,
    )
    note("batch.sent", batch, actor, after={"doc_no": doc_no, "on": str(batch.sent_on)})
    papers = [reports.letter(reports.batch_report(batch))]
    reports.file_batch_documents(batch=batch, actor=actor, documents=papers)
    faults.point("batch.papers")
    return batch
