"""派发, and closing a mere lead (C10)."""

from django.db import transaction

from core.texts import required
from firepoints.models import FirePoint, Source
from firepoints.policy import charging, rulings
from firepoints.policy.seconding import Second, require_second
from firepoints.policy.two_persons import Case
from firepoints.steps.advancing import advance, county_due_at, numbered, open_act
from firepoints.steps.asking import Asking
from firepoints.steps.workflow import act
from grids.models import User


@act("dispatch")
@transaction.atomic
def fire_point_dispatch(
    *, point_id: int | str, actor: User, expected_version: int | None = None, reason: str = ""
) -> FirePoint:
    """Send a suspected point to its county for 核实; it gets its number and a deadline, which is a setting (C10).

    Raises NotAllowed, Conflict, Missing (no county yet, 跨界, or not yet one site), StaleVersion.
    """
    opened = open_act("dispatch", point_id=point_id, actor=actor, expected_version=expected_version)
    return advance(opened, reason=reason, due_at=county_due_at(), **numbered(opened.point))


@act("close")
@transaction.atomic
def fire_point_close(
    *,
    point_id: int | str,
    actor: User,
    reason: str,
    expected_version: int | None = None,
    second: Second | None = None,
) -> FirePoint:
    """Close a mere lead with a reason. Raises Missing for what an official list or an inspection found, NeedsAnother for
    what one had found before its rows were withdrawn."""
    reason = required(reason, "关闭的理由")
    opened = open_act("close", point_id=point_id, actor=actor, expected_version=expected_version)
    sources = Source.objects.filter(runs__detections__memberships__point=opened.point).distinct()
    in_force = rulings.values_on(opened.point.burn_date)
    case = Case("close", is_official=any(charging.ends_in_a_decision(source, in_force) for source in sources))
    data = require_second(case, second, version=opened.version)
    asking = Asking(actor)
    asking.close_at(opened.point, f"已关闭：{reason}", is_gone=False)
    return advance(opened, reason=reason, data=data, asking=asking, closed_reason=reason[:300], due_at=None)
