"""A corrected list: the old row gives way to the new one, and whatever people acted on goes to a person (policy.md §3)."""

from collections.abc import Sequence

from firepoints.models import Detection, DetectionKey, FirePoint, Membership
from firepoints.services.dispatch import fire_point_withdraw
from firepoints.services.points import release_detections
from firepoints.states import UNDECIDED, State
from grids.models import User

REASON = "清单更正，由新的一行替代"


def release_corrected(replaced: Sequence[int], *, actor: User) -> None:
    """Take corrected rows (detection ids) out of undecided points and out of force.

    A decided point keeps its row and is marked for a person. Runs in the caller's transaction.
    """
    older = list(Detection.objects.filter(pk__in=list(replaced)))
    if not older:
        return
    DetectionKey.objects.filter(detection__in=[one.pk for one in older]).delete()
    touched = release_detections(detections=older, actor=actor, reason=REASON)
    settle_touched(touched, actor=actor, reason=REASON)


def settle_touched(touched: list[FirePoint], *, actor: User, reason: str) -> int:
    """Close the suspicions that nothing supports any more; an emptied point that people acted on goes to a person.

    Returns how many were closed.
    """
    ids = [point.pk for point in touched]
    still = set(Membership.objects.filter(point_id__in=ids, is_active=True).values_list("point_id", flat=True))
    empty = [point for point in touched if point.pk not in still]
    closed = [point.pk for point in empty if point.state == State.SUSPECTED]
    for pk in closed:
        fire_point_withdraw(point_id=pk, actor=actor, reason=reason)
    acted_on = [point.pk for point in empty if point.state in UNDECIDED and point.state != State.SUSPECTED]
    FirePoint.objects.filter(pk__in=acted_on).update(needs_person=f"{reason}，请复核"[:200])
    return len(closed)
