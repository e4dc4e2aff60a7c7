"""A corrected list: the old row gives way to the new one, and whatever people acted on goes to a person (policy.md §3)."""

from collections.abc import Sequence

from firepoints.forming.doubts import Kind
from firepoints.forming.points import Departure, release_detections
from firepoints.life.dispatch import fire_point_withdraw
from firepoints.models import Detection, DetectionKey, FirePoint, Membership
from firepoints.terms.states import State
from grids.models import User

CORRECTED = Departure(Kind.CORRECTED, "清单更正，由新的一行替代")


def release_corrected(replaced: Sequence[int], *, actor: User) -> None:
    """Take corrected rows (detection ids) out of undecided points and out of force.

    A decided point keeps its row and is marked for a person. Runs in the caller's transaction.
    """
    older = list(Detection.objects.filter(pk__in=list(replaced)))
    if not older:
        return
    DetectionKey.objects.filter(detection__in=[one.pk for one in older]).delete()
    touched = release_detections(detections=older, actor=actor, departure=CORRECTED)
    settle_touched(touched, actor=actor, reason=CORRECTED.reason)


def settle_touched(touched: list[FirePoint], *, actor: User, reason: str) -> int:
    """Close the suspicions that nothing supports any more; returns how many were."""
    ids = [point.pk for point in touched]
    still = set(Membership.objects.filter(point_id__in=ids, is_active=True).values_list("point_id", flat=True))
    empty = [point for point in touched if point.pk not in still]
    closed = [point.pk for point in empty if point.state == State.SUSPECTED]
    for pk in closed:
        fire_point_withdraw(point_id=pk, actor=actor, reason=reason)
    return len(closed)
