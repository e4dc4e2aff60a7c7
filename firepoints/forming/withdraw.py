"""随来源撤回: a suspicion that nothing supports any more is closed by itself."""

from collections.abc import Sequence

from django.db import transaction

from core.texts import required
from firepoints.models import FirePoint, Membership
from firepoints.steps.advancing import advance, open_act
from firepoints.steps.asking import Asking
from firepoints.steps.workflow import act
from firepoints.terms.states import State
from grids.models import User


@act("withdraw")
@transaction.atomic
def fire_point_withdraw(
    *, point_id: int | str, actor: User, reason: str, expected_version: int | None = None
) -> FirePoint:
    """Close a suspicion whose every sighting came from runs that were withdrawn. Raises Missing while one is left."""
    reason = required(reason, "撤回的理由")
    opened = open_act("withdraw", point_id=point_id, actor=actor, expected_version=expected_version)
    asking = Asking(actor)
    asking.close_at(opened.point, reason, is_gone=True)
    return advance(opened, reason=reason, asking=asking, closed_reason=reason[:300])


def withdraw_emptied(points: Sequence[FirePoint], *, actor: User, reason: str) -> int:
    """How many of `points` were suspicions without a sighting, and are closed now."""
    ids = [point.pk for point in points]
    supported = set(Membership.objects.filter(point_id__in=ids, is_active=True).values_list("point_id", flat=True))
    emptied = [point.pk for point in points if point.state == State.SUSPECTED and point.pk not in supported]
    for pk in emptied:
        fire_point_withdraw(point_id=pk, actor=actor, reason=reason)
    return len(emptied)
