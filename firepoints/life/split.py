"""划分: a person says which sightings are one 处 each. The machine never cuts a long or large group (policy.md §4)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from itertools import combinations, pairwise, product
from typing import Any

from django.db import transaction

from core.errors import BadInput
from firepoints.forming.points import NewPoint, create_points, outline, refresh
from firepoints.life.relocate import keep_in_place
from firepoints.models import FirePoint, Membership, Question, Step
from firepoints.sightings import footprints
from firepoints.steps import selectors
from firepoints.steps.advancing import advance, concern, open_act, required
from firepoints.steps.asking import BY_DIVISION, Answer, Asking, Kind, open_of
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
    detections = {one.pk: one for one in selectors.active_detections(point)}
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
    data = {"groups": parts, "points": [point.pk, *(one.pk for one in fresh)]}
    return advance(opened, reason=reason, data=data, asking=asking, is_oversize=False, **moved)


def _divide_questions(
    point: FirePoint, parts: Sequence[tuple[list[int], FirePoint]], asking: Asking, reason: str
) -> None:
    """Whether it is one site is answered; what is about a sighting goes where that is now; what is about another point is
    asked of every part."""
    open_ = open_of(point)
    answer = Answer.DIVIDED if parts else Answer.KEPT
    asking.answer([row for row in open_ if row.kind in BY_DIVISION], answer, reason)
    rest = [row for row in open_ if row.kind not in BY_DIVISION]
    for ids, part in parts:
        asking.carry([row for row in rest if row.detection_id in ids], part, f"由 {point} 划分：{reason}")
    asking.carry_copies([row for row in rest if row.other_id is not None], [part for _, part in parts])


def _left_behind(point: FirePoint) -> dict[str, Any]:
    """A dispatched point's place follows the sightings that it keeps."""
    kept = selectors.active_detections(point)
    for name, value in outline(kept).items():
        setattr(point, name, value)
    return keep_in_place(point, footprints.site(kept))


def _partition(groups: Sequence[Sequence[int]], members: set[int]) -> list[list[int]]:
    try:
        parts = [sorted({int(pk) for pk in part}) for part in groups]
    except (TypeError, ValueError):
        raise BadInput("应为监测记录编号的列表，如 [[1, 2], [3]]", where="groups") from None
    named = [pk for part in parts for pk in part]
    if not all(parts) or len(named) != len(set(named)) or set(named) != members:
        raise BadInput("每条监测记录要恰好在一组里，不能有空组", where="groups")
    return parts


def said_by_people(points: Iterable[int]) -> tuple[Pairs, Pairs]:
    """What people said of these points, for the grouping: (joined pairs, apart pairs) of detection ids."""
    wanted = set(points)
    joined, apart = said_by_division(wanted)
    return joined, apart + said_on_review(wanted) + said_of_findings(wanted)


def said_by_division(points: Iterable[int]) -> tuple[Pairs, Pairs]:
    """The pairs that divisions of these points, and merges taken back, joined and held apart. The last word on a pair
    holds: a part that was divided again is no longer one."""
    joined: Pairs = []
    apart: Pairs = []
    wanted = set(points)
    for step in Step.objects.filter(action__in=["split", "unmerge"]).order_by("pk"):
        if not wanted & set(step.data["points"]):
            continue
        groups = step.data["groups"]
        part_of = {pk: number for number, part in enumerate(groups) for pk in part}
        joined = [pair for pair in joined if not _said_again(pair, part_of)]
        apart = [pair for pair in apart if not _said_again(pair, part_of)]
        joined += [pair for part in groups for pair in pairwise(part)]
        # Every pair: a part that is divided again later must stay apart from the others with all that it had.
        apart += [pair for a, b in combinations(groups, 2) for pair in product(a, b)]
    return joined, apart


def said_on_review(points: Iterable[int]) -> Pairs:
    """The pairs of detection ids that a 核对 of these points called sites of their own. A merge by a person is stronger:
    what stands in one point is joined, and the grouping drops an apart that a joining contradicts."""
    wanted = set(points)
    found: Pairs = []
    for told in (
        Step.objects.filter(action__in=["review", "stand"], data__has_key="apart")
        .order_by("pk")
        .values_list("data", flat=True)
    ):
        if wanted & set(told["points"]):
            own, *others = told["apart"]
            found += [pair for other in others for pair in product(own, other)]
    return found


def said_of_findings(points: Collection[int]) -> Pairs:
    """The pairs of a finding from outside that a person made a point of its own and of what stands where it was asked."""
    rows = Question.objects.filter(kind=Kind.OUTSIDE_FINDING, answer=Answer.OWN_POINT, point__isnull=False)
    of_point = dict(rows.values_list("detection_id", "point_id"))
    wanted = {at for at in of_point.values() if at in points}
    wanted |= set(
        Membership.objects.filter(detection__in=list(of_point), is_active=True, point__in=list(points)).values_list(
            "detection__questions__point", flat=True
        )
    )
    members = Membership.objects.filter(point__in=[at for at in wanted if at], is_active=True)
    held: dict[int, list[int]] = defaultdict(list)
    for at, pk in members.values_list("point_id", "detection_id"):
        held[at].append(pk)
    return [(finding, pk) for finding, at in of_point.items() for pk in held[at] if pk != finding]


def _said_again(pair: tuple[int, int], part_of: dict[int, int]) -> bool:
    """Whether a later division speaks of both sightings of an earlier pair."""
    return pair[0] in part_of and pair[1] in part_of
