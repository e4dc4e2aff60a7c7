"""The figures of points that a user may see, by month, by day and of all that is open: from the kept figures where the user's
scope is one that they are kept for (the city, finance, one county), else counted from the rows of the scope (a township)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    Count,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from core.month import Month
from firepoints.models import FirePoint, PointFigure, Recognition
from firepoints.models.figures import ALL
from firepoints.steps.selectors import burned_in
from firepoints.terms.scope import Scope, scope_of
from firepoints.terms.states import DECIDED, LIVE, State

COUNTED, EXCLUDED = "yes", "no"
WORKING = (State.SUSPECTED, State.DISPATCHED, State.JOINT, State.VERIFIED)
_KEYS = ("answers_for", "state", "counted", "is_cross", "conclusion", "basis")
_DAY_KEYS = ("day", "state", "counted")
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Figures:
    """Rows of figures, to be added up by what is asked for."""

    rows: tuple[Row, ...]

    def count(self, column: str = "n", **values: Any) -> int:
        """The sum over the rows that have these values (`state` may name several)."""
        return sum(row[column] for row in self.rows if _fits(row, values))

    def only(self, **values: Any) -> "Figures":
        return Figures(tuple(row for row in self.rows if _fits(row, values)))

    @property
    def payers(self) -> list[str]:
        """Who answers for the points, "" for those of nobody."""
        return sorted({row["answers_for"] for row in self.rows if row["n"]})


def _fits(row: Row, values: dict[str, Any]) -> bool:
    return all(row[name] in value if isinstance(value, tuple) else row[name] == value for name, value in values.items())


def of_month(user: Any, month: Month) -> Figures:
    """The points of a month by who answers for them, state and decision; one query."""
    return _read(user, _KEYS, Q(day__range=(month.first_day, month.last_day)), burned_in(month))


def by_day(user: Any, month: Month) -> Figures:
    """The live points of a month by day; one query."""
    live = Q(state__in=LIVE)
    of_figures = live & Q(day__range=(month.first_day, month.last_day))
    return _read(user, _DAY_KEYS, of_figures, live & burned_in(month))


def of_everything(user: Any) -> Figures:
    """All points by who answers for them, state and decision; one query."""
    return _read(user, _KEYS, Q(), Q())


def of_open_work(user: Any) -> Figures:
    """All points for which somebody still has something to do, whatever their month; one query."""
    open_ = Q(state__in=(*WORKING, State.OBJECTION, State.CONTESTED))
    to_notify = Q(state=State.RECOGNISED)
    of_figures = open_ | to_notify & Q(counted=COUNTED)
    return _read(user, ("state", "counted", "is_cross", "conclusion"), of_figures, open_ | to_notify & Q(counted=True))


def _read(user: Any, keys: Iterable[str], of_figures: Q, of_points: Q) -> Figures:
    scope = scope_of(user)
    if scope is None:
        rows = _named(FirePoint.objects.visible_to(user).filter(of_points))
        columns = {key: "decision" if key == "counted" else key for key in keys}
        return _grouped(rows, columns, n=Count("pk"), amount_fen=Sum("pinned_fen"), posted_fen=Sum("held_fen"))
    figures = PointFigure.objects.filter(of_figures, _of(scope))
    return _grouped(
        figures, {key: key for key in keys}, n=Sum("n"), amount_fen=Sum("amount_fen"), posted_fen=Sum("posted_fen")
    )


def _of(scope: Scope) -> Q:
    if scope.is_decided_only:
        return Q(scope=ALL, state__in=DECIDED, counted=COUNTED)
    return Q(scope=scope.county)


def _grouped(rows: QuerySet[Any], columns: Mapping[str, str], **sums: Any) -> Figures:
    named = {f"of_{key}": F(column) for key, column in columns.items()}  # a sum may not have the name of a column
    added = {f"sum_{name}": total for name, total in sums.items()}
    grouped = rows.order_by().values(**named).annotate(**added)
    return Figures(
        tuple({name.partition("_")[2]: value or _nothing(name) for name, value in row.items()} for row in grouped)
    )


def _nothing(name: str) -> Any:
    return 0 if name.startswith("sum_") else False if name == "of_is_cross" else ""


def _named(points: QuerySet[FirePoint]) -> QuerySet[Any]:
    """Points with the columns of a figure: the same that the triggers keep."""
    pinned = Recognition.objects.exclude(rule_ref="")
    posted = pinned.filter(pk=OuterRef("posted_recognition")).values("amount_fen")
    own = pinned.filter(pk=OuterRef("recognition")).values("amount_fen")
    return points.annotate(
        day=F("burn_date"),
        answers_for=Case(When(counted=True, then=F("recognition__payer_code")), default=F("county_code")),
        decision=Case(
            When(counted=True, then=Value(COUNTED)), When(counted=False, then=Value(EXCLUDED)), default=Value(""),
            output_field=CharField(),
        ),
        conclusion=Coalesce("verification__conclusion", Value("")),
        basis=Coalesce("recognition__basis", Value("")),
        pinned_fen=Case(When(counted=True, then=Coalesce(Subquery(own), 0)), default=0, output_field=BigIntegerField()),
        held_fen=Coalesce(Subquery(posted), 0, output_field=BigIntegerField()),
    )  # fmt: skip
