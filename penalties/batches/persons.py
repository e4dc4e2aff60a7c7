"""Where one person did what takes two with a batch or with one of its points: what its papers say of it (C13, policy.md §5)."""

from collections import defaultdict
from datetime import datetime

from django.db.models import Q

from core import clock
from firepoints.models import Ruling, Step
from firepoints.policy.two_persons import BY_KEY, PREFIX
from penalties.models import Batch


def same_person_words(batch: Batch) -> str:
    """A sentence for each act that whoever made the table also did, and for each sort of act that one person alone did with a
    point of the batch, with the ruling that allowed it; "" for none."""
    acts = (
        (batch.checked_by_id, batch.frozen_at, "freeze_by_another", "审核"),
        (batch.approved_by_id, batch.approved_at, "approve_by_another", "登记批件"),
    )
    of_batch = [
        f"制表与{word}为同一人{_ruling(key, at)}" for by, at, key, word in acts if at and by == batch.prepared_by_id
    ]
    return "；".join([*of_batch, *_done_alone(batch)])


def _done_alone(batch: Batch) -> list[str]:
    """The acts on the batch's points, and on what was merged into them, for which a ruling asks no second person."""
    points = batch.entries.values("point")
    of_points = Q(point__in=points) | Q(point__merged_into__in=points)
    steps = Step.objects.filter(of_points, data__has_key="loosened").select_related("point__merged_into")
    numbers: dict[str, set[str]] = defaultdict(set)
    for step in steps.order_by("pk"):
        for key in step.data["loosened"]:
            words = f"{BY_KEY[key.removeprefix(PREFIX)].label}由一人办理{_ruling(key, step.at)}"
            numbers[words].add(str(step.point.merged_into or step.point))
    return [f"{'、'.join(sorted(named))}的{words}" for words, named in numbers.items()]


def _ruling(key: str, at: datetime) -> str:
    """The ruling in force at that time, in brackets; what was done before there was such a rule has none."""
    day = clock.beijing_date(at)
    ruling = Ruling.objects.filter(key=key, valid_from__lte=day).order_by("-valid_from").first()
    return f"（{ruling.document_no}，自{ruling.valid_from}起）" if ruling and not ruling.value else ""
