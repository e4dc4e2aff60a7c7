"""并入: two points turn out to be one 处. The survivor keeps its own state; the other stays on file and points to it."""

from django.db import transaction

from core.errors import Conflict, NotAllowed
from core.texts import required
from firepoints.forming.merging import merged, survivor_of_merge
from firepoints.models import FirePoint
from firepoints.policy import charging, rulings
from firepoints.policy.seconding import Second, require_second
from firepoints.policy.two_persons import Case
from firepoints.steps import selectors
from firepoints.steps.advancing import Opened, open_act
from firepoints.steps.gaps import gap_between
from firepoints.steps.workflow import act
from firepoints.terms.states import DECIDED, State
from grids.models import User
from grids.roles import Role


@act("merge")
@transaction.atomic
def fire_point_merge(
    *,
    point_id: int | str,
    actor: User,
    into: int | str,
    reason: str,
    expected_version: int | None = None,
    second: Second | None = None,
) -> FirePoint:
    """Merge an undecided point into a live one. Only a 认定人 may merge into a decided one: that is frozen (policy.md §4).

    Raises NeedsAnother for an official row or an inspection, for two far from each other, and for what is 终局, Conflict
    when the two have different counties (标记跨界 first) or the survivor is 不计入, BadInput for one that cannot be one.
    """
    reason = required(reason, "并入的理由")
    survivor = survivor_of_merge(point_id, actor, into)
    opened = open_act("merge", point_id=point_id, actor=actor, expected_version=expected_version)
    _require_fit(opened, survivor)
    return _merged(opened, survivor, reason, second, case_of(opened, survivor))


@act("merge_decided")
@transaction.atomic
def fire_point_merge_decided(
    *,
    point_id: int | str,
    actor: User,
    into: int | str,
    reason: str,
    expected_version: int | None = None,
    second: Second | None = None,
) -> FirePoint:
    """A 认定人 merges a decided point away: what it was charged is given back by the next batch (penalties pulls).

    Raises as `fire_point_merge`: one decision moves no charge to another payer (C11).
    """
    reason = required(reason, "并入的理由")
    survivor = survivor_of_merge(point_id, actor, into)
    opened = open_act("merge_decided", point_id=point_id, actor=actor, expected_version=expected_version)
    _require_fit(opened, survivor)
    return _merged(opened, survivor, reason, second, case_of(opened, survivor))


@transaction.atomic
def own_scar_merge(*, point_id: int | str, actor: User, into: int | str, reason: str) -> FirePoint:
    """Merge the point that a person's own finding has just made into the fire to which he says that it belongs.

    Nothing stood before that could go away, so that an inspection is no ground for a second person; raises else as
    `fire_point_merge`.
    """
    survivor = survivor_of_merge(point_id, actor, into)
    opened = open_act("merge", point_id=point_id, actor=actor)
    _require_fit(opened, survivor)
    return _merged(opened, survivor, reason, None, case_of(opened, survivor, is_official=False))


def _require_fit(opened: Opened, survivor: FirePoint) -> None:
    """Raise NotAllowed, or Conflict, for a survivor into which this point must not go."""
    if survivor.state in DECIDED and Role.RECOGNISER not in opened.facts.roles:
        raise NotAllowed(f"{survivor} 已经认定，并入要由认定人办理")
    if survivor.counted is False:
        raise Conflict(f"{survivor} 已认定不计入，并进去的也不再计入：先“重新核实”它，或另选一处", code="into_excluded")
    _require_one_county(opened.point, survivor)


def case_of(opened: Opened, survivor: FirePoint, *, is_official: bool | None = None) -> Case:
    """The facts by which a merge takes two persons; `is_official` where it is known better than by the sightings."""
    point = opened.point
    gap = gap_between(point, survivor)
    in_force = rulings.values_on(point.burn_date)
    if is_official is None:
        sightings = selectors.active_detections(point)
        is_official = any(charging.ends_in_a_decision(row.source, in_force) for row in sightings)
    return Case(
        opened.transition.action,
        is_official=is_official,
        is_final=State.FINAL in (point.state, survivor.state),
        gap_m=gap.edge_m,
        gap_h=gap.gap_h,
        reach_m=float(in_force["merge_reach_m"]),
        reach_h=float(in_force["merge_reach_h"]),
    )


def _merged(opened: Opened, survivor: FirePoint, reason: str, second: Second | None, case: Case) -> FirePoint:
    two = require_second(case, second, version=f"{opened.version}/{survivor.version}")
    return merged(opened, survivor, reason, two)


def _require_one_county(point: FirePoint, survivor: FirePoint) -> None:
    """Raise Conflict for points of two counties: only the joint record says who pays there.

    A suspicion is located anew, so it may be over both.
    """
    counties = {point.county_code, survivor.county_code} - {""}
    if len(counties) < 2 or survivor.state in (State.SUSPECTED, State.JOINT):
        return
    first = f"“重新核实”{survivor}，再标记跨界" if survivor.state in DECIDED else f"把 {survivor} 标记跨界"
    raise Conflict(f"两处分属不同县（区），先{first}", code="two_counties")
