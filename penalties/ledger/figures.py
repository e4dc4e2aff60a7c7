"""The figures of money: every page, paper, command and API takes its numbers from here (C13, policy.md §7).

A sum is by payer and ground, a reversal counting −1. What a year comes to is what stands for the fires of that year: a
charge of last year that is given back changes last year's sum and never this one's.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from django.db.models import BooleanField, Case, Exists, F, Max, OuterRef, Q, QuerySet, Sum, When

from core.month import Month
from firepoints.models import FirePoint, Recognition
from firepoints.steps.figures import Figures
from firepoints.terms.states import LIVE, Basis, State
from penalties.ledger.difference import Movement
from penalties.models import Batch, BatchState, LedgerEntry
from penalties.rules import stored


@dataclass(frozen=True, slots=True)
class PayerSum:
    """What moves for one payer: 处 by ground, and fen."""

    name: str
    counts: Mapping[str, int] = field(default_factory=dict)
    amount_fen: int = 0

    @property
    def count(self) -> int:
        return sum(self.counts.values())

    def __add__(self, other: "PayerSum") -> "PayerSum":
        counts = {basis: self.counts.get(basis, 0) + other.counts.get(basis, 0) for basis in Basis.values}
        return PayerSum(self.name, counts, self.amount_fen + other.amount_fen)

    def __neg__(self) -> "PayerSum":
        return replace(self, counts={basis: -n for basis, n in self.counts.items()}, amount_fen=-self.amount_fen)


Sums = dict[str, PayerSum]
"""Payer code → sum."""


def added(*several: Sums) -> Sums:
    """The sums of the same payer added up."""
    total: Sums = {}
    for sums in several:
        for code, payer_sum in sums.items():
            total[code] = total[code] + payer_sum if code in total else payer_sum
    return total


def of_entries(entries: QuerySet[LedgerEntry]) -> Sums:
    """The sums of posted entries, added up by the database."""
    sign = Sum(Case(When(amount_fen__gt=0, then=1), default=-1))
    rows = (
        entries.order_by().values("payer_code", "basis").annotate(n=sign, fen=Sum("amount_fen"), name=Max("payer_name"))
    )
    return added(*({row["payer_code"]: PayerSum(row["name"], {row["basis"]: row["n"]}, row["fen"])} for row in rows))


def of_movements(movements: Iterable[Movement]) -> Sums:
    """The sums of movements that are only proposed."""
    total: Sums = {}
    for move in movements:
        moved = PayerSum(move.payer_name, {move.basis: 1 if move.amount_fen > 0 else -1}, move.amount_fen)
        total = added(total, {move.payer_code: moved})
    return total


def by_government(sums: Sums, going_on: Mapping[str, str]) -> Sums:
    """The sums under the codes under which the governments go on (`governments_on`): both codes of one are one line."""
    return added(*({going_on.get(code, code): payer_sum} for code, payer_sum in sums.items()))


def burned_in_year(year: str, *, until: str = "") -> Q:
    """The condition on entries of the fires of a year, in months until YYYY-MM."""
    return Q(month__gte=f"{year}-01", month__lte=until or f"{year}-12")


def as_of(batch: Batch) -> QuerySet[LedgerEntry]:
    """What was posted until a batch: as it stands now while it is open, as it stood when it was frozen."""
    until = Q(batch_id__lte=batch.pk) & (Q(at__lte=batch.frozen_at) if batch.frozen_at else Q())
    entries: QuerySet[LedgerEntry] = LedgerEntry.objects.filter(until)
    return entries


def of_year(batch: Batch) -> Sums:
    """What stands for the fires of the batch's year, as of its cut-off."""
    return of_entries(as_of(batch).filter(burned_in_year(batch.month[:4])))


def live_batches() -> QuerySet[Batch]:
    """The batches that stand for something: of one that was returned nothing does."""
    return Batch.objects.exclude(state=BatchState.RETURNED)


def covering(batches: QuerySet[Batch], month: str) -> QuerySet[Batch]:
    """The ones among these batches whose span holds a month."""
    return batches.filter(first_month__lte=month, month__gte=month)


