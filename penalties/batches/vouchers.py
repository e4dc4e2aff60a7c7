"""已扣缴: finance's vouchers for the lines of a batch that was sent (C13, 体制结算)."""

from datetime import date
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import F, Q, Sum

from core import clock, faults
from core.errors import BadInput, Conflict, Missing, NotAllowed, Refused
from grids.models import User
from grids.roles import Role
from grids.selectors import roles_of
from journal.record.services import record
from papers import filing
from papers.encodings import FileError
from papers.reading import Small, read_sheets
from penalties import selectors
from penalties.batches.advancing import advance, file_scan, note, require, require_day
from penalties.batches.life import act
from penalties.batches.voucher_file import VoucherFile, read_vouchers
from penalties.batches.voucher_plan import Part, voucher_plan
from penalties.models import Batch, BatchDocument, BatchLine, BatchState, Settlement, Voucher, VoucherReply
from penalties.money import yuan


@act("settle")
@transaction.atomic
def batch_settle(  # noqa: PLR0913  the act's data
    *,
    batch_id: int,
    actor: User,
    voucher_no: str,
    settled_on: date | None,
    payer_code: str = "",
    amount_fen: int | None = None,
    file: Path | None = None,
    filename: str = "",
) -> Batch:
    """已扣缴: a voucher for one line (perhaps for part of it), or for all open lines when no payer is named.

    Finance enters it; whoever of the bureau copies it in (代录) brings the scan. The batch is settled when every line's
    vouchers add up to its amount.
    """
    batch = selectors.batch_by_id(batch_id)
    require("settle", batch, actor)
    is_copied = Role.FINANCE not in roles_of(actor)
    needed = [("凭证号", voucher_no.strip()), ("扣缴日期", settled_on), *([("凭证扫描件", file)] if is_copied else [])]
    missing = [word for word, value in needed if not value]
    if missing or settled_on is None:
        raise Missing(missing)
    require_day(settled_on, what="扣缴日期", not_before=batch.sent_on, earlier="送财政日期")
    scan = filing.store_scan(file, kind="vouchers", filename=filename or file.name) if file else None
    # Claimed before it is read what is open: two people at once could each register a part, together too much.
    batch = advance(batch, to=BatchState.SENT)
    amounts = _amounts_to_settle(batch, payer_code, amount_fen)
    for line, amount in amounts.items():
        _voucher(line, voucher_no=voucher_no.strip(), settled_on=settled_on, amount_fen=amount, actor=actor)
    faults.point("batch.vouched")
    vouchers = [[line.payer_code, amount] for line, amount in amounts.items()]
    after: dict[str, Any] = {"voucher_no": voucher_no.strip(), "on": str(settled_on), "vouchers": vouchers}
    if scan:
        file_scan(batch, scan, kind=BatchDocument.Kind.VOUCHER, title=f"凭证 {voucher_no.strip()}")
        after["sha256"] = scan.sha256
    if is_copied:
        after["on_behalf"] = True
    note("batch.settled", batch, actor, after=after)
    if not open_lines(batch):
        batch = advance(batch, to=BatchState.SETTLED, settled_at=clock.now())
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
    key = {"voucher_no": voucher_no, "payer_code": line.payer_code, "settled_on": settled_on}
    facts = {"payer_name": line.payer_name, "recorded_by": actor, "at": clock.now()}
    voucher, _ = Voucher.objects.get_or_create(**key, defaults=facts)
    if voucher.amount_fen is not None:
        words = f"凭证 {voucher_no} 已随财政回执登记，金额 {yuan(voucher.amount_fen)} 元，不能再加"
        raise Conflict(words, code="voucher_known")
    Settlement.objects.create(
        voucher=voucher,
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


@transaction.atomic
def vouchers_load(*, content: bytes, filename: str, actor: User) -> tuple[VoucherReply, bool]:
    """Register finance's own workbook of vouchers, row by row; the rest is kept with its reasons.

    The same bytes again are the same reply, and a voucher that is registered already is passed over. Returns (reply,
    whether it is new). Finance loads it; whoever of the bureau does copies it in, for batches of which another person made
    the table. Raises BadInput for a file that cannot be read, NotAllowed for another role.
    """
    roles = roles_of(actor)
    if not roles & {Role.FINANCE, Role.BUREAU}:
        raise NotAllowed("凭证由财政登记")
    digest = filing.digest_of(content)
    earlier = VoucherReply.objects.filter(sha256=digest).first()
    if earlier:
        return earlier, False
    file = read_reply(content)
    _claim()
    earlier = VoucherReply.objects.filter(sha256=digest).first()
    if earlier:
        return earlier, False
    plan = voucher_plan(rows=file.rows, actor=actor)
    rejected = sorted([*file.faults, *plan.faults], key=lambda fault: (fault.sheet, fault.line))
    counts = {"rows": len(file.rows) + len(file.faults), "vouchers": len(plan.vouchers), "known": len(plan.known)}
    counts["rejected"] = len(rejected)
    reply = VoucherReply.objects.create(
        sha256=digest,
        filename=Path(filename).name[:200] or "财政回执.xlsx",
        stored_as=filing.store_bytes(content, kind="vouchers", suffix=".xlsx"),
        counts=counts,
        rejected=[fault.as_json() for fault in rejected],
        recorded_by=actor,
        at=clock.now(),
    )
    for parts in plan.vouchers.values():
        _voucher_of(reply, parts, actor)
    faults.point("batch.vouched")
    after = {**counts, "sha256": digest, **({} if Role.FINANCE in roles else {"on_behalf": True})}
    record("vouchers.loaded", reply, actor, after=after)
    for batch in plan.batches:
        _settled_by(batch, [part for part in plan.parts if part.line.batch_id == batch.pk], actor)
    return reply, True


def _claim() -> None:
    """Hold the batches that finance has before it is read what is open of them; the oldest first, so that two who load at
    once do not wait for each other."""
    list(Batch.objects.filter(state=BatchState.SENT).select_for_update().order_by("pk"))


def read_reply(content: bytes) -> VoucherFile:
    """The rows of a workbook of vouchers. Raises BadInput for a file that cannot be read, or has no headings."""
    try:
        sheets = read_sheets(content, Small())
    except FileError as error:
        raise BadInput(f"{error.what}。{error.todo}" if error.todo else error.what, where=error.where) from error
    lines = BatchLine.objects.filter(batch__state__in=(BatchState.SENT, BatchState.SETTLED))
    payers = dict(lines.order_by("pk").values_list("payer_code", "payer_name"))
    return read_vouchers([(sheet.name, sheet.rows) for sheet in sheets], payers)


def _voucher_of(reply: VoucherReply, parts: list[Part], actor: User) -> None:
    row = parts[0].row
    voucher = Voucher.objects.create(
        voucher_no=row.voucher_no,
        payer_code=row.payer_code,
        payer_name=row.payer_name,
        settled_on=row.settled_on,
        amount_fen=sum(part.amount_fen for part in parts),
        reply=reply,
        recorded_by=actor,
        at=reply.at,
    )
    Settlement.objects.bulk_create(
        Settlement(
            voucher=voucher,
            line=part.line,
            voucher_no=row.voucher_no,
            settled_on=row.settled_on,
            amount_fen=part.amount_fen,
            recorded_by=actor,
            at=reply.at,
        )
        for part in parts
    )


def _settled_by(batch: Batch, parts: list[Part], actor: User) -> None:
    """Move the batch on, and say in its journal which vouchers did it."""
    batch = advance(batch, to=BatchState.SENT)
    vouchers = [[part.line.payer_code, part.amount_fen, part.row.voucher_no] for part in parts]
    note("batch.settled", batch, actor, after={"vouchers": vouchers})
    if not open_lines(batch):
        advance(batch, to=BatchState.SETTLED, settled_at=clock.now())


def problems() -> list[str]:
    """Vouchers whose parts do not add up to what finance states, and lines that are settled beyond their amount."""
    sentences = []
    stated = Voucher.objects.filter(amount_fen__isnull=False).annotate(fen=Sum("parts__amount_fen"))
    for voucher in stated.exclude(fen=F("amount_fen")).order_by("pk"):
        sentences.append(
            f"凭证 {voucher} 的各部分合计 {yuan(voucher.fen or 0)} 元，凭证金额 {yuan(voucher.amount_fen or 0)} 元"
        )
    beyond = BatchLine.objects.annotate(fen=Sum("settlements__amount_fen")).filter(
        Q(amount_fen__gte=0, fen__gt=F("amount_fen")) | Q(amount_fen__lte=0, fen__lt=F("amount_fen"))
    )
    for line in beyond.select_related("batch").order_by("pk"):
        sentences.append(
            f"{line.batch}{line.payer_name}的凭证合计 {yuan(line.fen)} 元，多于 {yuan(line.amount_fen)} 元"
        )
    return sentences
