"""The entries that a user may open: all for the offices of the city, its own for a county that pays."""

from django.db.models import Exists, OuterRef, QuerySet

from core.errors import NotThere
from firepoints.models import Evidence, FirePoint
from grids.models import User
from penalties import selectors
from penalties.models import BatchState, LedgerEntry


def entries_open_to(user: User) -> QuerySet[LedgerEntry]:
    """The entries whose money `user` may see. A county's are those of its own code, once their batch is frozen."""
    payers = selectors.payers_open_to(user)
    if payers is None:
        return LedgerEntry.objects.all()
    if not payers:
        return LedgerEntry.objects.none()
    return LedgerEntry.objects.filter(payer_code__in=payers).exclude(batch__state=BatchState.OPEN)


def is_open_to(user: User, entry: LedgerEntry) -> bool:
    """Whether an entry that is at hand, with its batch, is among those of `entries_open_to`."""
    payers = selectors.payers_open_to(user)
    return payers is None or (entry.payer_code in payers and entry.batch.state != BatchState.OPEN)


KINDS = {"charge": "扣", "return": "退"}


def narrowed(
    entries: QuerySet[LedgerEntry],
    *,
    month: str = "",
    payer: str = "",
    kind: str = "",
    batch: int | None = None,
    point: int | None = None,
) -> QuerySet[LedgerEntry]:
    """The entries of one burning month (YYYY-MM), payer code, kind, batch or point; what is left empty narrows nothing."""
    by = {"month": month, "payer_code": payer, "batch": batch, "point": point}
    entries = entries.filter(**{name: value for name, value in by.items() if value})
    return entries.filter(reverses__isnull=kind == "charge") if kind else entries


def entry_open_to(user: User, entry_id: int) -> LedgerEntry:
    """One entry. Raises NotThere."""
    entry = entries_open_to(user).filter(pk=entry_id).first()
    if entry is None:
        raise NotThere("没有这笔分录，或不在您的范围内", code="no_entry")
    return entry


def entries_of_point(user: User, point_id: int) -> list[LedgerEntry]:
    """Every entry ever of a point that `user` may see, in their order, with what each rests on. Raises NotThere for none."""
    entries = entries_open_to(user).filter(point=point_id).select_related(
        "batch", "rule", "point", "reverses__batch", "batch__prepared_by", "batch__checked_by",
        "recognition__attribution__edition", "recognition__recognised_by", "recognition__verification__verified_by",
        "recognition__charged_detection__run", "recognition__charged_detection__source",
    )  # fmt: skip
    rows = list(entries.order_by("seq"))
    if not rows:
        raise NotThere("这一处没有入账，或不在您的范围内", code="no_entry")
    return rows


def evidence_behind(user: User, point_id: int) -> QuerySet[Evidence]:
    """The evidence on which the entries of a point rest that `user` may open: what their verifications were filed with.

    Whoever pays may look at it, also after the point has become another county's.
    """
    opened = entries_open_to(user).filter(point=point_id)
    behind = opened.filter(recognition__verification__evidence=OuterRef("pk"))
    return Evidence.objects.filter(Exists(behind)).order_by("server_at", "pk")


def opens_point(user: User, point: FirePoint) -> bool:
    """Whether the point's own page is this user's to open."""
    return FirePoint.objects.visible_to(user).filter(pk=point.pk).exists()
