"""Sealing: entries are chained after they are committed, in small batches, at most two seconds behind.

Any number of sealers may run. The guard is not a lock but the table itself: `seq` is the primary key and
`prev_hash` is unique, so of two sealers that read the same head one inserts and the other starts again.
"""

from __future__ import annotations

import structlog
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from core import clock, faults
from core.page_memory import remembered
from journal.models import Entry, Seal
from journal.record import digests
from journal.selectors import deployment

log = structlog.get_logger(__name__)

faults.register(
    {
        "seal.read": "nothing is sealed; the next sealer begins from the same head",
        "seal.linked": "nothing is sealed: the links died with their transaction",
        "seal.committed": "sealed; the next sealer begins from the new head",
    }
)
# How far behind the last sealed id a late commit is looked for on every tick; the sweep looks everywhere.
WINDOW = 10_000
ATTEMPTS = 3


def last_seal() -> Seal | None:
    """The end of the chain; read once for a page."""
    return remembered("last seal", Seal.objects.order_by("-seq").first)


def head() -> tuple[int, str]:
    """(seq, hash) of the end of the chain; (0, 64 zeros) before the first seal."""
    last = last_seal()
    return (last.seq, last.hash) if last else (0, digests.GENESIS)


def head_text() -> str:
    """The head as SEQ:HASH, as printed on documents and understood by `journal verify --expect`."""
    seq, head_hash = head()
    return f"{seq}:{head_hash}"


def unsealed(*, after_id: int = 0) -> QuerySet[Entry]:
    """Entries that are committed and not yet in the chain, oldest first."""
    entries: QuerySet[Entry] = Entry.objects.filter(id__gt=after_id, seal__isnull=True).order_by("id")
    return entries


def waiting() -> int:
    """How many entries wait for the next tick; counted near the head only, so that a page may show it."""
    return unsealed(after_id=_horizon(last_seal(), False)).count()


def lag_s() -> float:
    """Seconds for which the oldest unsealed entry near the head has waited; 0 when none waits."""
    oldest = unsealed(after_id=_horizon(last_seal(), False)).values_list("real_at", flat=True).first()
    return max((clock.real_now() - oldest).total_seconds(), 0.0) if oldest else 0.0


def seal_pending(limit: int = 500, *, everything: bool = False) -> int:
    """Seal up to `limit` entries; returns how many. `everything` also looks for stragglers far behind.

    Another sealer at the same time is no error: whoever comes second reads the new head and goes on.
    """
    for _ in range(ATTEMPTS):
        # Asked before the transaction: on SQLite an empty tick must not take the write lock.
        if not unsealed(after_id=_horizon(last_seal(), everything)).exists():
            return 0
        try:
            with transaction.atomic():
                sealed = _seal_batch(limit, everything)
            faults.point("seal.committed")
            return sealed
        except IntegrityError as error:
            log.info("journal.seal_retried", error=str(error))
    log.warning("journal.seal_given_up", attempts=ATTEMPTS)
    return 0


def seal_all(batch: int = 500) -> int:
    """Seal until nothing is left; returns how many."""
    total = 0
    while sealed := seal_pending(batch, everything=True):
        total += sealed
    return total


def _horizon(last: Seal | None, everything: bool) -> int:
    return 0 if last is None or everything else last.entry_id - WINDOW


def _seal_batch(limit: int, everything: bool) -> int:
    last = last_seal()
    seq, prev_hash = (last.seq, last.hash) if last else (0, digests.GENESIS)
    sealed_at, epoch = clock.real_now(), deployment().epoch
    seals = []
    faults.point("seal.read")
    for entry in unsealed(after_id=_horizon(last, everything))[:limit]:
        seq += 1
        link = digests.seal_hash(seq=seq, prev_hash=prev_hash, digest=entry.digest, sealed_at=sealed_at, epoch=epoch)
        seals.append(Seal(seq=seq, entry=entry, prev_hash=prev_hash, hash=link, sealed_at=sealed_at, epoch=epoch))
        prev_hash = link
    Seal.objects.bulk_create(seals)
    faults.point("seal.linked")
    return len(seals)
