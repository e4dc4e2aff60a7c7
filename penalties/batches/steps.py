"""A deduction batch, from building to the vouchers: one function for each step of C13, in their only order."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction

from core import clock, faults
from core.errors import BadInput, Conflict, Missing, NotAllowed, Refused, StaleVersion
from core.month import Month, NotAMonth
from firepoints.models import FirePoint
from firepoints.policy import rulings
from grids.models import User
from grids.roles import Role
from grids.selectors import roles_of
from journal.record.services import record
from papers import filing
from penalties import selectors
from penalties.batches import frozen, reports, table
from penalties.ledger import posting
from penalties.models import Batch, BatchDocument, BatchLine, BatchState, Settlement
from penalties.money import yuan

faults.register(
    {
        "batch.claimed": "nothing has happened: the batch stands where it stood",
        "batch.posted": "nothing has happened: no entry of the ledger without its batch",
        "batch.lined": "nothing has happened: no lines of a batch that is not frozen",
        "batch.kept": "a scan without a row: harmless, found again by its name",
        "batch.vouched": "nothing has happened: no voucher that the journal does not know",
        "batch.recorded": "nothing has happened: no entry of the journal without its act",
        "batch.papers": "files without rows: harmless, found again by their names",
        "batch.committed": "the step is taken, the answer is lost: a second try is refused and changes nothing",
    }
)
STEPS = {
    "freeze": (BatchState.OPEN, frozenset({Role.BUREAU})),
    "submit": (BatchState.FROZEN, frozenset({Role.BUREAU})),
    "approve": (BatchState.SUBMITTED, frozenset({Role.BUREAU})),
    "send": (BatchState.APPROVED, frozenset({Role.BUREAU})),
    "settle": (BatchState.SENT, frozenset({Role.FINANCE, Role.BUREAU})),
}
OVERTAKEN = "另一个人刚刚开始编制批次，请刷新"
STEP_LABELS = {"freeze": "冻结", "submit": "报送", "approve": "登记批件", "send": "送财政", "settle": "登记凭证"}


def available_steps(batch: Batch, user: User) -> list[str]:
    """The steps that this user may take on this batch now; feeds buttons, API and guard alike."""
    own_roles = roles_of(user)
    steps = [step for step, (state, roles) in STEPS.items() if batch.state == state and own_roles & roles]
    return [step for step in steps if step != "freeze" or not _must_be_another(batch, user)]


def _must_be_another(batch: Batch, user: User) -> bool:
    """Whether the ruling `freeze_by_another` wants another person than the one who made the table."""
    return batch.prepared_by_id == user.pk and bool(rulings.ruling("freeze_by_another", clock.today_beijing()))


def _require(step: str, batch: Batch, actor: User) -> None:
    state, roles = STEPS[step]
    if not roles_of(actor) & roles:
        raise NotAllowed(f"“{STEP_LABELS[step]}”不由您的岗位办理")
    if batch.state != state:
        raise Refused(
            f"{batch}现在是“{batch.get_state_display()}”，不能{STEP_LABELS[step]}：顺序是 "
            "编制 → 冻结 → 报送 → 市政府同意 → 送财政 → 已扣缴（四(二)）",
            code="out_of_order",
        )


def _advance(batch: Batch, *, to: BatchState, **facts: Any) -> Batch:
    """Move a batch to a state by compare-and-swap on (state, version): whoever comes second changes nothing."""
    moved = Batch.objects.filter(pk=batch.pk, state=batch.state, version=batch.version).update(
        state=to, version=batch.version + 1, **facts
    )
    if not moved:
        raise StaleVersion()
    faults.point("batch.claimed")
    batch.refresh_from_db()
    return batch


def _record(act: str, batch: Batch, actor: User, after: dict[str, Any]) -> None:
    record(act, batch, actor, after=after)
    faults.point("batch.recorded")
    transaction.on_commit(lambda: faults.point("batch.committed"))


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
        batch = _advance(batch, to=BatchState.OPEN, cut_off=cut_off)
    entries = posting.post(batch, drafts)
    faults.point("batch.posted")
    _record(
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


@transaction.atomic
def batch_freeze(*, batch_id: int, actor: User) -> Batch:
    """Snapshot one line for every payer, zeros too, and hash them with the entries behind them.

    Raises Conflict when a point has been taken back or changed since the batch was built: nobody asks the government for
    money that is no longer due.
    """
    batch = selectors.batch_by_id(batch_id)
    _require("freeze", batch, actor)
    if _must_be_another(batch, actor):
        raise NotAllowed("制表人不能自己审核冻结（裁定 freeze_by_another），请换一位经办人")
    _require_unchanged(batch)
    rows = table.batch_rows(batch)
    batch = _advance(
        batch,
        to=BatchState.FROZEN,
        frozen_at=clock.now(),
        checked_by=actor,
        content_hash=frozen.content_hash(batch, rows),
    )
    BatchLine.objects.bulk_create(table.line_of(batch, position, row) for position, row in enumerate(rows, 1))
    faults.point("batch.lined")
    _record("batch.frozen", batch, actor, after={"hash": batch.content_hash, "lines": len(rows)})
    return batch


def _require_unchanged(batch: Batch) -> None:
    changed = {draft.point_id for draft in posting.drafts_for(month=batch.month, cut_off=batch.cut_off)}
    if not changed:
        return
    points = FirePoint.objects.filter(pk__in=changed).order_by("number")
    named = "、".join(point.number or str(point) for point in points[:5]) + (" 等" if len(changed) > 5 else "")
    raise Conflict(
        f"编制以后有 {len(changed)} 处有变（{named}）：先再按一次“编制批次”，核对后冻结", code="batch_outdated"
    )


def _require_day(day: date, *, what: str, not_before: date | None, earlier: str) -> None:
    """Refuse a date in the future, or before the step that it follows: it cannot be put right later."""
    if day > clock.today_beijing():
        raise BadInput(f"{what} {day} 还没有到", where="date")
    if not_before and day < not_before:
        raise BadInput(f"{what} {day} 早于{earlier} {not_before}", where="date")


@transaction.atomic
def batch_submit(*, batch_id: int, actor: User, submitted_on: date | None = None, doc_no: str = "") -> Batch:
    """报送: the 请示 and the table go to the city government, and are kept exactly as they went (C13).

    `doc_no` is the 文号 that the office system issued, if it is known already; it is never invented here.
    """
    batch = selectors.batch_by_id(batch_id)
    _require("submit", batch, actor)
    submitted_on = submitted_on or clock.today_beijing()
    _require_day(submitted_on, what="报送日期", not_before=None, earlier="")
    batch = _advance(
        batch,
        to=BatchState.SUBMITTED,
        submitted_at=clock.now(),
        submitted_on=submitted_on,
        submit_doc_no=doc_no,
    )
    _record("batch.submitted", batch, actor, after={"doc_no": doc_no, "on": str(batch.submitted_on)})
    reports.file_batch_documents(batch=batch, actor=actor)
    faults.point("batch.papers")
    return batch


@transaction.atomic
def batch_approve(
    *, batch_id: int, actor: User, doc_no: str, approved_on: date | None, file: Path | None, filename: str = ""
) -> Batch:
    """市政府同意: recorded only with the 批件's number, date and scan (C13)."""
    batch = selectors.batch_by_id(batch_id)
    _require("approve", batch, actor)
    missing = [
        word
        for word, value in (("批件文号", doc_no.strip()), ("批件日期", approved_on), ("批件扫描件", file))
        if not value
    ]
    if missing or file is None or approved_on is None:
        raise Missing(missing)
    _require_day(approved_on, what="批件日期", not_before=batch.submitted_on, earlier="报送日期")
    stored = filing.store_scan(file, kind="approvals", filename=filename or file.name)
    faults.point("batch.kept")
    batch = _advance(
        batch,
        to=BatchState.APPROVED,
        approved_at=clock.now(),
        approved_on=approved_on,
        approval_doc_no=doc_no.strip(),
        approval_file=stored.stored_as,
        approval_sha256=stored.sha256,
    )
    _file_approval(batch, stored)
    _record(
        "batch.approved",
        batch,
        actor,
        after={"doc_no": batch.approval_doc_no, "on": str(approved_on), "sha256": stored.sha256},
    )
    return batch


