"""The lines of a batch as a user sees them, with their vouchers."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.db.models import Prefetch

from grids.models import User
from penalties.batches import reports, table
from penalties.documents.report import BASIS_WORDS, PayerRow, Sides
from penalties.models import Batch, Settlement
from penalties.selectors import payers_open_to


@dataclass(frozen=True, slots=True)
class Line:
    """One payer's row with its vouchers; money in fen. An open batch has no vouchers yet."""

    row: PayerRow
    settlements: tuple[Settlement, ...] = ()

    @property
    def settled_fen(self) -> int:
        return sum(voucher.amount_fen for voucher in self.settlements)

    @property
    def open_fen(self) -> int:
        return self.row.figures.amount_fen - self.settled_fen

    @property
    def settled_on(self) -> date | None:
        """The date of the last voucher."""
        return max((voucher.settled_on for voucher in self.settlements), default=None)


def lines_for(user: User, batch: Batch, rows: list[PayerRow] | None = None) -> list[Line]:
    """The lines of a batch that `user` may see, in table order, with their vouchers; `rows` is its table, where the caller
    has it."""
    payers = payers_open_to(user)
    vouchers = Prefetch("settlements", Settlement.objects.order_by("settled_on", "pk"))
    frozen = list(batch.lines.order_by("position").prefetch_related(vouchers))
    if frozen:
        lines = [Line(table.row_of(line), tuple(line.settlements.all())) for line in frozen]
    else:
        lines = [Line(row) for row in (table.batch_rows(batch) if rows is None else rows)]
    return [line for line in lines if payers is None or line.row.code in payers]


def sides_of(batch: Batch, payers: Collection[str] | None = None) -> Sides:
    """What a batch charges and what it gives back, apart, of some payers (None: all); as frozen where it stands no more."""
    entries = reports.entries_of(batch)
    if payers is not None:
        entries = [entry for entry in entries if entry.payer_code in payers]
    charges, returns = reports.both_sides(entries)
    return Sides(
        charged=len(charges),
        **{basis: sum(entry.basis == basis for entry in charges) for basis in BASIS_WORDS},
        due_fen=sum(entry.amount_fen for entry in charges),
        returned=len(returns),
        back_fen=-sum(entry.amount_fen for entry in returns),
    )
