"""Reads of batches. Who sees what follows from the posts held today; nothing by default."""

from collections.abc import Iterable
from datetime import date, timedelta

from django.db.models import Count, Q, QuerySet, Sum

from core.errors import NotThere
from firepoints.terms.scope import own_counties
from grids.models import User
from grids.roles import Level, PostKind
from grids.selectors import posts_today
from penalties.models import Batch, BatchLine, BatchState, LedgerEntry, Settlement

# The offices of the city to whom the whole table belongs (C13).
WHOLE_TABLE = (PostKind.BUREAU, PostKind.RECOGNISER, PostKind.FINANCE, PostKind.AUDITOR)


def sees_whole_table(user: User) -> bool:
    """Whether the user sees every payer's line and the documents: a city post of bureau, 认定, finance or audit."""
    if user.is_system:
        return user.is_active
    return any(post.level == Level.CITY and post.kind in WHOLE_TABLE for post in posts_today(user))


def batches_visible_to(user: User) -> QuerySet[Batch]:
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


def batch_visible_to(user: User, batch_id: int) -> Batch:
    """The batch, if `user` may see it, with its people. Raises NotThere."""
    batches = batches_visible_to(user).select_related("prepared_by", "checked_by", "returned_by")
    batch = batches.filter(pk=batch_id).first()
    if batch is None:
        raise NotThere("没有这个批次，或不在您的范围内")
    return batch


def batch_by_id(batch_id: int) -> Batch:
    """The batch with this id, for an act that asks for roles itself, or for a command. Raises NotThere."""
    batch = Batch.objects.filter(pk=batch_id).first()
    if batch is None:
        raise NotThere(f"没有第 {batch_id} 号批次", code="no_batch")
    return batch


def payers_open_to(user: User) -> frozenset[str] | None:
    """The payer codes whose lines the user may see; None = every one."""
    return None if sees_whole_table(user) else own_counties(user)


def totals_of(user: User, batches: Iterable[Batch]) -> dict[int, tuple[int, int, int]]:
    """batch id → (处, fen, fen with vouchers) of what `user` may see; the queries do not grow with the batches."""
    payers = payers_open_to(user)
    ids = [batch.pk for batch in batches]
    entries = LedgerEntry.objects.filter(batch__in=ids)
    vouchers = Settlement.objects.filter(line__batch__in=ids)
    if payers is not None:
        entries = entries.filter(payer_code__in=payers)
        vouchers = vouchers.filter(line__payer_code__in=payers)
    counts = Count("pk", filter=Q(amount_fen__gt=0)) - Count("pk", filter=Q(amount_fen__lt=0))
    sums = entries.order_by().values("batch").annotate(count=counts, fen=Sum("amount_fen"))
    settled = dict(vouchers.order_by().values_list("line__batch").annotate(fen=Sum("amount_fen")))
    totals = {row["batch"]: (row["count"], row["fen"]) for row in sums}
    return {pk: (*totals.get(pk, (0, 0)), settled.get(pk, 0)) for pk in ids}


GONE_OUT = (BatchState.SUBMITTED, BatchState.APPROVED, BatchState.SENT, BatchState.SETTLED)
"""The states of a batch that stands with the city government, or beyond."""


def rulings_behind(valid_from: date) -> str:
    """Why no ruling may hold from that date: fires burnt since then stand in a batch that went out; "" where none does."""
    entries = LedgerEntry.objects.filter(batch__state__in=GONE_OUT, recognition__burn_date__gte=valid_from)
    last = entries.select_related("batch", "recognition").order_by("-recognition__burn_date", "-pk").first()
    if last is None:
        return ""
    return (
        f"自 {valid_from} 起会改到已报送的批次（{last.batch}，其中有 {last.recognition.burn_date} 起火的）："
        f"最早写 {last.recognition.burn_date + timedelta(days=1)}"
    )


def points_of_paper(number: str) -> Q | None:
    """The condition on points that a 请示 or 批件 of this number is about; None where no batch has it."""
    batches = Batch.objects.filter(Q(submit_doc_no=number) | Q(approval_doc_no=number)).values_list("pk", flat=True)
    ids = list(batches) if number else []
    return Q(pk__in=LedgerEntry.objects.filter(batch__in=ids).values("point")) if ids else None
