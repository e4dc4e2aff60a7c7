"""The finance table: one row for every payer, zeros too, with the year's cumulative figures (policy.md §7)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from firepoints.states import Basis
from grids.selectors import payers_listed
from penalties.ledger import EntryDraft
from penalties.models import Batch, BatchLine, LedgerEntry


@dataclass(frozen=True, slots=True)
class Row:
    """One payer's figures; counts are 处 (a reversal counts −1), money is fen."""

    position: int
    payer_code: str
    payer_name: str
    group: str
    satellite: int
    inspection: int
    scar: int
    amount_fen: int
    cumulative_count: int
    cumulative_fen: int

    @property
    def count(self) -> int:
        return self.satellite + self.inspection + self.scar

    def canonical(self) -> list[str | int]:
        return [self.payer_code, self.payer_name, self.satellite, self.inspection, self.scar, self.amount_fen,
                self.cumulative_count, self.cumulative_fen]  # fmt: skip

    def line(self, batch: Batch) -> BatchLine:
        return BatchLine(
            batch=batch,
            position=self.position,
            payer_code=self.payer_code,
            payer_name=self.payer_name,
            group=self.group,
            count=self.count,
            satellite=self.satellite,
            inspection=self.inspection,
            scar=self.scar,
            amount_fen=self.amount_fen,
            cumulative_count=self.cumulative_count,
            cumulative_fen=self.cumulative_fen,
        )

    @classmethod
    def from_line(cls, line: BatchLine) -> "Row":
        return cls(line.position, line.payer_code, line.payer_name, line.group, line.satellite, line.inspection,
                   line.scar, line.amount_fen, line.cumulative_count, line.cumulative_fen)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Move:
    """One movement of money, posted or only proposed: what the table adds up."""

    payer_code: str
    payer_name: str
    basis: str
    amount_fen: int


def _moves(entries: Iterable[LedgerEntry]) -> list[Move]:
    return [Move(e.payer_code, e.payer_name, e.basis, e.amount_fen) for e in entries]


def draft_moves(drafts: Iterable[EntryDraft]) -> list[Move]:
    """The movements that building would post, for a table before the batch exists."""
    return [Move(d.pinned.payer_code, d.pinned.payer_name, d.pinned.basis, d.amount_fen) for d in drafts]


def rows_of(moves: list[Move], earlier: list[Move], *, on: date) -> list[Row]:
    """Every payer of the date, and any other that money moves for; `earlier` = the year before these moves."""
    listed = [(code, name, group) for code, name, group in payers_listed(on)]
    known = {code for code, _, _ in listed}
    for move in [*earlier, *moves]:
        if move.payer_code not in known:
            known.add(move.payer_code)
            listed.append((move.payer_code, move.payer_name, ""))
    by_payer: dict[str, list[Move]] = defaultdict(list)
    before: dict[str, list[Move]] = defaultdict(list)
    for move in moves:
        by_payer[move.payer_code].append(move)
    for move in earlier:
        before[move.payer_code].append(move)
    rows = []
    for position, (code, name, group) in enumerate(listed, 1):
        own, past = by_payer[code], before[code]
        counts = {basis: sum(_sign(m) for m in own if m.basis == basis) for basis in Basis.values}
        rows.append(
            Row(
                position=position,
                payer_code=code,
                payer_name=name,
                group=group,
                satellite=counts[Basis.SATELLITE],
                inspection=counts[Basis.INSPECTION],
                scar=counts[Basis.SCAR],
                amount_fen=sum(m.amount_fen for m in own),
                cumulative_count=sum(map(_sign, own)) + sum(map(_sign, past)),
                cumulative_fen=sum(m.amount_fen for m in [*own, *past]),
            )
        )
    return rows


def _sign(move: Move) -> int:
    return 1 if move.amount_fen > 0 else -1


def last_day(month: str) -> date:
    """The last Beijing day of YYYY-MM: the date whose list of payers the table shows."""
    year, number = map(int, month.split("-"))
    following = date(year + number // 12, number % 12 + 1, 1)
    return date.fromordinal(following.toordinal() - 1)


def earlier_moves(month: str, seq: int) -> list[Move]:
    """The same calendar year's movements in batches before (month, seq)."""
    before = Q(batch__month__lt=month) | Q(batch__month=month, batch__seq__lt=seq)
    return _moves(LedgerEntry.objects.filter(before, batch__month__startswith=month[:4]).order_by("id"))


def batch_rows(batch: Batch) -> list[Row]:
    """The table of one batch: as frozen, or as its entries stand now while it is open."""
    lines = list(batch.lines.order_by("position"))
    if lines:
        return [Row.from_line(line) for line in lines]
    entries = LedgerEntry.objects.filter(batch=batch).order_by("id")
    return rows_of(_moves(entries), earlier_moves(batch.month, batch.seq), on=last_day(batch.month))


def month_rows(month: str, drafts: list[EntryDraft] | None = None) -> list[Row]:
    """The table of a month: all its batches together; without a batch, what building would post (`drafts`)."""
    entries = list(LedgerEntry.objects.filter(batch__month=month).order_by("id"))
    moves = _moves(entries) if drafts is None else draft_moves(drafts)
    return rows_of(moves, earlier_moves(month, 0), on=last_day(month))
