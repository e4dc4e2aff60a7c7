"""What counties report and what became of it when the bureau looked again: by point, with its interval (policy.md §5)."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Max, OuterRef, Q, QuerySet, Subquery

from core import clock
from firepoints.models import FirePoint, RecheckVisit, Verification
from firepoints.policy import rulings
from firepoints.rechecks.chance import Limits, Tally, is_beyond_chance, least_wrong, wilson
from firepoints.rechecks.drawing import Shares
from firepoints.terms.states import Conclusion, State
from grids import selectors as grids

WINDOW = timedelta(days=30)
BY_COUNTIES = (Verification.Kind.COUNTY, Verification.Kind.ON_BEHALF)
Visits = Mapping[tuple[str, str], tuple[int, int]]
NOT_LIVE = (State.MERGED, State.CLOSED)


@dataclass(frozen=True, slots=True)
class CountyRecord:
    """A county's findings by point in a span, and the re-checks of its denials: shares with their interval (95 %)."""

    code: str
    name: str
    points: int
    denied: int
    tally: Tally
    true_checked: int
    true_contradicted: int
    is_named: bool

    @property
    def rate(self) -> float:
        return self.denied / self.points if self.points else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.denied, self.points)

    @property
    def words(self) -> str:
        """The share of denials with its interval."""
        low, high = self.interval
        return f"{self.rate:.0%}（{self.denied}/{self.points} 处，95% 区间 {low:.0%}–{high:.0%}）"

    @property
    def recheck_words(self) -> str:
        """What the re-checks of its denials found; "" before the first."""
        tally = self.tally
        if not tally.checked:
            return ""
        wrong = f"，全部 {tally.filed} 处查否里至少 {least_wrong(tally)} 处不实" if tally.contradicted else ""
        return f"复查 {tally.checked} 处查否，{tally.contradicted} 处相反{wrong}"


def limits_in_force() -> Limits:
    """The rulings of today on naming a county."""
    values = rulings.values_on(clock.today_beijing())
    return Limits(
        float(values["recheck_honest_error"]), float(values["recheck_alpha"]), int(values["recheck_least_named"])
    )


def shares_in_force() -> Shares:
    """The rulings of today on drawing."""
    values = rulings.values_on(clock.today_beijing())
    return Shares(
        float(values["recheck_share_false"]), float(values["recheck_share_true"]), int(values["recheck_least"])
    )


def last_records(since: datetime, points: QuerySet[FirePoint] | None = None) -> QuerySet[Verification]:
    """The last record that each county has filed at each point since then: a return does not count a point twice."""
    filed = Verification.objects.filter(kind__in=BY_COUNTIES, at__gte=since).exclude(county_code="")
    same = Verification.objects.filter(
        kind__in=BY_COUNTIES, point=OuterRef("point"), county_code=OuterRef("county_code")
    ).order_by()
    last = same.values("county_code").annotate(last=Max("seq")).values("last")
    rows = filed.filter(seq=Subquery(last))
    return rows if points is None else rows.filter(point__in=points)


def standing_records(since: datetime, until: datetime) -> QuerySet[Verification]:
    """The records of counties filed in a span that are in force and were never drawn."""
    return Verification.objects.filter(
        kind__in=BY_COUNTIES, at__gt=since, at__lte=until, point__verification=F("pk"), recheck__isnull=True
    ).exclude(Q(county_code="") | Q(point__state__in=NOT_LIVE))


def tallies(since: datetime) -> dict[str, Tally]:
    """Denials filed, re-checked and contradicted since then, by county."""
    return _tallied(since, _visits(since))


def _tallied(since: datetime, visits: Visits) -> dict[str, Tally]:
    filed: dict[str, int] = defaultdict(int)
    for code in last_records(since).filter(conclusion=Conclusion.FALSE).values_list("county_code", flat=True):
        filed[code] += 1
    checked = {code: numbers for (code, conclusion), numbers in visits.items() if conclusion == Conclusion.FALSE}
    return {
        code: Tally(max(filed[code], checked.get(code, (0, 0))[0]), *checked.get(code, (0, 0)))
        for code in sorted({*filed, *checked})
    }


def _visits(since: datetime) -> Visits:
    """{(county, conclusion of the record): (visited, contradicted)} since then, of those that could be judged."""
    counted: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    visits = RecheckVisit.objects.filter(at__gte=since).exclude(finding="unclear")
    for code, conclusion, is_contradiction in visits.values_list(
        "recheck__county_code", "recheck__conclusion", "is_contradiction"
    ):
        counted[code, conclusion][0] += 1
        counted[code, conclusion][1] += is_contradiction
    return {key: (visited, contradicted) for key, (visited, contradicted) in counted.items()}


def named_counties(since: datetime | None = None) -> list[str]:
    """The counties whose denials are contradicted beyond chance in the last 30 days, by code."""
    limits = limits_in_force()
    rows = tallies(since or clock.now() - WINDOW)
    return sorted(code for code, tally in rows.items() if is_beyond_chance(tally, limits))


def county_records(user: Any, span: timedelta) -> list[CountyRecord]:
    """What the counties that `user` may see have reported in the last days, by point; the largest share of denials first."""
    since, limits = clock.now() - span, limits_in_force()
    counted: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    rows = last_records(since, FirePoint.objects.visible_to(user))
    for code, conclusion in rows.values_list("county_code", "conclusion"):
        counted[code][0] += 1
        counted[code][1] += conclusion == Conclusion.FALSE
    edition = grids.edition_now()
    names = grids.cell_names(edition, list(counted)) if edition else {}
    visits = _visits(since)
    rechecked = _tallied(since, visits)
    records = [
        CountyRecord(
            code, names.get(code, code), points, denied, tally := rechecked.get(code, Tally(denied, 0, 0)),
            *visits.get((code, Conclusion.TRUE), (0, 0)), is_beyond_chance(tally, limits),
        )
        for code, (points, denied) in counted.items()
    ]  # fmt: skip
    return sorted(records, key=lambda record: (-record.rate, record.code))