def _file_approval(batch: Batch, scan: filing.Stored) -> None:
    BatchDocument.objects.create(
        batch=batch,
        kind=BatchDocument.Kind.APPROVAL,
        title=f"市政府批件 {batch.approval_doc_no}",
        filename=scan.filename,
        stored_as=scan.stored_as,
        sha256=scan.sha256,
        at=clock.now(),
    )


@transaction.atomic
def batch_send(*, batch_id: int, actor: User, sent_on: date | None = None, doc_no: str = "") -> Batch:
    """送财政: impossible before the approval is on record, by CHECK as well as here (C13)."""
    batch = selectors.batch_by_id(batch_id)
    _require("send", batch, actor)
    sent_on = sent_on or clock.today_beijing()
    _require_day(sent_on, what="送财政日期", not_before=batch.approved_on, earlier="批件日期")
    batch = _advance(
        batch,
        to=BatchState.SENT,
        sent_at=clock.now(),
        sent_on=sent_on,
        sent_doc_no=doc_no,
    )
    _record("batch.sent", batch, actor, after={"doc_no": doc_no, "on": str(batch.sent_on)})
    papers = [reports.letter(reports.batch_report(batch))]
    reports.file_batch_documents(batch=batch, actor=actor, documents=papers)
    faults.point("batch.papers")
    return batch


