"""并入: two points turn out to be one 处. The survivor keeps its own state; the other stays on file and points to it."""

from django.db import transaction

from core import faults
from core.errors import BadInput, Conflict, NotAllowed
from firepoints.forming.points import refresh
from firepoints.models import FirePoint, Membership, Question
from firepoints.steps import selectors
from firepoints.steps.advancing import Opened, advance, claim, concern, open_act, required
from firepoints.steps.asking import ABOUT_THE_PLACE, Answer, Asking, Kind, open_of
from firepoints.steps.workflow import act
from firepoints.terms.states import DECIDED, LIVE, State
from grids.models import User
from grids.roles import Role
from journal.record.services import record

faults.register({"act.merge.moved": "nothing has happened: every sighting is in the one point in which it was"})


@act("merge")
@transaction.atomic
def fire_point_merge(
    *, point_id: int | str, actor: User, into: int | str, reason: str, expected_version: int | None = None
) -> FirePoint:
    """Merge an undecided point into a live one. Only a 认定人 may merge into a decided one: that is frozen (policy.md §4).

    Raises Conflict when the two have different counties (标记跨界 first), BadInput for a survivor that cannot be one.
    """
    reason = required(reason, "并入的理由")
    survivor = _survivor(point_id, actor, into)
    opened = open_act("merge", point_id=point_id, actor=actor, expected_version=expected_version)
    if survivor.state in DECIDED and Role.RECOGNISER not in opened.facts.roles:
        raise NotAllowed(f"{survivor} 已经认定，并入要由认定人办理")
    _require_one_county(opened.point, survivor)
    return _merged(opened, survivor, reason)


@act("merge_decided")
@transaction.atomic
def fire_point_merge_decided(
    *, point_id: int | str, actor: User, into: int | str, reason: str, expected_version: int | None = None
) -> FirePoint:
    """A 认定人 merges a decided point away: what it was charged is given back by the next batch (penalties pulls).

    Raises Conflict when the two have different counties: one decision moves no charge to another payer (C11).
    """
    reason = required(reason, "并入的理由")
    survivor = _survivor(point_id, actor, into)
    opened = open_act("merge_decided", point_id=point_id, actor=actor, expected_version=expected_version)
    _require_one_county(opened.point, survivor)
    return _merged(opened, survivor, reason)


@act("absorb")
@transaction.atomic
def fire_point_absorb(
    *, point_id: int | str, actor: User, into: int | str, reason: str, expected_version: int | None = None
) -> FirePoint:
    """The grouping joins two suspicions that a new sighting connects; neither has a number yet (policy.md §4)."""
    survivor = _survivor(point_id, actor, into)
    opened = open_act("absorb", point_id=point_id, actor=actor, expected_version=expected_version)
    return _merged(opened, survivor, reason)


def _survivor(point_id: int | str, actor: User, into: int | str) -> FirePoint:
    point = selectors.fire_point_for(actor, point_id)
    survivor = selectors.fire_point_for(actor, into)
    if survivor.pk == point.pk:
        raise BadInput("不能并入自己", where="into")
    if survivor.state not in LIVE:
        raise BadInput(f"{survivor} {State(survivor.state).label}，不能再并入", where="into")
    # Both rows in one order, so that two opposite merges wait instead of deadlocking (PostgreSQL; an optimisation only).
    list(FirePoint.objects.select_for_update().filter(pk__in=[point.pk, survivor.pk]).order_by("pk").values("pk"))
    return survivor


def _require_one_county(point: FirePoint, survivor: FirePoint) -> None:
    """Between two counties only the joint record says who pays; a suspicion is located anew, so it may be over both."""
    counties = {point.county_code, survivor.county_code} - {""}
    if len(counties) < 2 or survivor.state in (State.SUSPECTED, State.JOINT):
        return
    first = f"“重新核实”{survivor}，再标记跨界" if survivor.state in DECIDED else f"把 {survivor} 标记跨界"
    raise Conflict(f"两处分属不同县（区），先{first}", code="two_counties")


def _carry(point: FirePoint, survivor: FirePoint, asking: Asking, reason: str, *, by_machine: bool) -> None:
    """A merge answers only whether the two are one. What else was open about the sightings that come is open about the
    survivor; what was asked elsewhere about the merged point is about the survivor.

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


def _merged(opened: Opened, survivor: FirePoint, reason: str) -> FirePoint:
    point, actor = opened.point, opened.actor
    claim(survivor)
    moved = Membership.objects.filter(point=point, is_active=True)
    detections = sorted(moved.values_list("detection_id", flat=True))
    moved.update(is_active=False)
    why = f"由 {point} 并入：{reason}"[:300]
    Membership.objects.bulk_create(Membership(point=survivor, detection_id=one, why=why) for one in detections)
    faults.point("act.merge.moved")
    by_machine = opened.transition.action == "absorb"
    asking = Asking(None if by_machine else actor)
    if survivor.state not in DECIDED:
        survivor = refresh(survivor, asking, came=detections)
    _carry(point, survivor, asking, reason, by_machine=by_machine)
    concern(survivor, dict(point.counties.values_list("county_code", "share")))
    record("fire_point.took_in", survivor, actor, after={"merged": point.pk, "detections": detections}, reason=reason)
    data = {"into": survivor.pk, "detections": detections}
    return advance(opened, reason=reason, data=data, asking=asking, merged_into=survivor)
