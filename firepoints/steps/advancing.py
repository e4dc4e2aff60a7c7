"""The frame that all acts on a fire point share: read, guard, claim the version, change, and leave a step and a journal entry.

The claim is a compare-and-swap on `version`: of two who decide at once, one finds no row and is told so. It works
without row locks, so also on SQLite, and it comes before any record is written.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Max

from core import clock, faults, ways
from core.errors import BadInput, Conflict, Missing, NotAllowed, Refused, StaleVersion
from core.transitions import Refusal, Transition, Why
from firepoints.models import FirePoint, FormerNumber, NumberSeries, PointCounty, Step
from firepoints.policy import rulings
from firepoints.steps import selectors, workflow
from firepoints.steps.asking import Asking
from firepoints.steps.divisions import note_division
from firepoints.steps.workflow import Facts
from firepoints.terms.states import State
from grids.models import User
from journal.record import restoring
from journal.record.services import record

faults.register(
    {
        "act.claimed": "nothing has happened: the version was taken in the transaction that died",
        "act.moved": "nothing has happened: the point stands where it stood",
        "act.stepped": "nothing has happened: no step without its journal entry",
        "act.recorded": "nothing has happened: no entry without its act",
    }
)


ERRORS: Mapping[Why, Callable[[Refusal], Refused]] = {
    Why.NO_SUCH_ACTION: lambda refusal: BadInput(refusal.sentence, code="unknown_action"),
    Why.NOT_THIS_ROLE: lambda refusal: NotAllowed(refusal.sentence),
    Why.NOT_FROM_THIS_STATE: lambda refusal: Conflict(refusal.sentence, code="wrong_state"),
    Why.NOT_THIS_PERSON: lambda refusal: NotAllowed(refusal.sentence),
    Why.NOT_YET: lambda refusal: Missing(refusal.missing, refusal.sentence),
}
"""The table's "no" as an error with a stable code."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An act that may go on: the guard has passed and the version is claimed in this transaction."""

    transition: Transition[Facts]
    point: FirePoint
    actor: User
    facts: Facts

    @property
    def version(self) -> int:
        """The version that the act found: the claim has taken the next one."""
        return self.point.version - 1


def open_act(action: str, *, point_id: int | str, actor: User, expected_version: int | None = None) -> Opened:
    """Read the point that `actor` may see, refuse what the table forbids, claim the version.

    Must run inside the act's transaction. Raises NotThere, NotAllowed (not this person), Conflict (not from
    this state), Missing (not yet), StaleVersion (someone was first).
    """
    point = selectors.fire_point_for(actor, point_id)
    if expected_version is not None and expected_version != point.version:
        raise StaleVersion()
    facts = selectors.facts_for(point, actor)
    if refusal := workflow.refusal(action, facts):
        raise ERRORS[refusal.why](refusal)
    claim(point)
    faults.point("act.claimed")
    return Opened(workflow.BY_ACTION[action], point, actor, facts)


def claim(point: FirePoint) -> None:
    """Take the next version of `point`, or raise StaleVersion; on PostgreSQL this also holds the row until the end."""
    if not FirePoint.objects.filter(pk=point.pk, version=point.version).update(version=F("version") + 1):
        raise StaleVersion()
    point.version += 1


def advance(
    opened: Opened,
    *,
    reason: str = "",
    data: Mapping[str, Any] | None = None,
    to: str = "",
    asking: Asking | None = None,
    **changes: Any,
) -> FirePoint:
    """Move the claimed point to the transition's target with `changes`, append its step, write the journal entry.

    `to` is another state than the table's, where the act finds it (`way_back`, 撤销并入). `data` is what the act was
    given, by id and without personal names: it stays for ever. `asking`: what the act asked and answered, told by the
    entry.
    """
    transition, point, actor = opened.transition, opened.point, opened.actor
    target = to or transition.target or point.state
    before, came = _told(point), ways.current()
    FirePoint.objects.filter(pk=point.pk, version=point.version).update(state=target, **changes)
    faults.point("act.moved")
    step = Step.objects.create(
        point=point,
        seq=next_seq(Step, point),
        action=transition.action,
        from_state=point.state,
        to_state=target,
        actor=actor,
        role=next(iter(sorted(opened.facts.roles & transition.roles))),
        reason=reason[:500],
        data=dict(data or {}),
        way=came.kind,
        way_by=came.by,
    )
    note_division(step)
    faults.point("act.stepped")
    after = FirePoint.objects.select_related("attribution", "verification", "recognition").get(pk=point.pk)
    entry_after = {**_told(after), **({"data": dict(data)} if data else {}), **(asking.told() if asking else {})}
    record(transition.entry, after, actor, before=before, after=entry_after, reason=reason)
    faults.point("act.recorded")
    return after


