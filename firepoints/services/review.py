"""核对: a person answers what the machine could not: is this the same fire as another point, or one of its own?"""

from django.db import transaction

from firepoints.models import FirePoint
from firepoints.services.steps import advance, open_act, required
from grids.models import User


@transaction.atomic
def fire_point_review(
    *, point_id: int | str, actor: User, reason: str, expected_version: int | None = None
) -> FirePoint:
    """Say with a reason that the point stands as it is (the other answer is 并入). Only then can it be recognised.

    Raises NotAllowed, Conflict, Missing when nothing is in question, StaleVersion.
    """
    reason = required(reason, "核对的结论")
    opened = open_act("review", point_id=point_id, actor=actor, expected_version=expected_version)
    return advance(opened, reason=reason, data={"question": opened.point.needs_person}, needs_person="")


@transaction.atomic
def fire_point_stand(
    *, point_id: int | str, actor: User, reason: str, expected_version: int | None = None
) -> FirePoint:
    """An open question about a decided point (a row taken out of its list, a 查否 that the issuer rejects) is answered:
    the decision stands, with a reason. The other answer is 重新核实.

    Raises NotAllowed for anyone but the person who decides, Conflict, Missing when nothing is in question, StaleVersion.
    """
    reason = required(reason, "维持的理由")
    opened = open_act("stand", point_id=point_id, actor=actor, expected_version=expected_version)
    return advance(opened, reason=reason, data={"question": opened.point.needs_person}, needs_person="")
