"""重新核实: a decision is taken back by a person with a reason; the decision itself stays on file."""

from django.db import transaction

from core.texts import required
from firepoints.models import FirePoint
from firepoints.policy.seconding import Second, require_second
from firepoints.policy.two_persons import Case
from firepoints.steps.advancing import advance, open_act, way_back
from firepoints.steps.workflow import act
from firepoints.terms.states import State
from grids.models import User


@act("reopen")
@transaction.atomic
def fire_point_reopen(
    *,
    point_id: int | str,
    actor: User,
    reason: str,
    expected_version: int | None = None,
    second: Second | None = None,
) -> FirePoint:
    """Send a decided point back to its county, a 跨界 or disputed one to the joint table.

    What was posted for it is given back by the next batch (penalties pulls).
    Raises Missing without a reason, NeedsAnother after 终局, NotAllowed, Conflict, StaleVersion.
    """
    reason = required(reason, "重新核实的理由")
    opened = open_act("reopen", point_id=point_id, actor=actor, expected_version=expected_version)
    case = Case("reopen", is_final=opened.point.state == State.FINAL)
    two = require_second(case, second, version=opened.version)
    back = way_back(opened.point)
    changes = {
        "recognition": None,
        "counted": None,
        "objection_until": None,
        "final_at": None,
        "final_by": "",
        **back.changes,
    }
    data = {"taken_back": opened.point.recognition_id, **two}
    return advance(opened, reason=reason, data=data, to=back.to, **changes)