def _told(point: FirePoint) -> dict[str, Any]:
    return {
        "state": str(point.state),
        "version": point.version,
        "number": point.number,
        "county_code": point.county_code,
        "counted": point.counted,
        "verification": point.verification_id,
        "recognition": point.recognition_id,
        "attribution": point.attribution_id,
    }


def next_seq(model: Any, point: FirePoint) -> int:
    """The next number in a per-point series of append-only rows; safe because the version is claimed."""
    last: int | None = model.objects.filter(point=point).aggregate(last=Max("seq"))["last"]
    return (last or 0) + 1


def numbered(point: FirePoint) -> dict[str, Any]:
    """The change that gives the point its number, nothing if it has one. Numbers are never reused.

    The year is that of the burning date. The UPDATE of the series row makes two dispatchers wait for each other.
    """
    return {} if point.number else {"number": _next_number(point)}


def renumbered(point: FirePoint, year_before: int) -> str | None:
    """The number of a point whose burning date has moved from another year: its own of that year where it had one, else the
    next. The one given up is kept with it."""
    year = point.burn_date.year
    if not point.number or year == year_before:
        return point.number
    FormerNumber.objects.get_or_create(number=point.number, defaults={"point": point, "year": year_before})
    own = point.former_numbers.filter(year=year).first()
    return own.number if own else _next_number(point)


def _next_number(point: FirePoint) -> str:
    year = point.burn_date.year
    NumberSeries.objects.get_or_create(year=year)
    NumberSeries.objects.filter(year=year).update(last=F("last") + 1)
    last = NumberSeries.objects.get(year=year).last
    return f"{rulings.ruling('number_prefix', point.burn_date)}{year}-{last:04d}"


def skip_numbers(lost: int | None) -> dict[str, int]:
    """After a restore: leave out as many numbers of each year as acts were lost, for each lost act may have given one.

    Years (burning dates) that the backup does not know begin there too. Returns {year: last number left out}.
    """
    count = restoring.UNKNOWN_LOSS if lost is None else lost
    if not count:
        return {}
    year = clock.today_beijing().year
    for series_year in (year - 1, year):
        NumberSeries.objects.get_or_create(year=series_year)
    NumberSeries.objects.update(last=F("last") + count)
    return {str(year): last for year, last in NumberSeries.objects.order_by("year").values_list("year", "last")}


def county_due_at() -> datetime:
    """Until when a county verifies what is sent to it now: the ruling `county_deadline_h`, a setting of ours (C10)."""
    return clock.now() + timedelta(hours=rulings.ruling("county_deadline_h", clock.today_beijing()))


@dataclass(frozen=True, slots=True)
class WayBack:
    """The state to which a point is sent back ("" = where the table says), and what changes."""

    to: str
    changes: Mapping[str, Any]


def way_back(point: FirePoint) -> WayBack:
    """The way of a verified point to its county with a new deadline, or, where a joint record had settled it, to nobody:
    one county alone does not verify what is over a border or disputed (C11)."""
    if selectors.is_settled_jointly(point):
        return WayBack(State.JOINT, {"verification": None, "county_code": "", "due_at": None})
    return WayBack("", {"verification": None, "due_at": county_due_at()})


def concern(point: FirePoint, shares: Mapping[str, float]) -> None:
    """Let these counties see the point from now on; a county once concerned stays so."""
    concerned = set(point.counties.values_list("county_code", flat=True))
    PointCounty.objects.bulk_create(
        PointCounty(point=point, county_code=code, share=share)
        for code, share in shares.items()
        if code not in concerned
    )
