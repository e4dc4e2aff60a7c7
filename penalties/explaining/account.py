"""The account of one point: every entry ever posted on it, the vouchers, its batches, and all that stands behind them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from core import clock
from firepoints.models import Detection, FirePoint, RawRow
from firepoints.sightings import packed
from grids.models import User
from penalties import selectors
from penalties.explaining.chain import Cell, Namer, Record, chain_of, masked_name, whole_name
from penalties.explaining.reach import entries_of_point
from penalties.ledger.digest import entry_digest
from penalties.models import Batch, BatchLine, LedgerEntry, Settlement


@dataclass(frozen=True, slots=True)
class Movement:
    """An entry with the line of its batch, the vouchers of that line, its chain and its digest; money in fen."""

    entry: LedgerEntry
    line: BatchLine | None
    vouchers: Sequence[Settlement]
    chain: Sequence[Cell]
    digest: str
    undone_by: LedgerEntry | None = None

    @property
    def settled_fen(self) -> int:
        """Fen of the vouchers on the whole line of the payer in this batch."""
        return sum(voucher.amount_fen for voucher in self.vouchers)

    @property
    def executed_fen(self) -> int:
        """What finance has carried out of this entry: all of it once its line is settled, 0 before (a line is one sum)."""
        is_settled = self.line is not None and bool(self.vouchers) and self.settled_fen == self.line.amount_fen
        return self.entry.amount_fen if is_settled else 0

    @property
    def on(self) -> date:
        """The Beijing date of the entry."""
        return self.entry.at.astimezone(clock.BEIJING).date()


@dataclass(frozen=True, slots=True)
class Account:
    """The account of one point as a user may see it; money in fen."""

    point: FirePoint
    movements: Sequence[Movement]
    raw: Sequence[tuple[Detection, RawRow | None]]
    pinned: Sequence[tuple[str, str, str, object]]

    @property
    def charged_fen(self) -> int:
        return sum(move.entry.amount_fen for move in self.movements if move.entry.amount_fen > 0)

    @property
    def returned_fen(self) -> int:
        return sum(move.entry.amount_fen for move in self.movements if move.entry.amount_fen < 0)

    @property
    def balance_fen(self) -> int:
        return self.charged_fen + self.returned_fen

    @property
    def executed_fen(self) -> int:
        return sum(move.executed_fen for move in self.movements)

    @property
    def waiting_fen(self) -> int:
        """What finance has still to carry out: above 0 to take, below 0 to give back."""
        return self.balance_fen - self.executed_fen

    @property
    def batches(self) -> list[tuple[Batch, BatchLine | None, int, list[Batch]]]:
        """(batch, its line, fen of this point in it, the batches that it points at) in the order of the entries."""
        rows: dict[int, tuple[Batch, BatchLine | None, int, list[Batch]]] = {}
        for move in self.movements:
            entry = move.entry
            _, _, fen, others = rows.get(entry.batch_id, (entry.batch, move.line, 0, []))
            rows[entry.batch_id] = (entry.batch, move.line, fen + entry.amount_fen, [*others, *_pointed_at(move)])
        return list(rows.values())


def _pointed_at(move: Movement) -> list[Batch]:
    """The other batch of a return, or of the charge that it takes back."""
    entry, undone = move.entry, move.undone_by
    other = entry.reverses.batch if entry.reverses else undone.batch if undone else None
    return [other] if other is not None and other.pk != entry.batch_id else []


def account_of(user: User, point_id: int) -> Account:
    """The account of a point. Raises NotThere where `user` may see no entry of it; the queries do not grow with the rows."""
    entries = entries_of_point(user, point_id)
    record = Record.of(point_id)
    lines = _lines(entries)
    undone = {entry.reverses_id: entry for entry in entries if entry.reverses_id}
    name: Namer = whole_name if selectors.sees_whole_table(user) else masked_name
    movements = []
    for entry in entries:
        line = lines.get((entry.batch_id, entry.payer_code))
        vouchers = list(line.settlements.all()) if line else []
        chain = chain_of(entry, record, name)
        movements.append(Movement(entry, line, vouchers, chain, entry_digest(entry), undone.get(entry.pk)))
    detections = {entry.recognition.charged_detection for entry in entries if entry.recognition.charged_detection}
    raw = [(detection, raw_row_of(detection)) for detection in sorted(detections, key=lambda row: row.pk)]
    return Account(entries[0].point, movements, raw, _pinned(entries))


def _lines(entries: Sequence[LedgerEntry]) -> dict[tuple[int, str], BatchLine]:
    rows = BatchLine.objects.filter(batch__in={entry.batch_id for entry in entries}).prefetch_related("settlements")
    rows = rows.filter(payer_code__in={entry.payer_code for entry in entries})
    return {(row.batch_id, row.payer_code): row for row in rows}


def raw_row_of(detection: Detection) -> RawRow | None:
    """The row of the file behind a sighting, as it stood; from its own table or unpacked."""
    row = RawRow.objects.filter(detection=detection, run=detection.run_id).order_by("pk").first()
    if row is not None or not packed.is_packed(detection.run):
        return row
    page = packed.rows_page(detection.run, after=f"{detection.row_no - 1}@", size=1).rows
    return page[0] if page and page[0].row_no == detection.row_no else None


def _pinned(entries: Sequence[LedgerEntry]) -> list[tuple[str, str, str, object]]:
    """(key, since, document, value) of the rulings that the last decision behind the entries pinned."""
    rulings = entries[-1].recognition.rulings
    return [(key, *pinned) for key, pinned in sorted(rulings.items())]
