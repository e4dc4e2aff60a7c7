"""A corrected list: the old row gives way to the new one, and whatever people acted on goes to a person (policy.md §3)."""

from collections.abc import Sequence

from firepoints.models import DetectionKey, Question
from firepoints.sightings import in_force
from firepoints.sightings.in_force import Departure, Released
from grids.models import User

CORRECTED = Departure(Question.Kind.CORRECTED, "清单更正，由新的一行替代")
GONE = Departure(Question.Kind.GONE, "更正的清单里已没有这一行")


def release_rows(detections: Sequence[int], *, actor: User, departure: Departure = CORRECTED) -> Released:
    """Take rows (detection ids) that a corrected list replaces or leaves out of force, and out of undecided points.

    A decided point keeps its row and is put before a person. Runs in the caller's transaction.
    """
    if not detections:
        return Released()
    DetectionKey.objects.filter(detection__in=list(detections)).delete()
    return in_force.left(detections, actor=actor, departure=departure)
