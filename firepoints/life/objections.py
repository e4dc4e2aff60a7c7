"""通报 and the objection window: its end is an act too, never a clock that is read."""

from datetime import timedelta

from django.db import transaction

from core import clock
from core.errors import Conflict, Missing, StaleVersion
from core.texts import required
from firepoints.models import FirePoint
from firepoints.policy import rulings
from firepoints.steps.advancing import advance, open_act
from firepoints.steps.questions import stops_money
from firepoints.steps.workflow import act
from firepoints.terms.states import FinalBy, State
from grids import selectors as grids
from grids.models import User


@act("notify")
@transaction.atomic
def fire_point_notify(
    *, point_id: int | str, actor: User, reason: str = "", expected_version: int | None = None
) -> FirePoint:
    """通报 the county of a counted point; the objection window begins (ruling objection_days, calendar days)."""
    opened = open_act("notify", point_id=point_id, actor=actor, expected_version=expected_version)
    days = rulings.ruling("objection_days", clock.today_beijing())
    return advance(opened, reason=reason, objection_until=clock.now() + timedelta(days=days))


@act("object")
@transaction.atomic
def fire_point_object(
    *, point_id: int | str, actor: User, reason: str, expected_version: int | None = None
) -> FirePoint:
    """提出异议 by the county that would pay, while the window is open.

    Raises Conflict after it, even before the lapse is recorded."""
    reason = required(reason, "异议的理由")
    opened = open_act("object", point_id=point_id, actor=actor, expected_version=expected_version)
    if opened.facts.objection_lapsed:
        raise Conflict("异议期已满", code="window_closed")
    return advance(opened, reason=reason)


@act("waive")
@transaction.atomic
def fire_point_waive(
    *, point_id: int | str, actor: User, document_no: str, reason: str = "", expected_version: int | None = None
) -> FirePoint:
    """The county gives up its objection in writing: the point is final at once. Raises Missing without the document."""
    document_no = required(document_no, "书面放弃的文号")
    opened = open_act("waive", point_id=point_id, actor=actor, expected_version=expected_version)
    data = {"document_no": document_no}
    return advance(opened, reason=reason, data=data, final_at=clock.now(), final_by=FinalBy.WAIVED)


@act("lapse")
@transaction.atomic
def fire_point_lapse(
    *, point_id: int | str, actor: User, reason: str = "", expected_version: int | None = None
) -> FirePoint:
    """异议期满: recorded by the system account. Raises Missing before the end of the window."""
    opened = open_act("lapse", point_id=point_id, actor=actor, expected_version=expected_version)
    return advance(opened, reason=reason, final_at=clock.now(), final_by=FinalBy.LAPSED)


def lapse_due(limit: int | None = None) -> int:
    """Record the end of every window that is over now, each in its own transaction (or savepoint); returns how many.

    One that someone else has just moved is left to them, one that is asked about waits for the answer.
    """
    system = grids.system_user()
    due = FirePoint.objects.filter(state=State.OBJECTION, objection_until__lte=clock.now())
    due = due.exclude(stops_money()).order_by("pk")
    lapsed = 0
    for point_id in list(due.values_list("pk", flat=True)[:limit]):
        try:
            fire_point_lapse(point_id=point_id, actor=system)
        except (StaleVersion, Conflict, Missing):
            continue
        lapsed += 1
    return lapsed


@act("uphold")
@transaction.atomic
def fire_point_uphold(
    *, point_id: int | str, actor: User, reason: str, expected_version: int | None = None
) -> FirePoint:
    """维持认定 after an objection, with its reason. An objection that is right ends in `reopen` instead."""
    reason = required(reason, "维持的理由")
    opened = open_act("uphold", point_id=point_id, actor=actor, expected_version=expected_version)
    return advance(opened, reason=reason, final_at=clock.now(), final_by=FinalBy.UPHELD)
