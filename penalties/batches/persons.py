"""Where one person did what takes two with a batch: what its papers say of it (C13, policy.md §5)."""

from datetime import datetime

from core import clock
from firepoints.models import Ruling
from penalties.models import Batch


def same_person_words(batch: Batch) -> str:
    """A sentence for each act that whoever made the table also did, with the ruling that allowed it; "" for none."""
    acts = (
        (batch.checked_by_id, batch.frozen_at, "freeze_by_another", "审核"),
        (batch.approved_by_id, batch.approved_at, "approve_by_another", "登记批件"),
    )
    return "；".join(
        f"制表与{word}为同一人{_ruling(key, at)}" for by, at, key, word in acts if at and by == batch.prepared_by_id
    )


def _ruling(key: str, at: datetime) -> str:
    """The ruling in force at that time, in brackets; what was done before there was such a rule has none."""
    day = clock.beijing_date(at)
    ruling = Ruling.objects.filter(key=key, valid_from__lte=day).order_by("-valid_from").first()
    return f"（{ruling.document_no}，自{ruling.valid_from}起）" if ruling and not ruling.value else ""
