"""并入: two points turn out to be one 处. The survivor keeps its own state; the other stays on file and points to it."""

from django.db import transaction

from core.errors import Conflict, NotAllowed
from core.texts import required
from firepoints.forming.merging import merged, survivor_of_merge
from firepoints.models import FirePoint
from firepoints.steps.advancing import open_act
from firepoints.steps.workflow import act
from firepoints.terms.states import DECIDED, State
from grids.models import User
from grids.roles import Role


@act("merge")
@transaction.atomic
def fire_point_merge(
    *, point_id: int | str, actor: User, into: int | str, reason: str, expected_version: int | None = None
) -> FirePoint:
    """Merge an undecided point into a live one. Only a 认定人 may merge into a decided one: that is frozen (policy.md §4).

    Raises Conflict when the two have different counties (标记跨界 first), BadInput for a survivor that cannot be one.
    """
    reason = required(reason, "并入的理由")
    survivor = survivor_of_merge(point_id, actor, into)
    opened = open_act("merge", point_id=point_id, actor=actor, expected_version=expected_version)
    if survivor.state in DECIDED and Role.RECOGNISER not in opened.facts.roles:
        raise NotAllowed(f"{survivor} 已经认定，并入要由认定人办理")
    _refuse_into_excluded(survivor)
    _require_one_county(opened.point, survivor)
    return merged(opened, survivor, reason)


@act("merge_decided")
@transaction.atomic
def fire_point_merge_decided(
    *, point_id: int | str, actor: User, into: int | str, reason: str, expected_version: int | None = None
) -> FirePoint:
    """A 认定人 merges a decided point away: what it was charged is given back by the next batch (penalties pulls).

    Raises Conflict when the two have different counties: one decision moves no charge to another payer (C11).
    """
    reason = required(reason, "并入的理由")
    survivor = survivor_of_merge(point_id, actor, into)
    opened = open_act("merge_decided", point_id=point_id, actor=actor, expected_version=expected_version)
    _refuse_into_excluded(survivor)
    _require_one_county(opened.point, survivor)
    return merged(opened, survivor, reason)


def _refuse_into_excluded(survivor: FirePoint) -> None:
    """Raise Conflict for a point that was decided as 不计入: one word must not let a charge vanish in it."""
    if survivor.counted is False:
        raise Conflict(f"{survivor} 认定不计入，不能再并入：先“重新核实”那一处", code="into_excluded")


def _require_one_county(point: FirePoint, survivor: FirePoint) -> None:
    """Raise Conflict for points of two counties: only the joint record says who pays there.

    A suspicion is located anew, so it may be over both.
    """
    counties = {point.county_code, survivor.county_code} - {""}
    if len(counties) < 2 or survivor.state in (State.SUSPECTED, State.JOINT):
        return
    first = f"“重新核实”{survivor}，再标记跨界" if survivor.state in DECIDED else f"把 {survivor} 标记跨界"
    raise Conflict(f"两处分属不同县（区），先{first}", code="two_counties")
