"""The points whose money may have to move, found by the database: nothing that stands as it is posted is read (C12).

What a charge costs hangs on its 认定 and the rule that this pinned. So only these can differ: a final point without a
charge, a charge whose 认定 no longer stands, a charge whose 认定 pinned no rule (a rule loaded since may fit better), and,
under a rule that counts, the points that are counted together with one of them.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime

from django.db.models import F, Q, QuerySet
from django.db.models.functions import ExtractYear

from firepoints.models import FirePoint, Recognition
from firepoints.steps.questions import stops_money
from firepoints.terms.posting import OUTDATED, UNPOSTED
from firepoints.terms.states import State
from penalties.rules import stored

PIECE = 5_000


def differing(*, burned: tuple[date, date], final_by: datetime) -> frozenset[int]:
    """The ids of the points of fires of these Beijing dates (both included) that were final at a cut-off (UTC) and are not
    charged, and of every charge that may have changed, whatever its date.

    What has a question before its money waits for the answer, unless it is no longer final: that gives its money back.
    """
    new = _chargeable().filter(final_at__lte=final_by, recognition__burn_date__range=burned)
    posted = [FirePoint.objects.filter(OUTDATED), FirePoint.objects.filter(_UNPINNED), *_counted_with_what_changed()]
    waiting = _ids(FirePoint.objects.filter(stops_money(), state=State.FINAL))
    return _ids(new).union(*(_ids(points) for points in posted)) - waiting


# The subquery first: its partial index holds the few 认定 without a rule.
_UNPINNED = Q(posted_recognition__isnull=False) & Q(
    pk__in=Recognition.objects.filter(counted=True, rule_ref="").values("point")
)


def _chargeable() -> QuerySet[FirePoint]:
    """Final points without a charge that may cost something: an exempt 认定 has 0 fen under the rule that it pinned."""
    may_cost = Q(recognition__rule_ref="") | Q(recognition__amount_fen__gt=0)
    return FirePoint.objects.filter(UNPOSTED).filter(may_cost)


def _counted_with_what_changed() -> list[QuerySet[FirePoint]]:
    """The charged points of the counts in which some point is new or gone, where a rule counts."""
    counts = stored.counts()
    if not counts:
        return []
    posted = FirePoint.objects.filter(state=State.FINAL, posted_recognition__isnull=False)
    if any(count.reset != "year" for count in counts):
        return [posted]
    outdated = FirePoint.objects.filter(OUTDATED)
    years = {*_years(FirePoint.objects.filter(UNPOSTED), "recognition"), *_years(outdated, "recognition")}
    return [posted.filter(burned_in(years | {*_years(outdated, "posted_recognition")}, "recognition__burn_date"))]


def counted_with(point_ids: Sequence[int]) -> Q | None:
    """The condition on 认定 that a rule may count together with those of these points; None where no rule counts.

    A count is narrowed to the year where it begins again every year, and not to its place: that costs more reading, never
    a wrong amount.
    """
    counts = stored.counts()
    if not counts:
        return None
    if any(count.reset != "year" for count in counts):
        return Q()
    years: set[int] = set()
    for ids in pieces(point_ids):
        years |= {*_years(FirePoint.objects.filter(pk__in=ids), "recognition")}
    return burned_in(years, "burn_date")


def burned_in(years: Iterable[int], field: str) -> Q:
    """The condition that a date lies in one of these years; none for no year."""
    condition = Q(pk__in=())
    for year in years:
        condition |= Q(**{f"{field}__gte": date(year, 1, 1), f"{field}__lte": date(year, 12, 31)})
    return condition


def pieces(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """Ids in pieces that one statement may name."""
    for start in range(0, len(ids), PIECE):
        yield ids[start : start + PIECE]


def _years(points: QuerySet[FirePoint], through: str) -> list[int]:
    rows = points.filter(**{f"{through}__isnull": False}).order_by()
    return list(rows.values_list(ExtractYear(F(f"{through}__burn_date")), flat=True).distinct())


def _ids(points: QuerySet[FirePoint]) -> frozenset[int]:
    return frozenset(points.order_by().values_list("pk", flat=True))
