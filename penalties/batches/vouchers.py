"""已扣缴: finance's vouchers for the lines of a batch that was sent (C13, 体制结算)."""

from datetime import date
from pathlib import Path
from typing import Any

from django.db import transaction

from core import clock, faults
from core.errors import BadInput, Conflict, Missing, Refused
from grids.models import User
from grids.roles import Role
from grids.selectors import roles_of
from papers import filing
from penalties import selectors
from penalties.batches.advancing import advance, file_scan, note, require, require_day
from penalties.batches.life import act
from penalties.models import Batch, BatchDocument, BatchLine, BatchState, Settlement
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
