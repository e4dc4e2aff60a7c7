"""核对: a person answers what the machine could not: is this the same fire as another point, or one of its own?"""

from typing import Any

from django.db import transaction

from firepoints import doubts, selectors
from firepoints.models import FirePoint
from firepoints.services.standing_apart import neighbours_of
from firepoints.services.steps import advance, open_act, required
from firepoints.workflow import act
from grids.models import User


@act("review")
@transaction.atomic
def fire_point_review(
    *, point_id: int | str, actor: User, reason: str, expected_version: int | None = None
) -> FirePoint:
    """Say with a reason that the point stands as it is (the other answer is 并入). Only then can it be recognised.

    Where it was asked about a point that it touches, the two are kept apart from now on: a later sighting goes to the one
    that it touches most, and nobody is asked again. Raises NotAllowed, Conflict, Missing when nothing is in question, StaleVersion.
    """
    reason = required(reason, "核对的结论")
    opened = open_act("review", point_id=point_id, actor=actor, expected_version=expected_version)
    question = opened.point.needs_person
    told = _kept_apart(opened.point, actor) if doubts.TOUCHES in question else {}
    return advance(opened, reason=reason, data={"question": question, **told}, needs_person="")


def _kept_apart(point: FirePoint, actor: User) -> dict[str, Any]:
    """For the step: the sightings of the point, then those of each point that it touches and is another site than."""
    sightings = selectors.active_detections(point)
    others = [one.point for one in neighbours_of(point, sightings, actor) if one.touches]
    if not others:
        return {}
    parts = [sorted(one.pk for one in selectors.active_detections(other)) for other in others]
    return {
        "points": [point.pk, *(other.pk for other in others)],
        "apart": [sorted(one.pk for one in sightings), *parts],
    }


@act("stand")
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