@transaction.atomic
def batch_settle(
    *,
    batch_id: int,
    actor: User,
    voucher_no: str,
    settled_on: date | None,
    payer_code: str = "",
    amount_fen: int | None = None,
) -> Batch:
    """已扣缴: a voucher for one line (perhaps for part of it), or for all open lines when no payer is named.

    The batch is settled when every line's vouchers add up to its amount.
    """
    batch = selectors.batch_by_id(batch_id)
    _require("settle", batch, actor)
    missing = [word for word, value in (("凭证号", voucher_no.strip()), ("扣缴日期", settled_on)) if not value]
    if missing or settled_on is None:
        raise Missing(missing)
    _require_day(settled_on, what="扣缴日期", not_before=batch.sent_on, earlier="送财政日期")
    # Claimed before it is read what is open: two people at once could each register a part, together too much.
    batch = _advance(batch, to=BatchState.SENT)
    amounts = _amounts_to_settle(batch, payer_code, amount_fen)
    for line, amount in amounts.items():
        _voucher(line, voucher_no=voucher_no.strip(), settled_on=settled_on, amount_fen=amount, actor=actor)
    faults.point("batch.vouched")
    vouchers = [[line.payer_code, amount] for line, amount in amounts.items()]
    after = {"voucher_no": voucher_no.strip(), "on": str(settled_on), "vouchers": vouchers}
    _record("batch.settled", batch, actor, after=after)
    if not open_lines(batch):
        batch = _advance(batch, to=BatchState.SETTLED, settled_at=clock.now())
    return batch


def _amounts_to_settle(batch: Batch, payer_code: str, amount_fen: int | None) -> dict[BatchLine, int]:
    """Line → fen of its voucher: the amount named, else all that is open. Raises Refused, BadInput for more than that."""
    lines = open_lines(batch)
    if payer_code:
        lines = {line: open_fen for line, open_fen in lines.items() if line.payer_code == payer_code}
        if not lines:
            raise Refused("这个单位没有待扣缴的金额", code="nothing_to_settle")
    elif amount_fen is not None:
        raise BadInput("写明金额时要写明付款单位", where="payer")
    if amount_fen is None:
        return lines
    for line, open_fen in lines.items():
        if amount_fen == 0 or (amount_fen > 0) != (open_fen > 0) or abs(amount_fen) > abs(open_fen):
            words = f"{line.payer_name}还待扣缴 {yuan(open_fen)} 元，不能登记 {yuan(amount_fen)} 元"
            raise BadInput(words, where="amount")
    return dict.fromkeys(lines, amount_fen)


def _voucher(line: BatchLine, *, voucher_no: str, settled_on: date, amount_fen: int, actor: User) -> None:
    if line.settlements.filter(voucher_no=voucher_no).exists():
        raise Conflict(f"{line.payer_name}的凭证 {voucher_no} 已经登记过", code="voucher_known")
    Settlement.objects.create(
        line=line,
        voucher_no=voucher_no,
        settled_on=settled_on,
        amount_fen=amount_fen,
        recorded_by=actor,
        at=clock.now(),
    )


def open_lines(batch: Batch) -> dict[BatchLine, int]:
    """Lines that still wait for a voucher → fen open, in table order."""
    lines = {}
    for line in batch.lines.prefetch_related("settlements").order_by("position"):
        open_fen = line.amount_fen - sum(voucher.amount_fen for voucher in line.settlements.all())
        if open_fen:
            lines[line] = open_fen
    return lines
