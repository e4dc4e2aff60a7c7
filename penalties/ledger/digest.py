"""The digest of one entry, as it can be worked out by hand from its columns."""

from journal.record import digests
from penalties.models import LedgerEntry

COLUMNS = (
    *("id", "point_id", "seq", "batch_id", "recognition_id", "amount_fen", "balance_fen", "pinned_fen", "reverses_id"),
    *("payer_code", "payer_name", "month", "basis", "rule_id", "reason", "at"),
)
"""The columns in the order in which they are hashed, as one JSON list without spaces."""


def entry_digest(entry: LedgerEntry) -> str:
    """sha256 in hex over the columns of an entry; times in UTC, ISO 8601."""
    return digests.sha256(digests.plain([getattr(entry, name) for name in COLUMNS]))
