"""Reads of batches. Who sees what follows from the posts held today; nothing by default."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Prefetch, QuerySet

from firepoints.scope import own_counties
from grids.roles import Level, PostKind
from grids.selectors import posts_held
from journal.errors import NotThere
from penalties.documents.report import PayerRow
from penalties.models import Batch, BatchLine, BatchState, LedgerEntry, Settlement
from penalties.services import tables

# The offices of the city to whom the whole table belongs (C13).
WHOLE_TABLE = (PostKind.BUREAU, PostKind.RECOGNISER, PostKind.FINANCE, PostKind.AUDITOR)


@dataclass(frozen=True, slots=True)
class Line:
    """One payer's row with its vouchers; money in fen. An open batch has no vouchers yet."""

    row: PayerRow
    settlements: tuple[Settlement, ...] = ()

    @property
    def settled_fen(self) -> int:
        return sum(one.amount_fen for one in self.settlements)

    @property
    def left_fen(self) -> int:
        return self.row.figures.amount_fen - self.settled_fen

    @property
    def settled_on(self) -> date | None:
        """The date of the last voucher."""
        return max((one.settled_on for one in self.settlements), default=None)


def sees_whole_table(user: Any) -> bool:
    """Whether the user sees every payer's line and the documents: a city post of bureau, 认定, finance or audit."""
    if getattr(user, "is_system", False):
        return bool(user.is_active)
    return posts_held(user).filter(level=Level.CITY, kind__in=WHOLE_TABLE).exists()


def batches_visible_to(user: Any) -> QuerySet[Batch]:
    """All batches for the offices of the city; for a county department those frozen with a line of its own.

    An open batch is the bureau's working paper: its figures still move, so a county does not see them.
    """
    if sees_whole_table(user):
        return Batch.objects.all()
    counties = own_counties(user)
    if not counties:
        return Batch.objects.none()
    mine = BatchLine.objects.filter(payer_code__in=counties)
    return Batch.objects.exclude(state=BatchState.OPEN).filter(pk__in=mine.values("batch"))


def batch_for(user: Any, batch_id: int) -> Batch:
    """The batch, if `user` may see it, with its people. Raises NotThere."""
    found = batches_visible_to(user).select_related("prepared_by", "checked_by").filter(pk=batch_id).first()
    if found is None:
        raise NotThere("没有这个批次，或不在您的范围内")
    return found


def payers_open_to(user: Any) -> frozenset[str] | None:
    """The payer codes whose lines the user may see; None = every one."""
    return None if sees_whole_table(user) else own_counties(user)


def lines_for(user: Any, batch: Batch) -> list[Line]:
    """The lines of a batch that `user` may see, in table order, with their vouchers."""
    payers = payers_open_to(user)
    vouchers = Prefetch("settlements", Settlement.objects.order_by("settled_on", "pk"))
    frozen = list(batch.lines.order_by("position").prefetch_related(vouchers))
    if frozen:
        lines = [Line(tables.row_of(line), tuple(line.settlements.all())) for line in frozen]
    else:
        lines = [Line(row) for row in tables.batch_rows(batch)]
    return [line for line in lines if payers is None or line.row.code in payers]


def totals_of(user: Any, batches: Iterable[Batch]) -> dict[int, tuple[int, int, int]]:
    """batch id → (处, fen, fen with vouchers) of what `user` may see; three queries whatever the number of batches."""
    payers = payers_open_to(user)
    ids = [batch.pk for batch in batches]
    found = dict.fromkeys(ids, (0, 0, 0))

    def add(batch_id: int, count: int, amount_fen: int, settled_fen: int) -> None:
        have = found[batch_id]
        found[batch_id] = (have[0] + count, have[1] + amount_fen, have[2] + settled_fen)

    narrowed = {} if payers is None else {"payer_code__in": payers}
    for batch_id, amount_fen in LedgerEntry.objects.filter(batch__in=ids, **narrowed).values_list(
        "batch_id", "amount_fen"
    ):
        add(batch_id, 1 if amount_fen > 0 else -1, amount_fen, 0)
    narrowed = {} if payers is None else {"line__payer_code__in": payers}
    for batch_id, amount_fen in Settlement.objects.filter(line__batch__in=ids, **narrowed).values_list(
        "line__batch_id", "amount_fen"
    ):
        add(batch_id, 0, 0, amount_fen)
    return found
