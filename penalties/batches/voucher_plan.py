"""What a workbook of vouchers would settle: each row against the open lines of the batches that finance has (C13)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import Sum

from core import clock
from core.month import Month
from grids.models import User
from penalties.batches.advancing import facts_for
from penalties.batches.life import refusal
from penalties.batches.voucher_file import AMOUNT, BATCH, DAY, NUMBER, PAYER, Fault, VoucherRow
from penalties.models import Batch, BatchLine, BatchState, Voucher
from penalties.money import yuan

Key = tuple[str, str, object]


@dataclass(slots=True)
class Part:
    """What a row settles of a line, in fen."""

    row: VoucherRow
    line: BatchLine
    amount_fen: int


@dataclass(slots=True)
class Plan:
    """Rows that settle something, rows that were registered before, and rows that are not taken."""

    parts: list[Part] = field(default_factory=list)
    known: list[VoucherRow] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def vouchers(self) -> dict[Key, list[Part]]:
        """The parts by voucher, in the order of the workbook."""
        by_key: dict[Key, list[Part]] = defaultdict(list)
        for part in self.parts:
            by_key[part.row.key].append(part)
        return dict(by_key)

    @property
    def batches(self) -> list[Batch]:
        """The batches of which something is settled."""
        return list({part.line.batch_id: part.line.batch for part in self.parts}.values())


class _NotTaken(Exception):
    def __init__(self, reason: str, column: str) -> None:
        self.reason, self.column = reason, column


def voucher_plan(*, rows: Sequence[VoucherRow], actor: User) -> Plan:
    """What the rows would settle now. A voucher is one paper: where one of its rows is not taken, none of them is."""
    plan, ground = Plan(), _Ground(actor)
    by_key: dict[Key, list[VoucherRow]] = defaultdict(list)
    for row in rows:
        by_key[row.key].append(row)
    registered = _registered(rows)
    for key, own in by_key.items():
        if key in registered:
            _same_or_fault(plan, own, registered[key])
        else:
            _take(plan, own, ground)
    plan.faults.sort(key=lambda fault: (fault.sheet, fault.line))
    return plan


def _registered(rows: Iterable[VoucherRow]) -> dict[Key, int]:
    """Voucher → fen of its parts, of those that are registered already."""
    vouchers = Voucher.objects.filter(voucher_no__in={row.voucher_no for row in rows})
    summed = vouchers.annotate(fen=Sum("parts__amount_fen"))
    return {(row.voucher_no, row.payer_code, row.settled_on): row.fen or 0 for row in summed}


def _same_or_fault(plan: Plan, rows: list[VoucherRow], known_fen: int) -> None:
    total = sum(row.amount_fen for row in rows)
    if total == known_fen:
        plan.known += rows
        return
    words = f"凭证 {rows[0].voucher_no} 已登记 {yuan(known_fen)} 元，这里是 {yuan(total)} 元"
    plan.faults += [Fault(row.sheet, row.line, AMOUNT, words) for row in rows]


def _take(plan: Plan, rows: list[VoucherRow], ground: _Ground) -> None:
    """Settle with all rows of a voucher, or with none."""
    before = dict(ground.open_fen)
    parts: list[Part] = []
    faults: list[Fault] = []
    for at, row in enumerate(rows):
        try:
            _require_once(row, rows[:at])
            parts += ground.parts(row)
        except _NotTaken as no:
            faults.append(Fault(row.sheet, row.line, no.column, no.reason))
    if not faults:
        plan.parts += parts
        return
    ground.open_fen = before
    at_fault = {(fault.sheet, fault.line) for fault in faults}
    first = f"同一凭证的第 {faults[0].line} 行退回，整张不登记"
    others = [row for row in rows if (row.sheet, row.line) not in at_fault]
    plan.faults += [*faults, *(Fault(row.sheet, row.line, NUMBER, first) for row in others)]


def _require_once(row: VoucherRow, earlier: Sequence[VoucherRow]) -> None:
    twin = next((other for other in earlier if other.batch == row.batch), None)
    if twin:
        raise _NotTaken(f"与第 {twin.line} 行是同一凭证、同一单位：几批的请在“批次”一列分别写明", NUMBER)


class _Ground:
    """The open lines of the batches that finance has, oldest first, less what earlier rows settle."""

    def __init__(self, actor: User) -> None:
        self.actor = actor
        lines = BatchLine.objects.filter(batch__state=BatchState.SENT).select_related("batch")
        self.lines = list(lines.prefetch_related("settlements").order_by("batch__month", "batch__seq", "position"))
        self.open_fen = {
            line.pk: line.amount_fen - sum(part.amount_fen for part in line.settlements.all()) for line in self.lines
        }

    def parts(self, row: VoucherRow) -> list[Part]:
        """The lines that a row settles. Raises _NotTaken with what is wrong with it."""
        lines = self._sent_by(row, self._lines(row))
        total = sum(self.open_fen[line.pk] for line in lines)
        if row.amount_fen == total:
            amounts = {line: self.open_fen[line.pk] for line in lines}
        else:
            amounts = self._oldest_first(row, lines)
        for line in amounts:
            self._require_person(row, line.batch)
        for line, fen in amounts.items():
            self.open_fen[line.pk] -= fen
        return [Part(row, line, fen) for line, fen in amounts.items()]

    def _lines(self, row: VoucherRow) -> list[BatchLine]:
        own = [line for line in self.lines if line.payer_code == row.payer_code and self.open_fen[line.pk]]
        if row.batch:
            own = [line for line in own if _is_named(line.batch, row.batch)]
        if not own:
            where = f"“{row.batch}”里" if row.batch else "已送财政的批次里"
            raise _NotTaken(f"{row.payer_name}在{where}没有待扣缴的金额", BATCH if row.batch else PAYER)
        return own

    def _sent_by(self, row: VoucherRow, lines: Sequence[BatchLine]) -> list[BatchLine]:
        """Those of the lines that finance had on the day of the voucher."""
        if row.settled_on > clock.today_beijing():
            raise _NotTaken(f"扣缴日期 {row.settled_on} 还没有到", DAY)
        sent = [line for line in lines if line.batch.sent_on and line.batch.sent_on <= row.settled_on]
        if not sent:
            raise _NotTaken(f"扣缴日期 {row.settled_on} 早于送财政日期 {lines[0].batch.sent_on}", DAY)
        return sent

    def _require_person(self, row: VoucherRow, batch: Batch) -> None:
        no = refusal("settle", facts_for(batch, self.actor))
        if no:
            raise _NotTaken(no.sentence, NUMBER)

    def _oldest_first(self, row: VoucherRow, lines: Sequence[BatchLine]) -> dict[BatchLine, int]:
        """The lines of the row's sign, filled from the oldest on; the last perhaps in part."""
        sign = 1 if row.amount_fen > 0 else -1
        rest, amounts = abs(row.amount_fen), {}
        waiting = {line: sign * self.open_fen[line.pk] for line in lines if sign * self.open_fen[line.pk] > 0}
        for line, fen in waiting.items():
            part = min(rest, fen)
            if part:
                amounts[line] = sign * part
            rest -= part
        if rest:
            total = sign * sum(waiting.values())
            words = f"{row.payer_name}还待扣缴 {yuan(total)} 元，凭证是 {yuan(row.amount_fen)} 元"
            raise _NotTaken(words, AMOUNT)
        return amounts


def _is_named(batch: Batch, words: str) -> bool:
    """Whether the words of a cell name the batch: its name, its months, its months as YYYY-MM, or its number."""
    text = re.sub(r"[\s（）()]", "", words)
    name = re.sub(r"[\s（）()]", "", str(batch))
    is_one_month = batch.first_month == batch.month
    plain = {batch.month, Month.parse(batch.month).words} if is_one_month else set()
    return text in {name, batch.span, f"{batch.span}批次" if batch.seq == 1 else name, f"#{batch.pk}", *plain}
