"""Two points become one: shared by 并入, which people do, and 自动归并, which the grouping does."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from core import faults
from core.errors import BadInput
from firepoints.forming.points import refresh
from firepoints.models import FirePoint, Membership, Question
from firepoints.steps import selectors
from firepoints.steps.advancing import Opened, advance, claim, concern, open_act
from firepoints.steps.asking import ABOUT_THE_PLACE, Answer, Asking, Kind, open_of
from firepoints.steps.workflow import act
from firepoints.terms.states import DECIDED, LIVE, State
from grids.models import User
from journal.record.services import record

faults.register({"act.merge.moved": "nothing has happened: every sighting is in the one point in which it was"})


@act("absorb")
@transaction.atomic
def fire_point_absorb(
    *, point_id: int | str, actor: User, into: int | str, reason: str, expected_version: int | None = None
) -> FirePoint:
    """The grouping joins two suspicions that a new sighting connects; neither has a number yet (policy.md §4)."""
    survivor = survivor_of_merge(point_id, actor, into)
    opened = open_act("absorb", point_id=point_id, actor=actor, expected_version=expected_version)
    return merged(opened, survivor, reason)


def survivor_of_merge(point_id: int | str, actor: User, into: int | str) -> FirePoint:
    """The point that lives on, both rows locked. Raises BadInput for one that cannot."""
    point = selectors.fire_point_for(actor, point_id)
    survivor = selectors.fire_point_for(actor, into)
    if survivor.pk == point.pk:
        raise BadInput("不能并入自己", where="into")
    if survivor.state not in LIVE:
        raise BadInput(f"{survivor} {State(survivor.state).label}，不能再并入", where="into")
    # Both rows in one order, so that two opposite merges wait instead of deadlocking (PostgreSQL; an optimisation only).
    list(FirePoint.objects.select_for_update().filter(pk__in=[point.pk, survivor.pk]).order_by("pk").values("pk"))
    return survivor


def _carry(point: FirePoint, survivor: FirePoint, asking: Asking, reason: str, *, by_machine: bool) -> None:
    """Carry the open questions of a merged point to its survivor; a merge answers only whether the two are one.

    What was asked elsewhere about the merged point is about the survivor.

    Whether the whole is too large the grouping asks anew. Where the point lay is no question any more.
    """
    open_, theirs = open_of(point), open_of(survivor)
    asking.answer(
        [row for row in open_ if row.other_id == survivor.pk] + [row for row in theirs if row.other_id == point.pk],
        Answer.SAME, reason,
    )  # fmt: skip
    moot = {*ABOUT_THE_PLACE, *([Kind.OVERSIZE] if by_machine else [])}
    rest = [row for row in open_ if row.other_id != survivor.pk]
    asking.answer([row for row in rest if row.kind in moot], Answer.MOOT, f"已并入 {survivor}")
    asking.carry([row for row in rest if row.kind not in moot], survivor, f"已并入 {survivor}")
    elsewhere = Question.objects.unanswered().filter(other=point).exclude(point=survivor).select_related("point")
    asking.rename(elsewhere, survivor, f"{point} 已并入 {survivor}")
    if survivor.state == State.SUSPECTED and not by_machine and point.is_oversize and not survivor.is_oversize:
        FirePoint.objects.filter(pk=survivor.pk).update(is_oversize=True)


def merged(opened: Opened, survivor: FirePoint, reason: str, two: Mapping[str, Any] | None = None) -> FirePoint:
    """Move the sightings and the open questions of the claimed point to `survivor`, and take the step.

    `two`: what the record says of the second person.
    """
    point, actor = opened.point, opened.actor
    claim(survivor)
    moved = Membership.objects.filter(point=point, is_active=True)
    detections = sorted(moved.values_list("detection_id", flat=True))
    moved.update(is_active=False)
    why = f"由 {point} 并入：{reason}"[:300]
    Membership.objects.bulk_create(Membership(point=survivor, detection_id=pk, why=why) for pk in detections)
    faults.point("act.merge.moved")
    by_machine = opened.transition.action == "absorb"
    asking = Asking(None if by_machine else actor)
    if survivor.state not in DECIDED:
        survivor = refresh(survivor, asking, came=detections)
    _carry(point, survivor, asking, reason, by_machine=by_machine)
    concern(survivor, dict(point.counties.values_list("county_code", "share")))
    record("fire_point.took_in", survivor, actor, after={"merged": point.pk, "detections": detections}, reason=reason)
    data = {"into": survivor.pk, "detections": detections, "questions": asking.carried(), **(two or {})}
    return advance(opened, reason=reason, data=data, asking=asking, merged_into=survivor)
