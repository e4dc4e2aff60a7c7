"""划分: a person says which sightings are one 处 each. The machine never cuts a long or large group (policy.md §4)."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from core.errors import BadInput
from core.texts import required, whole_key
from firepoints.forming.points import NewPoint, create_points, outline, refresh
from firepoints.life.relocate import keep_in_place
from firepoints.models import FirePoint, Membership
from firepoints.policy.grounds import Grounds
from firepoints.sightings import footprints
from firepoints.steps import selectors
from firepoints.steps.advancing import advance, concern, open_act
from firepoints.steps.asking import ABOUT_THE_PLACE, BY_DIVISION, Answer, Asking, Kind, open_of
from firepoints.steps.workflow import act
from firepoints.terms.states import State
from grids.models import User

Pairs = list[tuple[int, int]]


@act("split")
@transaction.atomic
def fire_point_split(
    *,
    point_id: int | str,
    actor: User,
    groups: Sequence[Sequence[int]],
    reason: str,
    expected_version: int | None = None,
) -> FirePoint:
    """Divide an undecided point: `groups` are detection ids, each sighting once; the first group stays with this point.

    One group alone says that it is one site after all. Later imports keep what was divided apart. Counties that saw the
    whole still see every part. After dispatch (a verifier found separate sites) the other parts are suspicions of their
    own, and what stays keeps its number and county. Raises BadInput when the groups are no partition of its sightings,
    Conflict when what stays would lie in another county.
    """
    reason = required(reason, "划分的理由")
    opened = open_act("split", point_id=point_id, actor=actor, expected_version=expected_version)
    point = opened.point
    detections = {detection.pk: detection for detection in selectors.active_detections(point)}
    parts = _partition(groups, set(detections))
    why = f"由 {point} 划分：{reason}"[:300]
    Membership.objects.filter(point=point, is_active=True).exclude(detection__in=parts[0]).update(is_active=False)
    fresh = create_points(
        [NewPoint([detections[pk] for pk in part], why) for part in parts[1:]],
        actor=actor,
        subject=point,
        reason=reason,
    )
    asking = Asking(actor)
    refresh(point, asking)
    _divide_questions(point, list(zip(parts[1:], fresh, strict=True)), asking, reason)
    moved = _left_behind(point) if point.state != State.SUSPECTED and parts[1:] else {}
    shares = dict(point.counties.values_list("county_code", "share"))
    for part in fresh:
        concern(part, shares)
    data = {"groups": parts, "points": [point.pk, *(new_point.pk for new_point in fresh)]}
    return advance(opened, reason=reason, data=data, asking=asking, is_oversize=False, **moved)


def _divide_questions(
    point: FirePoint, parts: Sequence[tuple[list[int], FirePoint]], asking: Asking, reason: str
) -> None:
    """Answer whether it is one site, and move the other questions.

    What is about a sighting goes where that is now; what is about another point, or names no sighting, is asked of every
    part. Where a part lies is located anew.
    """
    open_ = open_of(point)
    answer = Answer.DIVIDED if parts else Answer.KEPT
    asking.answer([row for row in open_ if row.kind in BY_DIVISION], answer, reason)
    rest = [row for row in open_ if row.kind not in BY_DIVISION]
    for ids, part in parts:
        asking.carry([row for row in rest if row.detection_id in ids], part, f"由 {point} 划分：{reason}")
    of_all = [row for row in rest if row.detection_id is None and row.kind not in (*ABOUT_THE_PLACE, Kind.NEW_COUNTY)]
    asking.carry_copies(of_all, [part for _, part in parts])


def _left_behind(point: FirePoint) -> dict[str, Any]:
    """The changes by which a dispatched point's place follows the sightings that it keeps."""
    staying = selectors.active_detections(point)
    for name, value in outline(staying, Grounds()).items():
        setattr(point, name, value)
    return keep_in_place(point, footprints.site(staying))


def _partition(groups: Sequence[Sequence[int]], members: set[int]) -> list[list[int]]:
    try:
        parts = [sorted({whole_key(pk) for pk in _list(part)}) for part in groups]
    except (TypeError, ValueError):
        raise BadInput("应为监测记录编号的列表，如 [[1, 2], [3]]", where="groups") from None
    named = [pk for part in parts for pk in part]
    if not all(parts) or len(named) != len(set(named)) or set(named) != members:
        raise BadInput("每条监测记录要恰好在一组里，不能有空组", where="groups")
    return parts


def _list(part: Any) -> Sequence[Any]:
    """The part, if it is a list: the digits of a text are no keys. Raises TypeError."""
    if not isinstance(part, list | tuple):
        raise TypeError(part)
    return part
