"""What a frozen batch is checked against: its lines and the entries behind them in canonical bytes, and their sha256."""

import hashlib
import json
from collections.abc import Iterable

from penalties.batches import table
from penalties.documents.report import PayerRow
from penalties.models import Batch, BatchState, LedgerEntry


def content_hash(batch: Batch, rows: list[PayerRow]) -> str:
    """sha256 in hex over the rows and the ledger entries of a batch, up to the last one at its freezing."""
    entries = LedgerEntry.objects.filter(batch=batch).order_by("id")
    if batch.last_entry_id is not None:
        entries = entries.filter(pk__lte=batch.last_entry_id)
    return digest_of(batch, rows, entries)


def digest_of(batch: Batch, rows: list[PayerRow], entries: Iterable[LedgerEntry]) -> str:
    """sha256 in hex of a batch's content in canonical JSON. Every frozen batch carries it: these bytes must not change."""
    content = {
        "batch": [batch.month, batch.seq],
        "lines": [_canonical(row) for row in rows],
        "entries": [[e.pk, e.point_id, e.seq, e.amount_fen, e.payer_code, e.basis] for e in entries],
    }
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def problems() -> list[str]:
    """Frozen batches whose lines or entries no longer give the hash that was printed on their documents."""
    sentences = []
    # Emptied before it was frozen: it never had a hash.
    for batch in Batch.objects.exclude(state=BatchState.OPEN).exclude(content_hash="").order_by("pk"):
        rows = [table.row_of(line) for line in batch.lines.order_by("position")]
        if content_hash(batch, rows) != batch.content_hash:
            sentences.append(f"{batch}的明细与冻结时的摘要不一致")
    return sentences


def _canonical(row: PayerRow) -> list[str | int]:
    figures = row.figures
    counts = (figures.satellite, figures.inspection, figures.scar)
    return [row.code, row.name, *counts, figures.amount_fen, figures.cumulative_count, figures.cumulative_fen]
