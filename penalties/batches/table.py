"""The finance table: one row for every payer, zeros too, with the year's cumulative figures (policy.md §7)."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from django.db.models import Q

from core.month import Month
from firepoints.terms.states import Basis
from grids.selectors import payers_listed
from penalties.documents.report import Figures, PayerRow
from penalties.ledger.difference import EntryDraft, Movement
from penalties.models import Batch, BatchLine, LedgerEntry


def row_of(line: BatchLine) -> PayerRow:
    """A payer's row as it was frozen."""
    figures = Figures(
        count=line.count,
        satellite=line.satellite,
        inspection=line.inspection,
        scar=line.scar,
        amount_fen=line.amount_fen,
        cumulative_count=line.cumulative_count,
        cumulative_fen=line.cumulative_fen,
    )
    return PayerRow(code=line.payer_code, name=line.payer_name, group=line.group, figures=figures)


def line_of(batch: Batch, position: int, row: PayerRow) -> BatchLine:
    """The line that freezes a payer's row, not yet stored."""
    figures = row.figures
    return BatchLine(
        batch=batch,
        position=position,
        payer_code=row.code,
        payer_name=row.name,
        group=row.group,
        count=figures.count,
        satellite=figures.satellite,
        inspection=figures.inspection,
        scar=figures.scar,
        amount_fen=figures.amount_fen,
        cumulative_count=figures.cumulative_count,
        cumulative_fen=figures.cumulative_fen,
    )


def rows_of(movements: Iterable[Movement], earlier: Iterable[Movement], *, on: date) -> list[PayerRow]:
    """A row for every payer of the date, and any other that money moves for; `earlier` = the year before `movements`."""
    own, past = _by_payer(movements), _by_payer(earlier)
    listed = {payer.code: (payer.name, payer.group) for payer in payers_listed(on)}
    for code in (*past, *own):
        first, *_ = past.get(code) or own[code]
        listed.setdefault(code, (first.payer_name, ""))
    return [
        PayerRow(code=code, name=name, group=group, figures=_figures(own.get(code, []), past.get(code, [])))
        for code, (name, group) in listed.items()
    ]


def _by_payer(movements: Iterable[Movement]) -> dict[str, list[Movement]]:
    by_payer: dict[str, list[Movement]] = defaultdict(list)
    for movement in movements:
        by_payer[movement.payer_code].append(movement)
    return by_payer


def _figures(movements: list[Movement], earlier: list[Movement]) -> Figures:
    """Counts in 处, where a reversal counts −1, and money in fen: of one payer's movements, and of the year's."""
    counts = {basis: sum(_sign(m) for m in movements if m.basis == basis) for basis in Basis.values}
    return Figures(
        count=sum(counts.values()),
        satellite=counts[Basis.SATELLITE],
        inspection=counts[Basis.INSPECTION],
        scar=counts[Basis.SCAR],
        amount_fen=sum(m.amount_fen for m in movements),
        cumulative_count=sum(_sign(m) for m in (*earlier, *movements)),
        cumulative_fen=sum(m.amount_fen for m in (*earlier, *movements)),
    )


def _sign(movement: Movement) -> int:
    return 1 if movement.amount_fen > 0 else -1


def earlier_entries(month: str, seq: int) -> list[LedgerEntry]:
    """The same calendar year's entries in batches before (month, seq)."""
    before = Q(batch__month__lt=month) | Q(batch__month=month, batch__seq__lt=seq)
    return list(LedgerEntry.objects.filter(before, batch__month__startswith=month[:4]).order_by("id"))


def batch_rows(batch: Batch) -> list[PayerRow]:
    """The table of one batch: as frozen, or as its entries stand now while it is open."""
    lines = list(batch.lines.order_by("position"))
    if lines:
        return [row_of(line) for line in lines]
    entries = LedgerEntry.objects.filter(batch=batch).order_by("id")
    return rows_of(entries, earlier_entries(batch.month, batch.seq), on=Month.parse(batch.month).last_day)


def month_rows(month: str, drafts: list[EntryDraft] | None = None) -> list[PayerRow]:
    """The table of a month: all its batches together; without a batch, what building would post (`drafts`)."""
    entries = LedgerEntry.objects.filter(batch__month=month).order_by("id")
    on = Month.parse(month).last_day
    return rows_of(entries if drafts is None else drafts, earlier_entries(month, 0), on=on)