def reported_in(month: str) -> tuple[QuerySet[LedgerEntry], QuerySet[LedgerEntry]]:
    """The entries that the report of a month tells: (of batches of that month, of other batches).

    An entry belongs to the month of its fire; where a batch before its own had that month in its span, the month is told
    and the entry belongs to the month of its own batch. So no money is told twice, and a month that is told does not
    change by a batch of another one.
    """
    entries = LedgerEntry.objects.exclude(batch__state=BatchState.RETURNED).alias(by_fire=_is_told_by_month_of_fire())
    of_own = entries.filter(Q(month=month) | Q(by_fire=False), batch__month=month)
    return of_own, entries.filter(by_fire=True, month=month).exclude(batch__month=month)


def told_elsewhere(month: str) -> QuerySet[LedgerEntry]:
    """The entries of batches of this month that the reports of other months tell: those of their fires."""
    entries: QuerySet[LedgerEntry] = LedgerEntry.objects.exclude(batch__state=BatchState.RETURNED)
    return (
        entries.alias(by_fire=_is_told_by_month_of_fire()).filter(by_fire=True, batch__month=month).exclude(month=month)
    )


def _is_told_by_month_of_fire() -> Case:
    """The expression on entries that the month of their fire tells them: their batch has it in its span, or none had before."""
    in_span = Q(month__gte=F("batch__first_month"), month__lte=F("batch__month"))
    before = Batch.objects.filter(
        pk__lt=OuterRef("batch_id"), first_month__lte=OuterRef("month"), month__gte=OuterRef("month")
    )
    return Case(When(in_span, then=True), When(Exists(before), then=False), default=True, output_field=BooleanField())


def takes_what_is_late(month: str) -> bool:
    """Whether what is late for a month that is told, or is to be given back of it, falls into this one: the next after the
    last batch."""
    last = live_batches().order_by("-month").values_list("month", flat=True).first()
    return last is not None and str(Month.parse(last).shift(1)) == month


@dataclass(frozen=True, slots=True)
class Standing:
    """What counted points come to, decided or final, by payer in fen."""

    by_payer: Mapping[str, int]
    final_fen: int

    @property
    def total_fen(self) -> int:
        return sum(self.by_payer.values())


def pinned(of_month: Figures) -> tuple[Standing, int]:
    """What the live points of some figures come to as their 认定 pinned it, and what the ledger holds for them in fen."""
    live = of_month.only(state=tuple(LIVE))
    by_payer = {code: live.count("amount_fen", answers_for=code) for code in live.payers}
    final_fen = live.count("amount_fen", state=State.FINAL)
    return Standing({code: fen for code, fen in by_payer.items() if fen}, final_fen), live.count("posted_fen")


def standing(points: QuerySet[FirePoint]) -> Standing:
    """What the counted ones of these points come to as their 认定 pinned it.

    Added up by the database, but for what was decided before any rule, and under a rule that counts.
    """
    decided = Recognition.objects.filter(point__in=points.order_by().values("pk"), point__recognition=F("pk"))
    counted = decided.filter(counted=True, point__state__in=LIVE)
    by_payer: dict[str, int] = defaultdict(int)
    final_fen = 0
    rows: Iterable[tuple[str, str, int]]
    if stored.counts():
        rows = _assessed(counted, among=Recognition.objects.filter(counted=True, point__state__in=LIVE))
    else:
        pinned = counted.exclude(rule_ref="").order_by().values_list("payer_code", "point__state")
        rows = [*pinned.annotate(fen=Sum("amount_fen")), *_assessed(counted.filter(rule_ref=""))]
    for code, state, fen in rows:
        by_payer[code] += fen
        final_fen += fen if state == State.FINAL else 0
    return Standing({code: fen for code, fen in by_payer.items() if fen}, final_fen)


def _assessed(
    recognitions: QuerySet[Recognition], among: QuerySet[Recognition] | None = None
) -> list[tuple[str, str, int]]:
    """(payer, state, fen) of each 认定 under the rules in force, counted `among` others where a rule counts."""
    related = ("attribution", "charged_detection__source", "point")
    asked_for = set(recognitions.values_list("pk", flat=True))
    every = list((recognitions if among is None else among.filter(point__recognition=F("pk"))).select_related(*related))
    assessed = stored.assess(every)
    return [
        (row.payer_code, row.point.state, assessed[row.point_id][1])
        for row in every
        if row.pk in asked_for and row.point_id in assessed
    ]


def posted_fen(points: QuerySet[FirePoint]) -> int:
    """What the ledger holds for these points, in fen."""
    entries = LedgerEntry.objects.filter(point__in=points.order_by().values("pk"))
    return entries.aggregate(fen=Sum("amount_fen"))["fen"] or 0
